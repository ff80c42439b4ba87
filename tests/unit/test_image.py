"""What goes into the image, and what the files around it say of it."""

from __future__ import annotations

import re
from importlib.metadata import version

from tools import image

DOCKERFILE = image.DOCKERFILE.read_text(encoding="utf-8")


def test_its_version_is_the_projects_everywhere() -> None:
    name = image.tag()
    assert name == f"sqs-lambda-harness:{version('sqs-lambda-harness')}"
    assert f"ARG VERSION={version('sqs-lambda-harness')}\n" in DOCKERFILE
    compose = (image.ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert f"image: ${{HARNESS_IMAGE:-{name}}}\n" in compose


def test_what_the_dockerfile_copies_is_digested() -> None:
    sources = {str(path.relative_to(image.ROOT)) for path in image.sources()}
    assert {
        "docker/Dockerfile",
        "emulator/harness_emulator/functions/bootstrap.py",
        "harness/model/errors.py",
        "emulator/harness_emulator/functions/runtimes/lock/uv.lock",
        "emulator/hatch_build.py",
        "emulator/pyproject.toml",
        "emulator/uv.lock",
    } <= sources
    assert not any("__pycache__" in name or name.startswith("harness/cli") for name in sources)


def test_the_emulator_imports_nothing_that_is_not_copied() -> None:
    copied = {path.relative_to(image.ROOT).with_suffix("") for path in image.sources()}
    modules = {".".join(path.parts).removeprefix("emulator.").removesuffix(".__init__") for path in copied}
    for path in image.sources():
        if path.suffix == ".py":
            imported = re.findall(r"^\s*(?:from|import) (harness[\w.]*)", path.read_text(), re.MULTILINE)
            assert set(imported) <= modules, path


def test_the_dockerfile_needs_no_buildkit() -> None:
    assert not re.search(r"^# syntax=|--mount=|--link|<<EOF|--start-interval", DOCKERFILE, re.MULTILINE)
