"""What `harness sweep` may delete: of runs that are long over, in the account that the settings allow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.client.aws_account import check_account, configured_url, host_region
from harness.environments.environment_file import read_record
from harness.environments.targets.aws import is_orphan
from harness.model.environment import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.project.workspace import Workspace
    from harness.terraform.aws_leftovers import Leftover


def sweep_endpoints(workspace: Workspace, account: str, regions: Sequence[str]) -> list[Endpoint]:
    """One for each region: those asked for, else the host's and those that this project deployed to.

    Raises:
        AwsAccessError: The host's credentials are not of that account.
    """
    url = configured_url()
    check_account(account, url, "Nothing was deleted.")
    chosen = set(regions) or {host_region(), *_deployed_regions(workspace)}
    return [Endpoint(url, region, account, on_aws=True) for region in sorted(chosen)]


def kept_run(workspace: Workspace) -> str:
    """The prefix of the run of this project that is up, empty where none is."""
    record = read_record(workspace.environment_file)
    return record.prefix if record is not None and record.on_aws and not is_orphan(record) else ""


def old_enough(items: Iterable[Leftover], before: float, kept: str) -> list[Leftover]:
    """Those of runs that started before `before` (epoch seconds), without those of the run that is up.

    What does not say when its run started is never old enough.
    """
    return [item for item in items if item.run != kept and item.started is not None and item.started < before]


def _deployed_regions(workspace: Workspace) -> set[str]:
    found = set()
    for file in workspace.deployment("").glob("*/deployed.json"):
        try:
            found.add(str(json.loads(file.read_text(encoding="utf-8"))["region"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found
