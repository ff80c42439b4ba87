// A message's whole way: what it went through, and the lines that tie it together.

import { drawShape } from "./marks.js";

/** Everything that a selection lights up. */
export function wayOf(messages, model) {
  const items = new Set();
  const wanted = new Set(messages);
  for (const message of messages) {
    for (const stay of message.stays) {
      items.add(stay);
      for (const delivery of stay.deliveries) items.add(delivery);
    }
    for (const batch of message.batches) {
      items.add(batch);
      for (const invocation of batch.invocations) items.add(invocation);
    }
  }
  for (const lists of Object.values(model.markers)) {
    for (const list of lists.values()) {
      for (const marker of list) {
        if (wanted.has(marker.message) || marker.batch?.messages.some((one) => wanted.has(one))) items.add(marker);
      }
    }
  }
  return items;
}

/** Lines along the way of one message; `where` gives an item's place on the canvas, null where it is not shown. */
export function drawWay(context, palette, message, where) {
  const points = [];
  for (const stay of message.stays) {
    const home = where(stay) ?? (stay.deliveries[0] && where(stay.deliveries[0]));
    if (!home) continue;
    points.push([home.x0, home.y]);
    for (const delivery of stay.deliveries) {
      const here = where(delivery) ?? home;
      const from = (delivery.u0 - home.u0) * home.scale + home.x0;
      const to = (delivery.u1 - home.u0) * home.scale + home.x0;
      const worked = (delivery.uh - home.u0) * home.scale + home.x0;
      points.push([from, here.y]);
      const batch = delivery.batch && where(delivery.batch);
      if (batch) points.push([batch.x0, batch.y]);
      for (const invocation of delivery.batch?.invocations ?? []) {
        const there = where(invocation);
        if (there) points.push([there.x0, there.y], [there.x1, there.y]);
      }
      if (delivery.batch) points.push([worked, here.y]);
      points.push([to, here.y]);
    }
    points.push([(stay.u1 - home.u0) * home.scale + home.x0, home.y]);
  }
  stroke(context, points, palette.background, 5);
  stroke(context, points, palette.way, 2);
}

function stroke(context, points, colour, width) {
  if (!points.length) return;
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.beginPath();
  context.moveTo(...points[0]);
  for (let i = 1; i < points.length; i++) {
    const [x0, y0] = points[i - 1];
    const [x, y] = points[i];
    if (y === y0) context.lineTo(x, y);
    else context.bezierCurveTo(x0, (y0 + y) / 2, x, (y0 + y) / 2, x, y);
  }
  context.stroke();
}

/** The ring around what is under the pointer, or has the keyboard's focus. */
export function drawFocus(context, palette, box) {
  context.strokeStyle = palette.focus;
  context.lineWidth = 2;
  context.beginPath();
  context.roundRect(box.x0 - 2, box.y - box.h / 2 - 2, Math.max(box.x1 - box.x0, 2) + 4, box.h + 4, 4);
  context.stroke();
  if (box.shape) drawShape(context, box.shape, box.x0, box.y);
}
