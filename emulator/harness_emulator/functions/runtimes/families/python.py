"""Python: AWS's runtime client in a small virtual environment of the runtime's own version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness_emulator.functions.runtimes.discovery import KNOWN, find_interpreter
from harness_emulator.functions.runtimes.environment import RuntimeEnvironment, ensure_environment
from harness_emulator.functions.runtimes.family import ReadyRuntime

if TYPE_CHECKING:
    from harness_emulator.functions.runtimes.family import RuntimeFamily

BOOTSTRAP = Path(__file__).parents[2] / "bootstrap.py"
FROZEN_MODULES = (3, 11)
"""From here on the interpreter has modules that a debugger cannot look into, unless told otherwise."""


class PythonFamily:
    """`python3.8` and newer."""

    names = f"python{KNOWN[0][0]}.{KNOWN[0][1]} to python{KNOWN[-1][0]}.{KNOWN[-1][1]}"

    def runs(self, runtime: str) -> bool:
        """Whether it is a Python runtime."""
        return runtime.startswith("python")

    def find(self, runtime: str, folder: Path, *, strict: bool) -> ReadyRuntime:
        """Look for its interpreter, or the nearest one."""
        interpreter = find_interpreter(runtime, strict=strict)
        root = folder / runtime
        return _ready(RuntimeEnvironment(root / "bin" / "python", interpreter, fresh=not root.is_dir()))

    def make(self, runtime: str, folder: Path, *, strict: bool) -> ReadyRuntime:
        """Make its virtual environment from the lock file, unless it is there."""
        return _ready(ensure_environment(runtime, folder, strict=strict))


def _ready(made: RuntimeEnvironment) -> ReadyRuntime:
    interpreter = made.interpreter
    # -s: no packages of the host's user. PYTHON variables count, as they are the function's own here.
    python, bootstrap = (str(made.python), "-s"), str(BOOTSTRAP)
    thawed = ("-X", "frozen_modules=off") if interpreter.version >= FROZEN_MODULES else ()
    return ReadyRuntime(
        name=interpreter.runtime,
        language="python",
        version=".".join(map(str, interpreter.version)),
        interpreter=interpreter.path,
        exact=interpreter.exact,
        warning=interpreter.warning,
        fresh=made.fresh,
        folder=made.python.parent.parent,
        command=(*python, bootstrap),
        debug_command=(*python, *thawed, bootstrap),
    )


FAMILY: RuntimeFamily = PythonFamily()
