// Which part of the axis and of the lanes is seen.

const CLOSEST = 1e-6; // seconds of active time across the whole width
const MARGIN = 0.015;

export class View {
  constructor() {
    this.width = 1;
    this.height = 1;
    this.top = 0; // scrolled
    this.rowScale = 1;
    this.length = 1;
    this.from = 0;
    this.span = 1;
  }

  get scale() {
    return this.width / this.span;
  }

  get to() {
    return this.from + this.span;
  }

  fit(from = 0, to = this.length) {
    const span = Math.max(to - from, CLOSEST);
    this.span = span * (1 + 2 * MARGIN);
    this.from = from - span * MARGIN;
    this.clamp();
  }

  pan(pixels) {
    this.from += pixels / this.scale;
    this.clamp();
  }

  /** Zoom by a factor; what is at `x` stays there. */
  zoom(factor, x = this.width / 2) {
    const place = this.from + x / this.scale;
    const widest = this.length * (1 + 2 * MARGIN);
    this.span = Math.min(widest, Math.max(CLOSEST, this.span / factor));
    this.from = place - x / this.scale;
    this.clamp();
  }

  scroll(pixels, content) {
    this.top = Math.max(0, Math.min(this.top + pixels, content - this.height));
  }

  /** Bring a stretch into sight, without zooming where it fits. */
  reveal(from, to) {
    const margin = this.span * 0.1;
    if (to - from > this.span * 0.9) this.fit(from, to);
    else if (from < this.from + margin) this.from = from - margin;
    else if (to > this.to - margin) this.from = to - this.span + margin;
    this.clamp();
  }

  clamp() {
    const margin = Math.max(this.length * MARGIN, this.span * MARGIN);
    const last = this.length + margin - this.span;
    this.from = last < -margin ? (this.length - this.span) / 2 : Math.max(-margin, Math.min(this.from, last));
  }
}
