// The page: model, view and what is selected, and everything that draws them.

import { Axis } from "./axis.js";
import { Card, spoken } from "./card.js";
import { AXIS_HEIGHT, Drawing } from "./drawing.js";
import { Filter, legend } from "./filter.js";
import { boxOf, hit, rowsOf } from "./hits.js";
import { Minimap } from "./minimap.js";
import { messagesOf } from "./model.js";
import { arrange, lanesOf, placeAll } from "./packing.js";
import { Panel } from "./panel.js";
import { Table } from "./table.js";
import { count, element } from "./texts.js";
import { View } from "./view.js";
import { wayOf } from "./way.js";

const KINDS = { queue: "Queue", mapping: "Mapping", function: "Function" };
const LABEL_FROM = 10; // pixels of a row that has a label

export class App {
  constructor(model, parts) {
    Object.assign(this, { model, parts });
    this.time = "at";
    this.view = new View();
    this.selection = null;
    this.focus = null;
    this.drawing = new Drawing(parts.canvas);
    this.card = new Card(parts.card);
    this.panel = new Panel(parts.panel, model, {
      choose: (message) => this.select(firstOf(message)),
      close: () => (this.select(null), (parts.table.hidden ? parts.canvas : parts.table).focus()),
    });
    this.table = new Table(parts.table, (item) => this.select(item));
    this.filter = new Filter(model, parts, () => this.filtered());
    this.minimap = new Minimap(parts.minimap, (place) => {
      this.view.from = place - this.view.span / 2;
      this.view.clamp();
      this.changed();
    });
    legend(parts.legend, model, this.drawing.palette);
    this.setTime("at");
    new ResizeObserver(() => this.resized()).observe(parts.stage);
    parts.scroll.addEventListener("scroll", () => {
      if (Math.abs(parts.scroll.scrollTop - this.view.top) < 1) return;
      this.view.top = parts.scroll.scrollTop;
      this.changed();
    });
    parts.gutter.addEventListener("wheel", (event) => this.scroll(event.deltaY), { passive: true });
  }

  setTime(time) {
    this.time = time;
    const { events } = this.model;
    const times = time === "at" ? this.withOpenEnds(events.at) : events.wall;
    this.axis = new Axis(Float64Array.from(times).sort());
    placeAll(this.model, this.axis, time);
    this.view.length = this.axis.length;
    this.view.fit();
    this.relayout();
  }

  /** The events' times, and those at which what is still hidden will be visible. */
  withOpenEnds(times) {
    const ends = [];
    for (const stays of this.model.queues.values()) {
      for (const stay of stays) if (stay.deliveries.at(-1)?.outcome === "open") ends.push(stay.deliveries.at(-1).end.at);
    }
    return [...times, ...ends];
  }

  relayout() {
    this.card.hide();
    this.lanes = lanesOf(this.model);
    this.rows = rowsOf(this.lanes);
    this.table.fill(this.model.messages.filter((message) => message.matches));
    this.resized();
  }

  resized() {
    const { stage, canvas, minimap, scroll } = this.parts;
    if (!stage.clientWidth) return; // the table is shown: this is called again when the timeline is
    const height = Math.max(50, stage.clientHeight - AXIS_HEIGHT);
    this.content = arrange(this.lanes, height, this.view.rowScale);
    scroll.hidden = this.content <= height;
    scroll.firstElementChild.style.height = `${this.content}px`;
    const width = Math.max(50, canvas.parentElement.clientWidth);
    const [from, to] = [this.view.from, this.view.to];
    Object.assign(this.view, { width, height });
    this.view.from = from;
    this.view.span = to - from;
    this.view.scroll(0, this.content);
    this.drawing.resize(width, height + AXIS_HEIGHT);
    this.minimap.prepare(this.model, this.axis.length, this.drawing.palette, minimap.clientWidth, minimap.clientHeight);
    this.labels();
    this.changed();
  }

  /** The names of lanes and rows, beside the canvas. */
  labels() {
    this.parts.lanes.replaceChildren(
      ...this.lanes.map((lane) => {
        const item = element("li", lane.kind);
        item.style.top = `${lane.top}px`;
        item.style.height = `${lane.height}px`;
        const note = lane.kind === "queue" ? count(lane.count, "message") : "";
        item.append(element("small", "", KINDS[lane.kind]), element("b", "", lane.name), element("span", "", note));
        item.title = lane.name;
        if (lane.rowHeight >= LABEL_FROM) item.append(...environments(lane));
        return item;
      }),
    );
  }

