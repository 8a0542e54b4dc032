"""Questions asked before, kept for this user alone: one line of JSON a question.

A question is appended in one write, so several processes can do so at once. A file that has grown large is
replaced by its newest questions; lines that are no questions are put aside then, not thrown away.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from qa.errors import HistoryError
from qa.user_files import alone_in, put_in_place

STATE_VARIABLE = "QA_STATE"
"""Names another folder for the history than the user's state folder."""

MOST_QUESTIONS = 1_000
"""How many questions are told."""

_NAME = "history.jsonl"
_DAMAGED = "history.damaged"
_TEMPORARY = ".history-"
_LARGE = 2 << 20
"""The size in bytes from which a file is replaced by a smaller one."""

_MOST_KEPT = 5_000
_MOST_KEPT_BYTES = 1 << 20
_MOST_READ_BYTES = 4 << 20
"""What is read of a file that something else has made very large, counted from its end."""


class History:
    """The questions of one user.

    Parameters
    ----------
    path
        The file, which is made with the first question; none to remember this run's questions only.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._unwritten: list[str] = []

    def questions(self) -> tuple[str, ...]:
        """Return the newest questions, oldest first, each once: in its latest place.

        It reads the file, so an app calls it in a thread.

        Raises
        ------
        HistoryError
            If there is a file that cannot be read.
        """
        newest = list(dict.fromkeys(reversed(self._unwritten)))
        if self._path is not None:
            newest = _distinct(newest, _newest_in(_tail(self._path)))
        return tuple(reversed(newest[:MOST_QUESTIONS]))

    def add(self, question: str) -> None:
        """Remember a question; one without a word is passed over.

        Raises
        ------
        HistoryError
            If it cannot be written to the file; it is remembered in this run all the same.
        """
        if not question.strip():
            return
        if self._path is None:
            self._unwritten.append(question)
            return
        try:
            size = _append(self._path, question)
        except OSError as error:
            self._unwritten.append(question)
            raise HistoryError(
                f"{self._path} cannot be written ({error.strerror or error}); check its folder and free space"
            ) from error
        if size > _LARGE:
            # The question is written; if there is no room to tidy up, the next one tries again.
            with suppress(OSError):
                _compact(self._path)

    @staticmethod
    def clear(path: Path) -> int:
        """Remove the file and what was put aside of it; return how many questions were in it.

        Raises
        ------
        HistoryError
            If it cannot be removed.
        """
        try:
            target = _target(path)
            if not target.parent.is_dir():
                return 0
            with alone_in(target.parent):
                questions = {question for line in _lines(target) if (question := _question(line)) is not None}
                if target.is_file():
                    target.unlink()
                target.with_name(_DAMAGED).unlink(missing_ok=True)
                _remove_left_over(target.parent)
        except OSError as error:
            raise HistoryError(
                f"{path} cannot be removed ({error.strerror or error}); check its permissions"
            ) from error
        return len(questions)


def history_file() -> Path:
    """Return where the history is kept, whether or not there is such a file."""
    from platformdirs import user_state_path

    named = os.environ.get(STATE_VARIABLE)
    return (Path(named) if named else user_state_path("qa", appauthor=False)) / _NAME


# Reading


def _newest_in(data: bytes) -> Iterator[str]:
    """Yield the questions in lines of JSON, newest first; what is none is passed over.

    Lines that end alike, question and all, are parsed once: a question asked every day costs next to nothing.
    """
    seen = set()
    for line in reversed(data.split(b"\n")):
        place = line.find(b'"question"')
        if place < 0 or line[place:] in seen:
            continue
        seen.add(line[place:])
        question = _question(line)
        if question is not None:
            yield question


def _question(line: bytes) -> str | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    question = entry.get("question") if isinstance(entry, dict) else None
    return question if isinstance(question, str) else None


def _distinct(newest: Iterable[str], older: Iterable[str]) -> list[str]:
    """Return questions newest first, each once, no more of `older` than are told."""
    found = dict.fromkeys(newest)
    for question in older:
        if len(found) >= MOST_QUESTIONS:
            break
        found.setdefault(question)
    return list(found)


def _tail(path: Path) -> bytes:
    """Return the last whole lines of a file, as many as are worth reading; nothing if there is no file."""
    try:
        with os.fdopen(_opened(path, os.O_RDONLY), "rb") as file:
            start = max(0, file.seek(0, os.SEEK_END) - _MOST_READ_BYTES)
            file.seek(start)
            data = file.read(_MOST_READ_BYTES)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise HistoryError(
            f"{path} cannot be read ({error.strerror or error}); check its permissions"
        ) from error
    return data.partition(b"\n")[2] if start else data


def _lines(path: Path) -> list[bytes]:
    try:
        with os.fdopen(_opened(path, os.O_RDONLY), "rb") as file:
            return [line for line in file.read().split(b"\n") if line.strip()]
    except FileNotFoundError:
        return []


# Writing


def _append(path: Path, question: str) -> int:
    """Write a question as the last line; return the size of the file in bytes."""
    entry = {"asked": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "question": question}
    line = json.dumps(entry).encode("ascii") + b"\n"
    target = _target(path)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _make_private(target.parent)
    with alone_in(target.parent):
        handle = _opened(target, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        try:
            status = os.fstat(handle)
            if stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
                target.chmod(0o600)
            if status.st_size and os.lseek(handle, -1, os.SEEK_END) >= 0 and os.read(handle, 1) != b"\n":
                # A line that a full disk or a power cut broke off must not take this one with it.
                line = b"\n" + line
            if os.write(handle, line) < len(line):
                raise OSError("no room for the whole line")
            return os.fstat(handle).st_size
        finally:
            os.close(handle)


def _compact(path: Path) -> None:
    """Replace a large file by its newest questions, and put aside the lines that are none."""
    target = _target(path)
    with alone_in(target.parent):
        if target.stat().st_size <= _LARGE:
            return  # Another process has done it.
        kept: dict[str, bytes] = {}
        damaged: list[bytes] = []
        room = _MOST_KEPT_BYTES
        for line in reversed(_lines(target)):
            question = _question(line)
            if question is None:
                damaged.append(line)
            elif question not in kept and len(kept) < _MOST_KEPT and len(line) < room:
                kept[question] = line
                room -= len(line) + 1
        _remove_left_over(target.parent)
        if damaged:
            _put_aside(target.with_name(_DAMAGED), reversed(damaged))
        whole = b"".join(line + b"\n" for line in reversed(kept.values()))
        put_in_place(target, whole, prefix=_TEMPORARY)


def _remove_left_over(folder: Path) -> None:
    """Remove what a process that was killed left half written."""
    for path in folder.glob(f"{_TEMPORARY}*"):
        path.unlink(missing_ok=True)


def _put_aside(path: Path, lines: Iterable[bytes]) -> None:
    with os.fdopen(_opened(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "wb") as file:
        file.writelines(line + b"\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())


# The file and its folder


def _target(path: Path) -> Path:
    """Return the file itself, wherever links lead."""
    try:
        return path.resolve()
    except RuntimeError as error:
        raise OSError("links lead round in a circle") from error


def _opened(path: Path, flags: int) -> int:
    """Return a handle of a file for this user alone; never wait for the other end of a pipe."""
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0), 0o600)
    status = os.fstat(handle)
    # People who want no history may have linked it to the null device.
    if stat.S_ISREG(status.st_mode) or os.path.samestat(status, Path(os.devnull).stat()):
        return handle
    os.close(handle)
    raise OSError("it is not a file")


def _make_private(folder: Path) -> None:
    """Close the folder to other users if it is there for the history only; other folders are left alone."""
    if not folder.stat().st_mode & 0o077:
        return
    if all(name.name.startswith(("history.", _TEMPORARY)) for name in folder.iterdir()):
        with suppress(PermissionError):
            folder.chmod(0o700)
