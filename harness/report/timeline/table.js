// The deliveries as a table: only the rows that are seen are in the page.

import { OUTCOMES } from "./outcomes.js";
import { badge } from "./card.js";
import { duration, element, since } from "./texts.js";

const ROW = 28; // pixels; timeline.css says the same
const AROUND = 10; // rows above and below what is seen
const COLUMNS = [
  ["Received", (one) => since(one.start.at)],
  ["Queue", (one) => one.stay.queue],
  ["Message", (one) => one.message.id],
  ["Receive", (one) => String(one.receiveCount)],
  ["Outcome", (one) => badge(one.outcome)],
  ["Handled", (one) => (one.handled === one.start ? "" : duration(one.handled.at - one.start.at))],
  ["Until", (one) => since(one.end.at)],
  ["Error", (one) => one.error ?? ""],
  ["Body", (one) => (one.message.body ?? "").slice(0, 200)],
];

export class Table {
  /** @param {(item) => void} choose called with the delivery of a row that was chosen */
  constructor(root, choose) {
    this.root = root;
    this.choose = choose;
    this.rows = [];
    this.focused = 0;
    const table = element("table");
    table.setAttribute("aria-label", "Deliveries");
    const head = element("tr");
    for (const [name] of COLUMNS) {
      const cell = element("th", "", name);
      cell.scope = "col";
      head.append(cell);
    }
    head.setAttribute("aria-rowindex", "1");
    const top = element("thead");
    top.append(head);
    this.body = element("tbody");
    this.table = table;
    table.append(top, this.body);
    root.replaceChildren(table);
    root.addEventListener("scroll", () => this.draw());
    this.body.addEventListener("click", (event) => this.pick(event.target.closest("tr[data-row]")));
    this.body.addEventListener("keydown", (event) => this.key(event));
  }

  /** Show these messages' deliveries, in the order in which they were received. */
  fill(messages) {
    this.rows = messages.flatMap((message) => message.deliveries).sort((a, b) => a.event - b.event);
    this.table.setAttribute("aria-rowcount", String(this.rows.length + 1));
    this.focused = 0;
    this.root.scrollTop = 0;
    this.range = null;
    this.draw();
  }

  draw() {
    if (this.root.hidden) return;
    const first = Math.max(0, Math.floor(this.root.scrollTop / ROW) - AROUND);
    const last = Math.min(this.rows.length, first + Math.ceil(this.root.clientHeight / ROW) + 2 * AROUND);
    if (this.range === `${first}-${last}`) return;
    this.range = `${first}-${last}`;
    const lines = this.rows.slice(first, last).map((one, i) => this.line(one, first + i));
    this.body.replaceChildren(space(first), ...lines, space(this.rows.length - last));
  }

  line(one, row) {
    const line = element("tr");
    line.dataset.row = String(row);
    line.tabIndex = row === this.focused ? 0 : -1;
    line.setAttribute("aria-rowindex", String(row + 2));
    line.setAttribute("aria-label", `${one.message.id}, ${OUTCOMES[one.outcome]}`);
    for (const [, value] of COLUMNS) {
      const shown = value(one);
      const cell = element("td");
      cell.append(shown);
      if (typeof shown === "string") cell.title = shown;
      line.append(cell);
    }
    return line;
  }

  key(event) {
    const page = Math.floor(this.root.clientHeight / ROW) - 2;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key === "Enter" || event.key === " ") this.pick(event.target.closest("tr[data-row]"));
    else if (event.key in steps) this.focus(Math.max(0, Math.min(this.rows.length - 1, this.focused + steps[event.key])));
    else return;
    event.preventDefault();
  }

  focus(row) {
    this.focused = row;
    const top = row * ROW;
    const room = this.root.clientHeight - 2 * ROW;
    if (top < this.root.scrollTop) this.root.scrollTop = top;
    else if (top > this.root.scrollTop + room) this.root.scrollTop = top - room;
    this.range = null;
    this.draw();
    this.body.querySelector(`tr[data-row="${row}"]`)?.focus({ preventScroll: true });
  }

  pick(line) {
    if (!line) return;
    this.focused = Number(line.dataset.row);
    this.choose(this.rows[this.focused]);
  }
}

function space(rows) {
  const line = element("tr", "space");
  line.setAttribute("aria-hidden", "true");
  line.style.height = `${rows * ROW}px`;
  return line;
}
