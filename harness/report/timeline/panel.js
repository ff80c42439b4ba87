// What was clicked, at length: its facts, and its messages with their stories.

import { factsOf, shown, badge } from "./card.js";
import { messagesOf } from "./model.js";
import { element } from "./texts.js";

const MOST_MESSAGES = 100;

export class Panel {
  /** @param {(message) => void} choose called with a message of a list that was clicked */
  constructor(root, model, { choose, close }) {
    Object.assign(this, { root, model, choose, close });
    root.addEventListener("keydown", (event) => event.key === "Escape" && close());
  }

  show(item) {
    const bar = element("div", "panel-bar");
    const button = element("button", "close", "✕");
    button.type = "button";
    button.setAttribute("aria-label", "Close");
    button.addEventListener("click", this.close);
    bar.append(element("h2", "", "Selected"), button);
    const messages = messagesOf(item);
    const parts = messages.length === 1 ? this.story(messages[0], item.event ?? item.deliveries?.[0]?.event) : this.list(messages);
    this.root.replaceChildren(bar, ...shown(factsOf(item, this.model), parts));
    this.root.hidden = false;
    this.root.scrollTop = 0;
  }

  hide() {
    this.root.hidden = true;
    this.root.replaceChildren();
  }

  /** The message's story, each event in a sentence. */
  story(message, current) {
    const { events } = this.model;
    const places = message.story;
    const begin = places.length ? events.at[places[0]] : 0;
    const list = element("ol", "story");
    for (const place of places) {
      const line = element("li", `kind-${events.kind(place)}`);
      if (place === current) line.setAttribute("aria-current", "true");
      line.append(element("time", "", `+${(events.at[place] - begin).toFixed(3)} s`), element("span", "", events.sentence(place, begin)));
      list.append(line);
    }
    return [element("h3", "", "Its story"), list];
  }

  list(messages) {
    if (!messages.length) return [];
    const list = element("ul", "messages");
    for (const message of messages.slice(0, MOST_MESSAGES)) {
      const button = element("button", "", message.id);
      button.type = "button";
      button.addEventListener("click", () => this.choose(message));
      const line = element("li");
      line.append(button, element("code", "", (message.body ?? "").slice(0, 60)));
      const worst = [...message.outcomes].filter((outcome) => outcome !== "success");
      for (const outcome of worst.length ? worst : ["success"]) line.append(badge(outcome));
      list.append(line);
    }
    const more = messages.length - MOST_MESSAGES;
    const rest = more > 0 ? [element("p", "hint", `and ${more} more`)] : [];
    return [element("h3", "", "Its messages"), list, ...rest];
  }
}
