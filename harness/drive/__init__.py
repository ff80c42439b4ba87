"""What a test holds: a stack, its queues, messages and functions."""
