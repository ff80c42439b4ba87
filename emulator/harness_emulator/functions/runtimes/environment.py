"""The small Python environment of each Lambda runtime: runtime client, AWS SDK, debugger."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uv import find_uv_bin

from harness.model.errors import RuntimeMissingError
from harness_emulator.functions.runtimes.discovery import (
    SUPPORTED,
    Interpreter,
    candidates,
    find_interpreter,
    runtime_version,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LOCK = Path(__file__).parent / "lock"
MARKER = ".complete.json"
"""Written last: an environment without it was interrupted and is made again."""

KEPT_UV_VARIABLES = frozenset(
    {
        # How to reach the network, and where to keep downloads. All other UV_ variables (indexes, pins,
        # Python preferences, project paths) would make something else than the lock file says.
        "UV_CACHE_DIR",
        "UV_CONCURRENT_DOWNLOADS",
        "UV_HTTP_RETRIES",
        "UV_HTTP_TIMEOUT",
        "UV_INSECURE_HOST",
        "UV_LINK_MODE",
        "UV_NATIVE_TLS",
        "UV_NO_CACHE",
        "UV_OFFLINE",
        "UV_SYSTEM_CERTS",
    },
)
DROPPED_PREFIXES = ("UV_", "PIP_", "PYTHON", "VIRTUAL_ENV", "CONDA_")


@dataclass(frozen=True)
class RuntimeEnvironment:
    """A runtime's environment, ready to run functions.

    Attributes:
        python: The environment's interpreter.
        interpreter: The Python it was made from.
        fresh: It was made, or made anew, by this call.
    """

    python: Path
    interpreter: Interpreter
    fresh: bool


def ensure_environment(runtime: str, folder: Path, *, strict: bool = False) -> RuntimeEnvironment:
    """The environment of `runtime` at `folder/<runtime>/`, made from the lock file where it is not there yet.

    Several processes may call this at once. An environment that is there is recognised without starting
    any process.

    Raises:
        RuntimeMissingError: It is no Python runtime, no interpreter was found, or a package cannot be
            downloaded; `detail` then has uv's own words.
    """
    runtime_version(runtime)
    root = folder / runtime
    complete = _complete(root, runtime, strict=strict)
    if complete is not None:
        return complete
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / f".{runtime}.lock"):
        complete = _complete(root, runtime, strict=strict)  # another process may have made it meanwhile
        if complete is not None:
            return complete
        interpreter = find_interpreter(runtime, strict=strict)
        (root / MARKER).unlink(missing_ok=True)
        _synchronize(root, interpreter)
        _mark(root, interpreter)
        return RuntimeEnvironment(_python(root), interpreter, fresh=True)


def own_runtimes(folder: Path) -> list[str]:
    """The runtimes whose environments are in `folder` and run on the runtime's own Python."""
    names = [f"python{major}.{minor}" for major, minor in SUPPORTED]
    return [name for name in names if _complete(folder / name, name, strict=True) is not None]


def _complete(root: Path, runtime: str, *, strict: bool) -> RuntimeEnvironment | None:
    """The environment as its marker describes it, if that is still true."""
    try:
        marker: dict[str, Any] = json.loads((root / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    interpreter = Interpreter(
        Path(marker["interpreter"]), (marker["version"][0], marker["version"][1]), runtime, marker["exact"]
    )
    python = _python(root)
    if marker["lock"] != _lock_digest() or not interpreter.path.exists() or not python.exists():
        return None
    if not interpreter.exact and (strict or marker["rejected"] != _rejected(runtime)):
        return None  # the runtime's own Python must, or may, be there now
    return RuntimeEnvironment(python, interpreter, fresh=False)


def _mark(root: Path, interpreter: Interpreter) -> None:
    marker = {
        "lock": _lock_digest(),
        "interpreter": str(interpreter.path),
        "version": list(interpreter.version),
        "exact": interpreter.exact,
        "rejected": [] if interpreter.exact else _rejected(interpreter.runtime),
    }
    temporary = root / f"{MARKER}.{os.getpid()}"
    temporary.write_text(json.dumps(marker), encoding="utf-8")
    temporary.replace(root / MARKER)


def _rejected(runtime: str) -> list[str]:
    """The files named like the runtime's own Python, none of which ran when the environment was made."""
    version = runtime_version(runtime)
    return sorted(map(str, candidates(version))) if version in SUPPORTED else []


def _synchronize(root: Path, interpreter: Interpreter) -> None:
    done = subprocess.run(
        [
            *(find_uv_bin(), "sync", "--quiet", "--frozen", "--no-config", "--no-progress"),
            *("--project", LOCK, "--python", interpreter.path, "--compile-bytecode"),
        ],
        env={**_uv_variables(os.environ), "UV_PROJECT_ENVIRONMENT": str(root.absolute())},
        cwd=root.parent,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        raise RuntimeMissingError(
            f"The environment of {interpreter.runtime} at {root} cannot be made with {interpreter.path}.",
            hint="Its packages come from PyPI. Behind a private certificate authority, set SSL_CERT_FILE.",
            detail=done.stderr.strip() or done.stdout.strip(),
        )


def _uv_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The host's environment without what would make uv install something else than the lock file says."""
    kept = {
        name: value
        for name, value in environ.items()
        if name in KEPT_UV_VARIABLES or not name.startswith(DROPPED_PREFIXES)
    }
    kept["UV_PYTHON_DOWNLOADS"] = "never"
    if "SSL_CERT_FILE" not in kept and "UV_NATIVE_TLS" not in kept:
        kept.setdefault("UV_SYSTEM_CERTS", "1")
    return kept


def _python(root: Path) -> Path:
    return root.absolute() / "bin" / "python"


def _lock_digest() -> str:
    return hashlib.sha256((LOCK / "uv.lock").read_bytes()).hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
