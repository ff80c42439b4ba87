// Starts the page: reads the events, makes the app, ties the controls to it.

import { App } from "./app.js";
import { build } from "./building.js";
import { Events, unpack } from "./events.js";
import { Interaction } from "./interaction.js";
import { boxOf } from "./hits.js";
import { count, duration, moment } from "./texts.js";

const part = (id) => document.getElementById(id);

async function start() {
  const events = new Events(await unpack(part("events").textContent));
  const model = build(events);
  const names = ["canvas", "card", "count", "gutter", "lanes", "legend", "minimap", "outcomes", "panel", "queue"];
  const more = ["scroll", "stage", "status", "table", "text"];
  const app = new App(model, Object.fromEntries([...names, ...more].map((name) => [name, part(name)])));
  new Interaction(part("canvas"), app);
  controls(app);
  if (events.size) {
    const took = events.at[events.size - 1];
    const real = events.wall[events.size - 1];
    const spans = Math.abs(took - real) > 0.1 ? `${duration(took)} of virtual time in ${duration(real)}` : duration(took);
    part("facts").textContent = `${count(events.size, "event")} · ${spans} · from ${moment(events.begin)}`;
  } else {
    part("facts").textContent = "No events.";
  }
  app.paint();
  performance.measure("timeline:load", { start: 0, end: performance.now() });
  window.timeline = handle(app);
  document.documentElement.dataset.state = "ready";
}

function controls(app) {
  const pressed = (chosen, other) => {
    part(chosen).setAttribute("aria-pressed", "true");
    part(other).setAttribute("aria-pressed", "false");
  };
  const on = (id, act) => part(id).addEventListener("click", act);
  on("virtual", () => (pressed("virtual", "wall"), app.setTime("at")));
  on("wall", () => (pressed("wall", "virtual"), app.setTime("wall")));
  on("closer", () => app.zoom(1.6));
  on("wider", () => app.zoom(1 / 1.6));
  on("fit", () => app.fit());
  const show = (table) => {
    pressed(table ? "as-table" : "as-timeline", table ? "as-timeline" : "as-table");
    part("timeline").hidden = table;
    part("table").hidden = !table;
    app.hover(null);
    if (table) app.table.draw();
    else app.resized();
  };
  on("as-timeline", () => show(false));
  on("as-table", () => show(true));
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select")) {
      if (event.key === "Escape") app.filter.clear();
    } else if (event.key === "/") {
      event.preventDefault();
      part("text").focus();
    }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => app.themed());
  let ratio = devicePixelRatio;
  addEventListener("resize", () => {
    if (ratio !== devicePixelRatio) app.resized();
    ratio = devicePixelRatio;
  });
}

/** For the console, and for tests: what is shown, and where. */
function handle(app) {
  const message = (id) => app.model.messages.find((one) => one.id === id);
  const box = (item) => boxOf(item, app.rows, app.drawing.window);
  return {
    app,
    boxes: (id) => message(id).deliveries.map((one) => ({ ...box(one), outcome: one.outcome, queue: one.stay.queue })),
    story: (id) => message(id).story.map((place) => app.model.events.sentence(place, 0)),
  };
}

start().catch((error) => {
  document.documentElement.dataset.state = "broken";
  part("facts").textContent = `This page cannot show its events: ${error.message}`;
  throw error;
});
