"""Terraform's own files as Terraform gets them: links to the project's, and the harness's words beside them.

Nothing is written into the project. The root module is a folder of links in the deployment's folder, and as
many folders above it as the files climb (`../src`) are there too.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.machine.files import write_atomically
from harness.project.workspace import CONFIGURATION, STATE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT_FILE = "root"
OVERRIDE = "zz_harness_override.tf.json"
"""Merged into the project's blocks; the last of all overrides."""
ADDED = "zz_harness.tf.json"
_MOST_LEVELS = 6
_CLIMBS = re.compile(r"(?:\.\./)+")
_ABOVE = re.compile(r"((?:\.\./)+[\w@-][\w./@-]*)")
_LOCKED = re.compile(r'provider "([^"]+)" \{\s*version\s*=\s*"([^"]+)"')
_NOT_READ = frozenset({"node_modules", "__pycache__", "tests"})
_NEVER = frozenset({STATE_FOLDER, ".git", ".terraform", ".terraform.lock.hcl", OVERRIDE, ADDED})
_NOT_IN_ROOT = re.compile(r".*\.tfvars(\.json)?|terraform\.tfstate(\..*)?|\.terraform\.tfstate\.lock\.info")


def root_of(work: Path) -> Path:
    """Terraform's root module in a deployment's work folder: the folder itself where the stack is JSON."""
    try:
        return work / (work / ROOT_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return work


def write_tree(work: Path, folder: Path, override: Mapping[str, Any], added: Mapping[str, Any]) -> Path:
    """Make the folder of links in `work`; returns Terraform's root module.

    Args:
        work: The deployment's work folder.
        folder: The project's root module.
        override: Terraform JSON that is merged into the project's blocks.
        added: Terraform JSON beside them.
    """
    levels = min(_climbed(folder), _MOST_LEVELS, len(folder.parts) - 1)
    place = work / "tree"
    real = folder.parents[levels - 1] if levels else folder
    for name in (*folder.parts[len(folder.parts) - levels :], None):
        place.mkdir(parents=True, exist_ok=True)
        wanted = {entry.name: Path(entry.path) for entry in os.scandir(real) if entry.name not in _NEVER}
        if name is None:
            wanted = {n: path for n, path in wanted.items() if not _NOT_IN_ROOT.fullmatch(n)}
        else:
            wanted.pop(name, None)
            if (link := place / name).is_symlink():
                link.unlink()
        _link(place, wanted)
        if name is not None:
            place, real = place / name, real / name
    for file, document in ((OVERRIDE, override), (ADDED, added)):
        if document:
            write_atomically(place / file, json.dumps(document, indent=2))
        else:
            (place / file).unlink(missing_ok=True)
    write_atomically(work / ROOT_FILE, str(place.relative_to(work)))
    return place


def file_digests(folder: Path) -> dict[str, str]:
    """The files that Terraform may read, relative to the root module, with hashes of what is in them.

    Those are all of its own folder, and what its files name above it (`../src`).
    """
    places = {folder}
    for file in _files(folder):
        text = file.read_text(encoding="utf-8", errors="replace")
        places |= {path for name in _ABOVE.findall(text) if (path := file.parent / name).exists()}
    read = {path for place in places for path in ([place] if place.is_file() else _walked(place))}
    return {
        os.path.relpath(path, folder): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(read)
    }


def modules_may_hold(kind: str, document: Mapping[str, Any], folder: Path | None) -> bool:
    """Whether the stack's modules may have resources of a type; those below its folder are read."""
    for block in document.get("module", {}).values():
        source = str(block.get("source", ""))
        if folder is None or not source.startswith("./"):
            return True
        texts = [file.read_text(encoding="utf-8", errors="replace") for file in _files(folder / source)]
        if any(f'"{kind}"' in text or _CLIMBS.search(text) for text in texts):
            return True
    return False


def locked_providers(folder: Path) -> dict[str, str]:
    """The versions in the project's lock file, by the provider's source (`hashicorp/aws`)."""
    try:
        text = (folder / ".terraform.lock.hcl").read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    return {source.partition("/")[2]: version for source, version in _LOCKED.findall(text)}


def _link(place: Path, wanted: Mapping[str, Path]) -> None:
    for entry in list(os.scandir(place)):
        if entry.is_symlink() and entry.name not in {".terraform", *wanted}:
            Path(entry.path).unlink()
    for name, target in wanted.items():
        link = place / name
        if link.is_symlink():
            if link.readlink() == target:
                continue
            link.unlink()
        if not link.exists():
            link.symlink_to(target)


def _climbed(folder: Path) -> int:
    """How many folders the root module and the modules below it climb at most."""
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in _files(folder))
    climbs = (match[0] for text in texts for match in _CLIMBS.finditer(text))
    return max((climb.count("..") for climb in climbs), default=0)


def _files(folder: Path) -> Iterator[Path]:
    """The Terraform files of the root module and of the modules below it."""
    return (path for path in _walked(folder) if any(path.match(pattern) for pattern in CONFIGURATION))


def _walked(folder: Path) -> Iterator[Path]:
    for path, names, files in os.walk(folder):
        names[:] = [name for name in names if not name.startswith(".") and name not in _NOT_READ]
        yield from (Path(path, name) for name in files if not name.startswith(".") or name.startswith(".env"))
