"""What a test holds: the stack, its queues and functions, messages, logs, clock and faults."""

from harness.drive.clock import Clock
from harness.drive.faults import Fault, Faults
from harness.drive.function import Function, Invocation
from harness.drive.logs import LogEvent
from harness.drive.message import Message
from harness.drive.queue import Queue, QueueCounts
from harness.drive.stack import Stack

__all__ = [
    "Clock",
    "Fault",
    "Faults",
    "Function",
    "Invocation",
    "LogEvent",
    "Message",
    "Queue",
    "QueueCounts",
    "Stack",
]
