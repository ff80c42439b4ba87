"""Finds the emulator's environment, or makes it: wholly or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from harness.installation._place import MARKER, Installation, environments_folder
from harness.installation._source import Source, client_version, emulator_source
from harness.machine.files import locked
from harness.model.errors import InstallationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.installation._bar import Bar
    from harness.installation._uv import Uv
    from harness.model.progress import Progress

LOCK = Path(__file__).with_name("requirements.txt")
"""What the emulator depends on, with hashes: an export of emulator/uv.lock."""
UNFINISHED = ".unfinished-"
"""Begins the names of the folders in which environments are made."""
_LAYOUT = "1"
"""Changes when an environment is made in another way."""


def installed(environ: Mapping[str, str] = os.environ) -> Installation | None:
    """The emulator's environment, or None where it is not made yet. No process is started.

    Raises:
        UsageError: `HARNESS_EMULATOR_FROM` names nothing that can be installed.
    """
    installation = _wanted(emulator_source(environ), environ)
    if not installation.complete:
        return None
    with suppress(OSError):  # a shared cache may be read-only
        os.utime(installation.folder / MARKER)
    return installation


def node_program(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The Node.js of the emulator's environment, or None where that environment is not made yet."""
    installation = installed(environ)
    return installation.node if installation is not None and installation.node.exists() else None


def ensure(progress: Progress, environ: Mapping[str, str] = os.environ) -> Installation:
    """The emulator's environment, made first where it is missing. Several processes may call this at once.

    Args:
        progress: Gets one step, and a bar on a terminal, where the environment is made.
        environ: The process's environment variables.

    Raises:
        UsageError: `HARNESS_EMULATOR_FROM` names nothing that can be installed.
        InstallationError: It cannot be made. Nothing is left of it; environments that were there stay.
    """
    if (found := installed(environ)) is not None:
        return found
    from harness.installation._bar import Bar  # noqa: PLC0415 - a complete environment needs none of it
    from harness.installation._pruning import prune  # noqa: PLC0415 - the same

    source = emulator_source(environ)
    installation = _wanted(source, environ)
    folder = installation.folder.parent
    with progress.step("emulator's packages") as step:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            progress.slow(step, "installed once for all projects; this takes about half a minute")
            with locked(folder / ".lock"):
                if installation.complete:  # another process has made it meanwhile
                    step.detail = "made by another process"
                    return installation
                prune(folder, keep=installation.folder)
                _make(installation, source, environ, Bar(step))
        except OSError as error:
            raise InstallationError(
                f"The emulator's environment cannot be made in {folder}: {error.strerror or error}.",
                hint="Make that folder writable, or set HARNESS_CACHE_DIR to another one.",
            ) from error
        step.detail = f"{source.shown} (once)"
    return installation


def _wanted(source: Source, environ: Mapping[str, str]) -> Installation:
    release = client_version()
    digest = hashlib.sha256(LOCK.read_bytes())
    digest.update(f"\0{_LAYOUT}\0{release}\0{source.fingerprint}\0{sys.platform}".encode())
    return Installation(environments_folder(environ) / f"{release}-{digest.hexdigest()[:16]}")


def _make(
    installation: Installation,
    source: Source,
    environ: Mapping[str, str],
    bar: Bar,
) -> None:
    """Make it beside its place and move it there: at its place there is all of it or nothing."""
    from harness.installation._uv import Uv  # noqa: PLC0415 - as above

    place = installation.folder
    unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=place.parent))
    uv = Uv(environ, place.parent, bar.hear)
    try:
        bar.begin("Python")
        folder = unfinished / "environment"
        uv.make_virtual_environment(folder)
        bar.begin("packages")
        uv.install(folder, "--require-hashes", *source.options, "--requirements", str(LOCK))
        bar.begin("emulator")
        uv.install(folder, *source.options, *source.requirement)
        bar.begin("byte code")
        packages = str(folder / "lib")
        uv.run_python(folder, ["-W", "ignore", "-m", "compileall", "-q", "-j", "0", packages], {})
        bar.begin("AWS services")
        _index_services(uv, folder)
        (folder / MARKER).write_text(json.dumps({"emulator": source.shown}), encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)  # one whose Python is gone
        folder.rename(place)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _index_services(uv: Uv, folder: Path) -> None:
    """LocalStack's index of AWS's services: an emulator's first request would wait five seconds for it."""
    root = folder / "var" / "localstack"
    (root / "usr" / "lib" / "localstack").mkdir(parents=True)
    variables = {"FILESYSTEM_ROOT": str(root), "OVERRIDE_IN_DOCKER": "0"}
    uv.run_python(folder, ["-P", "-W", "ignore", "-m", "localstack.aws.spec"], variables)
