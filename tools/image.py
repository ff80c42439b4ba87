"""Build the emulator's image, unless it is there and nothing that goes into it has changed.

    .venv/bin/python tools/image.py [--base IMAGE]

The image is `sqs-lambda-harness:VERSION`. What goes into it is what docker/Dockerfile copies; a digest of
that stands in the image's label `sqs-lambda-harness.sources`. The base is `--base`, else $BASE_IMAGE, else
the Dockerfile's own, or what tools/base-image made where there is no registry. An image on another base is
made anew only where a base was asked for.

Exit codes: 0 the image is there, 1 the build failed, 3 no container engine, or no base image.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = ROOT / "docker" / "Dockerfile"
NAME = "sqs-lambda-harness"
MADE_BASE = f"{NAME}-base:trixie"
"""What tools/base-image makes."""
SOURCES_LABEL = f"{NAME}.sources"
BASE_LABEL = f"{NAME}.base"
LOG = ROOT / ".harness" / "image.log"
LOG_LINES = 25
MEGABYTE = 1_000_000


class ImageError(Exception):
    """The image cannot be built; the text says what to do."""

    def __init__(self, message: str, exit_code: int = 3) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def main() -> int:
    """Build what is missing."""
    parser = argparse.ArgumentParser(description="Build the emulator's image.")
    parser.add_argument("--base", default=os.environ.get("BASE_IMAGE") or None, help="the base image")
    asked: str | None = parser.parse_args().base
    try:
        require_engine()
        build_where_needed(asked)
    except ImageError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def build_where_needed(asked: str | None) -> None:
    """Build the image, unless it is made of the present sources, and on the base that is asked for."""
    digest = sources_digest()
    labels = (inspect(tag()) or {}).get("Config", {}).get("Labels") or {}
    if labels.get(SOURCES_LABEL) == digest and asked in (None, labels.get(BASE_LABEL)):
        return
    base = asked or default_base()
    require_base(base)
    build(base, digest)


def tag() -> str:
    """The image's name and version."""
    project = (ROOT / "emulator" / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "(.+)"$', project, re.MULTILINE)
    if found is None:
        raise ImageError("emulator/pyproject.toml has no version.")
    return f"{NAME}:{found[1]}"


def default_base() -> str:
    """The base that the Dockerfile names, or the one that was made because it cannot be pulled."""
    found = re.search(r"^ARG BASE_IMAGE=(\S+)$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ImageError(f"{DOCKERFILE} names no BASE_IMAGE.")
    return MADE_BASE if inspect(found[1]) is None and inspect(MADE_BASE) is not None else found[1]


def sources() -> Iterator[Path]:
    """The files that go into the image."""
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    for pattern in sorted({pattern for line in copied for pattern in line.split()}):
        for path in sorted(ROOT.glob(pattern)):
            files = sorted(path.rglob("*")) if path.is_dir() else [path]
            yield from (file for file in files if file.is_file() and "__pycache__" not in file.parts)


def sources_digest() -> str:
    """A digest of those files' names and contents."""
    digest = hashlib.sha256()
    for path in sources():
        digest.update(f"{path.relative_to(ROOT)}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `docker`; its output is kept."""
    return subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )


def require_engine() -> None:
    """Fail where no container engine answers."""
    try:
        done = docker("version", "--format", "{{.Server.Version}}")
    except FileNotFoundError:
        raise ImageError(
            "No container engine: there is no `docker` on PATH. Install Docker; on Debian: tools/engine start"
        ) from None
    if done.returncode:
        raise ImageError(
            f"The container engine does not answer: {last_line(done.stderr)}\n"
            "Start it; on Debian: tools/engine start"
        )


def inspect(image: str) -> dict[str, Any] | None:
    """What the engine knows about an image; None where it has no such image."""
    done = docker("image", "inspect", image)
    return None if done.returncode else dict(json.loads(done.stdout)[0])


def require_base(base: str) -> None:
    """Pull the base image where it is not there yet."""
    if inspect(base) is not None:
        return
    print(f"  pulling {base}", flush=True)
    done = docker("pull", "--quiet", base)
    if done.returncode:
        raise ImageError(
            f"The base image {base} is not here and cannot be pulled: {last_line(done.stderr)}\n"
            "Name another one (make image BASE_IMAGE=NAME), or make one without a registry: tools/base-image"
        )


def build(base: str, digest: str) -> None:
    """Build the image, and say what came out."""
    name = tag()
    before = inspect(name)
    print(
        f"Building {name} on {base} (some minutes the first time; log: {LOG.relative_to(ROOT)})", flush=True
    )
    started = time.monotonic()
    LOG.parent.mkdir(exist_ok=True)
    (LOG.parent / ".gitignore").write_text("*\n")
    with LOG.open("w", encoding="utf-8") as log:
        done = subprocess.run(
            [
                *("docker", "build", "--file", DOCKERFILE, "--tag", name),
                *("--build-arg", f"BASE_IMAGE={base}", "--build-arg", f"VERSION={name.rpartition(':')[2]}"),
                *("--label", f"{SOURCES_LABEL}={digest}", "--label", f"{BASE_LABEL}={base}", ROOT),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    said = LOG.read_text(encoding="utf-8", errors="replace").splitlines()
    for line in said:
        if left_out := re.search(r"python[\d.]+ is left out: .*", line):
            print(f"  {left_out[0]}", flush=True)
    if done.returncode:
        tail = "\n".join(f"    {line}" for line in said[-LOG_LINES:])
        raise ImageError(f"docker build failed; the end of {LOG}:\n{tail}", 1)
    made, below = inspect(name) or {}, inspect(base) or {}
    if before is not None and before["Id"] != made.get("Id"):
        docker("image", "rm", before["Id"])  # the one it replaces; kept where a container still runs it
    size = (made.get("Size", 0) - below.get("Size", 0)) // MEGABYTE
    listing = docker(
        "run", "--rm", "--network", "none", "--entrypoint", "ls", name, "/opt/sqs-lambda-harness/runtimes"
    )
    runtimes = ", ".join(sorted(listing.stdout.split(), key=lambda item: (len(item), item)))
    print(f"  {name}: {size} MB above its base, runs {runtimes} ({time.monotonic() - started:.0f} s)")


def last_line(text: str) -> str:
    """The last line of a program's output."""
    return (text.strip().splitlines() or ["no reason given"])[-1]


if __name__ == "__main__":
    sys.exit(main())
