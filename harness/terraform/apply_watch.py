"""Follows an apply: shows what it does, collects its errors, and ends it when a refusal is final."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.model.errors import TerraformError
from harness.terraform.diagnostics import Diagnostics
from harness.terraform.references import Graph
from harness.terraform.refusals import kind_of, read_refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.model.progress import Progress, Step
    from harness.terraform.refusals import Refusal

_WAITS_FOR: Mapping[str, str] = {
    "aws_sqs_queue": "the provider reads a queue's attributes for 25 s after a change",
    "aws_lambda_function": "the provider waits until Lambda reports the function as active",
    "aws_lambda_event_source_mapping": "the provider waits until Lambda reports the mapping as enabled",
}
_WAITS = "the provider waits until it is there as planned"
_VERBS = {"create": "creating", "update": "changing", "delete": "destroying", "read": "reading"}
_PENDING = frozenset({"create", "update", "delete", "replace"})
_TYPE_OF: Mapping[str, str] = {
    "CreateFunction": "aws_lambda_function",
    "UpdateFunctionCode": "aws_lambda_function",
    "UpdateFunctionConfiguration": "aws_lambda_function",
    "CreateEventSourceMapping": "aws_lambda_event_source_mapping",
    "UpdateEventSourceMapping": "aws_lambda_event_source_mapping",
    "AddPermission": "aws_lambda_permission",
}
_TWICE = 2


@dataclass
class Final:
    """A refusal that no retry can change, and the resource that it was for."""

    address: str
    refusal: Refusal


@dataclass
class ApplyWatch:
    """What an apply says in its JSON stream, and what the endpoint refuses meanwhile.

    Args:
        document: The staged document.
        progress: Told about what takes long.
        step: The apply's.
    """

    document: Mapping[str, Any]
    progress: Progress
    step: Step
    final: Final | None = None
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    _summary: str = ""
    _planned: dict[str, str] | None = None
    _pending: dict[str, str] = field(default_factory=dict)
    _running: dict[str, str] = field(default_factory=dict)
    _failed: set[str] = field(default_factory=set)
    _early: list[Refusal] = field(default_factory=list)
    _changed_at: dict[str, float] = field(default_factory=dict)
    _refusals: dict[str, Refusal] = field(default_factory=dict)
    _seen: Counter[tuple[str, ...]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._graph = Graph(self.document)

    def wrote(self, line: str) -> None:
        """A line of `terraform apply -json`."""
        event = self.diagnostics.read(line)
        if event is None:
            return
        with self._lock:
            match event.get("type"):
                case "planned_change" if event["change"]["action"] in _PENDING:
                    self._pending[_address(event["change"])] = event["change"]["action"]
                case "change_summary":
                    self._summarize(event["changes"])
                case "apply_start":
                    self._running[_address(event["hook"])] = event["hook"].get("action", "")
                    early, self._early = self._early, []
                    for refusal in early:
                        self._judge(refusal)
                case "apply_progress":
                    self._say_slow(event["hook"])
                    return
                case "apply_complete" | "apply_errored":
                    self._ended(event)
                case _:
                    return
            self.step.doing = self._doing()

    def refused(self, exchange: Mapping[str, Any]) -> bool:
        """The endpoint refused a request; returns whether no retry can change that."""
        refusal = read_refusal(exchange)
        if not refusal.changes_something:
            return False
        with self._lock:
            if self.final is None:
                self._seen[refusal.key] += 1
                self._judge(refusal)
            return self.final is not None

    def _judge(self, refusal: Refusal) -> None:
        """Take note of it where its resource is known, and whether it is final.

        Terraform's words and the endpoint's come by two ways: a refusal may be known before its resource is
        said to have begun, or after it is said to have failed.
        """
        if self._planned is None:
            return  # of the refresh before it
        candidates = self._candidates(refusal)
        if not candidates:
            self._early.append(refusal)
            return
        for address in candidates:
            self._refusals[address] = refusal
        if self.final is None and self._is_final(refusal, candidates):
            self.final = Final(" or ".join(candidates), refusal)

    def failure(self) -> TerraformError | None:
        """The error for the final refusal; None where there was none."""
        if self.final is None:
            return None
        refusal, kind = self.final.refusal, kind_of(self.final.refusal)
        hint = "Change that resource in the stack: sent again, the request would be refused again."
        if kind is not None:
            hint = kind.hint.format(role=self._role_of(self.final.address))
        reason = refusal.message.strip() or refusal.code
        return TerraformError(
            f"{self.final.address}: {refusal.operation} was refused, and no retry could change that: "
            f"{refusal.code}: {reason}",
            hint=hint,
        )

    @property
    def summary(self) -> str:
        """What was done: `2 imported, 2 added, 0 changed, 0 destroyed`."""
        return self._summary

    def _summarize(self, changes: Mapping[str, Any]) -> None:
        if changes.get("operation") == "plan":
            self._planned = dict(self._pending)
            return
        imported = f"{changes['import']} imported, " if changes.get("import") else ""
        self._summary = (
            f"{imported}{changes['add']} added, {changes['change']} changed, {changes['remove']} destroyed"
        )

    def _ended(self, event: Mapping[str, Any]) -> None:
        address = _address(event["hook"])
        action = event["hook"].get("action", "")
        self._running.pop(address, None)
        self._refusals.pop(address, None)
        if event["type"] == "apply_complete":
            self._changed_at[address] = time.monotonic()
        else:  # what waits for it will not be begun
            self._failed.add(address)
            for other in [one for one in self._pending if self._graph.needs(_base(one), {_base(address)})]:
                del self._pending[other]
        if not (self._pending.get(address) == "replace" and action == "delete"):
            self._pending.pop(address, None)

    def _doing(self) -> str:
        if not self._running:
            return ""
        names = ", ".join(sorted(self._running))
        total = len(self._planned or {})
        return f"{names} ({total - len(self._pending)} of {total} done)"

    def _say_slow(self, hook: Mapping[str, Any]) -> None:
        address, seconds = _address(hook), hook.get("elapsed_seconds", 0)
        verb = _VERBS.get(hook.get("action", ""), "working")
        text = f"still {verb}, {seconds} s: {address}"
        if refusal := self._refusals.get(address):
            others = ", ".join(self._could_change(refusal, [address])) or "the provider's next try"
            text += f" was refused ({refusal.message or refusal.code}) and waits for {others}"
        else:
            text += f": {_WAITS_FOR.get(self._graph.type_of(address), _WAITS)}"
        self.progress.slow(self.step, text)

    def _candidates(self, refusal: Refusal) -> list[str]:
        """The resources begun that the request may be for: those that share the most names with it."""
        wanted = _TYPE_OF.get(refusal.operation)
        found = [
            a for a in sorted({*self._running, *self._failed}) if wanted in {None, self._graph.type_of(a)}
        ]
        scores = {address: self._graph.shared_names(address, refusal.names) for address in found}
        best = max(scores.values(), default=0)
        return [address for address in found if scores[address] == best]

    def _is_final(self, refusal: Refusal, addresses: Iterable[str]) -> bool:
        if kind_of(refusal) is None and self._seen[refusal.key] < _TWICE:
            return False
        return not self._could_change(refusal, addresses)

    def _could_change(self, refusal: Refusal, addresses: Iterable[str]) -> list[str]:
        """The planned resources that may change the answer, and were not there yet when it was given."""
        kind = kind_of(refusal)
        refused = {_base(address) for address in addresses}
        found = []
        for address, action in (self._planned or {}).items():
            base = _base(address)
            if base in refused or (kind and not re.match(kind.changed_by, self._graph.type_of(address))):
                continue
            if kind and kind.by_deletion and action not in {"delete", "replace"}:
                continue
            late = address in self._pending or self._changed_at.get(address, 0.0) >= refusal.asked_at
            if late and not self._graph.needs(base, refused):
                found.append(address)
        return sorted(found)

    def _role_of(self, address: str) -> str:
        """The role of the function that a refused resource is, or is about, for people."""
        return self._graph.role_of(_base(address.split(" or ", maxsplit=1)[0])) or "the function's role"


def _address(part: Mapping[str, Any]) -> str:
    return str(part["resource"]["addr"])


def _base(address: str) -> str:
    """An address without the index of `count` or `for_each`."""
    return re.sub(r"\[[^\]]*\]", "", address)
