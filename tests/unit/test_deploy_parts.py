"""The deployment's small parts: mirrors, states, error texts, code changes."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from harness.machine.files import write_atomically
from harness.model.environment import Place, RunningEnvironment
from harness.project.workspace import Workspace
from harness.terraform._launcher import asked_host
from harness.terraform.code_change import code_changes
from harness.terraform.diagnostics import error_text
from harness.terraform.mirror import cli_configuration, find_mirror, implied_mirrors
from harness.terraform.record import DeploymentRecord
from harness.terraform.resources import construct_ids, load_deployment
from harness.terraform.stage import Staged
from harness.terraform.state import TerraformState

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = "A" * 32, "B" * 32


# Terraform's configuration, state and errors.


def test_a_mirror_is_found_where_terraform_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    mirror = tmp_path / ".terraform.d" / "plugins"
    (mirror / "registry.terraform.io/hashicorp/aws/5.100.0").mkdir(parents=True)
    (mirror / "registry.terraform.io/hashicorp/random").mkdir(parents=True)
    assert implied_mirrors()[0] == find_mirror() == mirror
    text = cli_configuration(mirror)
    sources = '["registry.terraform.io/hashicorp/aws", "registry.terraform.io/hashicorp/random"]'
    assert f"include = {sources}" in text
    assert f"exclude = {sources}" in text
    assert "provider_installation" not in cli_configuration(None)


def state_document(**attributes: Any) -> dict[str, Any]:
    return {
        "version": 4,
        "serial": 7,
        "outputs": {"o": {"value": [1]}},
        "resources": [
            {
                "mode": "managed",
                "type": "aws_lambda_function",
                "name": "F",
                "instances": [
                    {"attributes": {"function_name": "f", **attributes}},
                    {"deposed": "x", "attributes": {}},
                ],
            },
            {"mode": "data", "type": "aws_region", "name": "R", "instances": [{"attributes": {}}]},
            {
                "module": "module.m",
                "mode": "managed",
                "type": "aws_sqs_queue",
                "name": "Q",
                "instances": [{"index_key": 0, "attributes": {}}, {"index_key": "k", "attributes": {}}],
            },
        ],
    }


def test_a_state_gives_its_managed_instances(tmp_path: Path) -> None:
    path = tmp_path / "terraform.tfstate"
    path.write_text(json.dumps(state_document()))
    state = TerraformState.read(path)
    assert state is not None
    assert state.addresses() == {
        "aws_lambda_function.F",
        "module.m.aws_sqs_queue.Q[0]",
        'module.m.aws_sqs_queue.Q["k"]',
    }
    assert [i.construct_id({"module.m.aws_sqs_queue.Q": "Q"}) for i in state.instances("aws_sqs_queue")] == [
        'Q["k"]',
        "Q[0]",
    ]
    assert state.outputs() == {"o": [1]}
    next(state.instances("aws_lambda_function")).attributes["timeout"] = 3
    state.write(path)
    written = json.loads(path.read_text())
    assert written["serial"] == 8
    assert written["resources"][0]["instances"][0]["attributes"]["timeout"] == 3


@pytest.mark.parametrize("content", [None, "", "{}", '{"version": 3}', "[]"])
def test_a_state_that_cannot_be_read_is_none(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "terraform.tfstate"
    if content is not None:
        path.write_text(content)
    assert TerraformState.read(path) is None


def test_construct_ids_are_paths_below_the_stack() -> None:
    def at(path: str) -> dict[str, Any]:
        return {"//": {"metadata": {"path": path}}}

    document = {"resource": {"aws_sqs_queue": {"In": at("s/In"), "P_In_1": at("s/P/In"), "Raw": {}}}}
    assert construct_ids(document, "s") == {"aws_sqs_queue.In": "In", "aws_sqs_queue.P_In_1": "P/In"}


@pytest.mark.parametrize(("environment", "complete"), [("other", True), ("here", False)])
def test_what_is_not_deployed_there_is_not_loaded(tmp_path: Path, environment: str, complete: bool) -> None:  # noqa: FBT001 - a parameter
    workspace = Workspace(tmp_path)
    here = RunningEnvironment("here", "embedded", "http://127.0.0.1:1", 0, 0, 0, "", "detached", ())
    assert load_deployment(workspace, here, place=Place("1")) is None
    DeploymentRecord(environment, "s", "r", "d", complete=complete).write(workspace.deployment("1"))
    write_atomically(
        workspace.deployment("1") / "terraform" / "terraform.tfstate", json.dumps(state_document())
    )
    assert load_deployment(workspace, here, place=Place("1")) is None


def test_terraforms_errors_lose_their_frame_and_keep_their_words() -> None:
    output = """aws_sqs_queue.A: Creating...
