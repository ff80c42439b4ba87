"""Terraform's state file: read, and edited where the harness changed what Terraform manages."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.machine.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

VERSION = 4


_NAMES = re.compile(r'[\w-]+\.([\w-]+(?:\[(?:"(?:[^"\\]|\\.)*"|\d+)\])?)(?:\.|$)')
"""Of an address, each `module.NAME` or `TYPE.NAME`, with the index."""


@dataclass(frozen=True)
class Instance:
    """One instance of a managed resource; `attributes` is the state's own dictionary."""

    address: str
    resource: str
    attributes: dict[str, Any]

    def construct_id(self, ids: Mapping[str, str]) -> str:
        """Its CDKTF construct id, with the index that `count` or `for_each` gave it.

        Without one, its name in the stack, after those of the modules that it is in (`worker/input`).
        """
        known = ids.get(self.resource)
        if known is not None:
            return known + self.address.removeprefix(self.resource)
        return "/".join(match[1] for match in _NAMES.finditer(self.address))


class TerraformState:
    """A state file of version 4."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    @classmethod
    def read(cls, path: Path) -> TerraformState | None:
        """The state at `path`; None where there is none that can be read."""
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return cls(document) if isinstance(document, dict) and document.get("version") == VERSION else None

    def write(self, path: Path) -> None:
        """Write it with the next serial number."""
        self._document["serial"] += 1
        write_atomically(path, json.dumps(self._document, indent=2) + "\n")

    def text(self) -> str:
        """All of it, to look for something in it."""
        return json.dumps(self._document)

    def forget(self, kind: str, attribute: str, values: set[str]) -> None:
        """Leave out the instances of a resource type whose attribute has one of those values."""
        for resource in self._document.get("resources", []):
            if resource["mode"] == "managed" and resource["type"] == kind:
                resource["instances"] = [
                    instance
                    for instance in resource["instances"]
                    if instance.get("attributes", {}).get(attribute) not in values
                ]

    def outputs(self) -> dict[str, Any]:
        """Output name to value."""
        return {name: output["value"] for name, output in self._document.get("outputs", {}).items()}

    def sensitive_outputs(self) -> frozenset[str]:
        """The names of the outputs whose values must not be shown."""
        outputs = self._document.get("outputs", {})
        return frozenset(name for name, output in outputs.items() if output.get("sensitive"))

    def addresses(self) -> set[str]:
        """The addresses of all managed instances."""
        return {instance.address for instance in self.instances()}

    def instances(self, kind: str | None = None) -> Iterator[Instance]:
        """The managed instances of a resource type (default: all), in modules too, by address."""
        found = []
        for resource in self._document.get("resources", []):
            if resource["mode"] != "managed" or kind not in {None, resource["type"]}:
                continue
            name = f"{resource['type']}.{resource['name']}"
            if "module" in resource:
                name = f"{resource['module']}.{name}"
            for instance in resource["instances"]:
                # A deposed instance waits to be destroyed: its successor is the resource.
                if "deposed" not in instance and "attributes" in instance:
                    index = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
                    found.append(Instance(name + index, name, instance["attributes"]))
        yield from sorted(found, key=lambda instance: instance.address)
