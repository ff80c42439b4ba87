"""Records what a CDKTF app reads while it runs: files, folders, environment variables, asset sources.

Loaded by its path into the process of the app (see `_synth_runner.py`), so it imports nothing but the
standard library. What it cannot follow (a program started, a connection made) makes the record incomplete,
and then no later synth is skipped on its strength.
"""

from __future__ import annotations

import os
import sys
import tempfile
from importlib.machinery import PathFinder
from importlib.util import source_from_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import FrameType

OPAQUE = frozenset(
    {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "socket.connect"}
)
LIBRARIES = ("site-packages", "dist-packages")


class Recorder:
    """Collects what is read from `install` on."""

    def __init__(self, root: Path, ignored: list[Path]) -> None:
        self.root = root
        self.paths: set[str] = set()
        self.variables: set[str] = set()
        self.walked = False
        self.assets: list[dict[str, str]] = []
        self.opaque: set[str] = set()
        self._ignored = [
            str(path.resolve())
            for path in (
                *ignored,
                Path(sys.prefix),
                Path(sys.base_prefix),
                Path("/dev"),
                Path("/proc"),
                Path("/sys"),
            )
        ]
        self._temporary = str(Path(tempfile.gettempdir()).resolve())
        self._quiet = False

    def install(self) -> None:
        """Start to record."""
        sys.addaudithook(self._audit)
        self._watch_stat()
        os.environ.__class__ = _watched_environment(type(os.environ), self)
        sys.meta_path.insert(0, _CdktfFinder(self))

    def report(self) -> dict[str, Any]:
        """Everything recorded, as JSON types."""
        self._quiet = True
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str):
                self._add(file)
        return {
            "paths": sorted(self.paths),
            "variables": sorted(self.variables),
            "walked": self.walked,
            "assets": self.assets,
            "opaque": sorted(self.opaque),
        }

    def add_variables(self, *names: object) -> None:
        """Note that variables were asked for; jsii, which hands all of them to its Node.js, asks for none."""
        if not self._quiet and not _called_by("jsii"):
            self.variables.update(name for name in names if isinstance(name, str))

    def walk(self) -> None:
        """Note that the app looks at the names of all variables: then each that appears is an input too."""
        if not self._quiet and not _called_by("jsii"):
            self.walked = True

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._quiet:
            return
        if event == "open":
            path, _, flags = arguments
            if not isinstance(flags, int) or flags & os.O_ACCMODE != os.O_WRONLY:
                self._add(path)
        elif event in {"os.listdir", "os.scandir"}:
            # The import system lists folders to find modules; what it finds is recorded by itself.
            if sys._getframe(1).f_code.co_name != "_fill_cache":  # noqa: SLF001 - the way to see a caller
                self._add("." if arguments[0] is None else arguments[0], listed=True)
        elif event == "subprocess.Popen":
            if not _called_by("jsii"):
                self.opaque.add(event)
        elif event in OPAQUE and not _called_by("subprocess"):
            self.opaque.add(event)

    def _watch_stat(self) -> None:
        for name in ("stat", "lstat"):
            original = getattr(os, name)

            def watched(path: Any, *arguments: Any, _original: Any = original, **options: Any) -> Any:
                if not self._quiet:
                    self._add(path)
                return _original(path, *arguments, **options)

            setattr(os, name, watched)

    def watch_assets(self, cdktf: Any) -> None:
        """Note the sources of assets: cdktf reads them in Node.js, where no audit hook sees it."""
        original = cdktf.TerraformAsset.__init__

        def watched(asset: Any, scope: Any, id_: str, *arguments: Any, **options: Any) -> None:
            original(asset, scope, id_, *arguments, **options)
            path = options.get("path")
            if isinstance(path, str):
                source = (self.root / path).resolve()
                self._add_asset(source)
                if source.is_file():
                    self.assets.append(
                        {"source": str(source), "hash": asset.asset_hash, "target": asset.path},
                    )

        cdktf.TerraformAsset.__init__ = watched
        for name in ("TerraformModule", "TerraformHclModule"):
            module = getattr(cdktf, name)
            module.__init__ = self._opaque_init(module.__init__, "a Terraform module")

    def _opaque_init(self, original: Any, what: str) -> Any:
        def watched(construct: Any, *arguments: Any, **options: Any) -> None:
            self.opaque.add(what)
            original(construct, *arguments, **options)

        return watched

    def _add_asset(self, source: Path) -> None:
        self.paths.add(str(source))
        if source.is_dir():
            for folder, names, files in os.walk(source):
                self.paths.add(f"{folder}/")
                self.paths.update(str(Path(folder, name)) for name in (*names, *files))

    def _add(self, path: Any, *, listed: bool = False) -> None:
        if isinstance(path, int):
            return
        self._quiet, before = True, self._quiet
        try:
            text = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - runs for every file opened
            if text.endswith(".pyc"):
                try:
                    text = source_from_cache(text)
                except ValueError:
                    return
            if self._counts(text):
                self.paths.add(f"{text}/" if listed else text)
        finally:
            self._quiet = before

    def _counts(self, path: str) -> bool:
        if any(path == folder or path.startswith(folder + os.sep) for folder in self._ignored):
            return False
        if any(f"{os.sep}{name}{os.sep}" in path for name in LIBRARIES):
            return False
        inside = path == str(self.root) or path.startswith(str(self.root) + os.sep)
        if inside:
            return f"{os.sep}__pycache__" not in path
        return not path.startswith(self._temporary) and not path.startswith("/etc/")


class _CdktfFinder:
    """Finds cdktf for the import system, and has its assets watched as soon as it is loaded."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != "cdktf":
            return None
        spec = PathFinder.find_spec(name, path, target)
        loader: Any = spec.loader if spec is not None else None
        if loader is not None:
            load = loader.exec_module

            def load_and_watch(module: Any) -> None:
                load(module)
                self._recorder.watch_assets(module)

            loader.exec_module = load_and_watch
        return spec


def _called_by(package: str) -> bool:
    """Whether a frame of `package` is on the stack."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the documented way to look at callers
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name == package or name.startswith(package + "."):
            return True
        frame = frame.f_back
    return False


def _watched_environment(original: Any, recorder: Recorder) -> Any:
    """A subclass of `os.environ`'s class that notes which variables are asked for."""

    class WatchedEnvironment(original):  # type: ignore[misc]
        def __getitem__(self, key: str) -> str:
            recorder.add_variables(key)
            return str(super().__getitem__(key))

        def __contains__(self, key: object) -> bool:
            recorder.add_variables(key)
            return bool(super().__contains__(key))

        def __iter__(self) -> Any:
            recorder.walk()
            return super().__iter__()

    return WatchedEnvironment
