"""Zips that are reproducible: the same files give the same bytes, on any machine and at any time."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zipfile
import zlib
from typing import TYPE_CHECKING

from harness.model.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
LEVEL = 9
UNIX = 3


def build_zip(files: Mapping[str, bytes | Path]) -> bytes:
    """A zip of `files` (name in the zip, with `/`, to content or file), in the order of their names.

    Times are 1 January 1980; modes are 0755 for what its owner may execute, 0644 for the rest.

    Raises:
        PackageError: A file cannot be read.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for name in sorted(files):
            content, mode = read_file(files[name])
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = UNIX
            entry.external_attr = (stat.S_IFREG | mode) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, LEVEL)
    return buffer.getvalue()


def fingerprint(files: Mapping[str, bytes | Path]) -> str:
    """SHA-256, in hexadecimal, of everything that `build_zip(files)` depends on; nothing is compressed."""
    digest = hashlib.sha256(f"{LEVEL} {EPOCH} {zlib.ZLIB_RUNTIME_VERSION}".encode())
    for name in sorted(files):
        content, mode = read_file(files[name])
        digest.update(f"\0{name}\0{mode:o}\0{hashlib.sha256(content).hexdigest()}".encode())
    return digest.hexdigest()


def read_file(file: bytes | Path) -> tuple[bytes, int]:
    """A file's content, and the mode that it has in a zip."""
    if isinstance(file, bytes):
        return file, 0o644
    try:
        return file.read_bytes(), 0o755 if file.stat().st_mode & stat.S_IXUSR else 0o644
    except OSError as error:
        raise PackageError(f"{file} cannot be read: {error.strerror}.") from error


def read_package(path: Path) -> str:
    """Check that `path` is a deployment package that Lambda can unpack; return its SHA-256 in hexadecimal.

    Raises:
        PackageError: It is missing, not a zip, damaged or empty, or a name in it leads outside of it.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise PackageError(f"The package {path} is missing.", hint="Make it with: harness package") from None
    except OSError as error:
        raise PackageError(f"The package {path} cannot be read: {error.strerror}.") from error
    hint = "Make it again with: harness package"
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            damaged = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise PackageError(f"The package {path} is not a readable zip: {error}.", hint=hint) from error
    if damaged is not None:
        raise PackageError(
            f"The package {path} is damaged: {damaged} does not match its checksum.", hint=hint
        )
    if not names:
        raise PackageError(f"The package {path} is empty.", hint=hint)
    for name in names:
        if name.startswith("/") or ".." in name.split("/"):
            raise PackageError(f"The package {path} holds {name!r}, which leads outside of it.", hint=hint)
    return hashlib.sha256(content).hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file: readers see the old content or the new, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise PackageError(f"{path} cannot be written: {error.strerror}.") from error
