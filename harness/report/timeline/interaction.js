// Pointer and keyboard on the canvas.

const WHEEL = 0.0016;
const STEP = 0.12; // of the width, for an arrow key
const CLICK = 4; // pixels that a click may move

export class Interaction {
  /** @param {object} app what a gesture is done to: see timeline.js */
  constructor(canvas, app) {
    Object.assign(this, { canvas, app });
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", () => (this.start = null));
    canvas.addEventListener("pointerleave", () => this.start || app.hover(null));
    canvas.addEventListener("dblclick", (event) => app.zoom(3, event.offsetX));
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => app.hover(null));
  }

  wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    if (event.altKey) this.app.stretchRows(Math.exp(-dy * WHEEL));
    else if (event.shiftKey) this.app.scroll(dy || dx);
    else if (Math.abs(dx) > Math.abs(dy)) this.app.pan(dx);
    else this.app.zoom(Math.exp(-dy * WHEEL * (event.ctrlKey ? 4 : 1)), event.offsetX);
  }

  down(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.start = this.last = { x: event.offsetX, y: event.offsetY };
    this.moved = false;
  }

  move(event) {
    const here = { x: event.offsetX, y: event.offsetY };
    if (!this.start) {
      this.app.hover(this.app.hit(here.x, here.y), event.clientX, event.clientY);
      return;
    }
    if (Math.hypot(here.x - this.start.x, here.y - this.start.y) > CLICK) this.moved = true;
    if (!this.moved) return;
    this.app.hover(null);
    this.canvas.classList.add("dragging");
    this.app.pan(this.last.x - here.x);
    this.app.scroll(this.last.y - here.y);
    this.last = here;
  }

  up(event) {
    const clicked = this.start && !this.moved;
    this.start = null;
    this.canvas.classList.remove("dragging");
    if (clicked) this.app.select(this.app.hit(event.offsetX, event.offsetY));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey) return;
    const { app } = this;
    const keys = {
      ArrowLeft: () => app.pan(-STEP * app.view.width),
      ArrowRight: () => app.pan(STEP * app.view.width),
      ArrowUp: () => app.scroll(-60),
      ArrowDown: () => app.scroll(60),
      PageUp: () => app.scroll(-app.view.height * 0.9),
      PageDown: () => app.scroll(app.view.height * 0.9),
      "+": () => app.zoom(1.5),
      "=": () => app.zoom(1.5),
      "-": () => app.zoom(1 / 1.5),
      0: () => app.fit(),
      f: () => app.fit(),
      "]": () => app.stretchRows(1.25),
      "[": () => app.stretchRows(0.8),
      n: () => app.step(1),
      p: () => app.step(-1),
      Enter: () => app.select(app.focus),
      " ": () => app.select(app.focus),
      Escape: () => app.select(null),
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
