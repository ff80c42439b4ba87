"""What a synth depended on: while none of it has changed, the synth is skipped.

That is every file of the project's folder, except for what an app does not read: files that git ignores,
hidden files, virtual environments, tests and documents, the sources of deployment packages, and Python files
that the app did not load. A file that the app did read counts wherever it lies. Besides files: the command,
the distributions installed beside the app's Python, and the variables that it looked up.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from harness.machine.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FORMAT = 3
ABSENT = "absent"
PRESENT = "present"
"""Of a Python file that was not loaded, beside one that was: its name counts, not its content."""
ALL_VARIABLES = "*"

_FOLDERS = frozenset({"__pycache__", "cdktf.out", "docs", "node_modules", "site-packages", "test", "tests"})
_SUFFIXES = frozenset({".log", ".md", ".pyc", ".rst", ".tfstate", ".tfvars"})
_VOLATILE = frozenset({"COLUMNS", "LINES", "OLDPWD", "PATH", "PWD", "SHLVL", "VIRTUAL_ENV", "WINDOWID", "_"})
_VOLATILE_PREFIXES = ("HARNESS_", "PYTEST_", "TERM_", "UV_", "VSCODE_")
"""They say where and how a command was typed. An app that looks at all variables does not mean them."""


@dataclass(frozen=True)
class Asset:
    """A file that cdktf copied to `target`, below the stack's folder; `source` is where it lies."""

    source: str
    hash: str
    target: str


@dataclass(frozen=True)
class Inputs:
    """What one synth depended on.

    Attributes:
        key: Fingerprint of what is neither a file nor a variable: the command, settings.
        files: Path to the hash of the content, `absent`, `present` or `folder`.
        variables: Name of an environment variable to the hash of its value, or `absent`; `*` stands for all
            of them. Values are never kept.
        libraries: Folder that the app's Python imports from to the hash of what is installed there.
        loaded: Folders in the project from which Python files were loaded; None where the app's process did
            not report, and then every file of the project counts.
        assets: Files that were copied as Terraform assets; their sources are in `files` too.
        python: The app's Python.
        complete: False where the app started another program or opened a connection: nobody knows what that
            depended on, so the synth is never skipped.
    """

    key: str
    files: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)
    loaded: tuple[str, ...] | None = None
    assets: tuple[Asset, ...] = ()
    python: str | None = None
    complete: bool = True

    def changed(self, project: Iterable[str], environ: Mapping[str, str], key: str) -> set[str] | None:
        """The files that changed; None when something else did, or when not all inputs are known.

        Args:
            project: The project's files now, as `project_files` lists them.
            environ: The app's variables now.
            key: The key now.
        """
        if not self.complete or key != self.key:
            return None
        if any(variable_fingerprint(environ, name) != known for name, known in self.variables.items()):
            return None
        if any(_installed(folder) != known for folder, known in self.libraries.items()):
            return None
        appeared = {path for path in project if path not in self.files and self._counts(path)}
        changed = {path for path in appeared if fingerprint(path) != ABSENT}
        for path, known in self.files.items():
            if known == PRESENT:
                if not os.path.lexists(path):  # a name is looked for without reading the file
                    changed.add(path)
            elif fingerprint(path) != known:
                changed.add(path)
        return changed

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        write_atomically(path, json.dumps({"format": FORMAT, **asdict(self)}, indent=1))

    @classmethod
    def read(cls, path: Path) -> Inputs | None:
        """The inputs at `path`; None where there are none of this format."""
        try:
            record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if record.pop("format") != FORMAT:
                return None
            assets = tuple(Asset(**asset) for asset in record.pop("assets"))
            loaded = record.pop("loaded")
            return cls(**record, assets=assets, loaded=None if loaded is None else tuple(loaded))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _counts(self, path: str) -> bool:
        return self.loaded is None or not path.endswith(".py") or os.path.dirname(path) in self.loaded  # noqa: PTH120 - runs for each file


def read_inputs(
    key: str,
    before: Mapping[str, str],
    reports: list[dict[str, Any]],
    environ: Mapping[str, str],
    *,
    root: Path,
    started: int,
) -> Inputs:
    """What a synth depended on, from the reports of the app's processes.

    Args:
        key: See `Inputs`.
        before: The project's files before the app was started, with their fingerprints: a file that changed
            while it ran counts as changed.
        reports: What `in_app/sitecustomize.py` wrote; none where it could not be loaded.
        environ: The app's variables.
        root: The project's folder.
        started: When the app was started, in nanoseconds since the epoch.
    """
    if not reports:
        return Inputs(key, dict(before), {ALL_VARIABLES: variable_fingerprint(environ, ALL_VARIABLES)})
    # The process that made the app, without the one that started it, like pdm, which starts a program.
    reports = [report for report in reports if report["cdktf"]] or reports
    assets = [Asset(**asset) for report in reports for asset in report["assets"]]
    read = {path for report in reports for path in report["paths"]}
    read.update(path for asset in assets for path in _files_below(Path(asset.source)))
    loaded = {os.path.dirname(path) for path in read if path.endswith(".py")}  # noqa: PTH120 - text, as recorded
    loaded = {folder for folder in loaded if Path(folder).is_relative_to(root)}
    files = {}
    for path, digest in before.items():
        if path in read or not path.endswith(".py"):
            files[path] = digest
        elif os.path.dirname(path) in loaded:  # noqa: PTH120 - runs for each file
            files[path] = PRESENT
    for path in {path for report in reports for path in report["written"]}:
        files[path] = fingerprint(path)  # as the app left it: it wrote the file, so it does not depend on it
    for path in read - set(files):
        files[path] = fingerprint(path, unless_changed_since=started)
    if any(report["all_variables"] for report in reports):
        names = {ALL_VARIABLES}
    else:
        names = {name for report in reports for name in report["variables"]}
    libraries = {folder for report in reports for folder in report["libraries"]}
    return Inputs(
        key,
        dict(sorted(files.items())),
        {name: variable_fingerprint(environ, name) for name in sorted(names)},
        {folder: _installed(folder) for folder in sorted(libraries)},
        tuple(sorted(loaded)),
        tuple(asset for asset in assets if asset.target and Path(asset.source).is_file()),
        reports[-1]["python"],
        complete=not any(report["not_followed"] for report in reports),
    )


