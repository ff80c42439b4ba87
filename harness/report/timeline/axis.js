// Time to place: linear where things happen; a long time in which nothing does is a short stretch.

const SHORTEST_GAP = 0.5; // seconds; what is shorter is never compressed
const PART_OF_REST = 0.25; // a gap is long against everything that is shorter than it, together
const RATIO = 4; // and against the longest of those
const GAPS_SHARE = 0.4; // of the active time, for all gaps together
const LARGEST_SHARE = 0.09; // for one

export class Axis {
  /** @param {Float64Array} times seconds, in order */
  constructor(times) {
    this.segments = segmentsOf(times);
    const last = this.segments.at(-1);
    this.length = last.u1;
    this.first = this.segments[0].t0;
    this.last = last.t1;
  }

  /** The place of a time. */
  place(time) {
    const s = this.segments[this._find(time, "t1")];
    return s.t1 > s.t0 ? s.u0 + ((time - s.t0) / (s.t1 - s.t0)) * (s.u1 - s.u0) : s.u0;
  }

  time(place) {
    const s = this.segments[this._find(place, "u1")];
    return s.u1 > s.u0 ? s.t0 + ((place - s.u0) / (s.u1 - s.u0)) * (s.t1 - s.t0) : s.t0;
  }

  /** Segments that the stretch from one place to another touches. */
  between(from, to) {
    const found = [];
    for (let i = this._find(from, "u1"); i < this.segments.length && this.segments[i].u0 <= to; i++) {
      found.push(this.segments[i]);
    }
    return found;
  }

  _find(value, end) {
    let low = 0;
    let high = this.segments.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.segments[middle][end] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function segmentsOf(times) {
  const first = times[0] ?? 0;
  const last = Math.max(times.at(-1) ?? 0, first + 1e-6);
  const cut = longGap(times);
  const runs = [];
  let start = first;
  for (let i = 1; i < times.length; i++) {
    if (times[i] - times[i - 1] >= cut) {
      runs.push({ t0: start, t1: times[i - 1], gap: false }, { t0: times[i - 1], t1: times[i], gap: true });
      start = times[i];
    }
  }
  runs.push({ t0: start, t1: last, gap: false });
  return placed(runs);
}

function placed(runs) {
  const gaps = runs.filter((run) => run.gap);
  const active = runs.reduce((sum, run) => sum + (run.gap ? 0 : run.t1 - run.t0), 0) || 1;
  const shortest = Math.min(...gaps.map((run) => run.t1 - run.t0));
  const weight = (run) => 1 + 0.3 * Math.log10((run.t1 - run.t0) / shortest);
  const weights = gaps.reduce((sum, run) => sum + weight(run), 0);
  const unit = active * Math.min(LARGEST_SHARE, GAPS_SHARE / (weights || 1));
  // A moment between two gaps has a width too: what happened in it is to be seen.
  const least = gaps.length ? active * 0.004 : 0;
  let u = 0;
  for (const run of runs) {
    run.u0 = u;
    u += run.gap ? unit * weight(run) : Math.max(run.t1 - run.t0, least);
    run.u1 = u;
  }
  return runs;
}

/** How long a gap must be to be compressed; Infinity where none is. */
function longGap(times) {
  const gaps = new Float64Array(Math.max(0, times.length - 1));
  for (let i = 1; i < times.length; i++) gaps[i - 1] = times[i] - times[i - 1];
  gaps.sort();
  let sum = 0;
  for (let i = 0; i < gaps.length; i++) {
    const gap = gaps[i];
    if (gap >= SHORTEST_GAP && sum > 0 && gap > PART_OF_REST * sum && gap > RATIO * gaps[i - 1]) return gap;
    sum += gap;
  }
  return Infinity;
}

const STEPS = [1, 2, 5];

/** Round times within a segment, so far apart that their labels stand side by side. */
export function ticks(segment, from, to, secondsPerPixel, distance) {
  const least = Math.max(secondsPerPixel * distance, 1e-6);
  const step = niceStep(least);
  const begin = Math.ceil(Math.max(segment.t0, from) / step) * step;
  const found = [];
  for (let t = begin; t <= Math.min(segment.t1, to) && found.length < 500; t += step) found.push(t);
  return { step, times: found };
}

function niceStep(least) {
  if (least <= 30) {
    const ten = 10 ** Math.floor(Math.log10(least));
    return ten * (STEPS.find((step) => step * ten >= least) ?? 10);
  }
  const steps = [60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 172800, 604800];
  return steps.find((step) => step >= least) ?? Math.ceil(least / 604800) * 604800;
}
