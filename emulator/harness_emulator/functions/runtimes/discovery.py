"""Finds the Python interpreter for a Lambda runtime, on PATH, under pyenv and in the usual places."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.model.errors import RuntimeMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Version = tuple[int, int]

SUPPORTED: tuple[Version, ...] = tuple((3, minor) for minor in range(9, 15))
"""The Pythons for which the lock file holds a Lambda runtime client."""

KNOWN: tuple[Version, ...] = ((3, 8), *SUPPORTED)
"""The Pythons that a function may ask for; one outside `SUPPORTED` is run by the nearest one inside."""

PROBE_SECONDS = 30.0
PROBE = (
    "import ctypes, json, ssl, sys; "
    "print(json.dumps([sys.version_info[:2], getattr(sys, '_base_executable', sys.executable), "
    "sys.implementation.name]))"
)
"""A Python without ssl or ctypes (built without their headers) cannot run the AWS SDK or the debugger."""

USUAL_PLACES = (
    "/usr/bin",
    "/usr/local/bin",
    "/opt/homebrew/bin",
    "/opt/homebrew/opt/python@{}/bin",
    "/usr/local/opt/python@{}/bin",
    "/opt/python/{}/bin",
    "/Library/Frameworks/Python.framework/Versions/{}/bin",
)


@dataclass(frozen=True)
class Interpreter:
    """A Python that runs a runtime's functions.

    Attributes:
        path: The interpreter itself: no shim, and not the link inside a virtual environment.
        version: Major and minor version.
        runtime: The Lambda runtime it was found for.
        exact: It is the runtime's own version.
    """

    path: Path
    version: Version
    runtime: str
    exact: bool

    @property
    def warning(self) -> str | None:
        """What to tell the user when another Python than the runtime's own is used."""
        if self.exact:
            return None
        instead = f"python{_text(self.version)} ({self.path}) runs its functions instead."
        if runtime_version(self.runtime) not in SUPPORTED:
            return f"{self.runtime} has no Lambda runtime client any more; {instead}"
        return f"{self.runtime} is not on this machine; {instead}"


def runtime_version(runtime: str) -> Version:
    """The Python version of a Lambda runtime: `python3.9` gives `(3, 9)`.

    Raises:
        RuntimeMissingError: It is no Python runtime, or none that is known here.
    """
    match = re.fullmatch(r"python(\d+)\.(\d+)", runtime)
    known = f"python{_text(KNOWN[0])} to python{_text(KNOWN[-1])}"
    if match is None:
        raise RuntimeMissingError(
            f"Functions with runtime {runtime!r} cannot run here: only Python runtimes can ({known}).",
            hint="Set the function's runtime to one of those, or test this function on AWS.",
        )
    version = int(match[1]), int(match[2])
    if version not in KNOWN:
        raise RuntimeMissingError(
            f"Functions with runtime {runtime!r} cannot run here: the Python runtimes known are {known}.",
            hint="Set the function's runtime to one of those.",
        )
    return version


def find_interpreter(runtime: str, *, strict: bool = False) -> Interpreter:
    """The interpreter of `runtime`, else, unless `strict`, the nearest version that is on this machine.

    Raises:
        RuntimeMissingError: It is no Python runtime; or there is no interpreter for it.
    """
    wanted = runtime_version(runtime)
    order = sorted(SUPPORTED, key=lambda version: (abs(version[1] - wanted[1]), version < wanted))
    for version in order:
        exact = version == wanted
        if strict and not exact:
            continue
        for candidate in candidates(version):
            path = probe(candidate, version)
            if path is not None:
                return Interpreter(path, version, runtime, exact)
    if strict and wanted not in SUPPORTED:
        raise RuntimeMissingError(
            f"{runtime} has no Lambda runtime client any more, and strict_runtime forbids another Python.",
            hint="Set the function's runtime to a newer Python, or strict_runtime = false in [tool.harness].",
        )
    hint = f"Install it (uv python install {_text(wanted)}, or pyenv install {_text(wanted)})"
    if strict:
        raise RuntimeMissingError(
            f"{runtime} is not on this machine, and strict_runtime forbids another Python for its functions.",
            hint=f"{hint}, or set strict_runtime = false in [tool.harness].",
        )
    raise RuntimeMissingError(
        f"No Python from {_text(SUPPORTED[0])} to {_text(SUPPORTED[-1])} is on this machine "
        f"to run {runtime} functions.",
        hint=f"{hint}.",
    )


def candidates(version: Version, environ: Mapping[str, str] | None = None) -> list[Path]:
    """Files that may be an interpreter of `version`, best first; looked up by name only, none is run."""
    environ = os.environ if environ is None else environ
    found: dict[Path, None] = {}
    if sys.version_info[:2] == version:
        found[Path(getattr(sys, "_base_executable", sys.executable))] = None
    for folder in _folders(version, environ):
        path = folder / f"python{_text(version)}"
        if os.access(path, os.X_OK) and path.is_file():
            found[path] = None
    return list(found)


def probe(path: Path, version: Version) -> Path | None:
    """The real interpreter behind `path` if it runs, is CPython of `version`, and can run functions."""
    try:
        done = subprocess.run(
            [path, "-I", "-c", PROBE],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        found, executable, implementation = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None  # a pyenv shim without its version, a broken installation: as good as not there
    if done.returncode or tuple(found) != version or implementation != "cpython":
        return None
    return Path(executable)


def _folders(version: Version, environ: Mapping[str, str]) -> Iterator[Path]:
    name = _text(version)
    home = Path(environ.get("HOME") or Path.home())
    for entry in environ.get("PATH", "").split(os.pathsep):
        if entry:
            yield Path(entry)
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    installations = (
        (Path(environ.get("PYENV_ROOT") or home / ".pyenv") / "versions", f"{name}*"),
        (home / ".pyenv/versions", f"{name}*"),
        (Path(environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv/python"), f"cpython-{name}*"),
        (data / "uv/python", f"cpython-{name}*"),
        (data / "mise/installs/python", f"{name}*"),
        (home / ".asdf/installs/python", f"{name}*"),
    )
    for root, pattern in installations:
        # The newest patch release first, by number: 3.9.18 before 3.9.2.
        for folder in sorted(root.glob(pattern), key=_numbers, reverse=True):
            yield folder / "bin"
    yield home / ".local/bin"
    for place in USUAL_PLACES:
        yield Path(place.format(name))
    system = shutil.which("python3", path=os.defpath)
    if system is not None:
        yield Path(system).resolve().parent


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.name)]


def _text(version: Version) -> str:
    return f"{version[0]}.{version[1]}"
