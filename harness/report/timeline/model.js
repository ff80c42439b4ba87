// What the events tell of: messages, their stays in queues, deliveries, batches, invocations.

export class Message {
  constructor(id) {
    this.id = id;
    this.body = null;
    this.group = null;
    this.events = [];
    this.stays = [];
    this.batches = [];
    this.outcomes = new Set();
    this.matches = true;
  }

  get deliveries() {
    return this.stays.flatMap((stay) => stay.deliveries);
  }

  /** Places of all events of its story: its own, and those of the batches that held it. */
  get story() {
    const shared = this.batches.flatMap((batch) => batch.events);
    return [...new Set([...this.events, ...shared])].sort((a, b) => a - b);
  }
}

/** A message's time in one queue. */
export class Stay {
  constructor(message, queue, start) {
    this.type = "stay";
    this.message = message;
    this.queue = queue;
    this.start = start;
    this.end = null;
    this.outcome = null; // how it ended
    this.left = false; // an event tells of its end
    this.deliveries = [];
  }

  get current() {
    const last = this.deliveries.at(-1);
    return last && !last.end ? last : null;
  }
}

/** From a receive until the message is deleted, or visible again. */
export class Delivery {
  constructor(stay, event, start, visibleAt, receiveCount) {
    this.type = "delivery";
    this.stay = stay;
    this.message = stay.message;
    this.event = event;
    this.start = start;
    this.throttled = false; // at least once
    this.handled = null; // until when somebody worked on it
    this.end = null;
    this.visibleAt = visibleAt;
    this.receiveCount = receiveCount;
    this.outcome = null;
    this.error = null;
    this.batch = null;
  }

  get invocation() {
    return this.batch?.invocations.at(-1) ?? null;
  }
}

export class Batch {
  constructor(id) {
    this.type = "batch";
    this.id = id;
    this.queue = null;
    this.function = null;
    this.start = null;
    this.end = null;
    this.outcome = null;
    this.error = null;
    this.partial = 0; // messages in batchItemFailures
    this.messages = [];
    this.deliveries = [];
    this.invocations = [];
    this.events = [];
  }
}

export class Invocation {
  constructor(request) {
    this.type = "invocation";
    this.request = request;
    this.function = null;
    this.environment = null;
    this.batch = null;
    this.start = null;
    this.end = null;
    this.outcome = null;
    this.error = null;
    this.log = null;
  }

  get messages() {
    return this.batch?.messages ?? [];
  }
}

/** Something that takes no time. */
export class Marker {
  constructor(event, kind, point, message) {
    this.type = "marker";
    this.event = event;
    this.kind = kind;
    this.start = point;
    this.end = point;
    this.message = message;
  }
}

/** Messages that an item is about. */
export function messagesOf(item) {
  if (item.type === "marker") return item.batch ? item.batch.messages : item.message ? [item.message] : [];
  return item.message ? [item.message] : item.messages;
}

export function matches(item) {
  const messages = messagesOf(item);
  return messages.length === 0 || messages.some((message) => message.matches);
}
