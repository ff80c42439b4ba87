"""The command line's front door: finds the command, turns whatever happens into an answer."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from harness.cli.app import coloured, print_json
from harness.cli.errors import AlreadyAnsweredError, as_harness_error

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from harness.model.errors import HarnessError

EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141  # what a program ends with whose output nobody reads any more

# Where each command is, and its line in `harness --help`: a command's module is imported when it is called.
COMMANDS = {
    "up": ("harness.cli.environment:up", "Start the environment and deploy the stack; reuse what is up."),
    "down": ("harness.cli.environment:down", "Stop the environment, with everything it started."),
    "sweep": ("harness.cli.sweep:sweep", "Delete what earlier runs left on AWS."),
    "status": ("harness.cli.environment:status", "Show what is up: environment, queues, functions."),
    "deploy": ("harness.cli.steps:deploy", "Deploy the stack to the environment that is up."),
    "synth": ("harness.cli.steps:synth", "Synthesize the CDKTF app."),
    "package": ("harness.cli.steps:package", "Make the deployment packages."),
    "send": ("harness.cli.send:send", "Send messages to the input queue, and wait for their results."),
    "results": ("harness.cli.results:results", "Show what is in the output queue."),
    "logs": ("harness.cli.logs:logs", "Show a function's log."),
    "faults": (
        "harness.cli.faults:faults",
        "Break things on purpose: crashes, lost deletes, duplicates, ...",
    ),
    "timeline": ("harness.cli.timeline:timeline", "Show what happened to each message."),
    "clock": ("harness.cli.clock:clock", "Show, stop and move the time that the stack lives in."),
    "settle": ("harness.cli.clock:settle", "Wait until nothing can move unless time moves."),
    "test": ("harness.cli.test:test", "Run the tests, also under seeds that make another AWS of each run."),
    "debug": ("harness.cli.debug:debug", "Run a function under a debugger that an editor can attach to."),
    "init": ("harness.cli.init:init", "Look at this project; write a first test and a CI workflow."),
    "doctor": ("harness.cli.doctor:doctor", "Show what is missing on this machine, and what mends it."),
}


class _Interrupted(KeyboardInterrupt):
    """SIGTERM or SIGHUP: handled as Ctrl-C is, so that nothing stays behind."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = 128 + number


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sqs-lambda-harness", prog_name="harness")
def cli() -> None:
    """Bring a CDKTF stack of SQS queues and Lambda functions up on this machine, and drive it.

    Every command takes --json. Exit codes: 0 done; 1 the stack or a message did not do what was asked;
    2 wrong usage; 3 something is missing or broken on this machine.
    """


def main() -> NoReturn:
    """The `harness` command."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)
    sys.exit(run(sys.argv[1:] or ["--help"]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; the exit code."""
    as_json = _wants_json(arguments)
    try:
        code = _invoke(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        return _quietly_broken()
    except BaseException as error:  # noqa: BLE001 - this is where every error ends
        try:
            return _answer(error, as_json=as_json)
        except BrokenPipeError:
            return _quietly_broken()
    return code


def _invoke(arguments: Sequence[str]) -> int:
    try:
        with cli.make_context("harness", list(arguments)) as context:
            return int(cli.invoke(context) or 0)
    except click.exceptions.Exit as done:
        return done.exit_code


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether `--json` is among the options, known before they are parsed: for errors in parsing them."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def _answer(error: BaseException, *, as_json: bool) -> int:
    """Tell the user about `error`, in one way or the other."""
    if isinstance(error, KeyboardInterrupt | click.Abort):
        # An interrupt may come while an object is made; that its half cannot be closed is of no interest.
        sys.unraisablehook = lambda _: None
        code = error.exit_code if isinstance(error, _Interrupted) else EXIT_INTERRUPTED
        if as_json:
            print_json({"error": _plain("Interrupted", "Interrupted."), "exit_code": code})
        else:
            print("\nInterrupted.", file=sys.stderr)
        return code
    if isinstance(error, AlreadyAnsweredError):
        return error.exit_code
    known = as_harness_error(error)
    if as_json:
        print_json(known.as_json())
    else:
        _print_error(known)
    return known.exit_code


def _plain(kind: str, message: str) -> dict[str, Any]:
    return {"type": kind, "message": message, "hint": None, "detail": None}


def _print_error(error: HarnessError) -> None:
    colour = coloured(sys.stderr)
    lines = [_painted("error:", "red", colour=colour) + " " + error.message]
    if error.detail:
        lines += [f"  {line}" for line in error.detail.rstrip("\n").splitlines()]
    if error.hint:
        lines.append(_painted("hint:", "cyan", colour=colour) + " " + error.hint)
    print("\n".join(lines), file=sys.stderr, flush=True)


def _painted(text: str, name: str, *, colour: bool) -> str:
    return click.style(text, fg=name) if colour else text


def _quietly_broken() -> int:
    """Nobody reads standard output any more, which is how `| head` ends: say nothing, now or at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_BROKEN_PIPE


def _interrupt(number: int, _: FrameType | None) -> None:
    raise _Interrupted(number)


if __name__ == "__main__":
    main()
