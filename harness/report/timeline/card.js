// What is known of one item: a small card beside the pointer, and the same at length for the panel.

import { messagesOf } from "./model.js";
import { MARKERS, OUTCOMES } from "./outcomes.js";
import { count, duration, element, moment, pretty, short, since } from "./texts.js";

const SHORT_BODY = 300;
const SHORT_LOG = 8; // lines

/** The facts of an item: heading, outcome, rows of name and value, and longer texts. */
export function factsOf(item, model) {
  return FACTS[item.type](item, model);
}

const FACTS = {
  delivery(item, model) {
    const rows = [
      ["Message", item.message.id],
      ["Received", `${since(item.start.at)}, for the ${nth(item.receiveCount)} time`],
      ...handled(item),
      ["Visibility", windowOf(item)],
      ...times(item.start, item.end, model),
    ];
    if (item.message.group) rows.splice(1, 0, ["Group", item.message.group]);
    const invocation = item.invocation;
    return {
      ...{ title: `Delivery from ${item.stay.queue}`, outcome: item.outcome, rows },
      error: item.error,
      texts: [["Body", pretty(item.message.body)], ["Log", invocation?.log]],
    };
  },
  stay(item, model) {
    const rows = [
      ["Message", item.message.id],
      ["Arrived", since(item.start.at)],
      ["Left", item.left ? `${since(item.end.at)}, after ${duration(item.end.at - item.start.at)}` : "it is still there"],
      ["Received", item.deliveries.length ? count(item.deliveries.length, "time") : "never"],
      ...times(item.start, item.left ? item.end : null, model),
    ];
    return { title: `In ${item.queue}`, outcome: item.outcome, rows, texts: [["Body", pretty(item.message.body)]] };
  },
  batch(item, model) {
    const rows = [
      ["Batch", item.id],
      ["Mapping", `${item.queue ?? "?"} → ${item.function ?? "?"}`],
      ["Messages", String(item.messages.length)],
      ["Took", duration(item.end.at - item.start.at)],
      ...times(item.start, item.end, model),
    ];
    return {
      ...{ title: `Batch of ${count(item.messages.length, "message")}`, outcome: item.outcome, rows },
      error: item.error,
      texts: [["Log", item.invocations.at(-1)?.log]],
    };
  },
  invocation(item, model) {
    const rows = [
      ["Request", item.request],
      ["Environment", item.environment ?? "?"],
      ["Messages", String(item.messages.length)],
      ["Took", duration(item.end.at - item.start.at)],
      ...times(item.start, item.end, model),
    ];
    return {
      ...{ title: `Invocation of ${item.function ?? "?"}`, outcome: item.outcome, rows },
      error: item.error,
      texts: [["Log", item.log]],
    };
  },
  marker(item, model) {
    const rows = times(item.start, null, model);
    if (item.message) rows.unshift(["Message", item.message.id]);
    const told = model.events.sentence(item.event, 0);
    const body = item.kind === "sent" ? pretty(item.message?.body ?? null) : null;
    return { title: MARKERS[item.kind] ?? item.kind, outcome: null, rows, texts: [["", body === null ? told : null], ["Body", body]] };
  },
};

function handled(item) {
  if (item.outcome === "open" || item.handled === item.start) return [];
  return [["Handled", `for ${duration(item.handled.at - item.start.at)}`]];
}

function windowOf(item) {
  if (item.outcome === "open") return item.visibleAt === null ? "hidden" : `hidden until ${since(item.visibleAt)}`;
  const spent = duration(item.end.at - item.start.at);
  if (item.outcome === "success") return `deleted after ${spent}`;
  return `${item.stay.left && item === item.stay.deliveries.at(-1) ? "ended" : "visible again"} after ${spent}`;
}

function times(start, end, model) {
  const { begin, wallBegin } = model.events;
  const rows = [["Virtual time", moment(begin + start.at)], ["Wall time", moment(wallBegin + start.wall)]];
  if (end && end.at > start.at) rows.push(["Until", `${since(end.at)} (${moment(begin + end.at)})`]);
  return rows;
}

function nth(number) {
  const ending = number % 100 > 10 && number % 100 < 14 ? "th" : ["th", "st", "nd", "rd"][number % 10] ?? "th";
  return `${number}${ending}`;
}

/** Elements for the facts; without `story` shortened for the card, with it at length, the story before the longer texts. */
export function shown(facts, story = null) {
  const whole = story !== null;
  const parts = [];
  const head = element("div", "head");
  head.append(element("strong", "", facts.title));
  if (facts.outcome) head.append(badge(facts.outcome));
  parts.push(head);
  const list = element("dl");
  for (const [name, value] of facts.rows) {
    list.append(element("dt", "", name), element("dd", "", value));
  }
  parts.push(list);
  if (facts.error) parts.push(element("pre", "error", whole ? facts.error : shortened("Error", facts.error)));
  if (whole) parts.push(...story);
  for (const [name, text] of facts.texts) {
    if (!text) continue;
    if (name) parts.push(element("h3", "", name));
    parts.push(element("pre", name.toLowerCase(), whole ? text : shortened(name, text)));
  }
  return parts;
}

export function badge(outcome) {
  return element("span", `badge ${outcome}`, OUTCOMES[outcome]);
}

function shortened(name, text) {
  if (name === "Log") {
    const lines = text.trimEnd().split("\n");
    const more = lines.length - SHORT_LOG;
    return more > 0 ? [`… ${count(more, "line")} before`, ...lines.slice(-SHORT_LOG)].join("\n") : lines.join("\n");
  }
  return text.length > SHORT_BODY ? `${text.slice(0, SHORT_BODY)}…` : text;
}

export class Card {
  constructor(root) {
    this.root = root;
    this.item = null;
  }

  /** Show the card near a place of the window, inside of it. */
  show(item, model, x, y) {
    if (item !== this.item) {
      const hint = messagesOf(item).length === 1 ? "Click for its whole story" : "Click for its messages";
      this.root.replaceChildren(...shown(factsOf(item, model)), element("p", "hint", hint));
      this.root.hidden = false;
      this.item = item;
    }
    const { offsetWidth: w, offsetHeight: h } = this.root;
    const left = x + 16 + w < innerWidth ? x + 16 : Math.max(4, x - w - 12);
    const top = Math.max(4, Math.min(y + 14, innerHeight - h - 8));
    this.root.style.transform = `translate(${left}px, ${top}px)`;
  }

  hide() {
    this.root.hidden = true;
    this.item = null;
  }
}

/** One line for those who listen instead of looking. */
export function spoken(item) {
  const what = { delivery: "Delivery", stay: "Message", batch: "Batch", invocation: "Invocation", marker: "Event" }[item.type];
  const id = short(item.message?.id ?? item.id ?? item.request);
  const outcome = item.outcome ? `, ${OUTCOMES[item.outcome]}` : "";
  const nthTime = item.receiveCount ? `, receive ${item.receiveCount}` : "";
  const name = item.type === "marker" ? MARKERS[item.kind] : `${what} ${id}`;
  return `${name}${nthTime}${outcome}, at ${since(item.start.at)}${item.error ? `: ${item.error}` : ""}`;
}
