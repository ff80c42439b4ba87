"""Which Python runs a function, and what happens when none can."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from harness.model.environment import DEFAULT_ACCOUNT
from harness.project.settings import Settings
from harness_emulator.functions.runtimes.discovery import find_interpreter
from tests.support.lambda_functions import LambdaFunctions, zipped

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Emulator, StartEmulator

pytestmark = pytest.mark.only_on("embedded", "container")

VERSION = "import sys\ndef handler(event, context): return list(sys.version_info[:2])\n"

NEVER_HERE = "python3.8"
"""No runtime client supports it any more, so that another Python runs it on every machine."""


@pytest.mark.only_on("embedded")
@pytest.mark.parametrize("runtime", ["python3.9", "python3.13"])
def test_a_function_runs_with_its_runtimes_python(functions: LambdaFunctions, runtime: str) -> None:
    found = find_interpreter(runtime)
    assert functions.invoke(functions.create(VERSION, Runtime=runtime)).payload == list(found.version)


@pytest.mark.only_on("embedded")
def test_another_python_comes_with_a_warning_in_the_functions_log(functions: LambdaFunctions) -> None:
    name = functions.create(VERSION, Runtime=NEVER_HERE)
    instead = find_interpreter(NEVER_HERE)
    assert functions.invoke(name).payload == list(instead.version)
    assert instead.warning is not None
    events = functions.logged(name, "^REPORT")
    assert events[1]["message"] == f"[WARNING] {instead.warning}\n"


@pytest.mark.only_on("embedded")
def test_strict_runtime_refuses_another_python(
    start_emulator: StartEmulator,
) -> None:
    own, _ = start_emulator(Settings(strict_runtime=True))
    strict = LambdaFunctions(own.client, DEFAULT_ACCOUNT)
    name = strict.create(VERSION, Runtime=NEVER_HERE, wait=False)
    failed = strict.settled(name)
    assert failed["State"] == "Failed"
    assert "strict_runtime forbids another Python" in failed["StateReason"]
    assert "strict_runtime = false" in failed["StateReason"]


def test_other_languages_are_refused_by_name(functions: LambdaFunctions) -> None:
    failed = functions.settled(functions.create("", Runtime="ruby3.4", wait=False))
    assert failed["State"] == "Failed"
    assert "'ruby3.4' cannot run here: only these runtimes can: " in failed["StateReason"]
    assert "nodejs20.x to nodejs24.x, python3.8 to python3.14." in failed["StateReason"]


def test_a_damaged_package_is_refused_when_the_function_is_made(functions: LambdaFunctions) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", VERSION)
    damaged = buffer.getvalue().replace(b"version_info", b"version_knfo", 1)
    failed = functions.settled(functions.create("", Code={"ZipFile": damaged}, wait=False))
    assert failed["State"] == "Failed"
    assert "cannot be unzipped" in failed["StateReason"]
    with pytest.raises(functions.api.exceptions.InvalidParameterValueException, match="Could not unzip"):
        functions.create("", Code={"ZipFile": b"no zip at all"})


def test_modules_beside_the_handler_come_before_the_runtimes_own(functions: LambdaFunctions) -> None:
    buffer = io.BytesIO(zipped("import boto3\ndef handler(event, context): return boto3.whose\n"))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("boto3.py", "whose = 'the package brings its own'")
    name = functions.create("", Code={"ZipFile": buffer.getvalue()})
    assert functions.invoke(name).payload == "the package brings its own"


@pytest.mark.only_on("embedded")
def test_the_data_folder_holds_what_functions_wrote(functions: LambdaFunctions, emulator: Emulator) -> None:
    name = functions.create("""
        import tempfile
        def handler(event, context):
            with tempfile.NamedTemporaryFile(delete=False) as file:
                return file.name
    """)
    written: Path = emulator.workspace.root / functions.invoke(name).payload
    assert written.is_relative_to(emulator.workspace.emulator)
