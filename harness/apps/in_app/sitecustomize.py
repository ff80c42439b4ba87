"""Loaded into the user's app: makes CDKTF's bindings import fast, and reports what the app read.

The harness puts this folder first on PYTHONPATH, so the app's Python imports this module as it starts,
whatever command starts it (`python main.py`, `pipenv run python main.py`, `make synth`). That Python is the
user's, 3.8 or newer; nothing but the standard library is imported here, and a `sitecustomize` that the user
has is run as well.

Each process writes one report as it ends: `HARNESS_APP_REPORTS/PID.json`. Without that variable, only the
imports are made fast.
"""

from __future__ import annotations

import atexit
import importlib
import os
import sys
import types
from importlib.machinery import PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import FrameType, TracebackType
    from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
BINDINGS = "cdktf_cdktf_provider_"
NOT_FOLLOWED = frozenset(
    {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "socket.connect"}
)
LIBRARIES = ("site-packages", "dist-packages")


class LazyBinding(types.ModuleType):
    """A binding's package that imports a submodule when it is first used, instead of all 1,500 at once."""

    def __getattr__(self, name: str) -> Any:
        """The submodule `name`; `__all__`, which `from ... import *` asks for, names all of them."""
        if name == "__all__":
            return self._submodules()
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return importlib.import_module(self.__name__ + "." + name)
        except ModuleNotFoundError as error:
            if error.name != self.__name__ + "." + name:
                raise
            raise AttributeError("module %r has no attribute %r" % (self.__name__, name)) from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._submodules()})

    def _submodules(self) -> list[str]:
        import pkgutil

        return [module.name for module in pkgutil.iter_modules(self.__path__) if module.name[0] != "_"]


