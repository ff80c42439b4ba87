// What stands in a lane's strip: markers, and the curve of how many messages a queue holds.

import { firstFrom } from "./bars.js";

const CROWDED = 9; // pixels to a marker, below which messages that were sent are small strokes
const APART = 5; // pixels: of markers of a kind that are closer, one is drawn

const SHAPES = {
  sent: [[-3.5, 4], [3.5, 4], [0, -4]],
  deduplicated: [[-4, -2], [4, -2], [4, 2], [-4, 2]],
  moved_to_dlq: [[0, -5], [5, 0], [0, 5], [-5, 0]],
  moved: [[0, -5], [5, 0], [0, 5], [-5, 0]],
  fault_injected: [[1.5, -6], [-4.5, 1], [-0.5, 1], [-1.5, 6], [4.5, -1.5], [0.5, -1.5]],
  throttled: [[-4, -4], [4, -4], [0, 4]],
  environment_started: [[-2.5, -4], [4, 0], [-2.5, 4]],
  environment_stopped: [[-3.5, -3.5], [3.5, -3.5], [3.5, 3.5], [-3.5, 3.5]],
};
const CROSSED = new Set(["expired", "purged", "filtered"]);

/** The markers of a lane, each shape in its kind's colour. */
export function drawMarkers(context, palette, lane, window, only) {
  const y = lane.y - lane.strip + lane.strip / 2 + 1;
  const { markers } = lane;
  const first = firstFrom(markers, window.u0);
  const dense = !only && firstFrom(markers, window.u1) - first > window.width / CROWDED;
  const last = {};
  for (let i = first; i < markers.length && markers[i].u0 <= window.u1; i++) {
    const marker = markers[i];
    if (only && !only.has(marker)) continue;
    const x = (marker.u0 - window.u0) * window.scale;
    const tick = dense && marker.kind === "sent";
    if (x - (last[marker.kind] ?? -Infinity) < (tick ? 2 : APART)) continue;
    last[marker.kind] = x;
    context.fillStyle = context.strokeStyle = palette[marker.kind] ?? palette.muted;
    if (tick) context.fillRect(Math.round(x), y + 4, 1, 4);
    else drawShape(context, marker.kind, x, y);
  }
}

export function drawShape(context, kind, x, y) {
  context.beginPath();
  if (CROSSED.has(kind)) {
    context.lineWidth = 2;
    context.moveTo(x - 3.5, y - 3.5);
    context.lineTo(x + 3.5, y + 3.5);
    context.moveTo(x + 3.5, y - 3.5);
    context.lineTo(x - 3.5, y + 3.5);
    context.stroke();
    return;
  }
  for (const [dx, dy] of SHAPES[kind] ?? SHAPES.environment_stopped) context.lineTo(x + dx, y + dy);
  context.closePath();
  context.fill();
}

/** How many messages the queue holds, as an area that is as high as the strip where there are the most. */
export function drawDepth(context, palette, lane, window) {
  const { places, counts, most } = lane.depth;
  if (most < 2) return;
  const bottom = lane.y - 1;
  const height = lane.strip - 3;
  const step = 2;
  context.fillStyle = palette.depth;
  context.beginPath();
  context.moveTo(0, bottom);
  let at = 0;
  for (let x = 0; x <= window.width; x += step) {
    const place = window.u0 + (x + step) / window.scale;
    if (x === 0) at = upTo(places, place);
    let count = at ? counts[at - 1] : 0;
    while (at < places.length && places[at] <= place) count = Math.max(count, counts[at++]);
    const y = bottom - (count / most) * height;
    context.lineTo(x, y);
    context.lineTo(x + step, y);
  }
  context.lineTo(window.width, bottom);
  context.fill();
}

function upTo(places, place) {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle] <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}
