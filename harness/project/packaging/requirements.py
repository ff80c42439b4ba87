"""A package's requirements, installed for the Lambda runtime that will import them."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import uv

from harness.model.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.project.workspace import Workspace

# From this Python on, Lambda's runtimes run on Amazon Linux 2023; older ones on Amazon Linux 2 (glibc 2.26).
AMAZON_LINUX_2023 = (3, 12)

# Files that an installer writes about itself and the machine, or for a command line: they differ from machine
# to machine, and no import needs them.
LEFT_OUT = re.compile(
    r"""
    (?: ^ | / ) __pycache__ /
    | \. py[co] $
    | ^ (?: bin | Scripts ) /
    | ^ \. lock $
    | ^ [^/]+ \. dist-info / (?: RECORD | INSTALLER | REQUESTED | direct_url\.json | uv_cache\.json ) $
    """,
    re.VERBOSE,
)


def install_requirements(workspace: Workspace, requirements: Path, runtime: str) -> dict[str, Path]:
    """Install a requirements file for a Lambda runtime, below `.harness/packages/`; names to files.

    The installed files are kept until the requirements file, a file that it names, the runtime or uv changes.
    Only wheels are installed: a source distribution would be built for this machine's Python.

    Raises:
        PackageError: The file is missing, or uv cannot install it; `detail` has uv's own words.
    """
    if not requirements.is_file():
        raise PackageError(
            f"The requirements file {requirements} does not exist.",
            hint="Correct `requirements` in [[tool.harness.package]] of pyproject.toml.",
        )
    arguments = _arguments(runtime)
    folder = workspace.state / "packages" / f"{runtime}-{_key(requirements, arguments)}"
    if not folder.is_dir():
        _install(requirements, arguments, folder)
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    return {name: files[name] for name in sorted(files) if not LEFT_OUT.search(name)}


def _arguments(runtime: str) -> list[str]:
    """Options of uv for the runtime's Python and, on Linux, its C library."""
    match = re.fullmatch(r"python(\d+)\.(\d+)", runtime)
    if match is None:
        raise PackageError(f"Requirements can be installed for Python runtimes only, not for {runtime}.")
    version = int(match[1]), int(match[2])
    arguments = ["--python", sys.executable, "--python-version", f"{version[0]}.{version[1]}"]
    machine, (library, _) = platform.machine(), platform.libc_ver()
    if sys.platform == "linux" and library == "glibc" and machine in {"x86_64", "aarch64"}:
        glibc = "2_28" if version >= AMAZON_LINUX_2023 else "2_17"
        arguments += ["--python-platform", f"{machine}-manylinux_{glibc}"]
    return arguments


def _install(requirements: Path, arguments: list[str], folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        run = subprocess.run(
            [
                uv.find_uv_bin(),
                *("pip", "install", "--quiet", "--only-binary", ":all:"),
                *arguments,
                *("--target", str(temporary), "--requirements", str(requirements)),
            ],
            cwd=requirements.parent,
            # The machine's certificates, so that a private certificate authority is known.
            env={"UV_SYSTEM_CERTS": "1", **os.environ, "UV_COMPILE_BYTECODE": "0", "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode != 0:
            raise PackageError(
                f"The requirements of {requirements} cannot be installed.",
                detail=run.stderr.strip(),
            )
        try:
            temporary.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was first, with the same packages
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _key(requirements: Path, arguments: list[str]) -> str:
    digest = hashlib.sha256("\0".join([*arguments, metadata.version("uv")]).encode())
    for file in _files(requirements, set()):
        digest.update(f"\0{file}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _files(requirements: Path, seen: set[Path]) -> Iterator[Path]:
    """A requirements file and the local files that it names: others like it, constraints, wheels."""
    if requirements in seen:
        return
    seen.add(requirements)
    yield requirements
    for line in requirements.read_text(encoding="utf-8", errors="replace").splitlines():
        for word in re.split(r"[\s=]+", line.split(" #")[0].removeprefix("-r").removeprefix("-c")):
            path = (requirements.parent / word.removeprefix("file://")).resolve()
            if word and path.is_file():
                yield from _files(path, seen) if path.suffix in {".txt", ".in"} else [path]
