"""What can go wrong, and what each kind can be aimed by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One way in which AWS, or a function, fails.

    Attributes:
        point: Where in the emulator it strikes; there `RuleBook.strike` is asked.
        aims: By what it can be aimed: of `function`, `queue`, `nth_invoke`, `nth_delivery`, `body`.
        options: What else a rule of this kind takes, with its default.
        standard_only: Whether it is against the rules of FIFO queues.
        meaning: One sentence.
    """

    point: str
    aims: frozenset[str]
    options: dict[str, object]
    meaning: str
    standard_only: bool = False


_INVOKE = frozenset({"function", "queue", "nth_invoke", "nth_delivery", "body"})
_DELIVERY = frozenset({"queue", "function", "nth_delivery", "body"})
_RECEIVE = frozenset({"queue", "nth_receive"})
_SEND = frozenset({"queue", "function", "nth_send", "body"})

KINDS: dict[str, Kind] = {
    "crash": Kind(
        "invoke",
        _INVOKE,
        {"when": "during"},
        "The function's process dies: before, during or after the handler.",
    ),
    "time_out": Kind("invoke", _INVOKE, {}, "The invocation ends as if the function's timeout had passed."),
    "raise": Kind(
        "invoke", _INVOKE, {"error": "InjectedFault"}, "The handler raises before it does anything."
    ),
    "throttle": Kind("invoke", _INVOKE, {}, "The invocation is refused: Rate Exceeded."),
    "latency": Kind("invoke", _INVOKE, {"seconds": 1.0}, "The invocation begins so much later."),
    "lose_delete": Kind("delete", _DELIVERY, {}, "The batch succeeded, but its messages are not deleted."),
    "delay_delete": Kind("delete", _DELIVERY, {"seconds": 1.0}, "The messages are deleted so much later."),
    "duplicate": Kind(
        "delivered",
        _DELIVERY,
        {},
        "The message is delivered once more although it was deleted.",
        standard_only=True,
    ),
    "reorder": Kind("receive", _RECEIVE, {}, "The messages come in another order.", standard_only=True),
    "short_receive": Kind(
        "receive", _RECEIVE, {"messages": 1}, "A receive returns fewer messages than it could."
    ),
    "empty_receive": Kind("receive", _RECEIVE, {}, "A receive returns nothing although messages are there."),
    "fail_send": Kind(
        "send",
        _SEND,
        {"entries": "all"},
        "SendMessage or SendMessageBatch from a handler fails: all, or some entries.",
    ),
}
