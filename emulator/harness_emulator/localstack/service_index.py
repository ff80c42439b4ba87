"""LocalStack's index of AWS's services, by which it tells whose a request is: kept from start to start.

LocalStack makes it at the first request, into its data folder, out of botocore's description of every
service: three to five seconds of one processor. The harness's data folders are new at each start.
LocalStack's own images bring the index in their `/usr/lib/localstack`; here that folder is in this
interpreter's environment. Set-up and the image's Dockerfile fill it; elsewhere the first start does.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from pathlib import Path

KEPT = Path(sys.prefix, "var", "localstack", "usr", "lib", "localstack")
"""Where it is kept; its file's name holds the versions of LocalStack and of botocore."""


def use(filesystem: Path) -> None:
    """Let the LocalStack whose FILESYSTEM_ROOT is `filesystem` find what is kept; before it is imported."""
    if not KEPT.is_dir():
        return
    place = filesystem / "usr" / "lib" / "localstack"
    place.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        place.symlink_to(KEPT)


def keep() -> None:
    """Make the index now, unless it is there, and keep it where this user may write."""
    from localstack import config  # noqa: PLC0415 - LocalStack reads the environment when it is imported
    from localstack.aws.spec import get_service_catalog  # noqa: PLC0415 - the same

    get_service_catalog()
    for made in Path(config.dirs.cache).glob("service-catalog-*.dill"):
        with contextlib.suppress(OSError):
            KEPT.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=KEPT, prefix=".", delete=False) as copy:
                copy.write(made.read_bytes())
            shutil.copymode(made, copy.name)
            Path(copy.name).replace(KEPT / made.name)
