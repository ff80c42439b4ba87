"""A project's folder, and the places of everything that the harness makes below `.harness/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.model.errors import UsageError

STATE_FOLDER = ".harness"
CONFIGURATION = ("*.tf", "*.tf.json", "*.tofu", "*.tofu.json")
"""The files of Terraform's own language."""
USUAL_FOLDERS = ("terraform", "infra", "infrastructure", "iac", "deploy", "tf")
"""Where they lie in a project that does not have them at its root."""


@dataclass(frozen=True)
class Workspace:
    """A project's root folder and the folders the harness owns in it.

    The harness writes nothing outside `.harness/` but the deployment packages named in the settings.
    """

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Workspace:
        """The nearest folder, `start` (default: the working directory) or above, that is a project.

        That is one with a `cdktf.json`, with settings (`[tool.harness]` in pyproject.toml), or with Terraform
        files: in itself or in a folder with a usual name. A module below a folder `modules` is none.

        Raises:
            UsageError: No such folder.
        """
        start = (start or Path.cwd()).resolve()
        for folder in (start, *start.parents):
            if (folder / "cdktf.json").is_file() or _has_settings(folder / "pyproject.toml"):
                return cls(folder)
            if "modules" in folder.parts:
                continue
            if is_configuration(folder):
                return cls(folder.parent if folder.name in USUAL_FOLDERS else folder)
            if any(is_configuration(folder / name) for name in USUAL_FOLDERS):
                return cls(folder)
        raise UsageError(
            f"No project here: {start} and the folders above it hold neither cdktf.json nor Terraform files.",
            hint="Run the command in your project's folder; to begin a project in this one: harness init",
        )

    @property
    def state(self) -> Path:
        """`.harness/`, made on first use and ignored by git."""
        folder = self.root / STATE_FOLDER
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        return folder

    @property
    def environment_file(self) -> Path:
        """The record of the running environment, as JSON."""
        return self.state / "environment.json"

    @property
    def emulator(self) -> Path:
        """The emulator's data and log."""
        return self.state / "emulator"

    @property
    def ledgers(self) -> Path:
        """The ledgers of the last environments, a file for each."""
        return self.state / "ledger"

    @property
    def report(self) -> Path:
        """The reports of a test run."""
        return self.state / "report"

    @property
    def timelines(self) -> Path:
        """The timelines of failed tests, a file for each."""
        return self.report / "timelines"

    def deployment(self, account: str) -> Path:
        """The folder of a deployment to `account`: the synthesized app, Terraform's work folder and state."""
        return self.state / "deploy" / account


def is_configuration(folder: Path) -> bool:
    """Whether a folder holds files of Terraform's own language."""
    return any(path.is_file() for pattern in CONFIGURATION for path in folder.glob(pattern))


def _has_settings(path: Path) -> bool:
    try:
        return "[tool.harness" in path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