def project_files(root: Path, left_out: frozenset[str] = frozenset()) -> list[str]:
    """The files in a project's folder on which a synth may depend.

    Args:
        root: The project's folder.
        left_out: Files and folders, as absolute paths, that the app does not read.
    """
    found = _not_ignored(root)
    if found is None:
        found = _walked(root)
    parts = len(root.parts)
    environments = {os.path.dirname(path) for path in found if path.endswith("/pyvenv.cfg")}  # noqa: PTH120 - text
    kept = []
    for path in found:
        names = PurePath(path).parts[parts:]
        if any(name.startswith(".") or name in _FOLDERS for name in names[:-1]):
            continue
        if names[-1].startswith(".") and not (len(names) == 1 and names[0].startswith(".env")):
            continue
        if PurePath(path).suffix in _SUFFIXES:
            continue
        if (left_out or environments) and not (left_out | environments).isdisjoint(_with_parents(path, root)):
            continue
        kept.append(path)
    kept += [
        str(path) for path in root.glob(".env*") if path.is_file()
    ]  # git ignores them, and apps read them
    return sorted(set(kept))


def fingerprint(path: str, *, unless_changed_since: int | None = None) -> str:
    """The hash of a file's content, `folder`, `special` (a pipe, a socket) or `absent`.

    It is `changed` for a file changed since `unless_changed_since`.

    For a folder's path that ends in a slash, the hash of the names of all files below it.
    """
    try:
        if path.endswith("/"):
            return _digest("\n".join(sorted(_files_below(Path(path)))))
        status = os.stat(path)  # noqa: PTH116 - runs for each file; Path costs twice
        if stat.S_ISDIR(status.st_mode):
            return "folder"
        if not stat.S_ISREG(status.st_mode):
            return "special"  # reading a named pipe would wait for somebody to write
        if unless_changed_since is not None and status.st_mtime_ns >= unless_changed_since:
            return "changed"
        with open(path, "rb") as file:  # noqa: PTH123 - the same
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ABSENT


def variable_fingerprint(environ: Mapping[str, str], name: str) -> str:
    """The hash of a variable's value, or `absent`; for `*`, of all variables but volatile ones."""
    if name == ALL_VARIABLES:
        kept = sorted(n for n in environ if n not in _VOLATILE and not n.startswith(_VOLATILE_PREFIXES))
        return _digest("\0".join(f"{n}={environ[n]}" for n in kept))
    value = environ.get(name)
    return ABSENT if value is None else _digest(f"{name}={value}")


def _not_ignored(root: Path) -> list[str] | None:
    """The files that git does not ignore; None where there is no git or no working tree."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    try:
        listed = subprocess.run(
            command, cwd=root, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return [f"{root}{os.sep}{os.fsdecode(name)}" for name in listed.stdout.split(b"\0") if name]


def _walked(root: Path) -> list[str]:
    found = []
    for folder, names, files in os.walk(root):
        if "pyvenv.cfg" in files:
            names.clear()
            continue
        names[:] = [name for name in names if not name.startswith(".") and name not in _FOLDERS]
        found += [f"{folder}{os.sep}{name}" for name in files]
    return found


def _with_parents(path: str, root: Path) -> Iterator[str]:
    stop = str(root)
    while path != stop and len(path) > len(stop):
        yield path
        path = os.path.dirname(path)  # noqa: PTH120 - runs for each file


def _files_below(source: Path) -> Iterator[str]:
    """An asset's source: a file, or a folder's files and, as a path that ends in a slash, their names."""
    yield f"{source}/" if source.is_dir() else str(source)
    for folder, _, files in os.walk(source):
        yield from (f"{folder}{os.sep}{name}" for name in files)


def _installed(folder: str) -> str:
    """Fingerprint of the distributions installed in a folder, and of the folders that `.pth` files add."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - names suffice
    except OSError:
        return ABSENT
    listed = [name for name in names if name.endswith((".dist-info", ".egg-info"))]
    links = [name for name in names if name.endswith((".pth", ".egg-link"))]
    listed += [f"{name}={fingerprint(f'{folder}{os.sep}{name}')}" for name in links]
    return _digest("\n".join(listed))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
