"""From an app to Terraform's JSON; skipped while nothing that the app depends on has changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.apps.command import MANAGERS, AppCommand, app_command, not_started
from harness.apps.configuration import configuration_of
from harness.apps.inputs import Inputs, fingerprint, project_files, read_inputs, variable_fingerprint
from harness.apps.jsii import IN_APP, app_variables, bound_providers, find_node, libraries
from harness.apps.prime import prime_app
from harness.apps.repackage import repackage
from harness.machine.files import locked
from harness.machine.processes import Finished, ProcessGroup, run
from harness.model.errors import SynthError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.model.environment import Place
    from harness.model.progress import Progress
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace

_OUTPUT_LINES = 40


@dataclass(frozen=True)
class Synthesized:
    """A synthesized stack.

    Attributes:
        stack: Its name.
        folder: The folder that holds its cdk.tf.json and assets.
        document: cdk.tf.json.
        fresh: Whether anything was synthesized now; False when the last synth still stands.
        configuration: The folder of Terraform files that say this; None where an app was synthesized.
    """

    stack: str
    folder: Path
    document: dict[str, Any]
    fresh: bool
    configuration: Path | None = None


def synthesize(
    workspace: Workspace,
    settings: Settings,
    *,
    place: Place,
    progress: Progress,
    node: Callable[[], Path | None] | None = None,
    last: str | None = None,
) -> Synthesized:
    """What the project's stack says: its app is run, unless nothing that it depends on has changed.

    Terraform's own files are read.

    The deployment packages that the app reads must have been made before.
    Where only files that became assets have changed (a deployment package), the new output is made from the
    old one without running the app.

    Args:
        workspace: The project.
        settings: Its settings.
        place: Where the stack will be deployed; the app gets dummy credentials of its account.
        progress: Gets the lines that the app prints.
        node: Gives a Node.js for an app whose user has none that is new enough; called only then.
        last: The stack that was deployed last; taken where the app has several and the settings name none.

    Raises:
        SynthError: The app failed, or synthesized no stack.
        UsageError: There is no app, or it has several stacks and the setting `stack` names none of them.
    """
    if (configuration := configuration_of(workspace, settings)) is not None:
        with progress.step("configuration") as step:
            document = configuration.read(progress)
            count = len(configuration.files())
            plural = "" if count == 1 else "s"
            step.detail = f"{count} Terraform file{plural} in {configuration.folder.name}/"
        return Synthesized(
            settings.stack or configuration.name,
            configuration.folder,
            document,
            fresh=True,
            configuration=configuration.folder,
        )
    with progress.step("synth") as step, ExitStack() as stack:
        app = App(workspace, settings, place, node)
        stack.enter_context(locked(app.folder / "lock"))
        fresh = True
        changed = app.changes()
        if changed is not None and not changed:
            fresh, step.detail = False, "nothing changed"
        elif changed and repackage(app.output, app.inputs_path, changed):
            step.detail = "only a package changed"
        else:
            app.run(progress)
        synthesized = _read(app.output, settings.stack, last, fresh=fresh)
        step.detail = step.detail or synthesized.stack
    return synthesized


class App:
    """The project's app for one place: what it depends on, how it is run, and where its output is."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        place: Place,
        node: Callable[[], Path | None] | None = None,
    ) -> None:
        self.root = workspace.root.resolve()
        self.folder = workspace.deployment(place.folder).resolve() / "synth"
        self.output = self.folder / "cdktf.out"
        self.inputs_path = self.folder / "inputs.json"
        environ = app_environment(os.environ, settings.environment, place.account)
        self.command = app_command(workspace, settings, environ)
        self._node = node
        self._left_out = frozenset(
            str(self.root / source) for package in settings.packages for source in package.sources
        )
        self._key = _digest(
            {
                "app": self.command.words,
                "context": self.command.context,
                "root": str(self.root),
                "settings": {n: variable_fingerprint(settings.environment, n) for n in settings.environment},
                "variables": {
                    name: variable_fingerprint(self.command.environ, name)
                    for name in self.command.environ
                    if name.startswith(("CDKTF_", "TF_VAR_"))
                },
                "in app": [
                    fingerprint(f"{IN_APP}/{name}") for name in ("sitecustomize.py", "lazy_bindings.cjs")
                ],
            },
        )

    def changes(self) -> set[str] | None:
        """The files that changed since the last synth; None where the app must be run in any case."""
        inputs = Inputs.read(self.inputs_path)
        if inputs is None or not (self.output / "manifest.json").is_file():
            return None
        return inputs.changed(project_files(self.root, self._left_out), self.command.environ, self._key)

    def run(self, progress: Progress) -> None:
        """Run the app; the output of the last synth stays until this one is complete."""
        self.folder.mkdir(parents=True, exist_ok=True)
        before = {path: fingerprint(path) for path in project_files(self.root, self._left_out)}
        started = time.time_ns()
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="new-") as new:
            output, folder = Path(new) / "cdktf.out", Path(new) / "reports"
            folder.mkdir()
            with app_variables(self.command.environ, self.node()) as variables:
                if self.command.context:
                    variables.setdefault("CDKTF_CONTEXT_JSON", json.dumps(self.command.context))
                variables["CDKTF_OUTDIR"] = str(output)
                variables["HARNESS_APP_REPORTS"], variables["HARNESS_APP_ROOT"] = str(folder), str(self.root)
                try:
                    finished = run(self.command.words, cwd=self.command.root, environ=variables)
                except OSError as error:
                    raise not_started(self.command, error) from error
            written = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
            reports = [json.loads(path.read_text(encoding="utf-8")) for path in written]
            if finished.code:
                raise _failure(self.command, finished, reports)
            for line in finished.output.splitlines():
                progress.note(line)
            if not (output / "manifest.json").is_file():
                raise SynthError(
                    f"The app ({self.command.text}) synthesized no stack.",
                    hint="Call app.synth() at its end, and give App() no outdir.",
                )
            self.inputs_path.unlink(missing_ok=True)
            shutil.rmtree(self.output, ignore_errors=True)
            output.rename(self.output)
        inputs = read_inputs(
            self._key, before, reports, self.command.environ, root=self.root, started=started
        )
        inputs.write(self.inputs_path)

    def providers(self) -> dict[str, dict[str, str]]:
        """`required_providers` as the app's bindings ask for them; a guess, made without running the app."""
        inputs = Inputs.read(self.inputs_path)
        known = [Path(folder) for folder in inputs.libraries] if inputs is not None else []
        return bound_providers(known or libraries(self.command))

    def prime(self, group: ProcessGroup | None = None) -> bool:
        """Unpack and index the app's bindings once it is synthesized, so that the next synth is faster.

        Raises:
            PrerequisiteError: jsii cannot load them.
        """
        return prime_app(Inputs.read(self.inputs_path), node=self.node(), group=group)

    def node(self) -> Path | None:
        """The Node.js on which the app's jsii runs; None where there is none."""
        return find_node(self.command, self._node)

    def libraries(self) -> tuple[Path, ...]:
        """The folders that the app's Python imports from, asked of it; none where it cannot be asked."""
        return libraries(self.command)


