// Reads the events once, in order, and makes the model of them.

import { Delivery, Stay } from "./model.js";
import { Records } from "./records.js";

const ENDS = { invoke_succeeded: "success", invoke_failed: "failure", invoke_timed_out: "timeout" };

export function build(events) {
  return new Building(events).done();
}

class Building extends Records {
  constructor(events) {
    super(events);
    for (let i = 0; i < events.size; i++) this.read(i);
  }

  read(i) {
    const events = this.events;
    const kind = events.kind(i);
    const id = events.text("message_id", i);
    const message = id === null ? null : this.message(id);
    const batchId = events.text("batch_id", i);
    message?.events.push(i);
    if (batchId !== null && message === null) this.batch(batchId).events.push(i);
    const known = events.text("queue", i);
    if (known !== null) this.stays(known);
    this[kind]?.(i, message, events.point(i));
  }

  sent(i, message, point) {
    const stay = new Stay(message, this.queue(i), point);
    message.body = this.events.text("body", i);
    message.group = this.events.text("group", i);
    this.arrive(stay);
    this.mark(i, message, point);
  }

  received(i, message, point) {
    const stay = this.stay(i, message, point);
    if (stay.current) this.finish(stay.current, point, "returned");
    const delivery = new Delivery(stay, i, point, this.events.visibleAt(i), this.events.receiveCount(i));
    stay.deliveries.push(delivery);
    const batch = this.events.text("batch_id", i);
    if (batch !== null) this.join(this.batch(batch), message);
  }

  batch_formed(i, _, point) {
    const batch = this.batch(this.events.text("batch_id", i));
    batch.start = point;
    batch.queue = this.queue(i);
    batch.function = this.events.text("function", i);
    for (const id of this.events.messagesOf(i)) this.join(batch, this.message(id));
  }

  invoke_started(i, _, point) {
    const invocation = this.invocation(i);
    invocation.start = point;
    for (const delivery of invocation.batch?.deliveries ?? []) {
      if (!delivery.end) delivery.outcome = delivery.handled = delivery.error = null; // throttled before, tried again
    }
  }

  invoke_succeeded(i, _, point) {
    const invocation = this.invocation(i);
    const outcome = ENDS[this.events.kind(i)];
    const error = this.events.text("error", i);
    Object.assign(invocation, { end: point, outcome, error, log: this.events.text("log", i) });
    invocation.start ??= point;
    const batch = invocation.batch;
    if (!batch) return;
    Object.assign(batch, { end: point, outcome, error });
    for (const delivery of batch.deliveries) {
      if (delivery.end) continue;
      delivery.handled = point;
      if (outcome !== "success") Object.assign(delivery, { outcome, error });
    }
  }

  invoke_failed(...event) {
    this.invoke_succeeded(...event);
  }

  invoke_timed_out(...event) {
    this.invoke_succeeded(...event);
  }

  throttled(i, _, point) {
    const id = this.events.text("batch_id", i);
    const error = this.events.text("error", i);
    if (id !== null) {
      const batch = this.batch(id);
      Object.assign(batch, { end: point, outcome: "throttle", error });
      for (const delivery of batch.deliveries) {
        if (!delivery.end) Object.assign(delivery, { handled: point, outcome: "throttle", throttled: true, error });
      }
    }
    this.mark(i, null, point).batch = id === null ? null : this.batch(id);
  }

  partial_failure(i, message, point) {
    const delivery = message?.stays.findLast((stay) => stay.current)?.current;
    if (!delivery) return;
    delivery.outcome = "failure";
    delivery.error = this.events.text("error", i) ?? "Named in batchItemFailures.";
    delivery.handled ??= point;
    if (delivery.batch) delivery.batch.partial++;
  }

  visibility_changed(i, message, point) {
    const delivery = this.stay(i, message, point).current;
    if (!delivery) return;
    delivery.visibleAt = this.events.visibleAt(i);
    if (delivery.visibleAt !== null && delivery.visibleAt <= point.at) this.finish(delivery, point, "returned");
  }

  visible(i, message, point) {
    const delivery = this.stay(i, message, point).current;
    if (delivery) this.finish(delivery, point, "returned");
  }

  deleted(i, message, point) {
    this.leave(this.stay(i, message, point), point, "success");
  }

  moved_to_dlq(i, message, point) {
    this.leave(this.stay(i, message, point), point, "dead");
    const to = this.events.text("to", i)?.split(":").at(-1);
    if (to) this.arrive(new Stay(message, to, point));
    this.mark(i, message, point);
  }

  moved(i, message, point) {
    this.leave(this.stay(i, message, point), point, "returned");
    const to = this.events.text("to", i);
    if (to) this.arrive(new Stay(message, to, point));
    this.mark(i, message, point);
  }

  expired(i, message, point) {
    if (message) this.leave(this.stay(i, message, point), point, "expired");
    this.mark(i, message, point);
  }

  filtered(i, message, point) {
    if (message) this.leave(this.stay(i, message, point), point, "filtered");
    this.mark(i, message, point);
  }

  purged(i, message, point) {
    const stays = message ? [this.stay(i, message, point)] : this.stays(this.queue(i)).filter((stay) => !stay.end);
    for (const stay of stays) this.leave(stay, point, "purged");
    this.mark(i, message, point);
  }

  deduplicated(i, message, point) {
    this.mark(i, message, point);
  }

  fault_injected(i, message, point) {
    const batch = this.events.text("batch_id", i);
    this.mark(i, message, point).batch = batch === null || message ? null : this.batch(batch);
  }

  environment_started(i, _, point) {
    this.environment(i).start ??= point;
    this.mark(i, null, point);
  }

  environment_stopped(i, _, point) {
    this.environment(i).end = point;
    this.mark(i, null, point);
  }

  done() {
    const last = this.events.size ? this.events.point(this.events.size - 1) : { at: 0, wall: 0 };
    for (const stays of this.queues.values()) for (const stay of stays) this.close(stay, last);
    for (const batch of this.batches.values()) {
      batch.start ??= batch.invocations[0]?.start ?? last;
      batch.end ??= last;
      batch.outcome ??= "open";
      if (batch.outcome === "success" && batch.partial) batch.outcome = "failure";
      for (const message of batch.messages) message.batches.push(batch);
    }
    for (const invocation of this.invocations.values()) {
      invocation.end ??= last;
      invocation.start ??= last;
      invocation.outcome ??= "open";
      this.environmentOf(invocation.function, invocation.environment).invocations.push(invocation);
    }
    const { events, queues, functions, markers } = this;
    return {
      ...{ events, queues, functions, markers },
      messages: [...this.messages.values()],
      batches: [...this.batches.values()],
      invocations: [...this.invocations.values()],
    };
  }

  close(stay, last) {
    const message = stay.message;
    const delivery = stay.current;
    if (delivery) {
      const until = delivery.visibleAt === null ? last : this.events.pointAt(Math.max(delivery.visibleAt, delivery.start.at));
      this.finish(delivery, until, "open");
      if (!stay.end && until.at > last.at) stay.end = until;
    }
    if (!stay.outcome) stay.outcome = message.stays.some((other) => other.outcome === "dead") ? "dead" : "open";
    if (stay.outcome === "open") message.outcomes.add("open");
    stay.end ??= last;
    message.outcomes.add(stay.outcome);
    for (const one of stay.deliveries) {
      message.outcomes.add(one.outcome);
      if (one.throttled) message.outcomes.add("throttle");
    }
  }
}
