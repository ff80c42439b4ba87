"""What `harness init` reads of a stack's Terraform JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.session.inspection import inspect
from harness.session.scaffolding import first_test, workflow

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = "000000000000"


def document(mapping: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resource": {
            "aws_sqs_queue": {"In": {"name": "in", "visibility_timeout_seconds": 90}},
            "aws_lambda_function": {"F": {"function_name": "f", "runtime": "python3.12"}},
            "aws_lambda_event_source_mapping": {
                "M": {
                    "event_source_arn": "${aws_sqs_queue.In.arn}",
                    "function_name": "${aws_lambda_function.F.arn}",
                    **mapping,
                }
            },
            **more,
        }
    }


def written(tmp_path: Path, found: dict[str, Any]) -> str:
    proposal = first_test(tmp_path, inspect(found, "stack", ACCOUNT))
    assert proposal is not None
    compile(proposal.text, "test.py", "exec")
    return proposal.text


def test_a_mapping_is_driven_and_its_window_waited_for(tmp_path: Path) -> None:
    text = written(tmp_path, document({"maximum_batching_window_in_seconds": 20}))
    assert text.count("clock.advance(20)") == 3
    assert "clock.advance(90)" in text


def test_a_disabled_mapping_is_not_driven(tmp_path: Path) -> None:
    assert "can_be_invoked" in written(tmp_path, document({"enabled": False}))


def test_a_filtered_mapping_is_tested_for_its_receive_alone(tmp_path: Path) -> None:
    text = written(tmp_path, document({"filter_criteria": {"filter": []} | {"x": 1}}))
    assert "is_received_by_the_mapping" in text
    assert "crash" not in text


def test_one_receive_by_a_redrive_policy_of_its_own_leaves_no_room_for_a_retry(tmp_path: Path) -> None:
    policy = {"queue_url": "${aws_sqs_queue.In.id}", "redrive_policy": '{"maxReceiveCount": 1}'}
    text = written(tmp_path, document({}, aws_sqs_queue_redrive_policy={"P": policy}))
    assert "reaches_the_function" in text
    assert "crash" not in text


def test_the_workflow_installs_what_the_project_says(tmp_path: Path) -> None:
    assert "pip install sqs-lambda-harness pytest" in workflow(tmp_path, None).text
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n[build-system]\n")
    assert "pip install . sqs-lambda-harness pytest" in workflow(tmp_path, None).text
    (tmp_path / "poetry.lock").touch()
    assert "poetry run pytest" in workflow(tmp_path, None).text
