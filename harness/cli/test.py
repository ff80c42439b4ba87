"""`harness test`."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from harness.cli.app import App, command
from harness.model.errors import HarnessError, UsageError

_LARGEST_SEED = 10**6
_USAGE = 4  # pytest's exit codes
_NO_TESTS = 5
_INTERRUPTED = 2


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--adversary",
    "count",
    type=click.IntRange(1),
    help="Run the tests under so many seeds, each of them another AWS; stop at the first that fails.",
)
@click.option("--seed", type=click.IntRange(0), help="The first of the seeds; by default one by chance.")
@click.option("--shrink/--no-shrink", default=True, help="Look for the faults that a failure takes.")
@click.option("--only", "keys", metavar="KEY", multiple=True, help="Of what the seed decides, this alone.")
@click.argument("arguments", metavar="[PYTEST ARGUMENTS]...", nargs=-1, type=click.UNPROCESSED)
@command
def test(
    app: App,
    *,
    count: int | None,
    seed: int | None,
    shrink: bool,
    keys: tuple[str, ...],
    arguments: tuple[str, ...],
) -> int:
    """Run the project's tests with pytest.

    With --adversary N each test that uses the stack runs under N seeds. A seed decides what goes wrong,
    within what AWS allows: order, repetitions, batches, crashes, throttles, lost deletes, failed sends. The
    first failure ends it, with its seed and the fewest faults that it takes. All share one environment.
    """
    if keys and seed is None:
        raise UsageError("--only chooses of what a seed decides.", hint="Say which seed: --seed S.")
    _ = app.workspace  # else there is no project here, and that is said
    words = ["-m", "pytest", *arguments]
    result: dict[str, Any] | None = None
    with tempfile.TemporaryDirectory(prefix="harness-test-") as folder:
        file = Path(folder, "result.json")
        if count is not None or seed is not None:
            words += [
                *_adversary(count or 1, seed, keys, shrink=shrink),
                f"--harness-adversary-result={file}",
            ]
        code, output = _run(words, silent=app.as_json)
        if file.exists():
            result = json.loads(file.read_text(encoding="utf-8"))
    document = {"pytest": code, "adversary": result, "output": output}
    return app.answer(document, exit_code=_exit_code(code))


def _adversary(count: int, seed: int | None, keys: tuple[str, ...], *, shrink: bool) -> list[str]:
    first = random.randrange(_LARGEST_SEED) if seed is None else seed  # noqa: S311 - any will do
    return [
        f"--harness-adversary={first}-{first + count - 1}",
        *(f"--harness-adversary-only={key}" for key in keys),
        *([] if shrink else ["--harness-adversary-no-shrink"]),
        "--exitfirst",
    ]


def _run(words: list[str], *, silent: bool) -> tuple[int, str]:
    """Run this Python's pytest here; its exit code, and what it printed where nobody sees it."""
    try:
        run = subprocess.run(
            [sys.executable, *words],
            check=False,
            stdout=subprocess.PIPE if silent else None,
            stderr=subprocess.STDOUT if silent else None,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise HarnessError(f"pytest cannot be started: {error}.") from error
    return run.returncode, run.stdout or ""


def _exit_code(code: int) -> int:
    if code == _INTERRUPTED:
        raise click.Abort
    if code in {_USAGE, _NO_TESTS}:
        return UsageError.exit_code
    return int(code != 0)
