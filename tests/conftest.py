"""What holds for every test."""

from __future__ import annotations

import signal

# A run in the background of a script (`make test-local &`, some CI runners) starts with SIGINT ignored, and
# so would every program that a test starts: Ctrl-C could not be tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
