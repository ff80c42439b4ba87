"""What a test holds: the stack, its queues and functions, messages, logs, clock, faults and ledger."""

from harness.drive.clock import Clock
from harness.drive.event import Event, History
from harness.drive.faults import Deed, Fault, Faults
from harness.drive.function import Function, Invocation
from harness.drive.ledger import Ledger
from harness.drive.logs import LogEvent
from harness.drive.message import Message
from harness.drive.queue import Queue, QueueCounts
from harness.drive.stack import Stack

__all__ = [
    "Clock",
    "Deed",
    "Event",
    "Fault",
    "Faults",
    "Function",
    "History",
    "Invocation",
    "Ledger",
    "LogEvent",
    "Message",
    "Queue",
    "QueueCounts",
    "Stack",
]
