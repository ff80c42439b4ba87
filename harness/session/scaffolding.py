"""The files that `harness init` offers: a first test of a stack, a CI workflow, or a whole project."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.session.inspection import FoundMapping, FoundQueue, Inspection

TEMPLATE = Path(__file__).with_name("template")
SUFFIX = ".template"
_HOW = "`pytest` brings it up, or uses what `harness up` left running."
WORKFLOW = Path(".github/workflows/integration.yml")


@dataclass(frozen=True)
class Proposal:
    """A file that is offered.

    Attributes:
        path: Relative to the project's folder.
        text: What it shall hold.
        before: What it holds now; None where it is new.
    """

    path: Path
    text: str
    before: str | None

    @property
    def unchanged(self) -> bool:
        """Whether the file is just so already."""
        return self.before == self.text

    @property
    def diff(self) -> str:
        """The change, as `diff -u` shows it."""
        before = [] if self.before is None else self.before.splitlines(keepends=True)
        name = "/dev/null" if self.before is None else str(self.path)
        return "".join(
            difflib.unified_diff(before, self.text.splitlines(keepends=True), name, str(self.path))
        )

    def write(self, root: Path) -> None:
        """Write it."""
        path = root / self.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text, encoding="utf-8")


def propose(root: Path, path: Path, text: str) -> Proposal:
    """Offer a file of the project in `root`."""
    try:
        before: str | None = (root / path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        before = None
    return Proposal(path, text, before)


def template(root: Path) -> list[Proposal]:
    """The calculator, as a project of its own."""
    files = sorted(path for path in TEMPLATE.rglob(f"*{SUFFIX}"))
    found = []
    for file in files:
        name = str(file.relative_to(TEMPLATE)).removesuffix(SUFFIX).replace("gitignore", ".gitignore")
        found.append(propose(root, Path(name), file.read_text(encoding="utf-8")))
    return found


def first_test(root: Path, found: Inspection, *, chosen: bool = False) -> Proposal | None:
    """A first test that passes on the stack as it is; None if it has neither queues nor functions.

    Args:
        root: The project's folder.
        found: Its stack.
        chosen: As for `workflow`.
    """
    text = _mapping_test(found) or _function_test(found) or _queue_test(found)
    if text is None:
        return None
    if chosen:
        text = text.replace("`pytest` brings", f"`pytest --harness-stack {found.stack}` brings", 1)
    name = re.sub(r"\W+", "_", found.stack.lower()).strip("_") or "stack"
    return propose(root, Path("tests") / f"test_{name}.py", text)


def workflow(root: Path, found: Inspection | None, *, chosen: bool = False) -> Proposal:
    """A GitHub workflow that runs the tests.

    Args:
        root: The project's folder.
        found: Its stack; None for a project that begins.
        chosen: Whether the app has several stacks, of which the command line chose this one.
    """
    runtimes = {function.runtime for function in found.functions} if found else {"python3.13"}
    versions = sorted(
        {name.removeprefix("python") for name in runtimes if name and name.startswith("python3.")} - {"3.13"},
        key=lambda version: int(version.partition(".")[2]),
    )
    return propose(
        root,
        WORKFLOW,
        _WORKFLOW.format(
            versions="".join(f"            {v}\n" for v in versions),
            option=f" --harness-stack {found.stack}" if found and chosen else "",
            **_steps(root),
        ),
    )


def _steps(root: Path) -> dict[str, str]:
    """How the project's requirements are installed, and how its tests are run."""
    if (root / "uv.lock").is_file():
        install = "pip install uv && uv sync && uv pip install sqs-lambda-harness pytest"
        return {"install": install, "run": "uv run pytest"}
    if (root / "Pipfile").is_file():
        install = (
            "pip install pipenv && pipenv install --dev && pipenv run pip install sqs-lambda-harness pytest"
        )
        return {"install": install, "run": "pipenv run pytest"}
    if (root / "poetry.lock").is_file():
        install = "pip install poetry && poetry install && poetry run pip install sqs-lambda-harness pytest"
        return {"install": install, "run": "poetry run pytest"}
    requirements = " ." if _is_a_distribution(root / "pyproject.toml") else ""
    if (root / "requirements.txt").is_file():
        requirements = " -r requirements.txt"
    return {"install": f"pip install{requirements} sqs-lambda-harness pytest", "run": "pytest"}