╷
│ Warning: Something else
│
│ not this
╵
╷
│ Error: creating queue: AccessDenied
│
│   with aws_sqs_queue.A,
│   on cdk.tf.json line 12, in resource.aws_sqs_queue.A:
│   12:       "A": {
│
╵

Error: the second

no frame
"""
    assert error_text(output) == (
        "Error: creating queue: AccessDenied\n\n  with aws_sqs_queue.A,\n"
        "  on cdk.tf.json line 12, in resource.aws_sqs_queue.A:\n\nError: the second\n\nno frame"
    )
    assert error_text("it just stopped\n") == "it just stopped"


@pytest.mark.parametrize(
    ("request_line", "host"),
    [
        (b"CONNECT sqs.us-east-1.amazonaws.com:443 HTTP/1.1", "sqs.us-east-1.amazonaws.com:443"),
        (b"GET http://user@169.254.169.254/latest HTTP/1.1", "169.254.169.254:80"),
        (b"\x16\x03\x01", None),
        (b"", None),
    ],
)
def test_the_refusing_proxy_knows_whom_it_was_asked_for(request_line: bytes, host: str | None) -> None:
    assert asked_host(request_line + b"\r\nHost: x\r\n\r\n") == host


# Code changes.


def function_stack(code: str, **more: Any) -> dict[str, Any]:
    function = {"function_name": "f", "filename": f"assets/code/{code}/f.zip", "source_code_hash": code}
    return {"resource": {"aws_lambda_function": {"F": {**function, **more}}}}


def changes_between(folder: Path, before: dict[str, Any], after: dict[str, Any], **attributes: Any) -> Any:
    write_atomically(folder / "assets" / "code" / NEW / "f.zip", b"zip")
    known = {
        "filename": f"assets/code/{OLD}/f.zip",
        "source_code_hash": OLD,
        "code_sha256": "old",
        **attributes,
    }
    state = TerraformState(copy.deepcopy(state_document(**known)))
    return code_changes(before, Staged(after, folder / "assets", "us-east-1"), state)


def test_a_change_of_nothing_but_code(tmp_path: Path) -> None:
    changes = changes_between(tmp_path, function_stack(OLD), function_stack(NEW))
    assert [(c.filename, c.source_code_hash, c.package.read_bytes()) for c in changes] == [
        (f"assets/code/{NEW}/f.zip", NEW, b"zip")
    ]


@pytest.mark.parametrize(
    ("before", "after", "attributes"),
    [
        (function_stack(OLD), function_stack(OLD), {}),
        (function_stack(OLD), function_stack(NEW, timeout=5), {}),
        (function_stack(OLD, publish=True), function_stack(NEW, publish=True), {}),
        (function_stack(OLD), function_stack(NEW), {"source_code_hash": "of another kind"}),
        (
            {**function_stack(OLD), "output": {"h": {"value": "${aws_lambda_function.F.code_sha256}"}}},
            {**function_stack(NEW), "output": {"h": {"value": "${aws_lambda_function.F.code_sha256}"}}},
            {},
        ),
        (
            {**function_stack(OLD), "output": {"h": {"value": OLD}}},
            {**function_stack(NEW), "output": {"h": {"value": NEW}}},
            {},
        ),
    ],
)
def test_every_other_change_is_for_terraform(
    tmp_path: Path, before: dict[str, Any], after: dict[str, Any], attributes: dict[str, Any]
) -> None:
    assert changes_between(tmp_path, before, after, **attributes) is None
