"""A project's folder, and the places of everything that the harness makes below `.harness/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.model.errors import UsageError

STATE_FOLDER = ".harness"


@dataclass(frozen=True)
class Workspace:
    """A project's root folder and the folders the harness owns in it.

    The harness writes nothing outside `.harness/` but the deployment packages named in the settings.
    """

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Workspace:
        """The nearest folder, `start` (default: the working directory) or above, that holds a `cdktf.json`.

        Raises:
            UsageError: No such folder.
        """
        start = (start or Path.cwd()).resolve()
        for folder in (start, *start.parents):
            if (folder / "cdktf.json").is_file():
                return cls(folder)
        raise UsageError(
            f"No CDKTF project here: {start} and the folders above it hold no cdktf.json.",
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
