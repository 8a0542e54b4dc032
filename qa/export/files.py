"""An export written to a file: whole or not at all, and never over another unasked."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from qa.errors import ExportError, FileExistsAlreadyError


def write_export(data: bytes, path: Path, *, replace: bool = False) -> Path:
    """Write the content of an export to a file.

    It is written beside its place and put there when it is whole, so that a full disk or a kill leaves a file
    that was there as it was. A link that is replaced stays, and what it leads to is replaced.

    Parameters
    ----------
    data
        The content.
    path
        The file; ``~`` stands for the home folder. Its folder must be there.
    replace
        Whether a file that is there is replaced.

    Returns
    -------
    Path
        The absolute path.

    Raises
    ------
    FileExistsAlreadyError
        If there is a file, or a link, of that name, and `replace` is not given.
    ExportError
        If it cannot be written there.
    """
    try:
        path = path.expanduser().absolute()
        _put(data, path, replace=replace)
    except FileExistsError:
        raise FileExistsAlreadyError(
            f"{path} is there already; give another name, or say to replace it"
        ) from None
    except PermissionError as error:
        raise ExportError(
            f"{path} cannot be written: permission is denied; choose another file or folder"
        ) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ExportError(f"{path} cannot be written ({reason}); check its folder and free space") from error
    except (ValueError, RuntimeError) as error:
        # A name with a null character or half a character; a home folder that is not known.
        raise ExportError(f"{path} cannot be the name of a file ({error}); give another name") from error
    return path


def _put(data: bytes, path: Path, *, replace: bool) -> None:
    if path.is_dir():
        raise ExportError(f"{path} is a folder; give the name of a file in it")
    if not path.parent.is_dir():
        raise ExportError(f"There is no folder {path.parent}; make it, or choose another")
    if not replace:
        with _whole(data, path.parent) as partial:
            _take_the_name(partial, path)
        return
    path = Path(os.path.realpath(path))
    mode = None
    with suppress(FileNotFoundError):
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise ExportError(f"{path} is no ordinary file; choose another name")
        with path.open("r+b"):
            pass  # whoever protects a file from being written to does not want it replaced either
    with _whole(data, path.parent) as partial:
        if mode is not None:
            partial.chmod(stat.S_IMODE(mode))
        partial.replace(path)


@contextmanager
def _whole(data: bytes, folder: Path) -> Iterator[Path]:
    """Write the content to a hidden file of a name of its own, which is free again afterwards."""
    partial = folder / f".qa-{secrets.token_hex(8)}.partial"
    try:
        if not _named_when_whole(data, partial):
            with partial.open("xb") as file:
                _fill(file, data)
        yield partial
    finally:
        with suppress(OSError):
            partial.unlink()


def _named_when_whole(data: bytes, partial: Path) -> bool:
    """Write a file that has no name before it is whole, so that a kill leaves nothing; false if it fails."""
    nameless = getattr(os, "O_TMPFILE", None)
    if nameless is None:
        return False
    try:
        descriptor = os.open(partial.parent, nameless | os.O_WRONLY, 0o666)
    except OSError:  # not on every file system; any other reason is met again when it is tried by name
        return False
    with open(descriptor, "wb") as file:  # noqa: PTH123 - it has no path
        _fill(file, data)
        try:
            # The folder is not needed to find the source, but only with one are links followed.
            os.link(f"/proc/self/fd/{descriptor}", partial, src_dir_fd=descriptor, follow_symlinks=True)
        except OSError:
            return False
    return True


def _fill(file: BinaryIO, data: bytes) -> None:
    file.write(data)
    file.flush()
    os.fsync(file.fileno())


def _take_the_name(partial: Path, path: Path) -> None:
    """Give a file its name if that is free, and raise `FileExistsError` if it is not, whoever is quicker."""
    try:
        os.link(partial, path)
    except FileExistsError:
        raise
    except OSError:  # a file system on which a file has one name only
        path.touch(exist_ok=False)
        try:
            partial.replace(path)
        except OSError:
            path.unlink()
            raise
