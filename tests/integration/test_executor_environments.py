"""Runtime environments for real: uv, the lock file, and several processes at once."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness.model.errors import RuntimeMissingError
from harness_emulator.functions.runtimes.environment import ensure_environment

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.only_on("embedded")

RUNTIME = "python3.13"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runtimes")


MAKE = """
import json, sys
from pathlib import Path
from harness_emulator.functions.runtimes.environment import ensure_environment
made = ensure_environment(sys.argv[1], Path(sys.argv[2]))
print(json.dumps([str(made.python), made.fresh]))
"""

USE = """
import json, sys
import awslambdaric, boto3, debugpy
print(json.dumps([sys.version_info[:2], awslambdaric.__cached__, sys.prefix]))
"""


def test_two_processes_at_once_make_one_environment(folder: Path) -> None:
    racing = [
        subprocess.Popen([sys.executable, "-c", MAKE, RUNTIME, folder], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [json.loads(process.communicate()[0]) for process in racing]
    assert sorted(fresh for _, fresh in answers) == [False, True]
    python = folder / RUNTIME / "bin/python"
    assert {path for path, _ in answers} == {str(python)}
    used = subprocess.run([python, "-I", "-c", USE], capture_output=True, text=True, check=True)
    version, compiled, prefix = json.loads(used.stdout)
    assert version == [3, 13]
    assert prefix == str(folder / RUNTIME)
    assert (folder / compiled).exists(), "its packages were compiled when they were installed"


def test_a_user_who_configured_uv_and_pip_gets_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uv.toml").write_text('index-url = "https://nowhere.invalid/simple"\nno-binary = true\n')
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://nowhere.invalid/simple\n")
    for name, value in {
        "UV_CONFIG_FILE": str(tmp_path / "uv.toml"),
        "UV_DEFAULT_INDEX": "https://nowhere.invalid/simple",
        "UV_PYTHON": "2.7",
        "UV_PROJECT_ENVIRONMENT": str(tmp_path / "elsewhere"),
        "UV_NO_BINARY": "1",
        "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"),
        "VIRTUAL_ENV": str(tmp_path / "elsewhere"),
        "PYTHONPATH": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    made = ensure_environment(RUNTIME, tmp_path / "runtimes")
    assert made.fresh
    assert made.python.exists()
    assert not (tmp_path / "elsewhere").exists()


def test_packages_that_cannot_be_downloaded_are_reported_in_uvs_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(
        RuntimeMissingError, match=r"The environment of python3\.13 .* cannot be made"
    ) as raised:
        ensure_environment(RUNTIME, tmp_path / "runtimes")
    assert raised.value.detail is not None
    assert "network" in raised.value.detail.lower()