def _is_a_distribution(pyproject: Path) -> bool:
    """Whether pip can install the project, and with it what its app needs."""
    try:
        text = pyproject.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "[project]" in text and "[build-system]" in text


def _mapping_test(found: Inspection) -> str | None:
    usable = [mapping for mapping in found.mappings if mapping.queue.visibility_seconds is not None]
    if not usable:
        return None
    mapping = usable[0]
    queue = mapping.queue
    wait = max(mapping.window_seconds, 0) + queue.delay_seconds
    waiting = f"    clock.advance({wait})  # the mapping waits for a batch\n" if wait else ""
    name, function = queue.construct_id, mapping.function.construct_id
    what = "is_received_by_the_mapping" if mapping.filtered else "reaches_the_function"
    text = f'''"""First tests of the stack {found.stack}: {_HOW}"""


def test_a_message_{what}(stack, clock):
    clock.freeze()
    message = stack.queue("{name}").send({_arguments(queue)})
    clock.settle()  # until only the passing of time could start more work
{waiting}    assert message.deliveries == 1
'''
    if not mapping.filtered and (queue.max_receives is None or queue.max_receives > 1):
        text += f"""

def test_what_a_crash_interrupts_is_tried_again_after_the_visibility_timeout(stack, clock, faults):
    clock.freeze()
    crash = faults.crash(function="{function}", when="before", nth_invoke=1)
    message = stack.queue("{name}").send({_arguments(queue)})
    clock.settle()
{waiting}    assert (crash.times, message.deliveries) == (1, 1)
    clock.advance({queue.visibility_seconds})  # seconds of the stack's time, and none of yours
{waiting}    assert message.deliveries == 2
"""
    return text + _next_step(found, mapping)


def _next_step(found: Inspection, mapping: FoundMapping) -> str:
    others = [queue.construct_id for queue in found.queues if queue is not mapping.queue]
    if not others:
        return ""
    return f"""

# Next: send what your handler expects, and check what comes out, for example
#     assert stack.queue("{others[0]}").receive_one().json() == ...
"""


def _arguments(queue: FoundQueue) -> str:
    body = '{"hello": "world"}'
    if not queue.fifo:
        return body
    return f'{body}, group="first"' + ("" if queue.content_based_deduplication else ', deduplication_id="1"')


def _function_test(found: Inspection) -> str | None:
    if not found.functions:
        return None
    return f'''"""First test of the stack {found.stack}: {_HOW}"""


def test_the_function_can_be_invoked(stack):
    invocation = stack.function("{found.functions[0].construct_id}").invoke({{"hello": "world"}})
    assert "REPORT RequestId" in invocation.log
    # Next: send what your handler expects, and check `invocation.error is None` and `invocation.payload`.
'''


def _queue_test(found: Inspection) -> str | None:
    if not found.queues:
        return None
    queue = found.queues[0]
    return f'''"""First test of the stack {found.stack}: {_HOW}"""


def test_what_is_sent_is_received(stack, clock):
    clock.freeze()
    stack.queue("{queue.construct_id}").send({_arguments(queue)})
    clock.advance({queue.delay_seconds})
    assert stack.queue("{queue.construct_id}").receive_one().json() == {{"hello": "world"}}
'''


_WORKFLOW = """\
# Runs the integration tests: the stack on an emulated AWS, with real Terraform and without Docker.
name: Integration tests

on: [push, pull_request]

permissions:
  contents: read

jobs:
  integration:
    runs-on: ubuntu-latest
    timeout-minutes: 20
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          # The Pythons of the functions' runtimes; the last one is the project's.
          python-version: |
{versions}            3.13
      - uses: hashicorp/setup-terraform@v3
        with:
          terraform_wrapper: false
      - uses: actions/cache@v4
        with:
          path: ~/.cache/sqs-lambda-harness
          key: sqs-lambda-harness-${{{{ runner.os }}}}
      - run: {install}
      - run: {run}{option}
      - if: always()
        uses: actions/upload-artifact@v4
        with:
          name: harness-report
          path: .harness/report
          include-hidden-files: true
          if-no-files-found: ignore
"""
