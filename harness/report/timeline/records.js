// What was told of so far, found by its id, made where it is named for the first time.

import { Batch, Invocation, Marker, Message, Stay } from "./model.js";

export class Records {
  constructor(events) {
    this.events = events;
    this.messages = new Map();
    this.batches = new Map();
    this.invocations = new Map();
    this.queues = new Map(); // name: stays
    this.functions = new Map(); // name: environments by id
    this.markers = { queue: new Map(), function: new Map() };
  }

  message(id) {
    if (!this.messages.has(id)) this.messages.set(id, new Message(id));
    return this.messages.get(id);
  }

  batch(id) {
    if (!this.batches.has(id)) this.batches.set(id, new Batch(id));
    return this.batches.get(id);
  }

  invocation(i) {
    const request = this.events.text("request_id", i) ?? `of event ${i}`;
    if (!this.invocations.has(request)) this.invocations.set(request, new Invocation(request));
    const invocation = this.invocations.get(request);
    invocation.function ??= this.events.text("function", i);
    invocation.environment ??= this.events.text("environment_id", i);
    const batch = this.events.text("batch_id", i);
    if (batch !== null && !invocation.batch) {
      invocation.batch = this.batch(batch);
      invocation.batch.invocations.push(invocation);
    }
    return invocation;
  }

  environment(i) {
    return this.environmentOf(this.events.text("function", i), this.events.text("environment_id", i));
  }

  environmentOf(name, id) {
    const key = name ?? "?";
    if (!this.functions.has(key)) this.functions.set(key, new Map());
    const environments = this.functions.get(key);
    if (!environments.has(id)) environments.set(id, { id, start: null, end: null, invocations: [] });
    return environments.get(id);
  }

  join(batch, message) {
    if (batch.messages.includes(message)) return;
    batch.messages.push(message);
    const delivery = message.stays.findLast((stay) => stay.current)?.current;
    if (!delivery) return;
    delivery.batch = batch;
    batch.deliveries.push(delivery);
  }

  queue(i) {
    return this.events.text("queue", i) ?? "?";
  }

  stays(queue) {
    if (!this.queues.has(queue)) this.queues.set(queue, []);
    return this.queues.get(queue);
  }

  arrive(stay) {
    stay.message.stays.push(stay);
    this.stays(stay.queue).push(stay);
  }

  /** The stay that an event is about; a ledger that begins later knows nothing of its start. */
  stay(i, message, point) {
    const queue = this.queue(i);
    let stay = message.stays.findLast((one) => one.queue === queue);
    if (!stay) this.arrive((stay = new Stay(message, queue, point)));
    return stay;
  }

  finish(delivery, point, outcome) {
    delivery.end = point;
    delivery.outcome ??= outcome;
    delivery.handled ??= outcome === "returned" || outcome === "open" ? delivery.start : point;
  }

  leave(stay, point, outcome) {
    if (stay.current) this.finish(stay.current, point, outcome === "dead" ? "returned" : outcome);
    stay.end = point;
    stay.outcome = outcome;
    stay.left = true;
  }

  mark(i, message, point) {
    const marker = new Marker(i, this.events.kind(i), point, message);
    const queue = this.events.text("queue", i);
    const name = this.events.text("function", i);
    const here = queue === null || (name !== null && marker.kind === "throttled") ? "function" : "queue";
    const key = here === "queue" ? queue : name ?? "?";
    const all = this.markers[here];
    if (!all.has(key)) all.set(key, []);
    all.get(key).push(marker);
    if (here === "function" && !this.functions.has(key)) this.functions.set(key, new Map());
    return marker;
  }
}
