"""Terraform's CLI configuration, the harness's own: providers from a mirror where this machine has one."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

HOSTNAME = "registry.terraform.io"
AWS = Path(HOSTNAME, "hashicorp", "aws")


def find_mirror() -> Path | None:
    """The first folder that holds the AWS provider: Terraform's implied mirrors, then those below /opt."""
    for folder in (*implied_mirrors(), *_below_opt()):
        if (folder / AWS).is_dir():
            return folder
    return None


def implied_mirrors() -> list[Path]:
    """The folders in which Terraform itself looks for mirrored providers, in its order."""
    home = Path.home()
    if sys.platform == "darwin":
        shared = [
            home / "Library/Application Support/io.terraform",
            Path("/Library/Application Support/io.terraform"),
        ]
    else:
        data = os.environ.get("XDG_DATA_HOME")
        others = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
        bases = [Path(data) if data else home / ".local/share", *map(Path, others.split(":"))]
        shared = [base / "terraform" for base in bases]
    return [home / ".terraform.d/plugins", *(folder / "plugins" for folder in shared)]


def mirrored_sources(mirror: Path) -> list[str]:
    """The providers in a mirror, as `registry.terraform.io/hashicorp/aws`."""
    return sorted("/".join(path.parts[-3:]) for path in mirror.glob("*/*/*") if path.is_dir())


def cli_configuration(mirror: Path | None) -> str:
    """The CLI configuration file: what the mirror holds comes from it, the rest from the registry."""
    lines = ["disable_checkpoint = true", ""]
    if mirror is not None:
        sources = json.dumps(mirrored_sources(mirror))
        lines += [
            "provider_installation {",
            "  filesystem_mirror {",
            f"    path    = {json.dumps(str(mirror))}",
            f"    include = {sources}",
            "  }",
            "  direct {",
            f"    exclude = {sources}",
            "  }",
            "}",
            "",
        ]
    return "\n".join(lines)


def _below_opt() -> list[Path]:
    try:
        return sorted(path for path in Path("/opt").iterdir() if path.is_dir())
    except OSError:
        return []
