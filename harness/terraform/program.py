"""Terraform: found, its version checked, and run with an environment made from scratch."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.machine.files import write_atomically
from harness.machine.processes import run
from harness.model.errors import TerraformMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.project.settings import Settings
    from harness.project.workspace import Workspace

MINIMUM = (1, 5)
"""The first release with `import` blocks."""
GO_VARIABLES = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}
"""Terraform and its providers live for seconds, and collecting garbage is a fifth of their work: they let
their heaps grow first, up to a gibibyte each."""
INSTALL_HINT = "Install one into the project with: harness doctor --fix"


@dataclass(frozen=True)
class Terraform:
    """A Terraform that can be used: its program and its version (`1.11.4`)."""

    path: Path
    version: str


def find_terraform(workspace: Workspace, settings: Settings) -> Terraform:
    """The setting's Terraform, else the one on PATH, else the one in `.harness/bin`.

    One that is too old or does not run is passed over when a later place has a better one.

    Raises:
        TerraformMissingError: There is none, or none that is new enough.
    """
    if settings.terraform is not None:
        path = workspace.root / Path(settings.terraform).expanduser()
        if not path.is_file():
            raise TerraformMissingError(
                f"The setting `terraform` names {path}, which is no file.",
                hint="Mend the setting, or take it out to use the terraform on PATH.",
            )
        return _usable(workspace, path)
    on_path = shutil.which("terraform")
    own = installed(workspace)
    places = [Path(on_path)] if on_path else []
    places += [own] if own.is_file() else []
    failures = []
    for place in places:
        try:
            return _usable(workspace, place)
        except TerraformMissingError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    raise TerraformMissingError("Terraform is not on PATH.", hint=INSTALL_HINT)


def installed(workspace: Workspace) -> Path:
    """Where `harness doctor --fix` puts Terraform."""
    return workspace.state / "bin" / "terraform"


def base_environment(
    host: Mapping[str, str], *, home: Path, temporary: Path, cli_config: Path
) -> dict[str, str]:
    """Terraform's environment, from scratch: of the host's, only PATH, language and time zone reach it."""
    kept = {name: host[name] for name in ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ") if name in host}
    return {
        **kept,
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "TF_CLI_CONFIG_FILE": str(cli_config),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        **GO_VARIABLES,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _usable(workspace: Workspace, path: Path) -> Terraform:
    version = _version(workspace, path.resolve())
    numbers = tuple(int(part) for part in version.split("-")[0].split(".")[:2])
    if numbers < MINIMUM:
        needed = ".".join(map(str, MINIMUM))
        raise TerraformMissingError(
            f"Terraform {version} ({path}) is too old: the harness needs {needed} or newer.",
            hint=INSTALL_HINT,
        )
    return Terraform(path, version)


def _version(workspace: Workspace, path: Path) -> str:
    """The program's version; asked once, because starting it costs more than all of a quiet `up`."""
    stat = path.stat()
    key = [str(path), stat.st_mtime_ns, stat.st_size]
    note = workspace.state / "terraform-version.json"
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
        if known["key"] == key:
            return str(known["version"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    version = _ask_version(workspace, path)
    write_atomically(note, json.dumps({"key": key, "version": version}))
    return version


def _ask_version(workspace: Workspace, path: Path) -> str:
    folder = workspace.state
    environ = base_environment(os.environ, home=folder, temporary=folder, cli_config=Path(os.devnull))
    try:
        finished = run((str(path), "version", "-json"), cwd=folder, environ=environ)
    except OSError as error:
        raise TerraformMissingError(f"{path} cannot be run: {error.strerror}.", hint=INSTALL_HINT) from error
    try:
        version = json.loads(finished.output)["terraform_version"]
        tuple(int(part) for part in version.split("-")[0].split("."))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TerraformMissingError(
            f"{path} is no Terraform: `version -json` did not name a version.",
            hint=INSTALL_HINT,
            detail=finished.output.strip()[-500:] or None,
        ) from None
    return str(version)
