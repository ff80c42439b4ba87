"""What the harness needs on this machine: a check for each, with the command that mends it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import uv

from harness.apps.jsii import cdktf_version
from harness.apps.synth import App
from harness.environments.environment_file import read_record
from harness.environments.registry import checks_of_targets
from harness.installation import ensure, installed, node_program, runtime_reports
from harness.model.check import Check
from harness.model.environment import own_account
from harness.model.errors import HarnessError
from harness.model.host import shown
from harness.session.preparation import raise_or_show, synthesized_runtimes
from harness.session.targets import target_for
from harness.terraform import find_terraform, isolation_level
from harness.terraform.mirror import find_mirror
from harness.terraform.release import install_terraform

if TYPE_CHECKING:
    from harness.model.progress import Progress
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace


FIX = "harness doctor --fix"
_ENOUGH_CORES = 2
_ENOUGH_MEMORY_GIB = 2.0


def examine(workspace: Workspace, settings: Settings) -> list[Check]:
    """Look at everything; never raises for what it finds."""
    runtimes = sorted(needed_runtimes(workspace, settings))
    return [
        _python(),
        _uv(),
        _emulator(),
        *_app(workspace, settings),
        _terraform(workspace, settings),
        _provider(),
        *_runtimes(settings, runtimes),
        _isolation(),
        *checks_of_targets(settings),
        _state_folder(workspace),
        _environment(workspace, settings),
        _machine(),
    ]


def needed_runtimes(workspace: Workspace, settings: Settings) -> set[str]:
    """The Lambda runtimes of the packages that the settings name and of the stack as last synthesized."""
    return {package.runtime for package in settings.packages} | synthesized_runtimes(workspace)


def mend(workspace: Workspace, settings: Settings, progress: Progress) -> None:
    """Get what can be got without touching the machine outside of `.harness/` and the user's cache folder.

    Raises:
        HarnessError: Something cannot be had.
    """
    ensure(progress)
    runtimes = sorted(needed_runtimes(workspace, settings))
    if runtimes:
        with progress.step(", ".join(f"runtime {runtime}" for runtime in runtimes)) as step:
            reports = runtime_reports(runtimes, strict=settings.strict_runtime)
            step.detail = ", ".join(raise_or_show(report, progress) for report in reports)
    try:
        find_terraform(workspace, settings)
    except HarnessError:
        if settings.terraform is not None:
            raise  # what the user named is the user's to mend
        with progress.step("terraform") as step:
            step.detail = str(install_terraform(workspace))


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("Python", "ok", f"{version} ({sys.executable})")  # it runs this: so it is one that can


def _uv() -> Check:
    try:
        return Check("uv", "ok", uv.find_uv_bin())
    except FileNotFoundError:
        return Check("uv", "missing", "the uv package has no program", f"{sys.executable} -m pip install uv")


def _emulator() -> Check:
    name = "Emulator's packages"
    try:
        installation = installed()
    except HarnessError as error:
        return Check(name, "missing", error.message, error.hint)
    if installation is None:
        return Check(name, "ok", f"installed by the first `harness up`, or by `{FIX}`")
    return Check(name, "ok", shown(installation.folder))


def _app(workspace: Workspace, settings: Settings) -> list[Check]:
    """The app's own Python with its cdktf, and the Node.js that cdktf runs on."""
    try:
        app = App(workspace, settings, own_account(), node_program)
    except HarnessError as error:
        return [Check("App", "missing", error.message, error.hint)]
    python, name = app.command.python, "Node.js for CDKTF"
    if python is None:
        checks = [Check("App", "ok", app.command.text)]
    elif version := cdktf_version(app.libraries()):
        checks = [Check("App", "ok", f"cdktf {version} ({' '.join(python)})")]
    else:
        mend = "Install the app's packages there, or make a virtual environment with them in .venv."
        checks = [Check("App", "warning", f"{' '.join(python)} has no cdktf", mend)]
    node = app.node()
    if node is not None:
        return [*checks, Check(name, "ok", shown(node))]
    if installed() is None:
        return [*checks, Check(name, "ok", "the one that the emulator's packages bring along")]
    return [*checks, Check(name, "missing", "no node of version 20 or newer on PATH", "Install Node.js.")]


def _terraform(workspace: Workspace, settings: Settings) -> Check:
    try:
        found = find_terraform(workspace, settings)
    except HarnessError as error:
        return Check("Terraform", "missing", error.message, error.hint if settings.terraform else FIX)
    return Check("Terraform", "ok", f"{found.version} ({found.path})")


def _provider() -> Check:
    mirror = find_mirror()
    where = "registry.terraform.io" if mirror is None else f"mirror {mirror}"
    return Check("AWS provider from", "ok", where)


def _runtimes(settings: Settings, runtimes: list[str]) -> list[Check]:
    if not runtimes:
        return []
    if installed() is None:
        return [
            Check(f"Functions of {runtime}", "ok", "looked for at the first `harness up`")
            for runtime in runtimes
        ]
    reports = runtime_reports(runtimes, strict=settings.strict_runtime, find=True)
    return [_runtime(report) for report in reports]


def _runtime(report: dict[str, Any]) -> Check:
    runtime = report["runtime"]
    name = f"Functions of {runtime}"
    if "error" in report:
        return Check(name, "missing", report["error"]["message"], report["error"]["hint"])
    found = shown(Path(report["interpreter"]))
    if report["warning"]:
        version = runtime.removeprefix("python")
        mend = "install that Node.js" if runtime.startswith("nodejs") else f"uv python install {version}"
        return Check(name, "warning", report["warning"], mend)
    if report["fresh"]:
        return Check(name, "ok", f"{found}; the environment is made by the first `harness up`")
    return Check(name, "ok", found)


def _isolation() -> Check:
    name, level = "Terraform kept on loopback", isolation_level()
    if level == "proxy":
        found = "by proxy variables only, which a program may ignore"
        return Check(name, "warning", found, "Linux with user namespaces allowed, or root")
    return Check(name, "ok", f"by the kernel ({level.replace('-', ' ')})")


def _state_folder(workspace: Workspace) -> Check:
    try:
        folder = workspace.state
    except OSError as error:
        return Check("State folder", "missing", f"{error.filename}: {error.strerror}", "make it writable")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check("State folder", "missing", f"{folder} is not writable", f"chmod u+rwx {folder}")
    return Check("State folder", "ok", str(folder))


def _environment(workspace: Workspace, settings: Settings) -> Check:
    recorded = read_record(workspace.environment_file)
    running = target_for(settings, workspace).running()
    if running is not None:
        return Check("Environment", "ok", f"up at {running.address}, {running.holder}")
    if recorded is not None and recorded.shared:
        found = f"{recorded.address} does not answer, or was restarted"
        return Check("Environment", "warning", found, "harness up, or harness down to leave it")
    if recorded is not None:
        return Check("Environment", "warning", "had died, and was cleared away", "harness up")
    return Check("Environment", "ok", "nothing is up")


def _machine() -> Check:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = psutil.virtual_memory()
    available = memory.available / 2**30
    found = f"{cores} cores, {available:.1f} of {memory.total / 2**30:.1f} GiB memory free"
    if cores < _ENOUGH_CORES or available < _ENOUGH_MEMORY_GIB:
        wanted = f"{_ENOUGH_CORES} cores and {_ENOUGH_MEMORY_GIB:g} GiB free"
        return Check("Machine", "warning", found, f"slow; better with {wanted}")
    return Check("Machine", "ok", found)
