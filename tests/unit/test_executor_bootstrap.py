"""The first code of a function's process."""

from __future__ import annotations

import ast
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness_emulator.functions import bootstrap, portable_client, reaper
from harness_emulator.functions.bootstrap import (
    AwsRefusedError,
    is_aws,
    provide_runtime_client,
    read_settings,
    refuse_aws,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


@pytest.mark.parametrize(
    "host",
    [
        "sqs.us-east-1.amazonaws.com",
        "SQS.US-EAST-1.AMAZONAWS.COM.",
        b"sts.amazonaws.com",
        "lambda.cn-north-1.amazonaws.com.cn",
        "sqs.eusc-de-east-1.amazonaws.eu",
        "sqs.us-east-1.api.aws",
        "abc.lambda-url.us-east-1.on.aws",
        "something.aws.dev",
        "169.254.169.254",
        "169.254.170.2",
        "fd00:ec2::254",
    ],
)
def test_hosts_of_aws(host: Any) -> None:
    assert is_aws(host)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "amazonaws.com.example.org",
        "notamazonaws.com",
        "example.com",
        "",
        None,
        ("::1", 0, 0, 0),
        b"\xff",
    ],
)
def test_hosts_of_others(host: Any) -> None:
    assert not is_aws(host)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.getaddrinfo", ("sqs.us-east-1.amazonaws.com", 443, 0, 0, 0)),
        ("socket.gethostbyname", ("sqs.us-east-1.amazonaws.com",)),
        ("socket.connect", (None, ("169.254.169.254", 80))),
        ("socket.sendto", (None, ("169.254.169.254", 80))),
    ],
)
def test_what_python_is_about_to_do_is_refused(event: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(AwsRefusedError, match=r"Refused to connect to .*never reaches AWS"):
        refuse_aws(event, arguments)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ("169.254.169.254", "r", 0)),
        ("socket.connect", (None, "/a/unix/socket")),
        ("socket.connect", (None, ())),
        ("socket.connect", (None, ("127.0.0.1", 4566))),
        ("socket.getaddrinfo", (None, 80, 0, 0, 0)),
    ],
)
def test_everything_else_goes_on(event: str, arguments: tuple[Any, ...]) -> None:
    refuse_aws(event, arguments)


def test_the_hook_stands_before_python_resolves_a_name() -> None:
    script = (
        "import socket, sys\n"
        f"sys.path.insert(0, {str(Path(bootstrap.__file__).parent)!r})\n"
        "import bootstrap\n"
        "sys.addaudithook(bootstrap.refuse_aws)\n"
        "socket.getaddrinfo('sqs.us-east-1.amazonaws.com', 443)\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False)
    assert "AwsRefusedError: Refused to connect to sqs.us-east-1.amazonaws.com" in done.stderr
    assert "socket.gaierror" not in done.stderr


@pytest.fixture
def standard_input() -> Iterator[int]:
    """The writing end of what is standard input for the test."""
    kept = os.dup(0)
    reader, writer = os.pipe()
    os.dup2(reader, 0)
    os.close(reader)
    yield writer
    os.dup2(kept, 0)
    os.close(kept)


def test_settings_come_from_standard_input_which_is_empty_afterwards(standard_input: int) -> None:
    with os.fdopen(standard_input, "w") as stream:
        json.dump({"handler": "app.handler"}, stream)
    assert read_settings() == {"handler": "app.handler"}
    assert os.read(0, 1) == b""


def test_without_settings_the_emulator_is_gone_and_nothing_is_run(standard_input: int) -> None:
    os.close(standard_input)
    with pytest.raises(SystemExit) as ended:
        read_settings()
    assert ended.value.code == 1


@pytest.mark.parametrize("module", [bootstrap, portable_client])
def test_it_is_python_3_9_and_imports_nothing_of_the_harness(module: ModuleType) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text(), feature_version=(3, 9))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in names | modules if name is not None and name.startswith("harness")]


def test_where_there_is_no_native_client_ours_is_found_under_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "runtime_client", raising=False)
    provide_runtime_client()
    found = sys.modules["runtime_client"]
    assert found.__file__ == portable_client.__file__
    assert {"initialize_client", "next", "post_invocation_result", "post_error"} <= set(vars(found))
    provide_runtime_client()
    assert sys.modules["runtime_client"] is found
    monkeypatch.delitem(sys.modules, "runtime_client")


def test_the_reaper_needs_the_standard_library_only() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", reaper.__file__], input="", capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_a_real_connection_to_a_local_port_is_no_business_of_the_hook() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        refuse_aws("socket.connect", (None, server.getsockname()))
