// What can come of a delivery and of a message, in words; the colours stand in timeline.css.

export const OUTCOMES = {
  success: "Success",
  failure: "Failure",
  timeout: "Timeout",
  throttle: "Throttle",
  dead: "Dead letter",
  expired: "Expired",
  purged: "Purged",
  filtered: "Filtered",
  returned: "Came back",
  open: "Still there",
};

/** The worst last: of what shares a pixel, this one is drawn. */
export const ORDER = ["open", "success", "returned", "filtered", "purged", "expired", "throttle", "timeout", "failure", "dead"];

export const MARKERS = {
  sent: "Sent",
  deduplicated: "Deduplicated",
  moved_to_dlq: "Moved to the dead-letter queue",
  moved: "Moved by a move task",
  expired: "Expired",
  purged: "Purged",
  filtered: "Filtered",
  throttled: "Throttled",
  fault_injected: "Fault injected",
  environment_started: "Environment started",
  environment_stopped: "Environment stopped",
};
