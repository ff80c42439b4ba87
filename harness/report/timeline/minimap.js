// The whole run in a few pixels: how much happened when, and which part of it is seen.

import { ORDER } from "./outcomes.js";

export class Minimap {
  /** @param {(from: number, to: number) => void} show called with the part to show */
  constructor(canvas, show) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.dragging = true;
      show(this.place(event));
    });
    canvas.addEventListener("pointermove", (event) => this.dragging && show(this.place(event)));
    canvas.addEventListener("pointerup", () => (this.dragging = false));
    canvas.addEventListener("pointercancel", () => (this.dragging = false));
  }

  place(event) {
    return (event.offsetX / this.width) * this.length;
  }

  /** Draw the background once, for a layout. */
  prepare(model, length, palette, width, height) {
    const ratio = devicePixelRatio || 1;
    Object.assign(this, { length, palette, width, height, ratio });
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.picture = document.createElement("canvas");
    this.picture.width = this.canvas.width;
    this.picture.height = this.canvas.height;
    const pen = this.picture.getContext("2d");
    pen.scale(ratio, ratio);
    const bins = binsOf(model, length, Math.max(1, Math.floor(width / 3)));
    const most = Math.max(1, ...bins.map((bin) => Math.sqrt(bin.total)));
    bins.forEach((bin, i) => {
      let y = height - 3;
      for (const outcome of ORDER) {
        if (!bin.counts[outcome]) continue;
        const h = Math.max(1.5, (bin.counts[outcome] / bin.total) * (Math.sqrt(bin.total) / most) * (height - 8));
        pen.fillStyle = palette[outcome];
        pen.fillRect(i * 3, y - h, 2, h);
        y -= h;
      }
    });
  }

  draw(view) {
    const { context, palette, ratio, width, height } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.picture, 0, 0);
    context.scale(ratio, ratio);
    const from = Math.max(0, (view.from / this.length) * width);
    const to = Math.min(width, (view.to / this.length) * width);
    context.fillStyle = palette.halo;
    context.globalAlpha = 0.6;
    context.fillRect(0, 0, from, height);
    context.fillRect(to, 0, width - to, height);
    context.globalAlpha = 1;
    context.strokeStyle = palette.way;
    context.lineWidth = 1.5;
    context.strokeRect(from + 1, 1, Math.max(3, to - from - 2), height - 2);
  }
}

function binsOf(model, length, size) {
  const bins = Array.from({ length: size }, () => ({ total: 0, counts: {} }));
  for (const message of model.messages) {
    if (!message.matches) continue;
    for (const stay of message.stays) {
      for (const one of stay.deliveries) {
        const bin = bins[Math.min(size - 1, Math.floor((one.u0 / length) * size))];
        bin.total++;
        bin.counts[one.outcome] = (bin.counts[one.outcome] ?? 0) + 1;
      }
    }
  }
  return bins;
}
