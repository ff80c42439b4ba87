"""`harness init`: looks at a project, and offers a first test and a CI workflow for it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.app import App, command, stack_option
from harness.installation import ensure
from harness.model.environment import own_account
from harness.model.errors import UsageError
from harness.project.packaging import build_packages
from harness.project.workspace import Workspace
from harness.session.inspection import Inspection, inspect
from harness.session.scaffolding import Proposal, first_test, template, workflow
from harness.terraform import synthesize

if TYPE_CHECKING:
    from collections.abc import Iterable

NOT_A_PROJECT = frozenset({"LICENSE", "LICENSE.md", "README.md", "README", "README.rst"})
"""A folder that holds only these, hidden files and virtual environments is one with nothing in it."""


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("--yes", is_flag=True, help="Write without asking, also over files that differ.")
@stack_option
@command
def init(app: App, *, dry_run: bool, yes: bool, stack: str | None) -> int:
    """Look at the project in this folder, and offer a first test and a CI workflow for its stack.

    In a folder with nothing: a calculator, as a project to begin with. Every change is shown before it is
    made; a file that exists is changed only if you say so.
    """
    found: Inspection | None = None
    if _is_empty(Path.cwd()):
        root = Path.cwd()
        app.show("Nothing here yet: the calculator, a queue, a function and a queue of results.")
        proposals = [*template(root), workflow(root, None)]
    else:
        root = app.workspace.root
        app.choose_stack(stack)
        found = _inspected(app)
        app.show(*_lines(found))
        test = first_test(root, found, chosen=stack is not None)
        proposals = [*([test] if test is not None else []), workflow(root, found, chosen=stack is not None)]
    files = _written(app, root, proposals, dry_run=dry_run, yes=yes)
    written = any(entry["action"] == "written" for entry in files)
    if written:
        app.show(_next(found))
    return app.answer({"found": None if found is None else found.as_json(), "files": files, **app.steps()})


def _is_empty(folder: Path) -> bool:
    try:
        Workspace.find(folder)
    except UsageError:
        names = [path.name for path in folder.iterdir()]
        rest = [name for name in names if not name.startswith((".", "venv")) and name not in NOT_A_PROJECT]
        if rest:
            some = ", ".join(sorted(rest)[:3])
            raise UsageError(
                f"No app here: {folder} has no cdktf.json, and is not empty ({some}, ...).",
                hint="Run this in your CDKTF project's folder, or in an empty one to begin a project.",
            ) from None
        return True
    return False


def _inspected(app: App) -> Inspection:
    build_packages(app.workspace, app.settings, app.progress)
    made = synthesize(
        app.workspace,
        app.settings,
        place=own_account(),
        progress=app.progress,
        node=lambda: ensure(app.progress).node,
    )
    return inspect(made.document, made.stack, own_account().account)


def _lines(found: Inspection) -> Iterable[str]:
    yield f"stack     {found.stack}"
    for queue in found.queues:
        yield f"queue     {queue.construct_id}  {queue.name or ''}".rstrip()
    for function in found.functions:
        yield f"function  {function.construct_id}  {function.name or ''}  {function.runtime or ''}".rstrip()
    for mapping in found.mappings:
        yield f"mapping   {mapping.queue.construct_id} -> {mapping.function.construct_id}"
    for role in found.roles:
        yield f"role      {role}  named, not created: made before each apply"


def _written(
    app: App, root: Path, proposals: Iterable[Proposal], *, dry_run: bool, yes: bool
) -> list[dict[str, Any]]:
    asking = not yes and not dry_run and not app.as_json and sys.stdin.isatty()
    files = []
    for proposal in proposals:
        if proposal.unchanged:
            action = "unchanged"
        else:
            app.show("", proposal.diff.rstrip())
            if dry_run:
                action = "would be written"
            elif _agreed(proposal, yes=yes, asking=asking):
                proposal.write(root)
                action = "written"
            else:
                action = "kept"
        files.append({"path": str(proposal.path), "action": action, "diff": proposal.diff})
    app.show("", *(f"{entry['action']:<18}{entry['path']}" for entry in files))
    return files


def _agreed(proposal: Proposal, *, yes: bool, asking: bool) -> bool:
    """Whether the file may be written; where nobody can be asked, new files are, others are not."""
    if asking:
        what = "Change" if proposal.before is not None else "Write"
        return yes or click.confirm(f"{what} {proposal.path}?", default=proposal.before is None)
    return yes or proposal.before is None


def _next(found: Inspection | None) -> str:
    install = "" if found is not None else "pip install -r requirements.txt && "
    return f"Next: {install}harness up && pytest"
