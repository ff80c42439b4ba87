"""From a CDKTF app to Terraform's JSON; skipped while nothing that the app reads has changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.apps import bindings
from harness.apps.app_command import app_command
from harness.apps.manifest import ALL_VARIABLES, Asset, Manifest, fingerprinted, variable_fingerprint
from harness.apps.repackage import repackage
from harness.machine.files import locked
from harness.machine.processes import run
from harness.model.errors import SynthError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.apps.app_command import AppCommand
    from harness.model.environment import Place
    from harness.model.progress import Progress
    from harness.project.packaging.package import BuiltPackage
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace

RUNNER = Path(__file__).with_name("_synth_runner.py")
_SOURCES = ("*.py", "*.json", "*.toml", "*.ts", "*.js", "*.yaml", "*.yml")
_SKIPPED_FOLDERS = frozenset({"node_modules", "cdktf.out", "__pycache__", "site-packages"})
_OUTPUT_LINES = 40


@dataclass(frozen=True)
class Synthesized:
    """A synthesized stack.

    Attributes:
        stack: Its name.
        folder: The folder that holds its cdk.tf.json and assets.
        document: cdk.tf.json.
        fresh: Whether anything was synthesized now; False when the last synth still stands.
    """

    stack: str
    folder: Path
    document: dict[str, Any]
    fresh: bool


def synthesize(
    workspace: Workspace,
    settings: Settings,
    *,
    place: Place,
    packages: Sequence[BuiltPackage],
    progress: Progress,
) -> Synthesized:
    """Run the CDKTF app, unless nothing that it read the last time has changed.

    Where only files that became assets have changed (a deployment package), the new output is made from the
    old one without running the app.

    Raises:
        SynthError: The app failed, or synthesized no stack.
        UsageError: There is no app, or it has several stacks and the setting `stack` names none of them.
    """
    with progress.step("synth") as step, ExitStack() as stack:
        job = _Job(workspace, settings, place, packages)
        stack.enter_context(locked(job.folder / "lock"))
        fresh = True
        changed = job.changes()
        if changed is not None and not changed:
            fresh, step.detail = False, "nothing that it reads has changed"
        elif changed and repackage(job.output, job.manifest_path, changed):
            step.detail = "only a package changed"
        else:
            job.run(progress)
        synthesized = _read(job.output, settings.stack, fresh=fresh)
        step.detail = step.detail or synthesized.stack
    return synthesized


class _Job:
    """One synth: its inputs, its command and where its output goes."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        place: Place,
        packages: Sequence[BuiltPackage],
    ) -> None:
        self.root = workspace.root.resolve()
        self.packages = packages
        self.state = workspace.state.resolve()
        self.folder = workspace.deployment(place.folder).resolve() / "synth"
        self.output = self.folder / "cdktf.out"
        self.manifest_path = self.folder / "inputs.json"
        self.command = app_command(workspace, settings)
        self.environ = app_environment(os.environ, settings.environment, place.account)
        self.key = _digest(
            {
                "app": self.command.text,
                "context": self.command.context,
                "root": str(self.root),
                "settings": {n: variable_fingerprint(settings.environment, n) for n in settings.environment},
                "variables": {
                    n: variable_fingerprint(self.environ, n)
                    for n in self.environ
                    if n.startswith(("CDKTF_", "TF_VAR_"))
                },
                "versions": bindings.versions(),
                "runner": [hashlib.sha256(path.read_bytes()).hexdigest() for path in _own_sources()],
                "sources": None if self.command.program else self._sources(),
            },
        )

    def changes(self) -> set[str] | None:
        """The changed paths; None where the app must be run in any case."""
        manifest = Manifest.read(self.manifest_path)
        if manifest is None or not (self.output / "manifest.json").is_file():
            return None
        return manifest.changed(self.environ, self.key)

    def run(self, progress: Progress) -> None:
        """Run the app; the output of the last synth stands until this one is complete."""
        self.folder.mkdir(parents=True, exist_ok=True)
        started = time.time_ns()
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="new-") as new:
            output = Path(new) / "cdktf.out"
            environ = {
                **self.environ,
                **bindings.node_variables(self.environ, self.state / "jsii"),
                "CDKTF_OUTDIR": str(output),
            }
            if environ.get("PYTHONDONTWRITEBYTECODE") and "PYTHONPYCACHEPREFIX" not in environ:
                # Compiling cdktf anew is half of a synth; this, too, writes nothing beside the sources.
                environ["PYTHONDONTWRITEBYTECODE"] = ""
                environ["PYTHONPYCACHEPREFIX"] = str(
                    Path(environ["JSII_RUNTIME_PACKAGE_CACHE_ROOT"], ".pycache")
                )
            if self.command.context:
                environ.setdefault("CDKTF_CONTEXT_JSON", json.dumps(self.command.context))
            with bindings.temporary_folder(Path(environ["JSII_RUNTIME_PACKAGE_CACHE_ROOT"])) as temporary:
                environ["TMPDIR"] = str(temporary)
                report = self._run_program(Path(new), environ, progress)
            if not (output / "manifest.json").is_file():
                raise SynthError(
                    f"The CDKTF app ({self.command.text}) synthesized no stack.",
                    hint="Call app.synth() at its end, and give App() no outdir of its own.",
                )
            self.manifest_path.unlink(missing_ok=True)
            shutil.rmtree(self.output, ignore_errors=True)
            output.rename(self.output)
        manifest = Manifest(
            key=self.key,
            paths=fingerprinted(report["paths"]),
            variables={
                name: variable_fingerprint(self.environ, name)
                for name in ([ALL_VARIABLES] if report["walked"] else report["variables"])
            },
            assets=tuple(Asset(**asset) for asset in report["assets"]),
            complete=not report["opaque"] and not _written_since(started, report["paths"]),
        )
        manifest.write(self.manifest_path)

    def _run_program(self, folder: Path, environ: Mapping[str, str], progress: Progress) -> dict[str, Any]:
        program = self.command.program
        if program is None:
            finished = _start(self.command.words, self.root, environ)
            if finished.code:
                raise SynthError(
                    f"The CDKTF app ({self.command.text}) failed with exit code {finished.code}.",
                    detail=_tail(finished.output),
                )
            return {"paths": self._sources(), "variables": [], "walked": False, "assets": [], "opaque": []}
        order, report_path = folder / "order.json", folder / "report.json"
        order.write_text(
            json.dumps(
                {
                    "root": str(self.root),
                    "report": str(report_path),
                    "name": program.name,
                    "module": program.module,
                    "arguments": program.arguments,
                    "ignored": [str(self.state), str(RUNNER.parent)],
                },
            ),
            encoding="utf-8",
        )
        finished = _start((sys.executable, str(RUNNER), str(order)), self.root, environ)
        report = json.loads(report_path.read_text(encoding="utf-8")) if report_path.is_file() else {}
        if "error" in report:
            raise _app_error(self.command, report["error"], finished.output)
        if finished.code:
            raise SynthError(
                f"The CDKTF app ({self.command.text}) ended with exit code {finished.code}.",
                detail=_tail(finished.output),
            )
        for line in finished.output.splitlines():
            progress.note(line)
        return dict(report)

    def _sources(self) -> list[str]:
        """The project's files that a command which cannot be followed may read."""
        found = [str(package.path.resolve()) for package in self.packages]
        for folder, names, files in os.walk(self.root):
            names[:] = sorted(
                n for n in names if n not in _SKIPPED_FOLDERS and not n.startswith((".", "venv"))
            )
            found += [str(Path(folder, n)) for n in sorted(files) if Path(n).match("*.*") and _is_source(n)]
        return sorted(set(found))


