"""Files of the user's own: changed by one process at a time, and replaced as a whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes from changing files in a folder meanwhile, where the system can do that.

    Some network folders know no locks: of two changes in one moment, one may then be lost.
    """
    if sys.platform == "win32":
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        with suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


def put_in_place(target: Path, data: bytes, *, mode: int = 0o600, prefix: str) -> None:
    """Write a whole file beside `target`, then let it take its name.

    Parameters
    ----------
    target
        The file, which need not be there.
    data
        What it holds from then on.
    mode
        Who may read and write it.
    prefix
        How the name of the file begins while it is written, so that what a kill leaves is known.

    Raises
    ------
    OSError
        If it cannot be written; `target` is as it was.
    """
    handle, name = tempfile.mkstemp(prefix=prefix, dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
