"""Runs a CDKTF app in a process of its own, and writes down what it read.

`python _synth_runner.py ORDER.json`, where the order holds `root`, `report`, `name`, `module`, `arguments`
and
`ignored` (folders whose files are no inputs). Run by its path, so that nothing of the harness is imported
into the user's app; `_synth_recorder.py` beside it is loaded in the same way.

The report holds either `error` (`type`, `text`, `file`, `line`, `frames`) or the app's inputs.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import json
import pkgutil
import runpy
import sys
import traceback
import types
from pathlib import Path
from typing import Any

BINDINGS = "cdktf_cdktf_provider_"


class LazyBinding(types.ModuleType):
    """A binding's package that imports a submodule when it is asked for it, instead of all 1,500 at once."""

    def __getattr__(self, name: str) -> Any:
        """The submodule `name`."""
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return importlib.import_module(f"{self.__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{self.__name__}.{name}":
                raise
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}") from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(module.name for module in pkgutil.iter_modules(self.__path__))})


class LazyBindingFinder:
    """Finds the bindings' packages, and gives each the lazy module."""

    def find_spec(
        self, name: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a binding's top package; None for everything else."""
        if not name.startswith(BINDINGS) or "." in name:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.submodule_search_locations is None:
            return None
        loader: Any = LazyBindingLoader()
        spec.loader = loader
        return spec


class LazyBindingLoader:
    """Makes the lazy module, and runs nothing of the package's own `__init__`."""

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """The empty package."""
        return LazyBinding(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing: submodules come when they are asked for."""


def describe(error: BaseException, root: Path) -> dict[str, Any]:
    """What a user needs to know about an exception of their app: where in their code, and what."""
    stack = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in stack if is_own(frame.filename, root)]
    if isinstance(error, SyntaxError) and error.filename:
        place: tuple[str, int | None] | None = (error.filename, error.lineno)
    else:
        place = (own[-1].filename, own[-1].lineno) if own else None
    shown = own or stack[-3:]
    return {
        "type": type(error).__name__,
        "text": str(error),
        "file": relative(place[0], root) if place else None,
        "line": place[1] if place else None,
        "frames": "".join(traceback.format_list(shown))
        + "".join(traceback.format_exception_only(type(error), error)),
    }


def is_own(filename: str, root: Path) -> bool:
    """Whether a frame is in the user's code."""
    path = Path(filename).resolve()
    return (
        not filename.startswith("<")
        and path.is_relative_to(root)
        and not {"site-packages", ".venv", ".harness"}
        & set(
            path.relative_to(root).parts,
        )
    )


def relative(filename: str, root: Path) -> str:
    """A path as a user would write it."""
    path = Path(filename).resolve()
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def run(order: dict[str, Any]) -> None:
    """Run the app as `python` would."""
    name = order["name"]
    sys.argv = [name, *order["arguments"]]
    if order["module"]:
        sys.path[0] = order["root"]
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(name).resolve().parent)
        runpy.run_path(name, run_name="__main__")


def main(order_path: str) -> int:
    """Run the app of an order; returns the exit code."""
    order = json.loads(Path(order_path).read_text(encoding="utf-8"))
    root = Path(order["root"]).resolve()
    sys.meta_path.insert(0, LazyBindingFinder())
    recorder = load_recorder().Recorder(root, [Path(folder) for folder in order["ignored"]])
    recorder.install()
    report: dict[str, Any]
    try:
        run(order)
    except SystemExit as stop:
        report = recorder.report()
        if stop.code not in (None, 0):
            report["error"] = {
                "type": "SystemExit",
                "text": f"it exited with {stop.code!r}",
                "file": None,
                "line": None,
                "frames": "",
            }
    except BaseException as error:  # noqa: BLE001 - whatever the app raises is what the user must see
        report = {"error": describe(error, root)}
    else:
        report = recorder.report()
    Path(order["report"]).write_text(json.dumps(report), encoding="utf-8")
    return 1 if "error" in report else 0


def load_recorder() -> Any:
    """The module beside this one."""
    path = Path(__file__).with_name("_synth_recorder.py")
    spec = importlib.util.spec_from_file_location("_harness_synth_recorder", path)
    if spec is None or spec.loader is None:
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
