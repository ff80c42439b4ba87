// Bars of a row: those that are seen, and of what shares a pixel, the worst.

import { ORDER } from "./outcomes.js";
import { count } from "./texts.js";

const RANK = Object.fromEntries(ORDER.map((outcome, i) => [outcome, i]));
const ROUND_FROM = 9; // pixels of height

export class Bars {
  constructor(context, palette) {
    this.context = context;
    this.palette = palette;
    this.hatches = {};
    for (const outcome of ORDER) this.hatches[outcome] = hatch(context, palette[outcome]);
  }

  /** Draw the rows of a lane that the window shows; `only` tells which items, all where it is null. */
  lane(lane, window, only) {
    const { rowHeight } = lane;
    const gap = rowHeight >= 14 ? 3 : rowHeight >= 6 ? 1.5 : rowHeight >= 4 ? 1 : 0;
    const first = Math.max(0, Math.floor((window.top - lane.y) / rowHeight));
    const last = Math.min(lane.rows.length - 1, Math.floor((window.bottom - lane.y) / rowHeight));
    this.solid = new Map();
    this.faint = new Map();
    this.lines = new Map();
    this.texts = [];
    for (let row = first; row <= last; row++) {
      const y = lane.y + row * rowHeight + gap / 2;
      this.row(lane.rows[row], y, Math.max(1, rowHeight - gap), window, only);
    }
    this.flush(window);
  }

  row(items, y, h, window, only) {
    const { u0, u1 } = window;
    const pixel = { x: -Infinity, rank: -1 };
    for (let i = firstFrom(items, u0); i < items.length && items[i].u0 <= u1; i++) {
      const item = items[i];
      if (only && !only.has(item)) continue;
      if (item.type === "stay") {
        this.stay(item, y, h, window);
        for (const delivery of item.deliveries) {
          if (delivery.u1 >= u0 && delivery.u0 <= u1) this.bar(delivery, y, h, window, pixel);
        }
      } else {
        this.bar(item, y, h, window, pixel);
      }
    }
  }

  stay(stay, y, h, window) {
    const x = (stay.u0 - window.u0) * window.scale;
    const w = Math.max(1, (stay.u1 - stay.u0) * window.scale);
    const told = stay.outcome !== "success" && stay.outcome !== "open";
    const thick = stay.deliveries.length ? Math.max(1, Math.min(2, h / 6)) : Math.max(1, Math.min(h * 0.4, 6));
    push(this.lines, told ? stay.outcome : "waiting", x, y + (h - thick) / 2, w, thick);
  }

  bar(item, y, h, window, pixel) {
    const outcome = item.outcome;
    const x0 = (item.u0 - window.u0) * window.scale;
    const x1 = (item.u1 - window.u0) * window.scale;
    const rank = RANK[outcome];
    if (x1 < pixel.x + 1 && rank <= pixel.rank) return;
    pixel.x = Math.floor(x0);
    pixel.rank = rank;
    const xh = item.uh === undefined ? x1 : (item.uh - window.u0) * window.scale;
    const wide = Math.max(xh - x0, h >= 5 ? 2 : 1);
    push(this.solid, item.partial ? "success" : outcome, x0, y, wide, h);
    if (item.partial) push(this.solid, outcome, x0, y + h * 0.7, wide, h * 0.3);
    if (x1 - x0 > wide) push(this.faint, outcome, x0 + wide, y, x1 - x0 - wide, h);
    if (h >= 10 && x1 - x0 > 26) this.texts.push(item, Math.max(x0, 0), Math.min(x1, window.width), y, h, wide);
  }

  flush(window) {
    const { context, palette } = this;
    for (const [outcome, rects] of this.lines) {
      context.fillStyle = palette[outcome];
      each(rects, window, (x, y, w, h) => context.fillRect(x, y, w, h));
    }
    for (const [outcome, rects] of this.faint) {
      each(rects, window, (x, y, w, h) => {
        context.fillStyle = w >= 5 && h >= 5 ? this.hatches[outcome] : palette[`${outcome}Faint`];
        context.fillRect(x, y, w, h);
      });
    }
    for (const [outcome, rects] of this.solid) {
      context.fillStyle = palette[outcome];
      context.beginPath();
      each(rects, window, (x, y, w, h) => {
        if (h >= ROUND_FROM && w >= 6) context.roundRect(x, y, w, h, 3);
        else context.fillRect(x, y, w, h);
      });
      context.fill();
    }
    this.write();
  }

  /** Words in bars that have the room for them. */
  write() {
    const { context, palette, texts } = this;
    context.font = palette.small;
    context.textBaseline = "middle";
    context.textAlign = "left";
    for (let i = 0; i < texts.length; i += 6) {
      const [item, x0, x1, y, h, wide] = texts.slice(i, i + 6);
      const text = caption(item);
      if (!text) continue;
      const onSolid = wide >= 26;
      const room = (onSolid ? Math.min(x1, x0 + wide) : x1) - x0 - 10;
      const letters = Math.floor(room / 6.2);
      if (letters < Math.min(3, text.length)) continue;
      const shown = text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
      if (!onSolid) {
        context.fillStyle = palette.halo;
        context.fillRect(x0 + wide + 3, y + 1.5, shown.length * 6.2 + 5, h - 3);
      }
      context.fillStyle = onSolid ? palette.onBar : palette.text;
      context.fillText(shown, onSolid ? x0 + 5 : x0 + wide + 5, y + h / 2 + 0.5);
    }
  }
}

function caption(item) {
  if (item.type === "delivery") {
    const times = item.receiveCount > 1 ? `×${item.receiveCount} ` : "";
    return item.outcome === "success" ? times.trim() : `${times}${item.error ?? ""}`.trim();
  }
  if (item.type === "batch") return `${count(item.messages.length, "message")}${item.partial ? `, ${item.partial} failed` : ""}`;
  return item.error ?? "";
}

/** The first of a row's items that ends at or after a place. */
export function firstFrom(items, place) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle].u1 < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

function push(rects, outcome, x, y, w, h) {
  let list = rects.get(outcome);
  if (!list) rects.set(outcome, (list = []));
  list.push(x, y, w, h);
}

function each(rects, window, draw) {
  for (let i = 0; i < rects.length; i += 4) {
    const from = Math.max(rects[i], -20); // far outside, a canvas has no exact places
    const to = Math.min(rects[i] + rects[i + 2], window.width + 20);
    if (to > from) draw(from, rects[i + 1], to - from, rects[i + 3]);
  }
}

function hatch(context, colour) {
  const size = 6;
  const tile = document.createElement("canvas");
  tile.width = tile.height = size * 2;
  const pen = tile.getContext("2d");
  pen.scale(2, 2);
  pen.globalAlpha = 0.2;
  pen.fillStyle = pen.strokeStyle = colour;
  pen.fillRect(0, 0, size, size);
  pen.globalAlpha = 0.75;
  pen.lineWidth = 1.3;
  pen.beginPath();
  for (const x of [-size, 0, size]) {
    pen.moveTo(x - 1, size + 1);
    pen.lineTo(x + size + 1, -1);
  }
  pen.stroke();
  const pattern = context.createPattern(tile, "repeat");
  pattern.setTransform(new DOMMatrix().scale(0.5));
  return pattern;
}
