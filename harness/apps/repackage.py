"""The synthesized output after a change of nothing but packaged files, made without running the app."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

from harness.apps.inputs import Asset, Inputs, fingerprint
from harness.machine.files import write_atomically

HASH_LENGTH = 32


def asset_hash(content: bytes) -> str:
    """The hash that cdktf gives a `TerraformAsset` of type FILE: 32 upper-case hexadecimal digits."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest().upper()[:HASH_LENGTH]


def repackage(output: Path, inputs_path: Path, changed: set[str]) -> bool:
    """Put the new content of changed asset files into the last synth's output.

    Args:
        output: The folder `cdktf.out` of the last synth.
        inputs_path: What that synth depended on; it is brought up to date.
        changed: The files that changed since.

    Returns:
        Whether that was possible: every changed file is the source of an asset of type FILE, and still
        exists. Where not, nothing was changed, and the app must be run.
    """
    inputs = Inputs.read(inputs_path)
    if inputs is None:
        return False
    moved = [asset for asset in inputs.assets if asset.source in changed]
    if {asset.source for asset in moved} != changed:
        return False
    stacks = json.loads((output / "manifest.json").read_text(encoding="utf-8"))["stacks"]
    documents = {
        path: path.read_text("utf-8")
        for path in (output / s["synthesizedStackPath"] for s in stacks.values())
    }
    copies = []
    renewed = {}
    for asset in moved:
        holders = [path for path in documents if _is_copied(asset, path.parent / asset.target)]
        if not holders or not Path(asset.source).is_file():
            return False
        content = Path(asset.source).read_bytes()
        new = Asset(asset.source, asset_hash(content), asset.target.replace(asset.hash, asset_hash(content)))
        renewed[asset] = new
        for path in holders:
            copies.append((path.parent / asset.target, path.parent / new.target, content))
            documents[path] = documents[path].replace(asset.hash, new.hash)
    # Without its inputs a half-made output counts for nothing, whatever stops this process now.
    inputs_path.unlink()
    for old, target, content in copies:
        shutil.rmtree(old.parent, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    for path, text in documents.items():
        write_atomically(path, text)
    replace(
        inputs,
        files={**inputs.files, **{source: fingerprint(source) for source in changed}},
        assets=tuple(renewed.get(asset, asset) for asset in inputs.assets),
    ).write(inputs_path)
    return True


def _is_copied(asset: Asset, target: Path) -> bool:
    """Whether the asset lies there, under the hash that cdktf made and not one that the app chose."""
    return target.is_file() and asset_hash(target.read_bytes()) == asset.hash