def app_environment(host: Mapping[str, str], added: Mapping[str, str], account: str) -> dict[str, str]:
    """The environment of the CDKTF app: the host's and the settings', without any AWS credentials or profile.

    Synthesizing calls no AWS; an app that does it all the same gets dummy credentials and an address that
    refuses.
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


def _read(output: Path, wanted: str | None, *, fresh: bool) -> Synthesized:
    stacks = json.loads((output / "manifest.json").read_text(encoding="utf-8"))["stacks"]
    if not stacks:
        raise SynthError("The CDKTF app has no stack.", hint="Make a TerraformStack before app.synth().")
    if wanted is None and len(stacks) > 1:
        raise UsageError(
            f"The CDKTF app has {len(stacks)} stacks: {', '.join(sorted(stacks))}.",
            hint=f'Choose one: stack = "{min(stacks)}" below [tool.harness] in pyproject.toml.',
        )
    name = wanted or next(iter(stacks))
    if name not in stacks:
        raise UsageError(
            f"The CDKTF app has no stack {name!r}; it has {', '.join(sorted(stacks))}.",
            hint="Mend the setting `stack` in pyproject.toml, or HARNESS_STACK.",
        )
    path = output / stacks[name]["synthesizedStackPath"]
    return Synthesized(name, path.parent, json.loads(path.read_text(encoding="utf-8")), fresh)


def _app_error(command: AppCommand, error: Mapping[str, Any], output: str) -> SynthError:
    place = f" at {error['file']}:{error['line']}" if error["file"] else ""
    text = error["text"].strip().splitlines()
    summary = f"{error['type']}: {text[0]}" if text else error["type"]
    detail = "\n".join(part.rstrip() for part in (_tail(output), error["frames"]) if part)
    return SynthError(f"The CDKTF app ({command.text}) failed{place}: {summary}", detail=detail or None)


def _start(command: Sequence[str], root: Path, environ: Mapping[str, str]) -> Any:
    try:
        return run(command, cwd=root, environ=environ)
    except OSError as error:
        raise SynthError(
            f"The CDKTF app's command {command[0]!r} cannot be started: {error.strerror}.",
            hint="Mend the setting `app`, or `app` in cdktf.json.",
        ) from error


def _written_since(started: int, paths: Sequence[str]) -> bool:
    """Whether an input changed while the app ran, so that nobody knows which content it read."""
    for path in paths:
        try:
            if Path(path).is_file() and Path(path).stat().st_mtime_ns >= started:
                return True
        except OSError:
            continue
    return False


def _is_source(name: str) -> bool:
    return any(Path(name).match(pattern) for pattern in _SOURCES)


def _own_sources() -> tuple[Path, ...]:
    return (RUNNER, RUNNER.with_name("_synth_recorder.py"), bindings.LAZY_BINDINGS)


def _tail(output: str) -> str:
    return "\n".join(output.rstrip().splitlines()[-_OUTPUT_LINES:])


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