def app_environment(host: Mapping[str, str], added: Mapping[str, str], account: str) -> dict[str, str]:
    """The variables of the app: the host's and the settings', without any AWS credentials or profile.

    A synth calls no AWS API; an app that does so gets dummy credentials and an address that refuses
    connections.
    """
    kept = {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE"}
    environ = {name: value for name, value in host.items() if not name.startswith("AWS_") or name in kept}
    environ |= {
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }
    return {**environ, **added}


def _read(output: Path, wanted: str | None, last: str | None, *, fresh: bool) -> Synthesized:
    stacks = json.loads((output / "manifest.json").read_text(encoding="utf-8"))["stacks"]
    if not stacks:
        raise SynthError("The app has no stack.", hint="Create a TerraformStack before app.synth().")
    names = ", ".join(sorted(stacks))
    choose = (
        f"Choose one: --stack {min(stacks)}, or for every command "
        f'stack = "{min(stacks)}" below [tool.harness] in pyproject.toml (HARNESS_STACK in the environment).'
    )
    if wanted is None and last in stacks:
        wanted = last
    if wanted is None and len(stacks) > 1:
        raise UsageError(f"The app has {len(stacks)} stacks: {names}.", hint=choose)
    name = wanted or next(iter(stacks))
    if name not in stacks:
        raise UsageError(f"The app has no stack {name!r}; it has {names}.", hint=choose)
    path = output / stacks[name]["synthesizedStackPath"]
    return Synthesized(name, path.parent, json.loads(path.read_text(encoding="utf-8")), fresh)


def _failure(command: AppCommand, finished: Finished, reports: Sequence[Mapping[str, Any]]) -> SynthError:
    """The error for an app that ended with another exit code than 0: where in the user's code, and why."""
    detail = "\n".join(finished.output.rstrip().splitlines()[-_OUTPUT_LINES:]) or None
    errors = [report["error"] for report in reports if report["error"]]
    if not errors:
        return SynthError(
            f"The app ({command.text}) failed with exit code {finished.code}.",
            detail=detail,
            hint=_missing_hint(command, finished.output),
        )
    error = errors[-1]
    where = f" at {error['file']}:{error['line']}" if error["file"] else ""
    lines = error["text"].strip().splitlines()
    what = f"{error['type']}: {lines[0]}" if lines else error["type"]
    return SynthError(
        f"The app ({command.text}) failed{where}: {what}",
        detail=detail,
        hint=_missing_hint(command, f"{what}\n{finished.output}"),
    )


def _missing_hint(command: AppCommand, text: str) -> str | None:
    """How to get what the app needs and does not find: cdktf, a binding, Node.js."""
    if "No module named 'cdktf" in text or "No module named 'constructs" in text:
        if command.words[0] in MANAGERS:
            return f"Install the app's packages with {command.words[0]}."
        return (
            f"{command.words[0]} does not have them. Install cdktf and its bindings there; or make "
            "a virtual environment, .venv, beside cdktf.json; or run harness in the one that has them."
        )
    if "No such file or directory: 'node'" in text:
        return "Node.js 20 or newer is missing, which CDKTF runs on: install it, or run: harness doctor --fix"
    return None


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
