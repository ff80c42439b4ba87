// Which messages are shown: by text, outcome and queue.

import { MARKERS, ORDER, OUTCOMES } from "./outcomes.js";
import { drawShape } from "./marks.js";
import { count, element } from "./texts.js";

const PAUSE = 120; // milliseconds after the last letter

export class Filter {
  /** @param {() => void} changed called after `matches` of the messages has changed */
  constructor(model, parts, changed) {
    Object.assign(this, { model, parts, changed });
    this.outcome = null;
    this.counts = {};
    for (const message of model.messages) {
      for (const outcome of message.outcomes) this.counts[outcome] = (this.counts[outcome] ?? 0) + 1;
    }
    for (const queue of model.queues.keys()) parts.queue.append(new Option(queue, queue));
    parts.outcomes.append(...this.chips());
    parts.queue.addEventListener("change", () => this.apply());
    parts.text.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.apply(), PAUSE);
    });
    this.apply({ silent: true });
  }

  chips() {
    return [...ORDER].reverse().filter((outcome) => this.counts[outcome]).map((outcome) => {
      const chip = element("button", `chip ${outcome}`, `${OUTCOMES[outcome]} `);
      chip.type = "button";
      chip.dataset.outcome = outcome;
      chip.setAttribute("aria-pressed", "false");
      chip.append(element("b", "", this.counts[outcome].toLocaleString("en")));
      chip.addEventListener("click", () => {
        this.outcome = this.outcome === outcome ? null : outcome;
        this.apply();
      });
      return chip;
    });
  }

  get active() {
    return Boolean(this.outcome || this.parts.queue.value || this.parts.text.value.trim());
  }

  clear() {
    this.outcome = null;
    this.parts.queue.value = this.parts.text.value = "";
    this.apply();
  }

  apply({ silent = false } = {}) {
    const wanted = this.parts.text.value.trim().toLowerCase();
    const queue = this.parts.queue.value;
    let left = 0;
    for (const message of this.model.messages) {
      message.matches =
        (!this.outcome || message.outcomes.has(this.outcome)) &&
        (!queue || message.stays.some((stay) => stay.queue === queue)) &&
        (!wanted || message.id.toLowerCase().includes(wanted) || (message.body ?? "").toLowerCase().includes(wanted));
      if (message.matches) left++;
    }
    for (const chip of this.parts.outcomes.children) {
      chip.setAttribute("aria-pressed", String(chip.dataset.outcome === this.outcome));
    }
    this.applied = wanted;
    const all = this.model.messages.length;
    this.parts.count.textContent = left === all ? count(all, "message") : `${left.toLocaleString("en")} of ${count(all, "message")}`;
    if (!silent) this.changed();
  }
}

/** What the markers mean, for those that occur. */
export function legend(root, model, palette) {
  const kinds = new Set();
  for (const lists of Object.values(model.markers)) {
    for (const list of lists.values()) for (const marker of list) kinds.add(marker.kind);
  }
  root.replaceChildren(
    ...Object.keys(MARKERS).filter((kind) => kinds.has(kind)).map((kind) => {
      const item = element("li");
      const picture = document.createElement("canvas");
      const ratio = devicePixelRatio || 1;
      picture.width = picture.height = 14 * ratio;
      const pen = picture.getContext("2d");
      pen.scale(ratio, ratio);
      pen.fillStyle = pen.strokeStyle = palette[kind];
      drawShape(pen, kind, 7, 7);
      item.append(picture, MARKERS[kind]);
      return item;
    }),
  );
}
