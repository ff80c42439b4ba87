"""`harness doctor`."""

from __future__ import annotations

import click

from harness.cli.app import App, command
from harness.model.errors import PrerequisiteError
from harness.report.tables import doctor_table
from harness.session.doctor import examine, mend


@click.command()
@click.option("--fix", is_flag=True, help="Get Terraform and what functions run on, below .harness/.")
@command
def doctor(app: App, *, fix: bool) -> int:
    """Show what is missing on this machine, and the command that mends it.

    The exit code is 3 when something is missing without which the harness cannot work.
    """
    if fix:
        mend(app.workspace, app.settings, app.progress)
    checks = examine(app.workspace, app.settings)
    missing = [check for check in checks if check.state == "missing"]
    app.show(doctor_table(checks))
    return app.answer(
        {"checks": [check.as_json() for check in checks], **app.steps()},
        exit_code=PrerequisiteError.exit_code if missing else 0,
    )
