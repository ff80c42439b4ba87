"""What the plug-in shows while a test waits for the environment."""

from __future__ import annotations

import io
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, TextIO, cast

from harness.model.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


class _Terminal(io.TextIOBase):
    """pytest's terminal as a stream."""

    def __init__(self, config: pytest.Config) -> None:
        self._writer = config.get_terminal_writer()

    def write(self, text: str) -> int:
        self._writer.write(text)
        return len(text)

    def flush(self) -> None:
        self._writer.flush()


@contextmanager
def shown_progress(config: pytest.Config, title: str) -> Iterator[Progress]:
    """Progress lines on pytest's terminal, past the capture of a test's output.

    A worker of pytest-xdist has no terminal, and shows none; nor does `-qq`.

    Args:
        config: The run.
        title: The line above the steps.
    """
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.option.verbose < -1:  # `get_verbosity` came with pytest 8
        yield Progress()
        return
    capture = config.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        writer = config.get_terminal_writer()
        if writer.width_of_current_line:  # the dots of the tests before
            writer.line()
        reporter.write_line(title)
        yield Progress(cast("TextIO", _Terminal(config)), colour=writer.hasmarkup)
