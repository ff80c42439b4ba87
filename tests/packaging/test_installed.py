"""The built wheels, installed as users do it, run a project's tests on each supported Python."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

from tests.packaging.conftest import run, variables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.packaging.conftest import Fresh, Wheels

LOWEST = (
    "boto3==1.34.0",
    "click==8.1.0",
    "filelock==3.12.0",
    "psutil==5.9.0",
    "python-hcl2==8.1.0",
    "rich==13.0.0",
    "uv==0.9.0",
)
"""The lower bounds that pyproject.toml names."""
BINDING = "cdktf-cdktf-provider-aws==20.1.0"
DISTRIBUTIONS = 25
MEGABYTES = 85
"""uv's program takes 38 of them, botocore 30 (docs/installation.md)."""
IMPORT_ALL = """
import importlib, pkgutil, sys
import harness
heavy = {"localstack", "moto", "cdktf", "cdktf_cdktf_provider_aws", "debugpy", "harness_emulator"}
for module in pkgutil.walk_packages(harness.__path__, "harness."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
assert not heavy & set(sys.modules), heavy & set(sys.modules)
print(sum(name.startswith("harness.") for name in sys.modules))
"""


def test_the_client_is_small(fresh: Callable[[str], Fresh], wheels: Wheels) -> None:
    environment = fresh("3.13")
    environment.install(str(wheels.client))

    (packages,) = environment.folder.glob("lib/python3.13/site-packages")
    assert len(list(packages.glob("*.dist-info"))) <= DISTRIBUTIONS
    files = [file for file in environment.folder.rglob("*") if file.is_file() and not file.is_symlink()]
    size = sum(file.stat().st_size for file in files)
    assert size <= MEGABYTES * 1_000_000


@pytest.mark.parametrize(
    ("version", "requirements", "provider"),
    [
        ("3.10", (*LOWEST, "pytest==7.0.0", "docker==7.0.0", "testcontainers==4.10.0", BINDING), None),
        # This binding asks for AWS provider 5.99.1; the one provider of the tests' mirror is 5.100.0.
        ("3.12", ("pytest>=9", "cdktf-cdktf-provider-aws==19.65.1"), "5.100.0"),
    ],
    ids=["3.10 with the lowest versions", "3.12 with another binding"],
)
def test_a_projects_tests_pass(
    fresh: Callable[[str], Fresh],
    wheels: Wheels,
    *,
    version: str,
    requirements: tuple[str, ...],
    provider: str | None,
) -> None:
    environment = fresh(version)
    environment.install(str(wheels.client), *requirements)
    if "testcontainers" in str(requirements):
        assert int(environment.run("python", "-W", "ignore", "-c", IMPORT_ALL)) > 100
    if provider:
        app = environment.project / "main.py"
        text = app.read_text(encoding="utf-8")
        pinned = f'.add_override("terraform.required_providers.aws.version", "{provider}")'
        app.write_text(text.replace('MyStack(app, "tp_lambda")', f'MyStack(app, "tp_lambda"){pinned}'))

    said = environment.run("pytest", "-p", "no:cacheprovider", "tests")

    assert " passed" in said
    assert "Nothing is up" in environment.run("harness", "down")


def test_what_init_writes_into_an_empty_folder_passes(fresh: Callable[[str], Fresh], wheels: Wheels) -> None:
    environment = fresh("3.14")
    empty = environment.folder.parent / "empty"
    empty.mkdir()
    newcomer = replace(environment, project=empty)
    newcomer.install(str(wheels.client))

    assert "harness up" in newcomer.run("harness", "init", "--yes")
    newcomer.install(
        "--find-links", str(wheels.client.parent), "--requirements", str(empty / "requirements.txt")
    )
    said = newcomer.run("pytest", "-p", "no:cacheprovider")

    assert " passed" in said
    newcomer.run("harness", "down")


def test_uvx_runs_it_in_a_project_that_has_not_installed_it(
    tmp_path: Path,
    user: dict[str, str],
    fresh: Callable[[str], Fresh],
    find_python: Callable[[str], str],
    wheels: Wheels,
) -> None:
    environment = fresh("3.13")
    environment.install(BINDING)
    environment.folder.rename(environment.project / ".venv")
    uvx = [find_uv_bin(), "tool", "run", "--quiet", "--python", find_python("3.13")]
    uvx += ["--from", str(wheels.client), "harness"]

    def harness(*arguments: str, code: int = 0) -> str:
        environ = variables(None, **user, UV_TOOL_DIR=str(tmp_path / "tools"))
        return run([*uvx, *arguments], cwd=environment.project, environ=environ, code=code)

    try:
        assert "tp_lambda is up at" in harness("up")
        assert "8" in harness("send", "--wait", '{"operation": "add", "a": 5, "b": 3}')

        record = environment.project / ".harness" / "environment.json"
        another = {**json.loads(record.read_bytes()), "api": 99, "emulator": "9.0"}
        record.write_text(json.dumps(another), encoding="utf-8")
        refused = harness("up", code=3)
        assert "is version 9.0 with control API 99" in refused
        assert "harness down && harness up" in refused
    finally:
        harness("down")
