"""What can go wrong, and what each kind can be aimed by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One way in which AWS, or a function, fails.

    Attributes:
        point: Where in the emulator it strikes; there `RuleBook.strike` is asked.
        aims: By what it can be aimed: of `function`, `queue`, `nth_invoke`, `nth_delivery`, `nth_receive`,
            `nth_send`, `body`.
        options: What else a rule of this kind takes, with its default.
        meaning: One sentence.
        told: What is told about one that struck; names its options.
        standard_only: Whether it is against the rules of FIFO queues.
        once_per_message: Whether a rule strikes a message once, also where it strikes always.
    """

    point: str
    aims: frozenset[str]
    options: dict[str, object]
    meaning: str
    told: str
    standard_only: bool = False
    once_per_message: bool = False


POINTS = {
    "dispatch": "A mapping has a batch, and is about to ask for its function; once for each batch.",
    "request": "Somebody asks for an invocation: a mapping, each time that it tries, or a client.",
    "invoke": "An invocation begins in an execution environment.",
    "delete": "A mapping is about to delete what its function has handled.",
    "delivered": "A mapping has deleted what its function has handled.",
    "receive": "A receive is about to give messages, to a mapping or to a client.",
    "send": "A function sends messages; once for each call.",
}
"""What can be struck."""

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
        "crash {when} the handler",
    ),
    "time_out": Kind(
        "invoke",
        _INVOKE,
        {},
        "The invocation ends as if the function's timeout had passed.",
        "a timeout",
    ),
    "raise": Kind(
        "invoke",
        _INVOKE,
        {"error": "InjectedFault"},
        "The handler raises before it does anything.",
        "the handler raises {error}",
    ),
    "throttle": Kind(
        "request", _INVOKE, {}, "The invocation is refused: Rate Exceeded.", "the invocation is throttled"
    ),
    "latency": Kind(
        "dispatch",
        _INVOKE,
        {"seconds": 1.0},
        "The invocation begins so much later.",
        "the invocation begins {seconds:g} s later",
    ),
    "lose_delete": Kind(
        "delete",
        _DELIVERY,
        {},
        "The batch succeeded, but its messages are not deleted.",
        "the delete is lost",
    ),
    "delay_delete": Kind(
        "delete",
        _DELIVERY,
        {"seconds": 1.0},
        "The messages are deleted so much later.",
        "the delete comes {seconds:g} s later",
    ),
    "duplicate": Kind(
        "delivered",
        _DELIVERY,
        {},
        "The message is delivered once more although it was deleted.",
        "delivered once more although deleted",
        standard_only=True,
        once_per_message=True,
    ),
    "reorder": Kind(
        "receive",
        _RECEIVE,
        {"seed": 0},
        "The messages come in another order.",
        "the messages come in another order",
        standard_only=True,
    ),
    "short_receive": Kind(
        "receive",
        _RECEIVE,
        {"messages": 1},
        "A receive returns fewer messages than it could.",
        "the receive gives {messages} at most",
    ),
    "empty_receive": Kind(
        "receive",
        _RECEIVE,
        {},
        "A receive returns nothing although messages are there.",
        "the receive gives nothing",
    ),
    "fail_send": Kind(
        "send",
        _SEND,
        {"entries": "all", "code": "InternalError"},
        "SendMessage or SendMessageBatch from a handler fails: all, or some entries.",
        "the send fails with {code}",
    ),
}
