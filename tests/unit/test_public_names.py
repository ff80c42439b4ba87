"""What users may import: sorted, complete, and cheap until it is used."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from harness.model import errors


@pytest.mark.parametrize("module", ["harness", "harness.client", "harness.errors"])
def test_public_names_are_sorted_and_there(module: str) -> None:
    found = import_module(module)
    assert found.__all__ == sorted(found.__all__)
    for name in found.__all__:
        assert getattr(found, name).__name__ == name


def test_every_error_of_the_tree_is_public() -> None:
    def tree(error: type[errors.HarnessError]) -> set[str]:
        return {error.__name__}.union(*(tree(below) for below in error.__subclasses__()))

    known = {name for name in tree(errors.HarnessError) if hasattr(errors, name)}
    assert set(import_module("harness.errors").__all__) == known
    assert all(f" {name}" in (errors.__doc__ or "") for name in known)


def test_importing_harness_imports_nothing_heavy() -> None:
    code = "import sys, harness; print(*{'boto3', 'rich', 'click', 'psutil'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_former_name_goes_on_with_a_warning() -> None:
    drive = import_module("harness.drive")
    with pytest.warns(DeprecationWarning, match=r"harness\.client"):
        assert drive.Stack is import_module("harness.client").Stack
