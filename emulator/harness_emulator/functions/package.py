"""Deployment packages, unzipped where LocalStack expects them."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING

from localstack.services.lambda_.invocation.lambda_models import S3Code

from harness.model.errors import PackageError

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

MODE = 0o755


def unzip(function: FunctionVersion) -> None:
    """Unzip the code of a version, if that is not done yet.

    LocalStack would call the program `unzip` where there is one, and go on with whatever a damaged package
    has left behind.

    Raises:
        PackageError: The package is damaged.
    """
    code = function.config.code
    if not isinstance(code, S3Code):
        code.prepare_for_execution()
        return
    target = Path(code.get_unzipped_code_location())
    with code._disk_lock:  # noqa: SLF001 - LocalStack's own unzipping takes it too
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=target.parent))
        try:
            with tempfile.TemporaryFile() as archive:
                code._download_archive_to_file(archive)  # noqa: SLF001 - there is no public way to the bytes
                _extract(archive, unfinished)
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


def _extract(archive: IO[bytes], folder: Path) -> None:
    folder.chmod(MODE)
    with zipfile.ZipFile(archive) as package:
        for member in package.infolist():
            Path(package.extract(member, folder)).chmod(MODE)
