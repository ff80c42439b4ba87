"""A change of nothing but function code: updated without a plan, and Terraform's state kept true to it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.client.boto import client
from harness.model.errors import TerraformError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.model.environment import Endpoint
    from harness.terraform.stage import Staged
    from harness.terraform.state import Instance, TerraformState

FUNCTION = "aws_lambda_function"
_FOLLOWS_CODE = re.compile(
    r"aws_lambda_function\.[\w-]+(?:\[[^\]]*\])?\.(code_sha256|last_modified|source_code_\w+|qualified_\w+|version)\b"
)
_ASSET = re.compile(r"assets/(?P<id>[^/\"$]+)/(?P<hash>[0-9A-F]{32})/")
_WAIT_SECONDS = 60


@dataclass(frozen=True)
class CodeChange:
    """New code for one function of the state.

    Attributes:
        function: Its instance in the state.
        filename: The new value of `filename`.
        source_code_hash: The new value of `source_code_hash`.
        package: The zip.
    """

    function: Instance
    filename: str
    source_code_hash: str | None
    package: Path


def code_changes(before: dict[str, Any], after: Staged, state: TerraformState) -> list[CodeChange] | None:
    """The functions whose code changed, if nothing else did; None otherwise.

    Args:
        before: The document that the state came from.
        after: The document to deploy.
        state: Terraform's.
    """
    if after.configuration is not None:
        return _zip_changes(before, after.document, after.configuration, state)
    old_text, new_text = json.dumps(before, sort_keys=True), json.dumps(after.document, sort_keys=True)
    old_hashes = {match["id"]: match["hash"] for match in _ASSET.finditer(old_text)}
    new_hashes = {match["id"]: match["hash"] for match in _ASSET.finditer(new_text)}
    moved = {
        i: (old_hashes[i], new_hashes[i])
        for i in new_hashes
        if i in old_hashes and old_hashes[i] != new_hashes[i]
    }
    if not moved or set(old_hashes) != set(new_hashes) or after.assets is None:
        return None
    text = old_text
    for old, new in moved.values():
        text = text.replace(old, new)
    if text != new_text or _FOLLOWS_CODE.search(new_text):
        return None
    changes = []
    hashes = dict(moved.values())
    for name, block in after.document.get("resource", {}).get(FUNCTION, {}).items():
        if not any(new in json.dumps(block) for new in hashes.values()):
            continue
        instances = [i for i in state.instances(FUNCTION) if i.resource == f"{FUNCTION}.{name}"]
        change = _change(block, instances[0], after.assets, hashes) if len(instances) == 1 else None
        if change is None:
            return None
        changes.append(change)
    # What else names a packaged file (an S3 object, a layer) is for Terraform.
    named = sum(json.dumps(change.function.attributes).count(old) for change in changes for old in hashes)
    expected = sum(old_text.count(old) for old in hashes)
    return changes if changes and named == expected else None


def _zip_changes(
    before: dict[str, Any], after: dict[str, Any], folder: Path, state: TerraformState
) -> list[CodeChange] | None:
    """The same where the stack is in Terraform's own language: the zips that functions name."""
    old, new = before.get("//", {}).get("files", {}), after["//"]["files"]
    changed = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    texts = (folder / name for name in new if name.endswith((".tf", ".tofu", ".json")))
    if {**before, "//": None} != {**after, "//": None} or any(
        _FOLLOWS_CODE.search(path.read_text(encoding="utf-8")) for path in texts
    ):
        return None
    changes = []
    for function in state.instances(FUNCTION):
        values = function.attributes
        name = os.path.normpath(values.get("filename") or "")
        if name not in changed:
            continue
        package = folder / name
        if values.get("publish") or values.get("source_code_hash") not in {
            values.get("code_sha256"),
            "",
            None,
        }:
            return None
        digest = _code_sha256(package) if values.get("source_code_hash") else values.get("source_code_hash")
        changes.append(CodeChange(function, values["filename"], digest, package))
    if {os.path.normpath(change.filename) for change in changes} != changed:
        return None
    # What else names a zip (an S3 object, a layer) is for Terraform.
    named = sum(state.text().count(name) for name in {change.filename for change in changes})
    return changes if changes and named == len(changes) else None


def apply_code_changes(
    changes: list[CodeChange], endpoint: Endpoint, state: TerraformState, state_file: Path
) -> None:
    """Give the functions their new code, wait until it is in use, and write that into the state.

    Raises:
        TerraformError: Lambda refused the code.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - boto3 takes a while to import

    for change in changes:
        values = change.function.attributes
        functions = client(replace(endpoint, region=values["arn"].split(":")[3]), "lambda")
        try:
            functions.update_function_code(FunctionName=values["arn"], ZipFile=change.package.read_bytes())
            waiter = functions.get_waiter("function_updated_v2")
            waiter.wait(
                FunctionName=values["arn"],
                WaiterConfig={"Delay": 0.05, "MaxAttempts": int(_WAIT_SECONDS / 0.05)},
            )
            now = functions.get_function_configuration(FunctionName=values["arn"])
        except (BotoCoreError, ClientError) as error:
            raise TerraformError(
                f"The code of {change.function.address} could not be updated: {error}"
            ) from error
        values.update(_attributes(change, now))
    state.write(state_file)


def _change(
    block: Mapping[str, Any], function: Instance, assets: Path, hashes: Mapping[str, str]
) -> CodeChange | None:
    values = function.attributes
    filename = block.get("filename")
    if (
        block.get("publish")
        or not isinstance(filename, str)
        or "${" in filename
        or not filename.startswith("assets/")
    ):
        return None
    package = assets.parent / filename
    if not package.is_file():
        return None
    old_hash = values.get("source_code_hash")
    if not old_hash or old_hash == values.get("code_sha256"):
        new_hash = _code_sha256(package) if old_hash else old_hash
    elif old_hash in hashes:
        new_hash = hashes[old_hash]
    else:
        return None
    if not old_hash and block.get("source_code_hash"):
        return None
    return CodeChange(function, filename, new_hash, package)


def _attributes(change: CodeChange, now: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "filename": change.filename,
        "source_code_hash": change.source_code_hash,
        "code_sha256": now["CodeSha256"],
        "source_code_size": now["CodeSize"],
        "last_modified": now["LastModified"],
    }


def _code_sha256(package: Path) -> str:
    return base64.b64encode(hashlib.sha256(package.read_bytes()).digest()).decode()
