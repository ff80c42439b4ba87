"""A pinned Terraform, from HashiCorp's releases, checked against their published SHA-256 sums."""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import platform
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness.machine.files import locked
from harness.model.errors import PrerequisiteError, TerraformMissingError
from harness.terraform.program import installed

if TYPE_CHECKING:
    from harness.project.workspace import Workspace

VERSION = "1.11.4"
BASE_URL = "https://releases.hashicorp.com"
TIMEOUT = 60
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_SYSTEMS = {"linux": "linux", "darwin": "darwin"}


def install_terraform(workspace: Workspace, base_url: str = BASE_URL) -> Path:
    """Download Terraform into `.harness/bin`, where `find_terraform` looks; returns its path.

    Args:
        workspace: The project.
        base_url: Where the releases are; below it lies `terraform/VERSION/`, as at releases.hashicorp.com.

    Raises:
        TerraformMissingError: It cannot be downloaded, or its SHA-256 is not the published one. An earlier
            one stays
            as it was.
    """
    target = installed(workspace)
    name = f"terraform_{VERSION}_{_platform()}.zip"
    base = f"{base_url.rstrip('/')}/terraform/{VERSION}"
    with locked(workspace.state / "bin" / "lock"):
        expected = _published_sum(_fetch(f"{base}/terraform_{VERSION}_SHA256SUMS"), name, base)
        archive = _fetch(f"{base}/{name}")
        found = hashlib.sha256(archive).hexdigest()
        if found != expected:
            raise TerraformMissingError(
                f"{base}/{name} is not what was published: its SHA-256 is {found}, expected was {expected}.",
                hint="Something between here and there changes downloads; nothing was installed.",
            )
        _install(_program(archive, f"{base}/{name}"), target)
    return target


def _platform() -> str:
    system, machine = _SYSTEMS.get(sys.platform), _MACHINES.get(platform.machine().lower())
    if system is None or machine is None:
        raise TerraformMissingError(
            f"There is no Terraform to download for {sys.platform} on {platform.machine()}.",
            hint="Install Terraform 1.5 or newer, and put it on PATH.",
        )
    return f"{system}_{machine}"


def _fetch(url: str) -> bytes:
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise PrerequisiteError(f"{url} is not downloaded: only https is.")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310 - the scheme is checked above
            return bytes(answer.read())
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise TerraformMissingError(
            f"Terraform cannot be downloaded from {url}: {error}.",
            hint="Install Terraform 1.5 or newer some other way, and put it on PATH. Behind a private "
            "certificate authority, set SSL_CERT_FILE to its bundle.",
        ) from error


def _published_sum(sums: bytes, name: str, base: str) -> str:
    for line in sums.decode("ascii", errors="replace").splitlines():
        digest, _, file = line.partition("  ")
        if file == name:
            return digest.lower()
    raise TerraformMissingError(f"The published sums at {base} hold none for {name}; nothing was installed.")


def _program(archive: bytes, url: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as content:
            return content.read("terraform")
    except (zipfile.BadZipFile, KeyError) as error:
        raise TerraformMissingError(f"{url} holds no terraform: {error}.") from error


def _install(program: bytes, target: Path) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".terraform.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(program)
        temporary.chmod(0o755)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
