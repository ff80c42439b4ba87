"""When a runtime's environment is made, and when the one that is there is used."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.model.errors import RuntimeMissingError
from harness_emulator.functions.runtimes import environment
from harness_emulator.functions.runtimes.discovery import Interpreter
from harness_emulator.functions.runtimes.environment import LOCK, _uv_variables, ensure_environment


class Maker:
    """Stands where an interpreter is found and uv makes the environment; counts how often."""

    def __init__(self) -> None:
        self.made = 0
        self.interpreter = Interpreter(Path(sys.executable), (3, 9), "python3.9", exact=True)
        self.rejected: list[str] = []
        self.fails = False

    def find(self, runtime: str, *, strict: bool) -> Interpreter:
        if strict and not self.interpreter.exact:
            raise RuntimeMissingError(f"{runtime} is not here")
        return self.interpreter

    def synchronize(self, root: Path, _: Interpreter) -> None:
        self.made += 1
        (root / "bin").mkdir(parents=True, exist_ok=True)
        (root / "bin/python").touch()
        if self.fails:
            raise RuntimeMissingError("no network")


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch) -> Maker:
    maker = Maker()
    monkeypatch.setattr(environment, "find_interpreter", maker.find)
    monkeypatch.setattr(environment, "_synchronize", maker.synchronize)
    monkeypatch.setattr(environment, "_rejected", lambda _: maker.rejected)
    return maker


def inexact(maker: Maker) -> None:
    maker.interpreter = Interpreter(Path(sys.executable), (3, 10), "python3.9", exact=False)


def test_it_is_made_once_and_then_found(maker: Maker, tmp_path: Path) -> None:
    first = ensure_environment("python3.9", tmp_path / "runtimes")
    second = ensure_environment("python3.9", tmp_path / "runtimes")
    assert (first.fresh, second.fresh, maker.made) == (True, False, 1)
    assert first.python == second.python == tmp_path / "runtimes/python3.9/bin/python"
    assert first.interpreter == second.interpreter == maker.interpreter


def test_it_is_made_again_when_the_lock_file_has_changed(
    maker: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_environment("python3.9", tmp_path)
    lock = tmp_path / "lock"
    lock.mkdir()
    (lock / "uv.lock").write_text("another")
    monkeypatch.setattr(environment, "LOCK", lock)
    assert ensure_environment("python3.9", tmp_path).fresh
    assert maker.made == 2


def test_it_is_made_again_when_its_interpreter_is_gone(maker: Maker, tmp_path: Path) -> None:
    interpreter = tmp_path / "python3.9-that-goes"
    interpreter.touch()
    maker.interpreter = Interpreter(interpreter, (3, 9), "python3.9", exact=True)
    ensure_environment("python3.9", tmp_path)
    interpreter.unlink()
    assert ensure_environment("python3.9", tmp_path).fresh


@pytest.mark.parametrize("marker", ["", "{", None])
def test_an_interrupted_one_is_made_again(maker: Maker, tmp_path: Path, marker: str | None) -> None:
    maker.fails = True
    with pytest.raises(RuntimeMissingError, match="no network"):
        ensure_environment("python3.9", tmp_path)
    maker.fails = False
    if marker is not None:
        (tmp_path / "python3.9" / environment.MARKER).write_text(marker)
    assert ensure_environment("python3.9", tmp_path).fresh


def test_a_failed_renewal_leaves_nothing_that_looks_complete(maker: Maker, tmp_path: Path) -> None:
    ensure_environment("python3.9", tmp_path)
    (tmp_path / "python3.9/bin/python").unlink()
    maker.fails = True
    with pytest.raises(RuntimeMissingError):
        ensure_environment("python3.9", tmp_path)
    maker.fails = False
    assert ensure_environment("python3.9", tmp_path).fresh


def test_another_python_is_kept_until_the_runtimes_own_may_be_there(maker: Maker, tmp_path: Path) -> None:
    inexact(maker)
    maker.rejected = ["/shims/python3.9"]
    ensure_environment("python3.9", tmp_path)
    found = ensure_environment("python3.9", tmp_path)
    assert not found.fresh
    assert found.interpreter.warning is not None
    maker.rejected = ["/shims/python3.9", "/usr/bin/python3.9"]
    assert ensure_environment("python3.9", tmp_path).fresh


def test_strict_does_not_take_the_one_that_was_made_with_another_python(maker: Maker, tmp_path: Path) -> None:
    inexact(maker)
    ensure_environment("python3.9", tmp_path)
    with pytest.raises(RuntimeMissingError, match="is not here"):
        ensure_environment("python3.9", tmp_path, strict=True)


def test_a_marker_is_json_for_the_next_process(maker: Maker, tmp_path: Path) -> None:
    ensure_environment("python3.9", tmp_path)
    marker: dict[str, Any] = json.loads((tmp_path / "python3.9" / environment.MARKER).read_text())
    assert marker["exact"] is True
    assert marker["interpreter"] == str(maker.interpreter.path)
    assert not list((tmp_path / "python3.9").glob(f"{environment.MARKER}.*"))


def test_no_environment_for_another_language(tmp_path: Path) -> None:
    with pytest.raises(RuntimeMissingError, match="only Python runtimes"):
        ensure_environment("nodejs22.x", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_uv_sees_the_network_settings_but_nothing_that_changes_what_it_installs() -> None:
    kept = _uv_variables(
        {
            "HOME": "/home/me",
            "HTTPS_PROXY": "http://proxy",
            "SSL_CERT_FILE": "/ca.pem",
            "UV_CACHE_DIR": "/cache",
            "UV_DEFAULT_INDEX": "https://elsewhere",
            "UV_PYTHON": "3.12",
            "UV_PROJECT_ENVIRONMENT": "/elsewhere",
            "PIP_FIND_LINKS": "/wheels",
            "PYTHONPATH": "/mine",
            "VIRTUAL_ENV": "/venv",
        }
    )
    assert kept == {
        "HOME": "/home/me",
        "HTTPS_PROXY": "http://proxy",
        "SSL_CERT_FILE": "/ca.pem",
        "UV_CACHE_DIR": "/cache",
        "UV_PYTHON_DOWNLOADS": "never",
    }


def test_without_a_named_certificate_file_uv_trusts_what_the_system_trusts() -> None:
    assert _uv_variables({})["UV_SYSTEM_CERTS"] == "1"
    assert _uv_variables({"UV_SYSTEM_CERTS": "0"})["UV_SYSTEM_CERTS"] == "0"


def test_the_lock_holds_what_a_runtime_needs_from_the_public_index_only() -> None:
    lock = (LOCK / "uv.lock").read_text()
    for name in ("awslambdaric", "boto3", "debugpy"):
        assert f'name = "{name}"\n' in lock
    assert 'requires-python = ">=3.9, <3.15"' in lock
    assert set(re.findall(r'registry = "([^"]*)"', lock)) == {"https://pypi.org/simple"}
    assert os.fspath(Path.home()) not in lock
