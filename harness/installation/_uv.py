"""Runs uv for the emulator's environment, and turns its failures into errors that say what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from harness.installation._place import pythons_folder
from harness.installation._source import SOURCE_VARIABLE
from harness.machine.cache import CACHE_VARIABLE
from harness.model.errors import InstallationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PYTHON_VERSION = "3.13"
_KEPT_UV_VARIABLES = frozenset(
    {
        # How to reach the network and where downloads are kept. Every other UV_ variable (pins, Python
        # preferences, project paths) could make an environment that differs from the lock.
        "UV_CACHE_DIR",
        "UV_CONCURRENT_DOWNLOADS",
        "UV_CONFIG_FILE",
        "UV_DEFAULT_INDEX",
        "UV_EXTRA_INDEX_URL",
        "UV_FIND_LINKS",
        "UV_HTTP_RETRIES",
        "UV_HTTP_TIMEOUT",
        "UV_INDEX",
        "UV_INDEX_URL",
        "UV_INSECURE_HOST",
        "UV_KEYRING_PROVIDER",
        "UV_LINK_MODE",
        "UV_NATIVE_TLS",
        "UV_NETRC",
        "UV_NO_CACHE",
        "UV_NO_CONFIG",
        "UV_OFFLINE",
        "UV_PYTHON_INSTALL_MIRROR",
        "UV_SYSTEM_CERTS",
    },
)
_KEPT_PREFIXES = ("UV_INDEX_",)  # the user name and password of an index with a name
_DROPPED_PREFIXES = ("UV_", "PIP_", "PYTHON", "VIRTUAL_ENV", "CONDA_")
_FROM_PIP = {
    # Users of pip have told pip where their packages come from.
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_CERT": "SSL_CERT_FILE",
}
_ANSWERS_ABOUT_INDEX = frozenset({"UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL"})


def uv_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables uv runs with: the user's, without those that would change what is installed."""
    kept = {
        name: value
        for name, value in environ.items()
        if name in _KEPT_UV_VARIABLES
        or name.startswith(_KEPT_PREFIXES)
        or not name.startswith(_DROPPED_PREFIXES)
    }
    asks_pip = not _ANSWERS_ABOUT_INDEX & kept.keys()
    for pips, uvs in _FROM_PIP.items():
        if pips in environ and (asks_pip or uvs not in _ANSWERS_ABOUT_INDEX):
            kept.setdefault(uvs, environ[pips])
    if "SSL_CERT_FILE" not in kept and "UV_NATIVE_TLS" not in kept:
        kept.setdefault("UV_SYSTEM_CERTS", "1")
    kept["PATH"] = os.pathsep.join([*_pyenv_pythons(environ), environ.get("PATH", os.defpath)])
    return kept


def _pyenv_pythons(environ: Mapping[str, str]) -> list[str]:
    """The folders of pyenv's Pythons of the wanted version: its shims on PATH only run selected versions."""
    shims = [Path(part) for part in environ.get("PATH", "").split(os.pathsep) if part.endswith("/shims")]
    roots = [Path(environ.get("PYENV_ROOT") or Path.home() / ".pyenv"), *(shim.parent for shim in shims)]
    found = [folder for root in roots for folder in (root / "versions").glob(f"{PYTHON_VERSION}*/bin")]
    return [str(folder) for folder in sorted(set(found), reverse=True)]


class Uv:
    """Runs uv's commands.

    Args:
        environ: The process's environment variables.
        cwd: Where it runs: a folder that is in no project.
        hear: Called with each line that it prints.
    """

    def __init__(self, environ: Mapping[str, str], cwd: Path, hear: Callable[[str], None]) -> None:
        self._environ = environ
        self._cwd = cwd
        self._hear = hear

    def make_virtual_environment(self, folder: Path) -> None:
        """Make `folder` a virtual environment of Python 3.13, which is downloaded where there is none.

        Raises:
            InstallationError: There is none, and it cannot be downloaded.
        """
        # It is made under another name than the one it gets in the end.
        command = ("venv", "--relocatable", "--no-project", "--python", PYTHON_VERSION, str(folder))
        variables = uv_variables(self._environ)
        code, _ = self._run(command, {**variables, "UV_PYTHON_DOWNLOADS": "never"})
        if code == 0:
            return
        shutil.rmtree(folder, ignore_errors=True)
        own = {"UV_PYTHON_INSTALL_DIR": str(pythons_folder(self._environ))}
        code, output = self._run(command, {**variables, **own})
        if code:
            raise self._error(
                f"The emulator needs Python {PYTHON_VERSION}: none is here, and it cannot be downloaded.",
                output,
                hint=f"Install it: `uv python install {PYTHON_VERSION}`, `pyenv install {PYTHON_VERSION}`, "
                "or your system's packages; then run this again.",
            )

    def install(self, folder: Path, *arguments: str) -> None:
        """Run `uv pip install` for the environment in `folder`.

        Raises:
            InstallationError: A package cannot be installed.
        """
        python = str(folder / "bin" / "python")
        command = ("pip", "install", "--python", python, "--no-deps", *arguments)
        code, output = self._run(command, uv_variables(self._environ))
        if code:
            raise self._error(
                f"The emulator's packages cannot be installed in {folder.parent}.",
                output,
                hint="They come from PyPI or the index that UV_DEFAULT_INDEX names. Behind a private "
                "certificate authority, set SSL_CERT_FILE to its bundle; behind a proxy, set HTTPS_PROXY. "
                f"Without an index, set {SOURCE_VARIABLE} to a folder of wheels: docs/installation.md.",
            )

    def run_python(self, folder: Path, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
        """Run the environment's interpreter.

        Raises:
            InstallationError: It ended with another exit code than 0.
        """
        python = str(folder / "bin" / "python")
        code, output = self._run_program([python, *arguments], {**uv_variables(self._environ), **variables})
        if code:
            raise self._error(f"The emulator's environment in {folder.parent} cannot be prepared.", output)

    def _run(self, arguments: Sequence[str], variables: Mapping[str, str]) -> tuple[int, str]:
        return self._run_program([_program(), *arguments, "--no-progress"], variables)

    def _run_program(self, command: Sequence[str], variables: Mapping[str, str]) -> tuple[int, str]:
        lines: list[str] = []
        with subprocess.Popen(
            command,
            env=dict(variables),
            cwd=self._cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            try:
                for line in process.stdout or ():
                    lines.append(line)
                    self._hear(line.strip())
                code = process.wait()
            except BaseException:
                process.kill()
                raise
        return code, "".join(lines).strip()

    def _error(self, message: str, output: str, hint: str | None = None) -> InstallationError:
        if "No space left on device" in output or "os error 28" in output:
            free = shutil.disk_usage(self._cwd).free / 2**20
            return InstallationError(
                f"The disk of {self._cwd} is full ({free:.0f} MiB are free); the emulator needs 600 MiB.",
                hint=f"Make room, or set {CACHE_VARIABLE} to one on another disk. Nothing is left behind.",
            )
        return InstallationError(message, hint=hint, detail=output or None)


def _program() -> str:
    """The program of the package uv, which the client depends on.

    Raises:
        InstallationError: The package has none.
    """
    from uv import find_uv_bin  # noqa: PLC0415 - only a new installation needs it

    try:
        return find_uv_bin()
    except FileNotFoundError as error:
        raise InstallationError(
            "The package uv has no program.", hint="Install it again: pip install --force-reinstall uv"
        ) from error
