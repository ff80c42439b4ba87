"""Deployment packages, made from the files that a project's settings name."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.model.errors import PackageError
from harness.project.packaging.archive import build_zip, fingerprint, write_atomically
from harness.project.packaging.check import check_sources
from harness.project.packaging.requirements import install_requirements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.model.progress import Progress
    from harness.project.settings import PackageSettings, Settings
    from harness.project.workspace import Workspace

# Files that Python or the desktop creates, not the handler's author.
LEFT_OUT_FOLDERS = frozenset({"__pycache__"})
LEFT_OUT_SUFFIXES = frozenset({".pyc", ".pyo"})
LEFT_OUT_NAMES = frozenset({".DS_Store"})


@dataclass(frozen=True)
class BuiltPackage:
    """A deployment package on disk.

    Attributes:
        path: The zip.
        sha256: Of the zip's bytes, in hexadecimal.
        sources: The project's own files in it: name in the zip to source file.
        changed: Whether the zip was written; it is left alone if the bytes are the same.
        runtime: The Lambda runtime that it is made for.
    """

    path: Path
    sha256: str
    sources: Mapping[str, Path]
    changed: bool
    runtime: str = "python3.13"


def build_packages(workspace: Workspace, settings: Settings, progress: Progress) -> list[BuiltPackage]:
    """Make and check the packages that the settings name; each is a step of `progress`.

    Raises:
        PackageError: A source is missing or has a syntax error, or requirements cannot be installed.
    """
    packages = []
    for package in settings.packages:
        with progress.step("package") as step:
            built = build_package(workspace, package)
            check_sources(built.sources, built.runtime)
            step.detail = f"{package.output}, {'made' if built.changed else 'unchanged'}"
        packages.append(built)
    return packages


def build_package(workspace: Workspace, package: PackageSettings) -> BuiltPackage:
    """Make the package's zip; nothing is written when it already has these bytes.

    Raises:
        PackageError: A source is missing, outside of the project, or in the zip twice; or the requirements
            cannot be installed.
    """
    path = _inside(workspace, package.output, "The package's output")
    if path.is_dir() or path == workspace.root:
        raise PackageError(f"The package's output {package.output} is a folder.")
    sources = _sources(workspace, package)
    files: dict[str, bytes | Path] = {}
    if package.requirements is not None:
        requirements = _inside(workspace, package.requirements, "The requirements file")
        files.update(install_requirements(workspace, requirements, package.runtime))
    files.update(sources)  # a source replaces a requirement's file of the same name

    contents = fingerprint(files)
    stamp = workspace.state / "packages" / f"{package.output.replace('/', '-')}.json"
    sha256 = _sha256(path)
    if sha256 is not None and _read_stamp(stamp) == (contents, sha256):
        return BuiltPackage(path, sha256, sources, changed=False, runtime=package.runtime)
    archive = build_zip(files)
    before, sha256 = sha256, hashlib.sha256(archive).hexdigest()
    if before != sha256:
        write_atomically(path, archive)
    write_atomically(stamp, json.dumps({"contents": contents, "sha256": sha256}).encode())
    return BuiltPackage(path, sha256, sources, changed=before != sha256, runtime=package.runtime)


def _sources(workspace: Workspace, package: PackageSettings) -> dict[str, Path]:
    if not package.sources:
        raise PackageError(f"The package {package.output} has no sources.")
    found: dict[str, Path] = {}
    for source in package.sources:
        path = _inside(workspace, source, "The source")
        if path == workspace.root:
            raise PackageError(
                f"The package {package.output} names {source!r}, the whole project, as a source.",
                hint="Name the handler's files and folders instead.",
            )
        if not path.exists():
            raise PackageError(
                f"The package {package.output} needs {path}, which does not exist.",
                hint="Correct `sources` in [[tool.harness.package]] of pyproject.toml.",
            )
        for name, file in _files(path, workspace.root.resolve()):
            if found.setdefault(name, file) != file:
                raise PackageError(
                    f"The package {package.output} would hold {found[name]} and {file} as {name}."
                )
    if not found:
        raise PackageError(f"The package {package.output} would be empty: its sources hold no files.")
    return found


def _files(path: Path, root: Path) -> Iterator[tuple[str, Path]]:
    """A source's files, with their names in the zip: a folder's contents stay below the folder's own name."""
    if not path.is_dir():
        yield path.name, _regular(path, root)
        return
    for name, folders, files in os.walk(path, followlinks=True):
        folder = Path(name)
        if folder.is_symlink() and folder.resolve() in {above.resolve() for above in folder.parents}:
            raise PackageError(f"The link {folder} leads back to a folder that it lies in.")
        folders[:] = sorted(set(folders) - LEFT_OUT_FOLDERS)
        for file in sorted(files):
            item = folder / file
            if item.suffix not in LEFT_OUT_SUFFIXES and file not in LEFT_OUT_NAMES:
                yield item.relative_to(path.parent).as_posix(), _regular(item, root)


def _regular(path: Path, root: Path) -> Path:
    """Check that a file can be read and, links followed, lies in the project."""
    if not path.resolve().is_relative_to(root):
        raise PackageError(f"The source {path} lies outside of the project {root}: it is {path.resolve()}.")
    if not path.is_file():
        raise PackageError(f"The source {path} is neither a file nor a folder.")
    return path


def _inside(workspace: Workspace, name: str, what: str) -> Path:
    """The path in the project that `name` means; a link is checked, and kept under its own name."""
    root = workspace.root.resolve()
    path = root / os.path.normpath(name)
    if not (path.is_relative_to(root) and path.resolve().is_relative_to(root)):
        raise PackageError(f"{what} {name} lies outside of the project {root}.")
    return path


def _sha256(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _read_stamp(path: Path) -> tuple[str, str] | None:
    """The fingerprint of the last build's files and the hash of its zip; None where they are not known."""
    try:
        record = json.loads(path.read_bytes())
        return record["contents"], record["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
