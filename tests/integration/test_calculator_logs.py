"""The function's log group, as CloudWatch shows it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.support.operations import expected

if TYPE_CHECKING:
    from harness.client import Stack

# C-15: a stream per environment, YYYY/MM/DD/[$LATEST]<32 hex>
STREAM = re.compile(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}")
# C-16: what stands around an invocation's output
REPORT = (
    r"REPORT RequestId: {request}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t"
    r"Memory Size: 128 MB\tMax Memory Used: \d+ MB"
)


def test_each_result_is_logged_between_start_and_report(stack: Stack) -> None:
    sent = stack.queue("InputQueue").send({"operation": "add", "a": 5, "b": 3})
    stack.queue("OutputQueue").receive_one()
    function = stack.function("CalculatorLambda")
    assert function.log_group == f"/aws/lambda/{function.name}"
    assert function.name.endswith("calculatrice")
    result = function.wait_for_log(sent.id)
    assert json.loads(result.message) == expected(sent)
    assert STREAM.fullmatch(result.stream)

    def lines() -> list[str]:
        return [event.message for event in function.logs() if event.stream == result.stream]

    before = lines()
    start = re.fullmatch(
        r"START RequestId: ([0-9a-f-]{36}) Version: \$LATEST", before[before.index(result.message) - 1]
    )
    assert start
    request = start[1]
    function.wait_for_log(f"REPORT RequestId: {request}")  # the result is sent, and logged, before the end
    after = lines()
    at = after.index(result.message)
    assert after[at + 1] == f"END RequestId: {request}"
    assert re.match(REPORT.format(request=request), after[at + 2])
