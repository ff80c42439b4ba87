"""`harness sweep`."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click

from harness.cli.app import App, command
from harness.model.errors import HarnessError, UsageError

if TYPE_CHECKING:
    from harness.terraform.aws_leftovers import Leftover

_DAY_HOURS = 24.0


@click.command()
@click.option(
    "--older-than",
    type=click.FloatRange(min=0),
    default=_DAY_HOURS,
    show_default=True,
    metavar="HOURS",
    help="Only of runs that started longer ago.",
)
@click.option("--region", "regions", multiple=True, metavar="REGION", help="Where to look; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Show what would be deleted, and delete nothing.")
@command
def sweep(app: App, *, older_than: float, regions: tuple[str, ...], dry_run: bool) -> int:
    """Delete what earlier runs left in the AWS account that the settings allow.

    Found by the names' prefix and the tag that all resources of a run carry. The run that is up stays. What
    carries the tag and is of a type that this command does not delete is listed.
    """
    from harness.session.aws_sweep import kept_run, old_enough, sweep_endpoints  # noqa: PLC0415 - the same
    from harness.terraform.aws_leftovers import delete, find, find_others  # noqa: PLC0415 - imports boto3

    if app.settings.aws_account is None:
        raise UsageError(
            "No AWS account is allowed: the setting `aws_account` is missing.",
            hint='Put aws_account = "123456789012" below [tool.harness] in pyproject.toml, or set '
            "HARNESS_AWS_ACCOUNT.",
        )
    with app.progress.step("aws account") as step:
        endpoints = sweep_endpoints(app.workspace, app.settings.aws_account, regions)
        step.detail = f"{app.settings.aws_account}, {', '.join(endpoint.region for endpoint in endpoints)}"
    kept = kept_run(app.workspace)
    before = time.time() - older_than * 3600

    def look() -> list[Leftover]:
        return old_enough(find(endpoints), before, kept)

    left: list[Leftover] = []
    if dry_run:
        found = look()
    else:
        with app.progress.step("sweep") as step:
            found, left = delete(look)
            step.detail = f"{len(found)} deleted"
    others = old_enough(find_others(endpoints, app.progress.warn), before, kept)
    for item in found:
        app.show(f"{'would delete' if dry_run else 'deleted'}  {_line(item)}")
    for item in left:
        app.show(f"not deleted   {_line(item)}")
    for item in others:
        app.show(f"left alone    {_line(item)}")
    if not (found or left or others):
        app.show(f"No run older than {older_than:g} hours has left anything in {app.settings.aws_account}.")
    return app.answer(
        {
            "deleted": [item.as_json() for item in found if not dry_run],
            "would_delete": [item.as_json() for item in found if dry_run],
            "not_deleted": [item.as_json() for item in left],
            "left_alone": [item.as_json() for item in others],
            **app.steps(),
        },
        exit_code=HarnessError.exit_code if left else 0,
    )


def _line(item: Leftover) -> str:
    since = "at an unknown time"
    if item.started is not None:
        since = f"{datetime.fromtimestamp(item.started, timezone.utc).astimezone():%Y-%m-%d %H:%M:%S}"
    return f"{item.kind} {item.name} ({item.region}; run {item.run}, started {since})"
