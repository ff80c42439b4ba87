"""A small CDKTF project whose stacks a test writes as Terraform JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.model.environment import Place
from harness.model.progress import Progress
from harness.project.settings import Settings
from harness.project.workspace import Workspace
from harness.terraform import deploy, plan_is_empty, synthesize
from tests.support.mapped import new_account

if TYPE_CHECKING:
    from pathlib import Path

    from harness.apps.synth import Synthesized
    from harness.model.deployment import Deployment
    from harness.model.environment import RunningEnvironment

APP = """
import json
from pathlib import Path

from cdktf import App, TerraformStack

app = App()
for name, document in json.loads(Path("stacks.json").read_text()).items():
    stack = TerraformStack(app, name)
    for section, value in document.items():
        stack.add_override(section, value)
app.synth()
"""
WRITTEN = """
import json
import os
from pathlib import Path

output = Path(os.environ["CDKTF_OUTDIR"])
stacks = {}
for name, document in json.loads(Path("stacks.json").read_text()).items():
    folder = Path("stacks", name)
    (output / folder).mkdir(parents=True)
    (output / folder / "cdk.tf.json").write_text(json.dumps(document))
    stacks[name] = {"name": name, "synthesizedStackPath": str(folder / "cdk.tf.json")}
(output / "manifest.json").write_text(json.dumps({"version": "0.21.0", "stacks": stacks}))
"""
"""What the app above puts out, without the second that CDKTF takes for it."""
REQUIRED = {"required_providers": {"aws": {"source": "aws", "version": "5.100.0"}}}


class Deployable:
    """The project, and an account of its own on the environment.

    Args:
        root: The project's folder; made by this.
        environment: Where it is deployed.
        terraform: A folder that keeps the installed providers from test to test.
        app: The app's source.
    """

    def __init__(
        self,
        root: Path,
        environment: RunningEnvironment | None = None,
        terraform: Path | None = None,
        app: str = WRITTEN,
    ) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.workspace = Workspace(root)
        self.settings = Settings(app="python app.py")
        seed = new_account()
        self.place = environment.place(seed) if environment else Place(seed)
        self.account = self.place.account
        self.progress = Progress()
        self.environment = environment
        if terraform is not None:
            (self.workspace.state / "terraform").symlink_to(terraform)
        (root / "cdktf.json").write_text("{}")
        self.write("app.py", app)

    def write(self, name: str, content: str) -> None:
        """A file of the project."""
        path = self.workspace.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def stack(self, name: str = "probe", **sections: Any) -> None:
        """Make this the only stack; sections are those of Terraform's JSON."""
        document = {
            "provider": {"aws": [{"region": "us-east-1"}]},
            "terraform": {**REQUIRED, **sections.pop("terraform", {})},
            **sections,
        }
        self.write("stacks.json", json.dumps({name: document}))

    def queues(self, **queues: dict[str, Any]) -> None:
        """Make a stack of queues the only stack."""
        self.stack(resource={"aws_sqs_queue": queues})

    def set(self, **values: Any) -> None:
        """Change settings."""
        self.settings = replace(self.settings, **values)

    def synthesize(self) -> Synthesized:
        return synthesize(self.workspace, self.settings, place=self.place, progress=self.progress)

    def deploy(self) -> Deployment:
        self.progress.steps.clear()
        return deploy(
            self.workspace,
            self.settings,
            environment=lambda _: self._environment(),
            place=self.place,
            progress=self.progress,
        )

    def steps(self) -> dict[str, str]:
        """The last deploy's steps, with what they say."""
        return {step.name: step.detail for step in self.progress.steps}

    def assert_nothing_to_change(self) -> None:
        """Ask Terraform."""
        empty, output = plan_is_empty(self.workspace, self.settings, self._environment(), self.place)
        assert empty, output

    def _environment(self) -> RunningEnvironment:
        assert self.environment is not None
        return self.environment
