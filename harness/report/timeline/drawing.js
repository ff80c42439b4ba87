// The canvas: time across, lanes down.

import { ticks } from "./axis.js";
import { Bars } from "./bars.js";
import { boxOf } from "./hits.js";
import { drawDepth, drawMarkers } from "./marks.js";
import { MARKERS, ORDER } from "./outcomes.js";
import { duration, since } from "./texts.js";
import { drawFocus, drawWay } from "./way.js";

export const AXIS_HEIGHT = 36;
const LABELS_APART = 92; // pixels
const DIMMED = 0.14;

/** The style sheet's colours. */
export function readPalette(root) {
  const style = getComputedStyle(root);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const palette = { font: "12px system-ui, sans-serif", small: "11px system-ui, sans-serif" };
  const names = ["background", "lane", "line", "grid", "text", "muted", "waiting", "depth", "gap", "way", "focus", "halo"];
  for (const name of names) palette[name] = colour(name);
  palette.onBar = colour("on-bar");
  for (const outcome of ORDER) {
    palette[outcome] = colour(outcome);
    palette[`${outcome}Faint`] = colour(`${outcome}-faint`);
  }
  for (const kind of Object.keys(MARKERS)) palette[kind] ??= colour(kind.replaceAll("_", "-")) || palette.muted;
  palette.moved_to_dlq = palette.dead;
  palette.throttled = palette.throttle;
  return palette;
}

export class Drawing {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.themed();
  }

  themed() {
    this.palette = readPalette(document.documentElement);
    this.bars = new Bars(this.context, this.palette);
  }

  resize(width, height) {
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.ratio = ratio;
  }

  /** Everything that the view shows. */
  draw({ axis, lanes, rows, view, selection, focus }) {
    const { context, palette } = this;
    const window = {
      u0: view.from,
      u1: view.to,
      scale: view.scale,
      width: view.width,
      top: AXIS_HEIGHT,
      bottom: AXIS_HEIGHT + view.height,
    };
    this.window = window;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.fillStyle = palette.background;
    context.fillRect(0, 0, view.width, window.bottom);
    context.save();
    context.beginPath();
    context.rect(0, AXIS_HEIGHT, view.width, view.height);
    context.clip();
    this.ground(lanes, view);
    const labels = this.grid(axis, window);
    for (const lane of lanes) {
      lane.y = AXIS_HEIGHT + lane.top - view.top + lane.strip;
      lane.seen = lane.y - lane.strip < window.bottom && lane.y - lane.strip + lane.height > window.top;
    }
    const seen = lanes.filter((lane) => lane.seen);
    context.globalAlpha = selection ? DIMMED : 1;
    for (const lane of seen) this.lane(lane, window, null);
    if (selection) {
      context.globalAlpha = 1;
      const where = (item) => boxOf(item, rows, window);
      if (selection.messages.length === 1) drawWay(context, palette, selection.messages[0], where);
      for (const lane of seen) this.lane(lane, window, selection.items);
    }
    const box = focus && boxOf(focus, rows, window);
    if (box) drawFocus(context, palette, box);
    context.restore();
    this.axis(labels, window);
  }

  lane(lane, window, only) {
    if (lane.depth && !only) drawDepth(this.context, this.palette, lane, window);
    this.bars.lane(lane, window, only);
    drawMarkers(this.context, this.palette, lane, window, only);
  }

  ground(lanes, view) {
    const { context, palette } = this;
    lanes.forEach((lane) => {
      const y = AXIS_HEIGHT + lane.top - view.top;
      if (lane.kind === "queue") {
        context.fillStyle = palette.lane;
        context.fillRect(0, y, view.width, lane.height);
      }
      context.fillStyle = palette.line;
      context.fillRect(0, y + lane.height - 1, view.width, 1);
    });
  }

  /** Lines at round times and bands for compressed gaps; returns the labels for the axis. */
  grid(axis, window) {
    const { context, palette } = this;
    const labels = [];
    const x = (place) => (place - window.u0) * window.scale;
    for (const segment of axis.between(window.u0, window.u1)) {
      const [left, right] = [x(segment.u0), x(segment.u1)];
      if (segment.gap) {
        this.band(left, right, window);
        labels.push({ x: (left + right) / 2, text: duration(segment.t1 - segment.t0), gap: true, left, right });
        continue;
      }
      if (segment.u0 > 0) labels.push({ x: left, text: since(segment.t0), first: true });
      const perPixel = (segment.t1 - segment.t0) / Math.max(right - left, 1e-9);
      const [from, to] = [axis.time(Math.max(window.u0, segment.u0)), axis.time(Math.min(window.u1, segment.u1))];
      const found = ticks(segment, from, to, perPixel, LABELS_APART);
      context.fillStyle = palette.grid;
      for (const time of found.times) {
        const at = x(axis.place(time));
        if (at < left - 1 || at > right + 1) continue;
        context.fillRect(Math.round(at), AXIS_HEIGHT, 1, window.bottom);
        labels.push({ x: at, text: since(time, found.step) });
      }
    }
    return labels;
  }

  band(left, right, window) {
    const { context, palette } = this;
    const from = Math.max(left, 0);
    const to = Math.min(right, window.width);
    context.fillStyle = palette.gap;
    context.fillRect(from, AXIS_HEIGHT, to - from, window.bottom);
    context.strokeStyle = palette.muted;
    context.lineWidth = 1;
    context.setLineDash([2, 4]);
    context.beginPath();
    for (const at of [left, right]) {
      context.moveTo(Math.round(at) + 0.5, AXIS_HEIGHT);
      context.lineTo(Math.round(at) + 0.5, window.bottom);
    }
    context.stroke();
    context.setLineDash([]);
  }

  axis(labels, window) {
    const { context, palette } = this;
    context.fillStyle = palette.line;
    context.fillRect(0, AXIS_HEIGHT - 1, window.width, 1);
    context.font = palette.small;
    context.textBaseline = "middle";
    const taken = [[], []]; // what stands in either line
    const free = (line, from, to) => taken[line].every(([a, b]) => to + 8 < a || from > b + 8);
    const put = (label, line, text, colour) => {
      const w = context.measureText(text).width;
      const from = Math.min(Math.max(label.x - (label.first ? 0 : w / 2), 2), window.width - w - 2);
      if (label.x < -w || label.x > window.width + w || !free(line, from, from + w)) return;
      taken[line].push([from, from + w]);
      context.fillStyle = colour;
      context.fillText(text, from, line ? 26 : 10);
    };
    context.textAlign = "left";
    for (const label of labels) {
      if (!label.gap) continue;
      const middle = (Math.max(label.left, 0) + Math.min(label.right, window.width)) / 2;
      if (label.right > 0 && label.left < window.width) put({ x: middle }, 0, `⇥ ${label.text} ⇤`, palette.muted);
    }
    for (const first of [true, false]) {
      for (const label of labels) {
        if (!label.gap && Boolean(label.first) === first) put(label, 1, label.text, first ? palette.text : palette.muted);
      }
    }
  }
}
