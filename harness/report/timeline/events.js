// Events as the page holds them: a column of numbers per field, texts in one table (see columns.py).

const MICROSECONDS = 1e6;
const LONGEST_BODY = 200;
const SHORT = 8;

/** The document that columns.py packed. */
export async function unpack(text) {
  const letters = atob(text.trim());
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

export class Events {
  constructor(document) {
    this.size = document.size;
    this.begin = document.begin;
    this.wallBegin = document.wall;
    this.kinds = document.kinds;
    this.strings = document.strings;
    this.templates = document.templates;
    this.members = document.members;
    this.columns = document.columns;
    this.at = summed(document.columns.at, this.size); // seconds since the first event
    this.wall = summed(document.columns.wall, this.size);
  }

  kind(i) {
    return this.kinds[this.columns.kind?.[i] ?? 0];
  }

  text(name, i) {
    const place = this.columns[name]?.[i];
    return place ? this.strings[place - 1] : null;
  }

  receiveCount(i) {
    return this.columns.receive_count?.[i] ?? 0;
  }

  visibleAt(i) {
    const value = this.columns.visible_at?.[i];
    return value == null ? null : value / MICROSECONDS;
  }

  messagesOf(i) {
    return (this.members[i] ?? []).map((place) => this.strings[place]);
  }

  /** When the event was, on both time lines. */
  point(i) {
    return { at: this.at[i], wall: this.wall[i] };
  }

  /** A time that no event stands at: the machine's time is that of the last event before it. */
  pointAt(at) {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at[middle] <= at) low = middle + 1;
      else high = middle;
    }
    return { at, wall: this.wall[Math.max(0, low - 1)] ?? 0 };
  }

  /** The sentence of story.py, with times counted from `begin`. */
  sentence(i, begin) {
    const own = [
      () => `+${(this.visibleAt(i) - begin).toFixed(3)} s`,
      () => Array.from(this.text("body", i)).slice(0, LONGEST_BODY).join(""),
      () => this.text("error", i),
      () => this.text("request_id", i).slice(0, SHORT),
      () => this.text("batch_id", i).slice(0, SHORT),
    ];
    const template = this.templates[this.columns.told?.[i] ?? 0];
    return template.map((part) => (typeof part === "string" ? part : own[part]())).join("");
  }
}

function summed(deltas, size) {
  const values = new Float64Array(size);
  let sum = 0;
  for (let i = 0; i < size; i++) {
    sum += deltas?.[i] ?? 0;
    values[i] = sum / MICROSECONDS;
  }
  return values;
}
