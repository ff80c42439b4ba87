// Numbers and times as people read them.

/** Since the beginning: `+1.250 s`, `+0:01:00.250`, `+4 d 0:00:01`. */
export function since(seconds, step = 0.001) {
  const digits = Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)));
  if (seconds < 60) return `+${seconds.toFixed(digits)} s`;
  const unit = 10 ** digits;
  const whole = Math.round(seconds * unit) / unit;
  const days = Math.floor(whole / 86400);
  const hours = Math.floor((whole % 86400) / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = (whole % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return `+${days ? `${days} d ` : ""}${hours}:${String(minutes).padStart(2, "0")}:${rest}`;
}

/** How long: `35 ms`, `1.25 s`, `1 min 30 s`, `12 h`, `4 d`. */
export function duration(seconds) {
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 1) return `${trimmed(seconds * 1000, seconds < 0.1 ? 1 : 0)} ms`;
  if (seconds < 59.95) return `${trimmed(seconds, seconds < 10 ? 2 : 1)} s`;
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  let rest = Math.round(seconds);
  const parts = [];
  for (const [name, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count) parts.push(`${count} ${name}`);
  }
  return parts.slice(0, 2).join(" ");
}

function trimmed(value, digits) {
  return String(Number(value.toFixed(digits)));
}

/** A moment in UTC, to the millisecond. */
export function moment(epochSeconds) {
  return new Date(epochSeconds * 1000).toISOString().replace("T", " ").replace("Z", " UTC");
}

export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

export function short(id) {
  return (id ?? "?").slice(0, 8);
}

/** A body for reading: indented where it is JSON. */
export function pretty(body) {
  if (body === null) return "";
  try {
    const value = JSON.parse(body);
    return typeof value === "object" ? JSON.stringify(value, null, 2) : body;
  } catch {
    return body;
  }
}

/** An element with text in it, never markup. */
export function element(name, className = "", text = null) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== null) made.textContent = text;
  return made;
}
