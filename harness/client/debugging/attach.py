"""What an editor needs to attach to a function's process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from harness.model.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

Editor: TypeAlias = Literal["vscode", "pycharm"]


def attach_configuration(editor: str, port: int, source_root: Path) -> str:
    """The configuration of `editor` that attaches to `port`, as text to paste.

    Args:
        editor: `vscode` (an entry of launch.json) or `pycharm` (what to fill in).
        port: The port on 127.0.0.1 that `start_debugging` answered with.
        source_root: The project's folder.

    Raises:
        UsageError: Another editor.
    """
    if editor == "vscode":
        return json.dumps(_vs_code(port), indent=4)
    if editor == "pycharm":
        return _pycharm(port, source_root)
    raise UsageError(
        f"There is no attach configuration for {editor!r}.",
        hint="Editors: " + ", ".join(get_args(Editor)) + ". Any client of the debug adapter "
        f"protocol can attach to 127.0.0.1:{port}.",
    )


def _vs_code(port: int) -> dict[str, object]:
    return {
        "name": "Lambda function (harness)",
        "type": "debugpy",
        "request": "attach",
        "connect": {"host": "127.0.0.1", "port": port},
        "justMyCode": True,
    }


def _pycharm(port: int, source_root: Path) -> str:
    return "\n".join(
        (
            "Run > Edit Configurations > + > Attach to DAP (debugpy)",
            "  Host:           127.0.0.1",
            f"  Port:           {port}",
            f"  Path mappings:  {source_root} -> {source_root}",
        ),
    )
