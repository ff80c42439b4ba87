"""SQS's numbers: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-quotas.html."""

from __future__ import annotations

IN_FLIGHT_LIMIT = 120_000
"""Messages of one queue that can be in flight at once (A-12)."""
LONGEST_INVISIBLE = 43_200
"""Seconds from its receive that a message can be invisible; the largest visibility timeout (A-01, A-05)."""
LONGEST_DELAY = 900
"""Seconds (A-18)."""
LONGEST_POLL = 20
"""Seconds (A-14)."""
MOST_RECEIVED = 10
"""Messages of one ReceiveMessage (A-13)."""
MOST_ENTRIES = 10
"""Entries of one batch request (A-28)."""
LARGEST_MESSAGE = 1_048_576
"""Bytes of a message, and of all messages of a batch (A-24, A-26)."""
MOST_ATTRIBUTES = 10
"""Message attributes of one message (A-32)."""
LONGEST_ATTRIBUTE_NAME = 256
"""Characters; of an attribute's type, too (A-32)."""
MOST_DIGITS = 38
"""Digits of a Number attribute (A-32)."""
DEDUPLICATION_SECONDS = 300
"""How long a deduplication id is remembered (A-59)."""
PURGE_SECONDS = 60
"""From one PurgeQueue to the next (A-51)."""
DELETED_SECONDS = 60
"""From DeleteQueue until its name can be used again (A-52)."""
MOST_MOVED_PER_SECOND = 500
"""MaxNumberOfMessagesPerSecond of a message move task (A-44)."""
MOST_ALLOWED_SOURCES = 10
"""Queues that a RedriveAllowPolicy names (A-40)."""
