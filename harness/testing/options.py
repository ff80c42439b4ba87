"""The plug-in's command-line options and markers."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.model.capabilities import CAPABILITIES
from harness.testing.variations import MARKER

if TYPE_CHECKING:
    import pytest

    from harness.testing.adversary import Wanted

# What a target can have; a marker that names anything else is a slip of the pen.

DEFAULT_DEBUG_PORT = 0
"""`--harness-debug` without a port: the environment's own, where it has one, else what editors suggest."""

NONE = "none"
"""In place of a key: none of what the seed decides."""

MARKERS = (
    "needs(capability, ...): skip where the target has no such capability: " + ", ".join(CAPABILITIES),
    MARKER + '(NAME="value", ...): environment variables of the CDKTF app; '
    "each distinct set is deployed once per run, in an account of its own",
)


@dataclass(frozen=True)
class Options:
    """What the command line asks for.

    Attributes:
        target: Overrides the setting `target`, None where not given.
        app: Overrides the setting `app`, None where not given.
        stack: Overrides the setting `stack`, None where not given.
        keep: Leave the environment up after the run.
        debug_port: Debug the stack's function on this port (`DEFAULT_DEBUG_PORT`: none was given); None
            without `--harness-debug`.
        debug_wait: Whether an invocation waits for a debugger.
        adversary: The seeds to run the tests under, and what belongs to it; None without.
    """

    target: str | None
    app: str | None
    stack: str | None
    keep: bool
    debug_port: int | None
    debug_wait: bool
    adversary: Wanted | None = None

    @classmethod
    def of(cls, config: pytest.Config) -> Options:
        """The options of this run."""
        return cls(
            target=config.getoption("harness_target"),
            app=config.getoption("harness_app"),
            stack=config.getoption("harness_stack"),
            keep=config.getoption("harness_keep"),
            debug_port=config.getoption("harness_debug"),
            debug_wait=config.getoption("harness_debug_wait"),
            adversary=_adversary(config),
        )


def add_options(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("harness", "SQS and Lambda stacks on an emulated AWS")
    group.addoption(
        "--harness-target",
        dest="harness_target",
        metavar="TARGET",
        help="where the stack runs (default: `target` in [tool.harness])",
    )
    group.addoption(
        "--harness-app",
        dest="harness_app",
        metavar="COMMAND",
        help="command that synthesizes the CDKTF app (default: `app` in [tool.harness], then cdktf.json)",
    )
    group.addoption(
        "--harness-stack",
        dest="harness_stack",
        metavar="NAME",
        help="the stack, where the app has several (default: `stack` in [tool.harness])",
    )
    group.addoption(
        "--harness-keep",
        dest="harness_keep",
        action="store_true",
        help="leave the environment up after the run, as `harness up` does",
    )
    group.addoption(
        "--harness-debug",
        dest="harness_debug",
        metavar="PORT",
        nargs="?",
        type=_port,
        const=DEFAULT_DEBUG_PORT,
        help="run the function under debugpy on 127.0.0.1:PORT (default 5678; in a container the port that "
        "it has for this)",
    )
    group.addoption(
        "--harness-debug-wait",
        dest="harness_debug_wait",
        action="store_true",
        default=True,
        help="an invocation waits for a debugger to attach (default)",
    )
    group.addoption(
        "--harness-debug-no-wait",
        dest="harness_debug_wait",
        action="store_false",
        help="an invocation does not wait for a debugger",
    )
    group.addoption(
        "--harness-adversary",
        dest="harness_adversary",
        metavar="SEEDS",
        type=_seeds,
        help="run each test that uses `stack` under these seeds of the adversary: 7, or 1-200",
    )
    group.addoption(
        "--harness-adversary-only",
        dest="harness_adversary_only",
        metavar="KEY",
        action="append",
        help="of what the seed decides, let this happen alone (may be given again; `none`: nothing)",
    )
    group.addoption(
        "--harness-adversary-no-shrink",
        dest="harness_adversary_shrink",
        action="store_false",
        default=True,
        help="do not run a test that failed again to find the faults that this takes",
    )
    group.addoption(
        "--harness-adversary-result",
        dest="harness_adversary_result",
        metavar="FILE",
        type=Path,
        help="write what came of it as JSON",
    )


def _adversary(config: pytest.Config) -> Wanted | None:
    seeds = config.getoption("harness_adversary")
    if seeds is None:
        return None
    from harness.testing.adversary import Wanted  # noqa: PLC0415 - only where it is asked for

    keys = config.getoption("harness_adversary_only")
    return Wanted(
        seeds=seeds,
        only=None if keys is None else tuple(key for key in keys if key != NONE),
        shrink=config.getoption("harness_adversary_shrink") and keys is None,
        result=config.getoption("harness_adversary_result"),
    )


def _seeds(text: str) -> tuple[int, ...]:
    first, _, last = text.partition("-")
    if not first.isdecimal() or (last and not last.isdecimal()) or text.endswith("-"):
        raise argparse.ArgumentTypeError(f"{text!r} is no seed, such as 7, nor a span of them, such as 1-200")
    if int(last or first) < int(first):
        raise argparse.ArgumentTypeError(f"{text!r} ends before it begins")
    return tuple(range(int(first), int(last or first) + 1))


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 65535:  # noqa: PLR2004 - a TCP port's range
        raise argparse.ArgumentTypeError(
            f"{text!r} is no port; write --harness-debug=PORT, or put --harness-debug after the tests' paths",
        )
    return int(text)
