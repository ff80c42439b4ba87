from __future__ import annotations

from typing import Any

import pytest

from harness_emulator.mapping.lineage import CHAIN_LIMIT, counts_of, header_for, is_loop, key_of

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:calculate"
OTHER = "arn:aws:lambda:us-east-1:000000000000:function:other"
ROOT = "1-5759e988-bd862e3fe1be46a994272793"


def message(**counts: int) -> dict[str, Any]:
    keys = {"calculate": key_of(FUNCTION), "other": key_of(OTHER)}
    lineage = "|".join(f"{keys[name]}:{count}" for name, count in counts.items())
    return {"Attributes": {"AWSTraceHeader": f"Root={ROOT};Sampled=1;Lineage={lineage}"}}


def next_message(*messages: dict[str, Any], function: str = FUNCTION) -> dict[str, Any]:
    """What the function sends when it is invoked with these."""
    return {"Attributes": {"AWSTraceHeader": header_for(messages, function).to_header_str()}}


def test_a_chain_counts_the_invocations_of_each_function() -> None:
    chain: dict[str, Any] = {"Attributes": {}}
    for _ in range(3):
        chain = next_message(chain)
        chain = next_message(chain, function=OTHER)
    assert counts_of(chain) == {key_of(FUNCTION): 3, key_of(OTHER): 3}


def test_it_keeps_its_root() -> None:
    assert header_for([message(calculate=1)], FUNCTION).root == ROOT
    assert header_for([{"Attributes": {}}], FUNCTION).root is not None


def test_a_chain_is_a_loop_after_its_limit() -> None:
    assert not is_loop(message(calculate=CHAIN_LIMIT - 1), FUNCTION)
    assert is_loop(message(calculate=CHAIN_LIMIT), FUNCTION)
    assert is_loop(message(calculate=CHAIN_LIMIT), f"{FUNCTION}:live")
    assert not is_loop(message(calculate=CHAIN_LIMIT), OTHER)


def test_a_message_of_a_batch_does_not_lengthen_the_chains_of_the_others() -> None:
    sent = next_message(message(calculate=9, other=2), message(calculate=1))
    assert counts_of(sent) == {key_of(FUNCTION): 2}


@pytest.mark.parametrize("header", ["", "Lineage", "Root=1;Lineage=a", "Lineage=a:x|b:2|:3", "=;=="])
def test_a_header_that_is_no_good_is_no_chain(header: str) -> None:
    counts = counts_of({"Attributes": {"AWSTraceHeader": header}})
    assert counts == ({"b": 2} if "b:2" in header else {})
