"""Terraform's input variables: of the shell, of the settings, and of the project's `*.tfvars`."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.apps.configuration import configuration_of
from harness.machine.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.project.settings import Settings
    from harness.project.workspace import Workspace

PREFIX = "TF_VAR_"
_PATTERNS = ("terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json")
_LITERAL = re.compile(r'^\s*([\w-]+)\s*=\s*"((?:[^"\\$]|\$(?!\{))*)"\s*$', re.MULTILINE)


@dataclass(frozen=True)
class InputVariables:
    """What sets input variables, in the order in which Terraform lets a later one win.

    Attributes:
        environ: `TF_VAR_NAME` to value: the shell's, and over those the ones of the setting `environment`.
        files: `terraform.tfvars` and `*.auto.tfvars` of the project's root, by file name.
    """

    environ: Mapping[str, str]
    files: Mapping[str, str]

    @classmethod
    def of(
        cls, workspace: Workspace, settings: Settings, host: Mapping[str, str] | None = None
    ) -> InputVariables:
        """The project's input variables.

        Args:
            workspace: The project.
            settings: Its settings.
            host: The shell's environment; default: this process's.
        """
        host = os.environ if host is None else host
        environ = {
            name: value for name, value in {**host, **settings.environment}.items() if name.startswith(PREFIX)
        }
        configuration = configuration_of(workspace, settings)
        root = configuration.folder if configuration else workspace.root / (settings.directory or "")
        paths = [path for pattern in _PATTERNS for path in sorted(root.glob(pattern))]
        return cls(environ, {path.name: path.read_text(encoding="utf-8") for path in paths})

    def known(self) -> dict[str, str]:
        """The variables whose values are plain text, by name."""
        values = {name.removeprefix(PREFIX): value for name, value in self.environ.items()}
        for name, text in self.files.items():
            if name.endswith(".json"):
                try:
                    document = json.loads(text)
                except ValueError:
                    continue  # Terraform's error for that is the better one
                values |= {n: v for n, v in dict(document).items() if isinstance(v, str)}
            else:
                values |= dict(_LITERAL.findall(text))
        return values

    def as_json(self, declared: set[str]) -> dict[str, object]:
        """What the variables that a stack declares depend on, for a fingerprint."""
        environ = {n: v for n, v in self.environ.items() if n.removeprefix(PREFIX) in declared}
        return {"environ": environ, "files": dict(self.files)}

    def write(self, work: Path) -> None:
        """Put the files into Terraform's work folder, and take out those that the project no longer has."""
        for pattern in _PATTERNS:
            for path in work.glob(pattern):
                if path.name not in self.files:
                    path.unlink()
        for name, text in self.files.items():
            write_atomically(work / name, text)