class LazyLoader:
    """Makes the lazy package; nothing of the binding's own `__init__` is run."""

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        """The empty package."""
        return LazyBinding(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing: submodules are imported when they are first used."""


class Finder:
    """Finds bindings, and makes them lazy; finds cdktf, and has its assets reported."""

    def __init__(self, report: Report | None = None) -> None:
        self._report = report

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The changed spec of such a package; None for every other module."""
        if "." in name or not (name == "cdktf" or name.startswith(BINDINGS)):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None or spec.submodule_search_locations is None:
            return None
        loader: Any = spec.loader
        if name != "cdktf":
            lazy: Any = LazyLoader()
            spec.loader = lazy
        elif self._report is not None:
            report, load = self._report, loader.exec_module

            def load_and_watch(module: Any) -> None:
                load(module)
                report.watch_cdktf(module)

            loader.exec_module = load_and_watch
        return spec


class Report:
    """Collects what this process reads, and the exception that ends it."""

    def __init__(self, root: str, folder: str) -> None:
        self._root = os.path.realpath(root)
        self._folder = folder
        self._process = os.getpid()
        self._quiet = False
        self._cdktf = False
        self._not_followed: set[str] = set()
        self._paths: set[str] = set()
        self._written: set[str] = set()
        self._variables: set[str] = set()
        self._all_variables = False
        self._assets: list[dict[str, str]] = []
        self._error: dict[str, Any] | None = None
        places = [sys.prefix, sys.base_prefix, HERE, folder, os.path.join(self._root, ".harness")]
        places += ["/dev", "/etc", "/proc", "/sys", os.environ.get("TMPDIR", "/tmp")]  # noqa: S108 - only compared
        prefixes = {
            place.rstrip(os.sep) + os.sep for path in places for place in (path, os.path.realpath(path))
        }
        # A virtual environment may lie in the project, and the project in a folder that is left out.
        self._left_out_inside = tuple(prefix for prefix in prefixes if prefix.startswith(self._root + os.sep))
        self._left_out_elsewhere = tuple(prefixes)

    def start(self) -> None:
        """Begin, and write the report when the process ends."""
        sys.addaudithook(self._audit)
        os.environ.__class__ = watched_environment(type(os.environ), self)
        sys.excepthook = self._exception
        atexit.register(self.write)

    def write(self) -> None:
        """Write the report; a forked child of the app has none."""
        self._quiet = True
        import json

        if os.getpid() != self._process:
            return
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str):
                self._add(file, self._paths)
        report = {
            "python": sys.executable,
            "libraries": [os.path.abspath(entry) for entry in sys.path if entry and os.path.isdir(entry)],
            "cdktf": self._cdktf,
            "not_followed": sorted(self._not_followed),
            "paths": sorted(self._paths),
            "written": sorted(self._written),
            "variables": sorted(self._variables),
            "all_variables": self._all_variables,
            "assets": self._assets,
            "error": self._error,
        }
        try:
            with open(os.path.join(self._folder, "%d.json" % self._process), "w", encoding="utf-8") as file:
                json.dump(report, file)
        except OSError:
            pass  # without a report the synth is not skipped the next time

    def add_variables(self, *names: object) -> None:
        """Note that the app asked for variables; jsii, which copies all for its Node.js, does not count."""
        if not self._quiet and not called_by("jsii"):
            self._variables.update(name for name in names if isinstance(name, str))

    def add_all_variables(self) -> None:
        """Note that the app looked at the names of all variables: each that appears may matter."""
        if not self._quiet and not called_by("jsii"):
            self._all_variables = True

    def watch_cdktf(self, cdktf: Any) -> None:
        """Note the sources of assets and modules: CDKTF reads them in Node.js, unseen by audit hooks."""
        self._cdktf = True
        create = cdktf.TerraformAsset.__init__

        def create_asset(asset: Any, scope: Any, id_: str, *arguments: Any, **options: Any) -> None:
            create(asset, scope, id_, *arguments, **options)
            path = options.get("path")
            if isinstance(path, str):
                source = os.path.realpath(os.path.join(self._root, path))
                self._assets.append({"source": source, "hash": asset.asset_hash, "target": asset.path})

        cdktf.TerraformAsset.__init__ = create_asset
        for name in ("TerraformModule", "TerraformHclModule"):
            module = getattr(cdktf, name, None)
            if module is not None:
                module.__init__ = self._creating_module(module.__init__)

    def _creating_module(self, create: Any) -> Any:
        def create_module(construct: Any, *arguments: Any, **options: Any) -> None:
            source = options.get("source")
            if isinstance(source, str) and source.startswith((".", "/")):
                folder = os.path.realpath(os.path.join(self._root, source))
                self._assets.append({"source": folder, "hash": "", "target": ""})
            create(construct, *arguments, **options)

        return create_module

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._quiet:
            return
        if event == "open":
            path, _, flags = arguments
            if not isinstance(flags, int):
                flags = 0
            if not flags & os.O_NONBLOCK:  # which shutil.rmtree opens folders with, by names without a folder
                self._add(path, self._written if flags & os.O_WRONLY else self._paths)
        elif event == "subprocess.Popen":
            if not called_by("jsii"):
                self._not_followed.add(event)
        elif event in NOT_FOLLOWED and not called_by("subprocess"):
            self._not_followed.add(event)

    def _add(self, path: Any, paths: set[str]) -> None:
        if isinstance(path, int) or path is None:
            return
        text = os.path.abspath(os.fsdecode(path))
        if not text.endswith(".pyc") and not self._is_left_out(text):  # its module has the source's path
            paths.add(text)

    def _is_left_out(self, path: str) -> bool:
        inside = path.startswith(self._root + os.sep)
        return path.startswith(self._left_out_inside if inside else self._left_out_elsewhere) or any(
            os.sep + name + os.sep in path for name in LIBRARIES
        )

    def _exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """Print and report an exception with the frames that are the user's own."""
        self._quiet = True
        import traceback

        frames = traceback.extract_tb(trace)
        own = [frame for frame in frames if self._is_own(frame.filename)]
        file: str | None = own[-1].filename if own else None
        line = own[-1].lineno if own else None
        if isinstance(error, SyntaxError) and error.filename:
            file, line = error.filename, error.lineno
        self._error = {
            "type": kind.__name__,
            "text": str(error),
            "file": file and os.path.relpath(os.path.realpath(file), self._root),
            "line": line,
        }
        sys.stderr.write("".join(traceback.format_list(own or frames[-3:])))
        sys.stderr.write("".join(traceback.format_exception_only(kind, error)))

    def _is_own(self, filename: str) -> bool:
        path = os.path.realpath(filename)
        inside = path.startswith(self._root + os.sep) and not filename.startswith("<")
        return inside and not self._is_left_out(path)


def watched_environment(original: Any, report: Report) -> Any:
    """A subclass of `os.environ`'s class that reports which variables are asked for."""

    class WatchedEnvironment(original):  # type: ignore[misc]
        def __getitem__(self, key: Any) -> Any:
            report.add_variables(key)
            return super().__getitem__(key)

        def __contains__(self, key: Any) -> Any:
            report.add_variables(key)
            return super().__contains__(key)

        def __iter__(self) -> Any:
            report.add_all_variables()
            return super().__iter__()

    return WatchedEnvironment


def called_by(package: str) -> bool:
    """Whether a frame of `package` is on the stack."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        name = frame.f_globals.get("__name__") or ""
        if name == package or name.startswith(package + "."):
            return True
        frame = frame.f_back
    return False


def run_the_users_own() -> None:
    """Import the `sitecustomize` that the user has, if any, as if this one were not there."""
    this = sys.modules.pop("sitecustomize")
    path = list(sys.path)
    sys.path[:] = [entry for entry in path if os.path.abspath(entry) != HERE]
    try:
        importlib.import_module("sitecustomize")
    except ModuleNotFoundError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault("sitecustomize", this)


def main() -> None:
    """Begin, in a process that Python's `site` started this in."""
    folder, root = os.environ.get("HARNESS_APP_REPORTS"), os.environ.get("HARNESS_APP_ROOT")
    report = Report(root, folder) if folder and root else None
    sys.meta_path.insert(0, Finder(report))
    if report is not None:
        report.start()
    run_the_users_own()


if __name__ == "sitecustomize":
    main()
