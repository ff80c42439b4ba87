"""A project in Terraform's own language: its folder is found, and its files are read for what they say.

Terraform gets the files as they are. What is read here tells the harness which providers, queues, functions
and roles there are, in the same form as a synthesized `cdk.tf.json`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from harness.model.errors import UsageError
from harness.project.workspace import CONFIGURATION, USUAL_FOLDERS, is_configuration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.model.progress import Progress
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace

_LABELS = {"resource": 2, "data": 2, "ephemeral": 2, "provider": 1, "variable": 1, "module": 1, "output": 1}
_BARE = frozenset({"provider", "depends_on"})
"""Arguments whose references stand without `${}` in Terraform's JSON."""
_HEREDOC = re.compile(r'"<<(-?)(\w+)\n(.*?)\n?[ \t]*\2"', re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


@dataclass(frozen=True)
class Configuration:
    """A folder with Terraform's files.

    Attributes:
        folder: The folder, which is Terraform's root module.
        name: What the stack is called: the project's name.
    """

    folder: Path
    name: str

    def files(self) -> list[Path]:
        """Its files, in the order in which Terraform reads them: those that override others last."""
        found = {path for pattern in CONFIGURATION for path in self.folder.glob(pattern)}
        return sorted(found, key=lambda path: (_overrides(path), path.name))

    def read(self, progress: Progress | None = None) -> dict[str, Any]:
        """What the files say, as Terraform's JSON.

        A file that cannot be read is left to Terraform, whose errors are the better ones.

        Args:
            progress: Is told of such a file.
        """
        document: dict[str, Any] = {}
        for path in self.files():
            try:
                part = _parsed(path)
            except Exception as error:  # noqa: BLE001 - whatever the parser says
                if progress is not None:
                    line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
                    progress.warn(f"{path.name} is left to Terraform alone: it cannot be read here ({line}).")
                continue
            for section, value in part.items():
                _merge(document, section, value)
        return document


def configuration_of(workspace: Workspace, settings: Settings) -> Configuration | None:
    """The project's folder of Terraform files; None where the project is an app that is synthesized.

    The setting `directory` names it, else it is the project's root, or a folder below with a usual name.

    Raises:
        UsageError: `directory` names a folder without an app and without Terraform files.
    """
    if settings.app:
        return None
    root = workspace.root / (settings.directory or "")
    folders = [root] if settings.directory else [root, *(root / name for name in USUAL_FOLDERS)]
    if (root / "cdktf.json").is_file():
        return None
    for folder in folders:
        if is_configuration(folder):
            return Configuration(folder.resolve(), workspace.root.resolve().name)
    if settings.directory:
        raise UsageError(
            f"The setting `directory` names {root}, which holds neither cdktf.json nor Terraform files.",
            hint="Name the folder that does, relative to the project's root.",
        )
    return None


def _overrides(path: Path) -> bool:
    stem = path.name.partition(".")[0]
    return stem == "override" or stem.endswith("_override")


def _parsed(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8")
    if path.name.endswith(".json"):
        return dict(json.loads(text))
    import hcl2  # noqa: PLC0415 - its parser takes a third of a second to import

    read = hcl2.loads(text if text.endswith("\n") else text + "\n")
    return {name: _plain(value, name) for name, value in read.items()}


def _merge(document: dict[str, Any], section: str, value: Any) -> None:
    """Add a section's blocks: each is merged with one of the same labels, as an override is."""
    labels = _LABELS.get(section, 0)
    for block in value if isinstance(value, list) else [value]:
        if section == "provider":
            for name, body in _labelled(block):
                document.setdefault(section, {}).setdefault(name, []).extend(_listed(body))
        elif section == "terraform":
            document.setdefault(section, []).append(block)
        else:
            _merge_labelled(document.setdefault(section, {}), block, labels)


def _merge_labelled(into: dict[str, Any], block: dict[str, Any], labels: int) -> None:
    for name, body in block.items():
        if not labels:
            into[name] = body
            continue
        place = into.setdefault(name, {})
        for part in _listed(body):
            if labels == 1:
                place.update(part)
            else:
                _merge_labelled(place, part, labels - 1)


def _labelled(block: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from block.items()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain(value: Any, name: str = "") -> Any:
    """The parser's form as Terraform's JSON: text without its quotes, blocks without their mark."""
    match value:
        case dict():
            return {
                (key := _unquoted(raw)): _plain(item, key)
                for raw, item in value.items()
                if raw != "__is_block__"
            }
        case list():
            return [_plain(item, name) for item in value]
        case str() if name in _BARE and value.startswith("${"):
            return value[2:-1]
        case str():
            return _unquoted(value)
        case _:
            return value


def _unquoted(text: str) -> str:
    if len(text) < 2 or not (text.startswith('"') and text.endswith('"')):  # noqa: PLR2004 - two quotes
        return text
    if heredoc := _HEREDOC.fullmatch(text):
        indented, _, content = heredoc.groups()
        return (dedent(content) if indented else content) + "\n"
    return "".join(_unescaped(text[1:-1]))


def _unescaped(text: str) -> Iterator[str]:
    """The text of a quoted string: escapes count outside of `${...}` and `%{...}` alone."""
    depth = at = 0
    while at < len(text):
        pair = text[at : at + 2]
        if depth == 0 and text[at] == "\\" and pair[1:] in _ESCAPES:
            yield _ESCAPES[pair[1]]
            at += 2
            continue
        if pair in {"${", "%{"} and (depth or text[at - 1 : at] != text[at]):
            depth += 1
            yield pair
            at += 2
            continue
        if depth and text[at] in "{}":
            depth += 1 if text[at] == "{" else -1
        yield text[at]
        at += 1
