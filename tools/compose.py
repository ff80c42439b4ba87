"""The emulator in a container, by docker-compose.yml: `python -m tools.compose up` or `down`.

`up` builds the image where that is needed, starts the container and waits until it serves requests. Exit
codes: 0 done, 1 the container does not start, 3 no container engine, no Compose, or no image.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import urllib.request
from typing import Any

from tools import image

URL = "http://127.0.0.1:4566"
"""What docker-compose.yml publishes."""
START_SECONDS = 60.0
POLL_SECONDS = 0.1
LOG_LINES = 25


def main() -> int:
    """Do what is asked."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.compose", description="The emulator in a container."
    )
    parser.add_argument("action", choices=["up", "down"])
    action = parser.parse_args().action
    try:
        image.require_engine()
        compose = find_compose()
        return up(compose) if action == "up" else down(compose)
    except image.ImageError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


def find_compose() -> list[str]:
    """The command: the plug-in of `docker`, or the program of its own."""
    if image.docker("compose", "version").returncode == 0:
        return ["docker", "compose"]
    try:
        subprocess.run(["docker-compose", "version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise image.ImageError(
            "Neither `docker compose` nor `docker-compose` is on this machine. Install Docker's plug-in, "
            "or on Debian: apt-get install docker-compose\n"
            "Without it, the harness starts the container itself: .venv/bin/harness up --target container"
        ) from None
    return ["docker-compose"]


def up(compose: list[str]) -> int:
    """Start the container, and wait for it."""
    if "HARNESS_IMAGE" not in os.environ:
        image.build_where_needed(os.environ.get("BASE_IMAGE") or None)
    done = run(compose, "up", "--detach", "--no-build")
    if done.returncode:
        run(compose, "down")
        tail = "\n".join(f"    {line}" for line in done.stderr.strip().splitlines()[-LOG_LINES:])
        raise image.ImageError(
            f"The container does not start:\n{tail}\n"
            "Where a port is taken (4566, or 5678 for debuggers), end what listens there (docker ps)",
            1,
        )
    container = run(compose, "ps", "--quiet", "emulator").stdout.strip()
    health = wait_until_healthy(container)
    if health is None:
        log = image.docker("logs", "--tail", str(LOG_LINES), container)
        run(compose, "down")
        raise image.ImageError(
            f"The emulator in the container did not start; its log:\n{log.stdout}{log.stderr}", 1
        )
    print(f"The emulator {health['version']} is up at {URL}, with {', '.join(health['runtimes'])}. Next:")
    print(f"  .venv/bin/harness up --target endpoint --endpoint {URL}")
    print("and, when you are done:\n  make down-docker")
    return 0


def down(compose: list[str]) -> int:
    """Stop and remove the container."""
    done = run(compose, "down")
    if done.returncode:
        raise image.ImageError(f"The container cannot be stopped:\n{done.stderr.strip()}", 1)
    return 0


def run(compose: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Compose in the project's folder; its output is kept."""
    return subprocess.run(
        [*compose, *arguments],
        cwd=image.ROOT,
        env={**os.environ, "PWD": str(image.ROOT)},  # mounted by docker-compose.yml
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def wait_until_healthy(container: str) -> dict[str, Any] | None:
    """What the emulator says of itself, when it does; None where the container has ended, or time is up."""
    # No proxy: a host's HTTP_PROXY is not for loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with opener.open(f"{URL}/_harness/health", timeout=5) as answer:
                return dict(json.load(answer))
        except (OSError, ValueError):
            state = image.docker("inspect", "--format", "{{.State.Status}}", container).stdout.strip()
            if state not in {"created", "running"}:
                return None
            time.sleep(POLL_SECONDS)
    return None


if __name__ == "__main__":
    sys.exit(main())
