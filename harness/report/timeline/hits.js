// From a place on the canvas to what is drawn there, and back.

import { firstFrom } from "./bars.js";

const NEAR = 6; // pixels

/** What stands at a place on the canvas; null for nothing. */
export function hit(lanes, window, x, y) {
  const lane = lanes.find((one) => y >= one.y - one.strip && y < one.y - one.strip + one.height);
  if (!lane) return null;
  const place = window.u0 + x / window.scale;
  const near = NEAR / window.scale;
  if (y < lane.y) return nearest(lane.markers, place, near);
  const items = lane.rows[Math.floor((y - lane.y) / lane.rowHeight)];
  if (!items) return null;
  let best = null;
  let distance = near;
  for (let i = firstFrom(items, place - near); i < items.length && items[i].u0 <= place + near; i++) {
    for (const item of [...deliveriesIn(items[i]), items[i]]) {
      const away = Math.max(item.u0 - place, place - item.u1, 0);
      if (away < distance || (away === 0 && distance > 0)) [best, distance] = [item, away];
    }
  }
  return best;
}

function nearest(markers, place, near) {
  let best = null;
  for (const marker of markers) {
    const away = Math.abs(marker.u0 - place);
    if (away <= near && (!best || away <= Math.abs(best.u0 - place))) best = marker;
  }
  return best;
}

/** Where every item's row is: made once for a layout. */
export function rowsOf(lanes) {
  const rows = new Map();
  for (const lane of lanes) {
    lane.rows.forEach((items, row) => {
      for (const item of items) {
        rows.set(item, { lane, row });
        for (const delivery of deliveriesIn(item)) rows.set(delivery, { lane, row });
      }
    });
    for (const marker of lane.markers) rows.set(marker, { lane, row: null });
  }
  return rows;
}

/** Deliveries that are drawn in an item's row, on top of it. */
function deliveriesIn(item) {
  return item.type === "stay" ? item.deliveries : [];
}

/** The item's box on the canvas; null where the layout does not show it. */
export function boxOf(item, rows, window) {
  const found = rows.get(item);
  if (!found) return null;
  const { lane, row } = found;
  const x0 = (item.u0 - window.u0) * window.scale;
  const x1 = (item.u1 - window.u0) * window.scale;
  const { u0 } = item;
  const { scale } = window;
  if (row === null) return { x0, x1, y: lane.y - lane.strip / 2 + 1, h: 12, u0, scale, shape: item.kind };
  return { x0, x1, y: lane.y + (row + 0.5) * lane.rowHeight, h: Math.max(2, lane.rowHeight - 2), u0, scale };
}
