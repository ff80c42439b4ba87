"""Queues as Terraform's own plan has them, for what the stack's text alone does not say.

Variables, locals, functions, `for_each` and modules are worked out by Terraform. What depends on a queue that
is not there yet (its ARN in a redrive policy) is known to the plan after the one with which that was made.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from harness.terraform.expressions import UnresolvedError
from harness.terraform.queue_plan import ATTRIBUTES, QUEUE, PlannedQueue, attributes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.model.environment import RunningEnvironment
    from harness.terraform.workfolder import WorkFolder

PLAN_FILE = "plan.bin"
_PLAN = ("plan", "-input=false", "-no-color", "-compact-warnings", "-lock=false", "-refresh=false")
_UNIQUE = 26
"""Characters that the provider adds to a `name_prefix`."""


def read_plan(work: WorkFolder, environment: RunningEnvironment, region: str) -> dict[str, Any] | None:
    """What Terraform would do now, as `terraform show -json` tells it; None where it cannot say.

    What is wrong with the stack is said by the apply.
    """
    file = work.path / PLAN_FILE
    try:
        if work.run(*_PLAN, f"-out={file}", environment=environment, region=region).code:
            return None
        shown = work.run("show", "-json", "-no-color", str(file), environment=environment, region=region)
    finally:
        file.unlink(missing_ok=True)
    lines = [line for line in shown.output.splitlines() if line.startswith("{")]
    return dict(json.loads(lines[-1])) if lines and not shown.code else None


def queues_in_plan(plan: Mapping[str, Any]) -> tuple[list[PlannedQueue], bool]:
    """The queues to be made or changed of which all is known now, and whether others are still to come."""
    known, waiting = [], False
    for change in plan.get("resource_changes", []):
        what = change["change"]
        if change["type"] != QUEUE or change.get("mode") != "managed" or "importing" in what:
            continue
        if what["actions"] not in (["create"], ["update"]):
            continue
        try:
            known.append(_queue(plan, change["address"], what["after"], what.get("after_unknown") or {}))
        except UnresolvedError:
            waiting = True
    return known, waiting


def _queue(
    plan: Mapping[str, Any], address: str, after: Mapping[str, Any], unknown: Mapping[str, Any]
) -> PlannedQueue:
    block = _block(plan["configuration"]["root_module"], address)
    said = set(block.get("expressions", {}))
    if any(unknown.get(name) for name in said & {*ATTRIBUTES, "name", "name_prefix", "tags"}):
        raise UnresolvedError(address)
    fifo = bool(after.get("fifo_queue"))
    name = after.get("name")
    if name is None:
        if not after.get("name_prefix"):
            raise UnresolvedError(address)  # the provider makes all of it up
        name = after["name_prefix"] + uuid.uuid4().hex[:_UNIQUE] + (".fifo" if fifo else "")
    return PlannedQueue(
        address=address,
        name=name,
        region=_region(plan, block.get("provider_config_key", "aws")),
        attributes=attributes_of({n: after.get(n) for n in ATTRIBUTES}, fifo=fifo),
        tags={n: str(value) for n, value in (after.get("tags_all") or after.get("tags") or {}).items()},
    )


def _block(module: Mapping[str, Any], address: str) -> Mapping[str, Any]:
    """A resource's block in the configuration, by its address without indexes."""
    parts = list(_steps(address))
    while parts[:1] == ["module"]:
        module = module["module_calls"][parts[1]]["module"]
        parts = parts[2:]
    for block in module.get("resources", []):
        if block["address"] == ".".join(parts):
            return dict(block)
    raise UnresolvedError(address)


def _steps(address: str) -> Iterator[str]:
    return iter(re.sub(r'\[(?:"(?:[^"\\]|\\.)*"|\d+)\]', "", address).split("."))


def _region(plan: Mapping[str, Any], key: str) -> str:
    provider = plan["configuration"].get("provider_config", {}).get(key, {})
    region = provider.get("expressions", {}).get("region", {})
    constant = region.get("constant_value", "")
    if constant and "${" not in constant:  # of JSON, Terraform takes every text for a constant
        return str(constant)
    for name in (*region.get("references", []), *re.findall(r"^\$\{(var\.\w+)\}$", constant)):
        value = plan.get("variables", {}).get(name.removeprefix("var."), {}).get("value")
        if name.startswith("var.") and isinstance(value, str):
            return value
    raise UnresolvedError(key)
