from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.model.errors import UsageError
from harness.project.settings import PackageSettings, Settings
from harness.project.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """
[tool.harness]
target = "embedded"
app = "python -m stack"
stack = "one"
port = 4566
terraform = "bin/terraform"
roles = ["LabRole", "Other"]
strict_runtime = true
environment = { NAME = "value" }

[[tool.harness.package]]
output = "a.zip"
sources = ["a.py", "lib"]

[[tool.harness.package]]
output = "b.zip"
sources = ["b.py"]
requirements = "requirements.txt"
runtime = "python3.9"
"""


def load(folder: Path, text: str | None = None, **environ: str) -> Settings:
    if text is not None:
        (folder / "pyproject.toml").write_text(text)
    return Settings.load(Workspace(folder), environ)


@pytest.mark.parametrize("text", [None, "", "[project]\nname = 'x'\n", "[tool.harness]\n"])
def test_without_settings_all_have_a_default(tmp_path: Path, text: str | None) -> None:
    assert load(tmp_path, text) == Settings()


def test_every_setting_is_read(tmp_path: Path) -> None:
    assert load(tmp_path, WHOLE) == Settings(
        target="embedded",
        app="python -m stack",
        stack="one",
        port=4566,
        terraform="bin/terraform",
        roles=("LabRole", "Other"),
        strict_runtime=True,
        environment={"NAME": "value"},
        packages=(
            PackageSettings("a.zip", ("a.py", "lib")),
            PackageSettings("b.zip", ("b.py",), "requirements.txt", "python3.9"),
        ),
    )


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("HARNESS_PORT", "5000", Settings(port=5000)),
        ("HARNESS_PORT", "0", Settings(port=None)),
        ("HARNESS_STRICT_RUNTIME", "1", Settings(strict_runtime=True)),
        ("HARNESS_STRICT_RUNTIME", "False", Settings(strict_runtime=False)),
        ("HARNESS_ROLES", "A, B,", Settings(roles=("A", "B"))),
        ("HARNESS_VIRTUAL_TIME", "Work", Settings(virtual_time=("Work",))),
        ("HARNESS_ENVIRONMENT", '{"A": "b"}', Settings(environment={"A": "b"})),
        ("HARNESS_TERRAFORM", "/opt/terraform", Settings(terraform="/opt/terraform")),
    ],
)
def test_environment_variables_are_read_as_text(
    tmp_path: Path, variable: str, value: str, expected: Settings
) -> None:
    assert load(tmp_path, **{variable: value}) == expected


def test_environment_variables_win(tmp_path: Path) -> None:
    settings = load(tmp_path, WHOLE, HARNESS_PORT="5000", HARNESS_STACK="two")
    assert (settings.port, settings.stack, settings.app) == (5000, "two", "python -m stack")


def test_an_unknown_setting_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no setting 'prot'") as failed:
        load(tmp_path, "[tool.harness]\nprot = 1\n")
    assert "port" in str(failed.value.hint)
    assert "pyproject.toml" in failed.value.message


@pytest.mark.parametrize(
    "line",
    [
        'port = "x"',
        "port = true",
        "port = 65536",
        "port = -1",
        "app = 5",
        'app = ""',
        "roles = 5",
        "roles = [1]",
        'strict_runtime = "perhaps"',
        "strict_runtime = 1",
        "environment = { A = 1 }",
        'environment = "no json"',
    ],
)
def test_a_value_of_the_wrong_type_is_named(tmp_path: Path, line: str) -> None:
    name = line.split(maxsplit=1)[0]
    with pytest.raises(UsageError, match=f"not a valid value for the setting '{name}'"):
        load(tmp_path, f"[tool.harness]\n{line}\n")


@pytest.mark.parametrize(
    "entry",
    [
        'output = "a.zip"',
        'sources = ["a.py"]',
        'output = "a.zip"\nsources = "a.py"',
        'output = "a.zip"\nsources = [1]',
        'output = 5\nsources = ["a.py"]',
        'output = "a.zip"\nsources = ["a.py"]\nsource = "b"',
    ],
)
def test_a_wrong_package_is_said_so(tmp_path: Path, entry: str) -> None:
    with pytest.raises(UsageError, match=r"tool\.harness\.package"):
        load(tmp_path, f"[[tool.harness.package]]\n{entry}\n")


@pytest.mark.parametrize("text", ["[tool.harness", "[tool]\nharness = 5\n"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"pyproject\.toml"):
        load(tmp_path, text)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match=r"pyproject\.toml"):
        load(tmp_path)
