"""Which Python runs a Lambda runtime."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.model.errors import RuntimeMissingError
from harness_emulator.functions.runtimes import discovery
from harness_emulator.functions.runtimes.discovery import (
    Interpreter,
    candidates,
    find_interpreter,
    probe,
    runtime_version,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Version = tuple[int, int]


def executable(path: Path, text: str = "#!/bin/sh\nexit 127\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> set[Version]:
    """The versions that this machine has, for `find_interpreter`; empty at first."""
    installed: set[Version] = set()

    def found(version: Version, environ: Mapping[str, str] | None = None) -> list[Path]:
        assert environ is None
        return [Path(f"/usr/bin/python3.{version[1]}")]

    monkeypatch.setattr(discovery, "candidates", found)
    monkeypatch.setattr(discovery, "probe", lambda path, version: path if version in installed else None)
    return installed


@pytest.mark.parametrize(("runtime", "version"), [("python3.8", (3, 8)), ("python3.14", (3, 14))])
def test_the_version_of_a_runtime(runtime: str, version: Version) -> None:
    assert runtime_version(runtime) == version


@pytest.mark.parametrize("runtime", ["nodejs22.x", "java21", "provided.al2023", "python", "python3"])
def test_only_python_runtimes_run_here(runtime: str) -> None:
    with pytest.raises(RuntimeMissingError, match=f"'{runtime}' cannot run here: only Python runtimes can"):
        runtime_version(runtime)


@pytest.mark.parametrize("runtime", ["python3.7", "python2.7", "python3.15"])
def test_an_unknown_python_is_refused_with_what_is_known(runtime: str) -> None:
    with pytest.raises(RuntimeMissingError, match=r"known are python3\.8 to python3\.14"):
        runtime_version(runtime)


def test_the_runtimes_own_python_is_taken_without_a_warning(machine: set[Version]) -> None:
    machine |= {(3, 9), (3, 10)}
    assert find_interpreter("python3.9") == Interpreter(
        Path("/usr/bin/python3.9"), (3, 9), "python3.9", exact=True
    )
    assert find_interpreter("python3.9", strict=True).warning is None


@pytest.mark.parametrize(
    ("installed", "taken"),
    [({(3, 11), (3, 13)}, 11), ({(3, 9), (3, 11)}, 11), ({(3, 9), (3, 13)}, 9), ({(3, 14)}, 14)],
)
def test_the_nearest_python_is_taken_the_newer_of_two(
    machine: set[Version], installed: set[Version], taken: int
) -> None:
    machine |= installed
    found = find_interpreter("python3.10")
    assert (found.version, found.exact) == ((3, taken), False)
    assert found.warning == (
        f"python3.10 is not on this machine; python3.{taken} (/usr/bin/python3.{taken}) "
        "runs its functions instead."
    )


def test_a_runtime_without_a_client_is_run_by_the_nearest(machine: set[Version]) -> None:
    machine.add((3, 9))
    warning = find_interpreter("python3.8").warning
    assert warning is not None
    assert warning.startswith("python3.8 has no Lambda runtime client any more; python3.9 (")


@pytest.mark.parametrize(
    ("runtime", "text"),
    [("python3.10", "python3.10 is not on this machine, and"), ("python3.8", "runtime client any more, and")],
)
def test_strict_takes_no_other_python(machine: set[Version], runtime: str, text: str) -> None:
    machine |= {(3, 9), (3, 11)}
    with pytest.raises(RuntimeMissingError, match=f"{text} strict_runtime forbids") as raised:
        find_interpreter(runtime, strict=True)
    assert raised.value.hint is not None
    assert "strict_runtime = false" in raised.value.hint
    assert raised.value.exit_code == 3


def test_no_python_at_all(machine: set[Version]) -> None:
    assert not machine
    with pytest.raises(
        RuntimeMissingError, match=r"No Python from 3\.9 to 3\.14 is on this machine"
    ) as raised:
        find_interpreter("python3.12")
    assert raised.value.hint == "Install it (uv python install 3.12, or pyenv install 3.12)."


def test_where_interpreters_are_looked_for(tmp_path: Path) -> None:
    path = executable(tmp_path / "path/python3.9")
    (tmp_path / "path/python3.90").touch()
    older = executable(tmp_path / "pyenv/versions/3.9.2/bin/python3.9")
    newer = executable(tmp_path / "pyenv/versions/3.9.18/bin/python3.9")
    home = executable(tmp_path / "home/.pyenv/versions/3.9.1/bin/python3.9")
    uv = executable(tmp_path / "home/.local/share/uv/python/cpython-3.9.25-linux/bin/python3.9")
    (tmp_path / "pyenv/versions/3.9.20/bin").mkdir(parents=True)
    found = candidates(
        (3, 9),
        {
            "HOME": str(tmp_path / "home"),
            "PATH": f"{tmp_path / 'path'}::{tmp_path / 'nowhere'}",
            "PYENV_ROOT": str(tmp_path / "pyenv"),
        },
    )
    assert found[:5] == [path, newer, older, home, uv]


def test_the_harness_own_python_comes_first() -> None:
    version = sys.version_info[0], sys.version_info[1]
    first = candidates(version, {})[0]
    assert probe(first, version) == first
    assert not first.is_relative_to(sys.prefix) or sys.prefix == sys.base_prefix


@pytest.mark.parametrize(
    "script",
    [
        "#!/bin/sh\necho 'pyenv: version 3.9 is not installed' >&2; exit 127\n",
        '#!/bin/sh\necho \'[[3, 9], "/x", "cpython"]\'; exit 1\n',
        '#!/bin/sh\necho \'[[3, 10], "/x", "cpython"]\'\n',
        '#!/bin/sh\necho \'[[3, 9], "/x", "pypy"]\'\n',
        "#!/bin/sh\necho 'Python 3.9.18'\n",
        "#!/nowhere/sh\n",
    ],
    ids=["a shim", "fails", "another version", "another implementation", "no answer", "does not start"],
)
def test_what_does_not_run_as_that_python_does_not_count(tmp_path: Path, script: str) -> None:
    assert probe(executable(tmp_path / "python3.9", script), (3, 9)) is None


def test_the_interpreter_behind_a_virtual_environment_is_taken() -> None:
    found = probe(Path(sys.executable), sys.version_info[:2])
    assert found == Path(getattr(sys, "_base_executable", sys.executable))
