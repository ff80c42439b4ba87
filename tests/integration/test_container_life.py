"""A project whose environment is a container, by the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.support.command_line import Project
from tests.support.containers import containers_of, engine, remove_containers_of, running_containers_of
from tests.support.dap_client import DapClient
from tests.support.engine import require_image

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.only_on("container")

ADDITION = '{"operation": "add", "a": 5, "b": 3}'
STATUS = """
import sys
from harness.cli.main import run
assert run(["status", "--json"]) == 0
sys.stderr.write(" ".join(name for name in ("docker", "testcontainers", "requests") if name in sys.modules))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A copy of the project, up in a container."""
    require_image()
    copy = Project.copied_to(tmp_path_factory.mktemp("container") / "project")
    try:
        up = copy.harness("up", "--target", "container")
        assert up.code == 0, up.err
        yield copy
        assert copy.harness("down").code == 0
        assert containers_of(copy.root) == []
        # What happened inside is kept outside.
        assert copy.harness("timeline", "--json").json()["events"]
        assert copy.processes() == []
    finally:
        remove_containers_of(copy.root)


def environment(project: Project) -> dict[str, Any]:
    found = project.harness("status", "--json").json()["environment"]
    assert isinstance(found, dict)
    return found


def test_status_tells_of_the_container_and_how_to_read_its_log(project: Project) -> None:
    found = environment(project)
    assert (found["target"], found["owner"], found["control"]) == ("container", "detached", True)
    assert running_containers_of(project.root) == [found["container"]]
    assert found["log"] == f"docker logs {found['container']}"
    with engine() as client:
        assert b"Ready on 0.0.0.0" in client.containers.get(found["container"]).logs()


def test_it_is_published_on_loopback_alone_each_port_under_its_own_number(project: Project) -> None:
    (container,) = containers_of(project.root)
    published = {
        port: bindings for port, bindings in container["NetworkSettings"]["Ports"].items() if bindings
    }
    assert f"{urlsplit(environment(project)['url']).port}/tcp" in published
    assert len(published) == 2
    for port, bindings in published.items():
        assert [(binding["HostIp"], f"{binding['HostPort']}/tcp") for binding in bindings] == [
            ("127.0.0.1", port)
        ]


def test_it_sees_the_project_read_only_and_no_socket_of_the_engine(project: Project) -> None:
    (container,) = containers_of(project.root)
    mounts = [(mount["Source"], mount["Destination"], mount["RW"]) for mount in container["Mounts"]]
    assert mounts == [(str(project.root), str(project.root), False)]


def test_every_operation_of_the_example_has_its_result(project: Project) -> None:
    rows = project.harness("send", "--file", "examples/operations.jsonl", "--wait", "--json").json()[
        "results"
    ]
    assert len(rows) == 10
    assert [row["result"] for row in rows[:6]] == [8, -3, 6.0, 22 / 7, 2, 1024]


def test_up_again_reuses_it(project: Project) -> None:
    before = environment(project)
    again = project.harness("up", "--json").json()
    assert (again["environment"], again["started"]) == (before, False)
    assert running_containers_of(project.root) == [before["container"]]


def test_status_needs_none_of_dockers_libraries(project: Project) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STATUS], cwd=project.root, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["environment"]["target"] == "container"
    assert done.stderr == ""


def test_another_target_is_refused_while_it_is_up(project: Project) -> None:
    answer = project.harness("up", "--target", "embedded", "--json")
    assert answer.code == 2
    assert f"container {environment(project)['container']}" in answer.error()["message"]


def test_a_debugger_stops_at_a_breakpoint_in_the_projects_file(project: Project) -> None:
    source = project.root / "lambda_function.py"
    line = 1 + source.read_text().splitlines().index('    records = event["Records"]')
    session = project.harness("debug", "--json").json()
    try:
        sending = project.start("send", ADDITION, "--wait", "--json")
        with DapClient(session["port"]) as client:
            client.attach(source, (line,))
            thread = client.stopped()
            frame = client.top_frame(thread)
            assert (frame["name"], frame["source"]["path"]) == ("lambda_handler", str(source))
            client.resume(thread)
            out, _ = sending.communicate()
        assert json.loads(out)["results"][0]["result"] == 8
    finally:
        project.harness("debug", "--stop")


def test_a_debugger_on_another_port_than_the_containers_is_refused(project: Project) -> None:
    answer = project.harness("debug", "--port", "6000", "--json")
    assert answer.code == 1
    assert "6000" in answer.error()["message"]
    port = project.harness("debug", "--json").json()["port"]
    assert str(port) in answer.error()["message"]
    assert project.harness("debug", "--stop").code == 0
