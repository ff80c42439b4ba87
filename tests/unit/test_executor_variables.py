"""The variables of a function's process, for every kind of configuration."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness_emulator.functions.variables import RESERVED, lambda_variables


def variables(
    environment: dict[str, str] | None = None, logging: dict[str, str] | None = None
) -> dict[str, str]:
    config = SimpleNamespace(
        memory_size=256,
        runtime="python3.12",
        handler="app.handler",
        environment=environment,
        logging_config=logging or {},
    )
    log: Any = SimpleNamespace(region="eu-west-3", group="/aws/lambda/f", stream="stream")
    function: Any = SimpleNamespace(id=SimpleNamespace(function_name="f", qualifier="7"), config=config)
    return lambda_variables(
        function,
        credentials={"AccessKeyId": "id", "SecretAccessKey": "key", "SessionToken": "token"},
        endpoint="http://127.0.0.1:1",
        initialization="on-demand",
        log=log,
        private=Path("/data/private"),
        runtime_folder=Path("/runtimes/python3.12"),
        task_root=Path("/code"),
    )


def test_nothing_of_this_process_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("SECRET_OF_THE_HOST", "1")
    before = variables()
    monkeypatch.setenv("PATH", "/elsewhere")
    assert variables() == before
    assert {"AWS_PROFILE", "SECRET_OF_THE_HOST"}.isdisjoint(before)


def test_the_platforms_own_values() -> None:
    found = variables()
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == "eu-west-3"
    assert found["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert found["AWS_LAMBDA_FUNCTION_VERSION"] == "7"
    assert found["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.12"
    assert found["LAMBDA_TASK_ROOT"] == "/code"
    assert found["TMPDIR"] == found["HOME"] == "/data/private"
    assert all(isinstance(value, str) for value in found.values())


def test_the_functions_variables_win_over_defaults_but_not_over_reserved_names() -> None:
    found = variables({"TZ": "Europe/Paris", "PATH": "/mine", "X": "1", **dict.fromkeys(RESERVED, "mine")})
    assert (found["TZ"], found["PATH"], found["X"]) == ("Europe/Paris", "/mine", "1")
    assert "mine" not in {found.get(name) for name in RESERVED}


@pytest.mark.parametrize(
    ("logging", "expected"),
    [
        ({}, {}),
        ({"LogFormat": "Text"}, {}),
        ({"LogFormat": "JSON"}, {"AWS_LAMBDA_LOG_FORMAT": "JSON"}),
        (
            {"LogFormat": "JSON", "ApplicationLogLevel": "WARN"},
            {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "WARN"},
        ),
    ],
)
def test_advanced_logging(logging: dict[str, str], expected: dict[str, str]) -> None:
    found = variables(logging=logging)
    assert {name: value for name, value in found.items() if name.startswith("AWS_LAMBDA_LOG_F")} == {
        name: value for name, value in expected.items() if name == "AWS_LAMBDA_LOG_FORMAT"
    }
    assert found.get("AWS_LAMBDA_LOG_LEVEL") == expected.get("AWS_LAMBDA_LOG_LEVEL")
