"""The stack's settings, and what `python -m stack` says when it cannot start."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from stack.__main__ import main, use_packaged_node
from stack.settings import SettingsError, StackSettings

if TYPE_CHECKING:
    from collections.abc import Iterator


def read(**environ: str) -> StackSettings:
    return StackSettings.from_environment({f"CALCULATRICE_{name}": value for name, value in environ.items()})


def test_without_variables_it_is_the_labs_stack() -> None:
    assert StackSettings.from_environment({"PATH": "/bin"}) == StackSettings(
        batch_size=None,
        batching_window=None,
        report_batch_item_failures=False,
        max_receive_count=None,
        fifo=False,
        maximum_concurrency=None,
        filter_pattern=None,
        runtime="python3.9",
        visibility_timeout=60,
        function_timeout=30,
        zip_path="./lambda_deployment.zip",
    )


def test_every_setting_has_its_variable() -> None:
    assert read(
        BATCH_SIZE="100",
        BATCHING_WINDOW="5",
        REPORT_BATCH_ITEM_FAILURES="true",
        MAX_RECEIVE_COUNT="3",
        FIFO="1",
        MAXIMUM_CONCURRENCY="2",
        FILTER_PATTERN='{"body": {"operation": ["add"]}}',
        RUNTIME="python3.12",
        VISIBILITY_TIMEOUT="0",
        FUNCTION_TIMEOUT="3",
        ZIP_PATH="build/other.zip",
    ) == StackSettings(
        batch_size=100,
        batching_window=5,
        report_batch_item_failures=True,
        max_receive_count=3,
        fifo=True,
        maximum_concurrency=2,
        filter_pattern='{"body": {"operation": ["add"]}}',
        runtime="python3.12",
        visibility_timeout=0,
        function_timeout=3,
        zip_path="build/other.zip",
    )


def test_an_empty_variable_counts_as_absent() -> None:
    assert read(BATCH_SIZE="", FIFO=" ") == StackSettings()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("BATCH_SIZE", "ten", "CALCULATRICE_BATCH_SIZE=ten is no whole number from 1 to 10000"),
        ("BATCH_SIZE", "0", "CALCULATRICE_BATCH_SIZE=0 is no whole number from 1 to 10000"),
        ("BATCH_SIZE", "10001", "from 1 to 10000"),
        ("BATCHING_WINDOW", "-1", "CALCULATRICE_BATCHING_WINDOW=-1 is no whole number from 0 to 300"),
        ("BATCHING_WINDOW", "1.5", "from 0 to 300"),
        ("MAXIMUM_CONCURRENCY", "1", "from 2 to 1000"),
        ("MAX_RECEIVE_COUNT", "²", "from 1 to 1000"),
        ("VISIBILITY_TIMEOUT", "43201", "from 0 to 43200"),
        ("FUNCTION_TIMEOUT", "901", "from 1 to 900"),
        ("FIFO", "yes", "CALCULATRICE_FIFO=yes is neither true nor false"),
        ("REPORT_BATCH_ITEM_FAILURES", "on", "is neither true nor false"),
        ("FILTER_PATTERN", "{", "CALCULATRICE_FILTER_PATTERN={ is not JSON"),
        ("FILTER_PATTERN", "[]", "is not a JSON object"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(**{name: value})
    assert message in str(caught.value)


def test_variables_are_asked_for_by_name() -> None:
    class Environment(dict[str, str]):
        def __iter__(self) -> Iterator[str]:
            raise AssertionError("the whole environment would be an input of the synth")

        keys = items = values = __iter__  # type: ignore[assignment] # all of them walk

    environ = Environment({"CALCULATRICE_FIFO": "true"})
    assert StackSettings.from_environment(environ) == StackSettings(fifo=True)


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in [name for name in os.environ if name.startswith("CALCULATRICE_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("JSII_NODE", raising=False)
    return monkeypatch


def test_a_missing_zip_is_one_line_that_names_the_command(
    bare_environment: pytest.MonkeyPatch, tmp_path: os.PathLike[str], capsys: pytest.CaptureFixture[str]
) -> None:
    bare_environment.chdir(tmp_path)
    assert main() == 1
    expected = "stack: ./lambda_deployment.zip is missing; make it with: harness package\n"
    assert capsys.readouterr() == ("", expected)


def test_a_wrong_setting_is_one_line(
    bare_environment: pytest.MonkeyPatch, tmp_path: os.PathLike[str], capsys: pytest.CaptureFixture[str]
) -> None:
    bare_environment.chdir(tmp_path)
    bare_environment.setenv("CALCULATRICE_FIFO", "perhaps")
    assert main() == 1
    assert capsys.readouterr() == ("", "stack: CALCULATRICE_FIFO=perhaps is neither true nor false.\n")


def test_jsii_runs_on_the_packaged_node(bare_environment: pytest.MonkeyPatch) -> None:
    bare_environment.setenv("JSII_NODE", "")
    bare_environment.delenv("JSII_NODE")
    use_packaged_node()
    assert os.access(os.environ["JSII_NODE"], os.X_OK)


def test_a_users_own_node_is_left_alone(bare_environment: pytest.MonkeyPatch) -> None:
    bare_environment.setenv("JSII_NODE", "/opt/node/bin/node")
    use_packaged_node()
    assert os.environ["JSII_NODE"] == "/opt/node/bin/node"
