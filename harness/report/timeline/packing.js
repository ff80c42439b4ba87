// Lanes, and in each the rows: what overlaps in time stands in rows of its own.

import { matches, messagesOf } from "./model.js";

const MOST_STAYS = 80; // beside one another; beyond, a queue's lane shows deliveries, and its depth as a curve
const MOST_ENVIRONMENTS = 40; // with a row each; beyond, rows are shared by those that follow one another
const PAD = 6;
const LOWEST = 38; // pixels: a lane's kind and name

/** Give every item its place on the axis; `time` is "at" or "wall". */
export function placeAll(model, axis, time) {
  const place = (point) => axis.place(point[time]);
  const span = (item) => {
    item.u0 = place(item.start);
    item.u1 = Math.max(item.u0, place(item.end));
  };
  for (const stays of model.queues.values()) {
    for (const stay of stays) {
      span(stay);
      for (const delivery of stay.deliveries) {
        span(delivery);
        delivery.uh = Math.max(delivery.u0, Math.min(place(delivery.handled), delivery.u1));
      }
    }
  }
  model.batches.forEach(span);
  model.invocations.forEach(span);
  for (const markers of Object.values(model.markers)) {
    for (const list of markers.values()) list.forEach(span);
  }
}

/** The lanes of what matches the filter, without heights. */
export function lanesOf(model) {
  const lanes = [];
  const functions = new Set();
  const addFunction = (name) => {
    if (functions.has(name)) return;
    functions.add(name);
    lanes.push(environmentLane(name, model));
  };
  const mappings = Map.groupBy(model.batches, (batch) => `${batch.queue ?? "?"} → ${batch.function ?? "?"}`);
  for (const [queue, stays] of model.queues) {
    lanes.push(queueLane(queue, stays, model));
    for (const [name, batches] of mappings) {
      if ((batches[0].queue ?? "?") !== queue) continue;
      lanes.push(lane("mapping", name, packed(batches.filter(matches)), []));
      addFunction(batches[0].function ?? "?");
    }
  }
  for (const name of model.functions.keys()) addFunction(name);
  // A filter leaves what is about a message; without one, an environment that only started is shown too.
  const filtered = model.messages.some((message) => !message.matches);
  const told = (one) => one.markers.some((marker) => !filtered || messagesOf(marker).length);
  return lanes.filter((one) => one.rows.length || told(one));
}

/** Heights and tops, so that all of it is seen at once where that is possible. */
export function arrange(lanes, height, scale) {
  const rows = lanes.reduce((sum, one) => sum + one.rows.length, 0);
  const [least, most] = rows <= 70 ? [10, 22] : [2, 12];
  const heightOf = (one, rowHeight) => Math.max(one.strip + one.rows.length * rowHeight + PAD, LOWEST);
  let rowHeight = most;
  while (rowHeight > least && lanes.reduce((sum, one) => sum + heightOf(one, rowHeight), 0) > height) {
    rowHeight = Math.max(least, rowHeight - 0.25);
  }
  let top = 0;
  for (const one of lanes) {
    one.top = top;
    one.rowHeight = rowHeight * scale;
    one.height = heightOf(one, one.rowHeight);
    top += one.height;
  }
  return top;
}

function lane(kind, name, rows, markers, more = {}) {
  const shown = markers.filter(matches).sort((a, b) => a.u0 - b.u0);
  const strip = shown.length || more.depth ? 18 : 4;
  return { kind, name, rows, markers: shown, strip, ...more };
}

function queueLane(name, stays, model) {
  const shown = stays.filter((stay) => stay.message.matches);
  const depth = depthOf(shown);
  const whole = depth.most <= MOST_STAYS;
  const rows = whole ? packed(shown) : deliveryRows(shown);
  return lane("queue", name, rows, model.markers.queue.get(name) ?? [], { depth, count: shown.length });
}

/** Those that succeeded first: what stays hidden for long does not tear them apart. */
function deliveryRows(stays) {
  const deliveries = stays.flatMap((stay) => stay.deliveries);
  const succeeded = (one) => one.outcome === "success";
  return [...packed(deliveries.filter(succeeded)), ...packed(deliveries.filter((one) => !succeeded(one)))];
}

function environmentLane(name, model) {
  const environments = [...(model.functions.get(name) ?? new Map()).values()]
    .map((one) => ({ id: one.id, items: one.invocations.filter(matches).sort((a, b) => a.u0 - b.u0) }))
    .filter((one) => one.items.length)
    .map((one) => ({ ...one, u0: one.items[0].u0, u1: one.items.at(-1).u1 }))
    .sort((a, b) => a.u0 - b.u0);
  const markers = model.markers.function.get(name) ?? [];
  if (environments.length <= MOST_ENVIRONMENTS) {
    const rows = environments.map((one) => one.items);
    return lane("function", name, rows, markers, { labels: environments.map((one) => one.id) });
  }
  const rows = packed(environments).map((row) => row.flatMap((one) => one.items));
  return lane("function", name, rows, markers);
}

/** Rows of items that do not overlap; first come, first row that is free. */
export function packed(items) {
  const ordered = [...items].sort((a, b) => a.u0 - b.u0);
  const rows = [];
  const ends = [];
  for (const item of ordered) {
    let row = 0;
    while (row < rows.length && ends[row] > item.u0) row++;
    if (row === rows.length) rows.push([]);
    rows[row].push(item);
    ends[row] = item.u1;
  }
  return rows;
}

/** How many messages a queue holds: the places where that changes, the numbers from there on, the most. */
function depthOf(stays) {
  const changes = [];
  for (const stay of stays) {
    changes.push([stay.u0, 1]);
    if (stay.left) changes.push([stay.u1, -1]);
  }
  changes.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  const places = new Float64Array(changes.length);
  const counts = new Int32Array(changes.length);
  let count = 0;
  let most = 0;
  changes.forEach(([place, change], i) => {
    count += change;
    most = Math.max(most, count);
    places[i] = place;
    counts[i] = count;
  });
  return { places, counts, most };
}
