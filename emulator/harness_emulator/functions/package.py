"""Deployment packages, unzipped where LocalStack expects them, and layers beside them."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING

from localstack.services.lambda_.invocation.lambda_models import S3Code

from harness.model.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

MODE = 0o755


def unzip(function: FunctionVersion) -> None:
    """Unzip the code of a version and its layers, if that is not done yet.

    LocalStack would call the program `unzip` where there is one, and go on with whatever a damaged package
    has left behind.

    Raises:
        PackageError: The package is damaged.
    """
    code = function.config.code
    if not isinstance(code, S3Code):
        code.prepare_for_execution()
        return
    layers = [layer.code for layer in function.config.layers if isinstance(layer.code, S3Code)]
    with code._disk_lock:  # noqa: SLF001 - LocalStack's own unzipping takes it too
        _unzip(function, [code], Path(code.get_unzipped_code_location()))
        if (folder := layers_folder(function)) is not None:
            _unzip(function, layers, folder)


def layers_folder(function: FunctionVersion) -> Path | None:
    """What stands for /opt: the content of the version's layers; None where it has none."""
    arns = [layer.layer_version_arn for layer in function.config.layers]
    code = function.config.code
    if not arns or not isinstance(code, S3Code):
        return None
    digest = hashlib.sha256(json.dumps(arns).encode()).hexdigest()[:12]
    return Path(code.get_unzipped_code_location()).with_name(f"opt-{digest}")


def _unzip(function: FunctionVersion, codes: Sequence[S3Code], target: Path) -> None:
    """Unzip one over the other: of files of one name, the last one stays."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=target.parent))
    try:
        links: dict[Path, str] = {}
        for code in codes:
            with tempfile.TemporaryFile() as archive:
                code._download_archive_to_file(archive)  # noqa: SLF001 - there is no public way to the bytes
                _extract(archive, unfinished, links)
        for path, text in links.items():  # at last, so that nothing is written through one
            path.unlink()
            path.symlink_to(text)
        unfinished.rename(target)
    except (
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        name = function.id.function_name
        raise PackageError(f"The deployment package of {name} cannot be unzipped: {error}") from error


def _extract(archive: IO[bytes], folder: Path, links: dict[Path, str]) -> None:
    """Extract all; what is to become a link, as libraries in layers are, goes into `links`."""
    folder.chmod(MODE)
    with zipfile.ZipFile(archive) as package:
        for member in package.infolist():
            path = Path(package.extract(member, folder))
            links.pop(path, None)
            if stat.S_ISLNK(member.external_attr >> 16):
                links[path] = path.read_text(encoding="utf-8")
            else:
                path.chmod(MODE)
