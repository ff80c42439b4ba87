from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest
from uv import find_uv_bin

from harness.installation import cache_folder, installed
from harness.installation._bar import Bar
from harness.installation._place import MARKER
from harness.installation._pruning import prune
from harness.installation._source import emulator_source
from harness.installation._uv import uv_variables
from harness.model.errors import UsageError
from harness.model.progress import Step

ROOT = Path(__file__).resolve().parents[2]


def test_the_cache_is_in_the_platforms_own_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")

    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder({}) == Path("/home/ada/.cache/sqs-lambda-harness")
    assert cache_folder({"XDG_CACHE_HOME": "/var/cache"}) == Path("/var/cache/sqs-lambda-harness")
    assert cache_folder({"XDG_CACHE_HOME": "relative"}) == Path("/home/ada/.cache/sqs-lambda-harness")

    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder({"XDG_CACHE_HOME": "/var/cache"}) == Path(
        "/home/ada/Library/Caches/sqs-lambda-harness"
    )


def test_a_variable_says_where_the_cache_is() -> None:
    assert cache_folder({"HARNESS_CACHE_DIR": "/srv/shared", "XDG_CACHE_HOME": "/x"}) == Path("/srv/shared")


def test_the_lock_that_the_client_carries_is_the_emulators() -> None:
    """`cd emulator && uv export …` writes it anew; see CONTRIBUTING.md."""
    exported = subprocess.run(
        [
            *(
                find_uv_bin(),
                "export",
                "--quiet",
                "--frozen",
                "--no-config",
                "--no-emit-project",
                "--no-header",
            ),
            *("--no-annotate", "--format", "requirements.txt", "--project", str(ROOT / "emulator")),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert (ROOT / "harness" / "installation" / "requirements.txt").read_text() == exported


def test_the_emulator_of_the_repository_is_used_in_the_repository() -> None:
    source = emulator_source({})

    assert source.requirement == ("--editable", str(ROOT / "emulator"))
    assert installed({"HARNESS_CACHE_DIR": "/nowhere"}) is None


def test_elsewhere_the_package_index_has_the_emulator_of_the_clients_version(tmp_path: Path) -> None:
    source = emulator_source({}, package=tmp_path / "site-packages" / "harness")

    assert source.requirement == (f"sqs-lambda-harness-emulator=={version('sqs-lambda-harness')}",)
    assert not source.options


def test_a_wheel_a_tree_or_a_folder_of_wheels_is_named_instead(tmp_path: Path) -> None:
    wheel = tmp_path / "sqs_lambda_harness_emulator-1.0-py3-none-any.whl"
    wheel.write_bytes(b"1")
    named = emulator_source({"HARNESS_EMULATOR_FROM": str(wheel)})
    folder = emulator_source({"HARNESS_EMULATOR_FROM": str(tmp_path)})
    tree = emulator_source({"HARNESS_EMULATOR_FROM": str(ROOT / "emulator")})

    assert named.requirement == (str(wheel),)
    assert not named.options
    assert folder.options == ("--no-index", "--find-links", str(tmp_path))
    assert tree == emulator_source({})
    wheel.write_bytes(b"12")
    assert emulator_source({"HARNESS_EMULATOR_FROM": str(wheel)}).fingerprint != named.fingerprint
    assert emulator_source({"HARNESS_EMULATOR_FROM": str(tmp_path)}).fingerprint != folder.fingerprint


def test_what_is_named_must_be_one_of_those(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"HARNESS_EMULATOR_FROM is .* neither a wheel"):
        emulator_source({"HARNESS_EMULATOR_FROM": str(tmp_path)})


def test_uv_reaches_the_network_as_the_user_says_and_installs_what_the_lock_says() -> None:
    variables = uv_variables(
        {
            "UV_INDEX_INTERNAL_PASSWORD": "secret",
            "UV_OFFLINE": "1",
            "UV_PYTHON": "3.10",
            "UV_CONSTRAINT": "pins.txt",
            "VIRTUAL_ENV": "/project/.venv",
            "PYTHONPATH": "/project",
            "PIP_INDEX_URL": "https://pypi.example.com/simple",
            "HTTPS_PROXY": "http://proxy:3128",
        }
    )

    assert variables.pop("PATH")
    assert variables == {
        "UV_INDEX_INTERNAL_PASSWORD": "secret",
        "UV_OFFLINE": "1",
        "UV_DEFAULT_INDEX": "https://pypi.example.com/simple",
        "UV_SYSTEM_CERTS": "1",
        "HTTPS_PROXY": "http://proxy:3128",
    }


def test_an_index_that_uv_is_told_goes_before_one_that_pip_is_told() -> None:
    variables = uv_variables({"UV_INDEX_URL": "https://uv.example", "PIP_INDEX_URL": "https://pip.example"})

    assert "UV_DEFAULT_INDEX" not in variables


def environment_used(folder: Path, name: str, days: float) -> Path:
    path = folder / name
    path.mkdir()
    (path / MARKER).touch()
    used = time.time() - days * 86400
    os.utime(path / MARKER, (used, used))
    return path


def test_environments_that_nobody_used_for_a_month_and_all_but_the_last_four_are_removed(
    tmp_path: Path,
) -> None:
    wanted = environment_used(tmp_path, "wanted", 100)
    recent = [environment_used(tmp_path, f"recent-{number}", 1 + number) for number in range(4)]
    environment_used(tmp_path, "fifth", 7)
    environment_used(tmp_path, "month", 31)
    (tmp_path / ".unfinished-1").mkdir()
    (tmp_path / ".lock").touch()

    prune(tmp_path, keep=wanted)

    assert {path.name for path in tmp_path.iterdir()} == {".lock", "wanted", *(path.name for path in recent)}


def test_an_environment_in_use_is_not_removed(tmp_path: Path) -> None:
    old = environment_used(tmp_path, "old", 100)
    (old / "bin").mkdir()
    (old / "bin" / "python").symlink_to(sys.executable)
    program = [str(old / "bin" / "python"), "-c", "print(flush=True); input()"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        prune(tmp_path, keep=tmp_path / "wanted")
        assert old.is_dir()
        assert running.stdin is not None
        running.stdin.write(b"\n")
    prune(tmp_path, keep=tmp_path / "wanted")
    assert not old.exists()


def test_a_terminal_shows_how_far_it_is() -> None:
    step = Step("emulator's packages")
    bar = Bar(step)

    bar.begin("Python")
    assert step.doing == "──────────────────── 0 % Python"
    bar.begin("byte code")
    bar.hear("Compiling")
    assert step.doing == "━━━━━━━━━━────────── 50 % byte code: Compiling"
