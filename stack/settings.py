"""What tests and users vary in the stack: `CALCULATRICE_*` environment variables, all off by default."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "CALCULATRICE_"

# What AWS accepts, lowest and highest. Combinations (a batch above 10 without a window, a FIFO queue with
# one) are left to AWS to refuse.
RANGES = {
    "batch_size": (1, 10_000),
    "batching_window": (0, 300),
    "maximum_concurrency": (2, 1_000),
    "max_receive_count": (1, 1_000),
    "visibility_timeout": (0, 43_200),
    "function_timeout": (1, 900),
}


class SettingsError(ValueError):
    """An environment variable's value cannot be used; the message names both."""


@dataclass(frozen=True)
class StackSettings:
    """The stack's variations; the defaults are the lab's stack.

    Each is set by the environment variable of its name: CALCULATRICE_BATCH_SIZE, CALCULATRICE_FIFO, ...

    Attributes:
        batch_size: Messages per invocation, 1 to 10,000; None leaves it to AWS (10).
        batching_window: Seconds that the event source mapping waits for a batch to fill; None leaves it out.
        report_batch_item_failures: The function returns what to retry, instead of raising the batch back.
        max_receive_count: Turns on a dead-letter queue, `DeadLetterQueue`, for messages received more often.
        fifo: FIFO queues instead of standard ones; their names then end in `.fifo`. Senders give the
            deduplication ids, because two equal operations are still two operations.
        maximum_concurrency: Invocations that the event source mapping may run at once; None leaves it out.
        filter_pattern: A JSON filter; messages that do not match never reach the function.
        runtime: The function's runtime.
        visibility_timeout: The input queue's, in seconds.
        function_timeout: In seconds.
        zip_path: The deployment package; relative to the project's root.
    """

    batch_size: int | None = None
    batching_window: int | None = None
    report_batch_item_failures: bool = False
    max_receive_count: int | None = None
    fifo: bool = False
    maximum_concurrency: int | None = None
    filter_pattern: str | None = None
    runtime: str = "python3.9"
    visibility_timeout: int = 60
    function_timeout: int = 30
    zip_path: str = "./lambda_deployment.zip"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> StackSettings:
        """Read the settings; a variable that is empty counts as absent.

        Each variable is asked for by its name. Looking through all of them would find a misspelt one, but
        would also make the whole environment an input of the synth, which then could never be skipped from
        another terminal.

        Raises:
            SettingsError: A variable has no usable value.
        """
        values: dict[str, int | bool | str] = {}
        for field in fields(cls):
            variable = f"{PREFIX}{field.name.upper()}"
            text = environ.get(variable, "").strip()
            if text:
                values[field.name] = _value(variable, field.name, text)
        return cls(**values)  # type: ignore[arg-type] # each value has its setting's type, checked below


def _value(variable: str, name: str, text: str) -> int | bool | str:
    if name in RANGES:
        low, high = RANGES[name]
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise SettingsError(f"{variable}={text} is no whole number from {low} to {high}.")
        return int(text)
    if name in {"fifo", "report_batch_item_failures"}:
        if text.lower() not in {"true", "false", "1", "0"}:
            raise SettingsError(f"{variable}={text} is neither true nor false.")
        return text.lower() in {"true", "1"}
    if name == "filter_pattern":
        try:
            pattern = json.loads(text)
        except ValueError as error:
            raise SettingsError(f"{variable}={text} is not JSON: {error}.") from None
        if not isinstance(pattern, dict):
            raise SettingsError(f"{variable}={text} is not a JSON object.")
    return text
