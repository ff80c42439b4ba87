"""What was deployed to AWS, destroyed: by Terraform, then what it does not know of, then looked for."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.machine.files import locked, write_atomically
from harness.model.environment import DEFAULT_REGION, Endpoint, Place
from harness.model.errors import HarnessError, TerraformError
from harness.terraform.aws_leftovers import Leftover, delete, find
from harness.terraform.diagnostics import Diagnostics
from harness.terraform.program import find_terraform
from harness.terraform.record import DeploymentRecord
from harness.terraform.stage import DOCUMENT, provider_regions
from harness.terraform.state import State
from harness.terraform.variables import InputVariables
from harness.terraform.workfolder import WorkFolder

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model.environment import Environment
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace

# The lock: a run that was killed leaves a Terraform that still ends what it began.
DESTROY = (
    *("destroy", "-json", "-auto-approve", "-input=false", "-compact-warnings"),
    "-lock-timeout=180s",
)
AT_A_TIME = 4


@dataclass(frozen=True)
class Destroyed:
    """What `destroy` did.

    Attributes:
        resources: How many resources Terraform destroyed.
        swept: What was left then, and is deleted: what AWS makes by itself, such as log groups.
    """

    resources: int
    swept: tuple[Leftover, ...]

    def __str__(self) -> str:
        swept = f", {len(self.swept)} swept" if self.swept else ""
        return f"{self.resources} destroyed{swept}, nothing left"


def destroy(workspace: Workspace, settings: Settings, environment: Environment) -> Destroyed:
    """Destroy everything that was deployed to an environment on AWS, in all its variations.

    Raises:
        TerraformError: Some of it is left; the message says what.
        HarnessError: AWS refused, or cannot be reached.
    """
    folders = places(workspace, environment)
    with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="harness-destroy") as pool:
        outcomes = list(pool.map(lambda folder: _destroy(workspace, settings, environment, folder), folders))
    failures = [outcome for outcome in outcomes if isinstance(outcome, HarnessError)]
    regions = {region for folder in folders for region in _regions(folder)} or {DEFAULT_REGION}
    endpoints = [
        Endpoint(environment.url, region, environment.account, on_aws=True) for region in sorted(regions)
    ]
    swept, left = delete(lambda: find(endpoints, environment.prefix))
    names = [f"{item.kind} {item.name} ({item.region})" for item in left]
    names += [address for folder in folders for address in _addresses(folder)]
    if failures or left:
        raise TerraformError(
            f"Not all that this run made in account {environment.account} is destroyed. "
            f"Left: {', '.join(names) or 'what Terraform could not tell'}.",
            detail="\n\n".join(str(failure) for failure in failures) or None,
            hint="Try again with `harness down`; `harness sweep --older-than 0` deletes what carries the tag "
            "of a run that ended.",
        )
    for folder in folders:
        _remove(folder)
    return Destroyed(sum(outcome for outcome in outcomes if isinstance(outcome, int)), tuple(swept))


def places(workspace: Workspace, environment: Environment) -> list[Path]:
    """The folders of what was deployed to an environment whose names have a prefix."""
    own = environment.place().folder
    root = workspace.deployment("")
    found = root.iterdir() if root.is_dir() else ()
    return sorted(path for path in found if path.name == own or path.name.startswith(f"{own}-"))


def _destroy(
    workspace: Workspace, settings: Settings, environment: Environment, folder: Path
) -> int | HarnessError:
    """How many resources are destroyed; the error where some are not."""
    with locked(folder / "lock"):
        record = DeploymentRecord.read(folder)
        there = _addresses(folder)
        if record is None or not there:
            return 0
        replace(record, complete=False).write(folder)
        try:
            account, _, prefix = folder.name.partition("-")
            place = Place(account, f"{prefix}-", on_aws=True)
            work = WorkFolder(
                workspace, place, find_terraform(workspace, settings), InputVariables.of(workspace, settings)
            )
            document = _without_resources(json.loads((work.path / DOCUMENT).read_text(encoding="utf-8")))
            write_atomically(work.path / DOCUMENT, json.dumps(document, indent=2))
            work.initialize(document)
            ran = work.run(*DESTROY, environment=environment, region=record.region)
        except HarnessError as error:
            return error
        except (OSError, ValueError) as error:
            return TerraformError(f"Terraform's work folder in {folder} cannot be used: {error}.")
        if ran.code:
            return TerraformError(
                "Terraform could not destroy the stack.", detail=str(Diagnostics.of(ran.output))
            )
        return len(there)


def _without_resources(document: dict[str, Any]) -> dict[str, Any]:
    """What Terraform needs to destroy all that its state names: the providers.

    Without the rest, no variable of a variation is asked for, and nothing is kept by `prevent_destroy`.
    """
    if "module" in document or "${" in json.dumps(document.get("provider", {})):
        return document  # the providers need what they refer to
    return {name: document[name] for name in ("terraform", "provider") if name in document}


def _addresses(folder: Path) -> list[str]:
    state = State.read(folder / "terraform" / "terraform.tfstate")
    return sorted(state.addresses()) if state else []


def _regions(folder: Path) -> set[str]:
    try:
        document = json.loads((folder / "terraform" / DOCUMENT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        document = {}
    record = DeploymentRecord.read(folder)
    regions = {region for region in provider_regions(document).values() if region}
    return regions | ({record.region} if record else set())


def _remove(folder: Path) -> None:
    """The folder of a place that is gone: no later run has the same."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
        else:
            path.rmdir()
    folder.rmdir()
