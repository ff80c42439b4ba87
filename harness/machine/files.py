"""Files that other processes may read while they are written, and locks between processes."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace `path` by `content`: a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; other threads and processes that want it wait. It ends with this process."""
    from filelock import FileLock  # noqa: PLC0415 - 30 ms that `harness --help` does without

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path):
        yield
