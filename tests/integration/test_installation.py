"""The emulator's environment is made wholly or not at all, once, and works without a network from then on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.installation import installed

if TYPE_CHECKING:
    from collections.abc import Iterator

# The emulator's environment is the same whatever runs the stack: once is enough.
pytestmark = pytest.mark.only_on("embedded")

MAKE = (sys.executable, "-m", "harness.installation")
ROOT = Path(__file__).resolve().parents[2]
SERVE = """
import sys
from pathlib import Path
from harness.environments import emulator_process
from harness.installation import ensure
from harness.model.progress import Progress
from harness.terraform import _launcher

_launcher.enter_network()
started = emulator_process.start(
    installation=ensure(Progress()), instance="offline", data=Path(sys.argv[1]), port=None,
    strict_runtime=False, end_with_this_process=True,
)
print(emulator_process.health(f"http://127.0.0.1:{started.port}")["instance"])
emulator_process.end(started.pid)
"""


def environ(cache: Path, **variables: str) -> dict[str, str]:
    return {**os.environ, "HARNESS_CACHE_DIR": str(cache), **variables}


def left(cache: Path) -> list[str]:
    """What lies among the environments, but for the lock."""
    return sorted(path.name for path in (cache / "emulator").iterdir() if path.name != ".lock")


@contextmanager
def silent_index() -> Iterator[tuple[str, threading.Event]]:
    """A package index that accepts requests and answers none; the event is set by the first one."""
    asked = threading.Event()
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return
                asked.set()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/simple", asked
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in held:
                connection.close()


def test_one_that_was_killed_half_way_is_none_and_two_at_once_make_one(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with silent_index() as (url, asked):
        stalled = environ(
            cache, UV_DEFAULT_INDEX=url, UV_CACHE_DIR=str(tmp_path / "uv"), NO_PROXY="127.0.0.1"
        )
        with subprocess.Popen(MAKE, env=stalled, start_new_session=True) as process:
            assert asked.wait(60)
            os.killpg(process.pid, signal.SIGKILL)
    (unfinished,) = left(cache)
    assert (cache / "emulator" / unfinished / "environment" / "bin" / "python").exists()
    assert installed(environ(cache)) is None

    both = [subprocess.Popen(MAKE, env=environ(cache), stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[1] for process in both]

    assert [process.returncode for process in both] == [0, 0], said
    assert sorted(("(once)" in text, "by another process" in text) for text in said) == [
        (False, True),
        (True, False),
    ]
    made = installed(environ(cache))
    assert made is not None
    assert left(cache) == [made.folder.name]
    assert made.node.exists()

    without_network = subprocess.run(
        ["unshare", "--map-root-user", sys.executable, "-c", SERVE, str(tmp_path / "data")],
        env=environ(cache, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert without_network.stdout == "offline\n", without_network.stderr


def test_nothing_is_left_on_a_disk_that_is_full(tmp_path: Path) -> None:
    script = 'mount -t tmpfs -o size=40m tmpfs "$0" && "$@"; code=$?; ls -A "$0/emulator"; exit $code'
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(tmp_path), *MAKE],
        env=environ(tmp_path, UV_LINK_MODE="copy"),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 3, done.stderr
    assert f"The disk of {tmp_path / 'emulator'} is full" in done.stderr
    assert "set HARNESS_CACHE_DIR" in done.stderr
    assert done.stdout.split() == [".lock"]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_NO_CACHE": "1"},
            "packages cannot be installed",
        ),
        ({"HARNESS_EMULATOR_FROM": "nowhere.whl"}, "HARNESS_EMULATOR_FROM is"),
    ],
)
def test_what_cannot_be_made_is_said_and_leaves_nothing(
    tmp_path: Path, variables: dict[str, str], message: str
) -> None:
    done = subprocess.run(
        MAKE,
        env=environ(tmp_path, UV_HTTP_RETRIES="0", **variables),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode in {2, 3}
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "emulator").exists() or left(tmp_path) == []


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "emulator").write_text("a file")

    done = subprocess.run(MAKE, env=environ(tmp_path), capture_output=True, text=True, check=False)

    assert done.returncode == 3
    assert f"cannot be made in {tmp_path / 'emulator'}" in done.stderr