  filtered() {
    if (this.selection && !this.selection.messages.some((message) => message.matches)) this.select(null);
    this.focus = null;
    this.relayout();
    const shown = this.lanes.flatMap((lane) => [...lane.rows.flat(), ...lane.markers]);
    if (this.filter.active && shown.length) {
      this.view.fit(Math.min(...shown.map((one) => one.u0)), shown.reduce((most, one) => Math.max(most, one.u1), 0));
    } else {
      this.view.fit();
    }
    this.changed();
  }

  themed() {
    this.drawing.themed();
    legend(this.parts.legend, this.model, this.drawing.palette);
    this.resized();
  }

  hit(x, y) {
    return this.drawing.window && y >= AXIS_HEIGHT ? hit(this.lanes, this.drawing.window, x, y) : null;
  }

  hover(item, x, y) {
    if (item) this.card.show(item, this.model, x, y);
    else this.card.hide();
    this.parts.canvas.classList.toggle("over", Boolean(item));
    if (item !== this.focus) {
      this.focus = item;
      this.changed();
    }
  }

  select(item) {
    this.card.hide();
    this.focus = null;
    if (!item) {
      this.selection = null;
      this.panel.hide();
    } else {
      const messages = messagesOf(item);
      this.selection = { item, messages, items: wayOf(messages, this.model).add(item) };
      this.panel.show(item);
      this.say(spoken(item));
    }
    this.parts.canvas.dataset.selected = this.selection?.messages.map((message) => message.id).join(" ") ?? "";
    this.changed();
  }

  /** The next delivery, or the one before: for the keyboard. */
  step(by) {
    const all = this.table.rows;
    if (!all.length) return;
    const at = this.focus ? all.indexOf(this.focus) : this.lastStep ?? (by > 0 ? -1 : 0);
    this.lastStep = (at + by + all.length) % all.length;
    const item = all[this.lastStep];
    this.view.reveal(item.u0, item.uh);
    this.focus = item;
    this.paint();
    const box = boxOf(item, this.rows, this.drawing.window);
    if (box && (box.y < AXIS_HEIGHT || box.y > AXIS_HEIGHT + this.view.height)) {
      this.scroll(box.y - AXIS_HEIGHT - this.view.height / 2);
      box.y = AXIS_HEIGHT + this.view.height / 2;
    }
    const canvas = this.parts.canvas.getBoundingClientRect();
    if (box) this.card.show(item, this.model, canvas.left + Math.max(0, box.x0), canvas.top + box.y);
    this.say(spoken(item));
  }

  pan(pixels) {
    this.view.pan(pixels);
    this.changed();
  }

  zoom(factor, x) {
    this.view.zoom(factor, x);
    this.changed();
  }

  fit() {
    this.view.fit();
    this.view.rowScale = 1;
    this.view.top = 0;
    this.resized();
  }

  scroll(pixels) {
    this.view.scroll(pixels, this.content);
    this.changed();
  }

  stretchRows(factor) {
    this.view.rowScale = Math.max(0.5, Math.min(20, this.view.rowScale * factor));
    this.resized();
  }

  say(text) {
    this.parts.status.textContent = text;
  }

  changed() {
    this.pending ??= requestAnimationFrame(() => this.paint());
  }

  paint() {
    if (this.pending) cancelAnimationFrame(this.pending);
    this.pending = null;
    if (!this.parts.stage.clientWidth) return;
    const begin = performance.now();
    this.drawing.draw(this);
    this.minimap.draw(this.view);
    this.parts.lanes.style.transform = `translateY(${-this.view.top}px)`;
    if (this.parts.scroll.scrollTop !== this.view.top) this.parts.scroll.scrollTop = this.view.top;
    performance.measure("timeline:frame", { start: begin, end: performance.now() });
    if (performance.getEntriesByName("timeline:frame").length > 1000) performance.clearMeasures("timeline:frame");
  }
}

function environments(lane) {
  return (lane.labels ?? []).map((id, row) => {
    const label = element("i", "", (id ?? "").slice(0, 8));
    label.style.top = `${lane.strip + row * lane.rowHeight}px`;
    label.style.height = label.style.lineHeight = `${lane.rowHeight}px`;
    return label;
  });
}

function firstOf(message) {
  return message.deliveries.at(-1) ?? message.stays[0] ?? null;
}
