"""Unpacks the installed bindings and indexes them, so that the first synth is as fast as the next.

`python -m harness.apps.prime` is a step of setting a project up: about 10 s once, nothing after that.

jsii indexes a binding beside its first use, and gives up when the app ends sooner, which a fast app always
does; each synth would then read the binding's whole description, 3 s for AWS's, and begin the index again.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from harness.apps import bindings
from harness.machine.files import locked
from harness.machine.processes import ProcessGroup, run
from harness.model.errors import PrerequisiteError

RUNNER = Path(__file__).with_name("_synth_runner.py")
INDEX = ".jsii.runtime.v*.json"
SECONDS = 120
_PROGRAM = """
import time
from pathlib import Path
{imports}
end = time.monotonic() + {seconds}
while time.monotonic() < end and not all(any(Path(cache).glob({pattern!r})) for cache in {caches!r}):
    time.sleep(0.05)
"""


def prime(fallback_cache: Path, group: ProcessGroup | None = None) -> bool:
    """Load every installed binding once; returns whether there was anything to do.

    Args:
        fallback_cache: Where bindings are unpacked when this interpreter's environment cannot be written.
        group: Ends the work when it is ended.

    Raises:
        PrerequisiteError: jsii cannot load them.
    """
    cache = bindings.unpacking_folder(os.environ, fallback_cache)
    with locked(cache / ".lock"):
        missing = _missing(cache)
        if missing:
            _load(cache, missing, fallback_cache, group)
    return bool(missing)


def _missing(cache: Path) -> dict[str, str]:
    """Module to the folder that is to hold its index, for the bindings that have none."""
    if not bindings.indexes():
        return {}
    folders = {module: cache / name / version for name, version, module in bindings.packages()}
    return {module: str(folder) for module, folder in folders.items() if not any(folder.glob(f"*/{INDEX}"))}


def _load(cache: Path, missing: dict[str, str], fallback_cache: Path, group: ProcessGroup | None) -> None:
    variables = bindings.node_variables(os.environ, fallback_cache)
    with bindings.temporary_folder(cache) as temporary, tempfile.TemporaryDirectory() as folder:
        program, order, report = (Path(folder, name) for name in ("load.py", "order.json", "report.json"))
        program.write_text(
            _PROGRAM.format(
                imports="\n".join(f"import {module}._jsii" for module in missing),
                seconds=SECONDS,
                pattern=f"*/{INDEX}",
                caches=list(missing.values()),
            ),
            encoding="utf-8",
        )
        values = {"root": folder, "report": str(report), "name": str(program)}
        order.write_text(
            json.dumps({**values, "module": False, "arguments": [], "ignored": []}), encoding="utf-8"
        )
        finished = run(
            (sys.executable, str(RUNNER), str(order)),
            cwd=Path(folder),
            environ={**os.environ, **variables, "TMPDIR": str(temporary)},
            group=group,
        )
        error = (
            json.loads(report.read_text(encoding="utf-8")).get("error")
            if report.is_file()
            else {"frames": ""}
        )
    if error:
        raise PrerequisiteError(
            "jsii cannot load the installed CDKTF bindings.",
            detail=(error["frames"] + finished.output).strip()[-2000:] or None,
        )


if __name__ == "__main__":
    prime(Path.cwd() / ".harness" / "jsii")
