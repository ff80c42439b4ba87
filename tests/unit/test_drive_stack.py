from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.client import Stack
from harness.model.deployment import Deployment, FunctionResource, MappingResource, QueueResource
from harness.model.environment import Endpoint
from harness.model.errors import NotFoundInStackError

URL = "http://127.0.0.1:4566"
ARN = "arn:aws:{}:us-east-1:000000000000:{}"


def a_queue(construct_id: str, name: str) -> QueueResource:
    return QueueResource(
        construct_id, f"aws_sqs_queue.{name}", name, f"{URL}/0/{name}", ARN.format("sqs", name), fifo=False
    )


def a_function(construct_id: str, name: str, **environment: str) -> FunctionResource:
    arn = ARN.format("lambda", f"function:{name}")
    return FunctionResource(
        construct_id, f"aws_lambda_function.{name}", name, arn, "/log", 3, "python3.13", environment
    )


IN, OUT, DEAD = a_queue("Input", "in"), a_queue("Pair/Output", "out"), a_queue("Dead", "dead")
WORK = a_function("Work", "work", RESULTS=OUT.url, OTHER="x")
MAPPED = MappingResource("uuid", IN.arn, WORK.arn, 10)
DEPLOYMENT = Deployment(
    stack="s",
    account="000000000000",
    region="us-east-1",
    environment_id="e",
    folder=Path(),
    queues=(IN, OUT, DEAD),
    functions=(WORK,),
    mappings=(MAPPED,),
    outputs={"url": "u"},
    changed=False,
)


def stack(**changes: object) -> Stack:
    return Stack(replace(DEPLOYMENT, **changes), Endpoint(URL))  # type: ignore[arg-type] # any field


@pytest.mark.parametrize("name", ["Pair/Output", "Output", "out"])
def test_a_queue_is_found_by_construct_id_and_by_name(name: str) -> None:
    found = stack().queue(name)
    assert (found.name, found.url, found.arn, found.fifo) == ("out", OUT.url, OUT.arn, False)


def test_a_function_is_found_by_construct_id_and_by_name() -> None:
    assert stack().function("Work") == stack().function("work")
    assert stack().function("Work").environment == WORK.environment


def test_the_same_object_each_time() -> None:
    one = stack()
    assert one.queue("in") is one.queue("Input")


def test_an_aws_name_wins_over_a_construct_id() -> None:
    assert stack(queues=(a_queue("x", "y"), a_queue("y", "z"))).queue("y").name == "y"


def test_a_part_of_a_construct_id_must_be_the_only_one() -> None:
    with pytest.raises(NotFoundInStackError, match="more than one queue 'In'"):
        stack(queues=(a_queue("A/In", "a"), a_queue("B/In", "b"))).queue("In")


def test_what_is_not_there_is_said_with_what_is() -> None:
    with pytest.raises(NotFoundInStackError, match="no queue 'nope'") as failed:
        stack().queue("nope")
    assert failed.value.hint == "It has: Input (in), Pair/Output (out), Dead (dead)."
    with pytest.raises(NotFoundInStackError, match="no function 'nope'") as failed:
        stack(functions=()).function("nope")
    assert failed.value.hint == "It has no function at all."


def test_input_function_and_output_follow_from_the_mapping() -> None:
    assert stack().input_queue().name == "in"
    assert stack().function_mapped().name == "work"
    assert stack().output_queue().name == "out"


def test_a_mapping_may_name_a_version_of_the_function() -> None:
    mapping = replace(MAPPED, function_arn=f"{WORK.arn}:live")
    assert stack(mappings=(mapping,)).function_mapped().name == "work"


@pytest.mark.parametrize(
    "changes",
    [
        {"mappings": ()},
        {"mappings": (MAPPED, replace(MAPPED, queue_arn=DEAD.arn))},
    ],
)
def test_without_one_input_queue_it_must_be_named(changes: dict[str, object]) -> None:
    with pytest.raises(NotFoundInStackError, match="Input queue: ") as failed:
        stack(**changes).input_queue()
    assert "in, out, dead" in str(failed.value.hint)


@pytest.mark.parametrize("variables", [{}, {"A": OUT.url, "B": DEAD.url}])
def test_without_one_output_queue_it_must_be_named(variables: dict[str, str]) -> None:
    with pytest.raises(NotFoundInStackError, match="Output queue: the environment of work names"):
        stack(functions=(replace(WORK, environment=variables),)).output_queue()


def test_two_mapped_functions_must_be_named() -> None:
    other = a_function("Other", "other")
    mappings = (MAPPED, replace(MAPPED, function_arn=other.arn))
    with pytest.raises(NotFoundInStackError, match="Function: "):
        stack(functions=(WORK, other), mappings=mappings).function_mapped()


def test_where_names_have_a_prefix_the_name_that_the_stack_gives_finds_them() -> None:
    prefixed = stack(
        prefix="hx3f9a1c-",
        queues=(a_queue("Input", "hx3f9a1c-in"), a_queue("Output", "hx3f9a1c-out")),
        functions=(a_function("Work", "hx3f9a1c-work"),),
    )
    assert prefixed.queue("in") == prefixed.queue("hx3f9a1c-in") == prefixed.queue("Input")
    assert prefixed.function("work").name == "hx3f9a1c-work"
    with pytest.raises(NotFoundInStackError):
        prefixed.queue("n")
