"""LocalStack is imported in a process of its own: it changes the process that imports it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.only_on("embedded")

LIST = """
import json
from harness_emulator.localstack.patches import PATCHES
def there(patch):
    return callable(vars(patch.owner).get(patch.name))
print(json.dumps([[patch.owner.__name__, patch.name, there(patch), patch.reason] for patch in PATCHES]))
"""
WITHOUT_ONE = """
from harness_emulator.localstack import patches
[last] = [patch for patch in patches.PATCHES if patch.name == "handle_message"]
delattr(last.owner, last.name)
patches.apply()
"""


def python(source: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)


def test_every_name_that_is_patched_is_in_localstack() -> None:
    found = json.loads(python(LIST).stdout)
    assert ["Poller", "handle_message"] in [entry[:2] for entry in found]
    assert [name for owner, name, there, reason in found if not there or not reason] == []


def test_the_emulator_does_not_start_on_a_localstack_without_such_a_name() -> None:
    ended = python(WITHOUT_ONE)
    assert ended.returncode != 0
    assert "LocalStack has no Poller.handle_message to patch." in ended.stderr
