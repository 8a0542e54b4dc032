"""Paths as people type them: completed, taken apart where there are several, `~` for the home folder."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection
from itertools import islice
from pathlib import Path

_MOST_ENTRIES = 5_000
_MOST_COMPLETIONS = 50
_QUOTES = ('"', "'")


def at_home(typed: str) -> Path:
    """Return a typed path, with the home folder for ``~``; as it is if that is not known."""
    try:
        return Path(typed).expanduser()
    except RuntimeError:
        return Path(typed)


def complete_path(typed: str, *, base: Path, suffixes: Collection[str] = ()) -> tuple[str, ...]:
    """Return how a typed path may go on: folders, ending in a separator, and files with one of `suffixes`.

    A path that begins with no folder is looked for in `base`. Hidden files are left out until their dot is
    typed. A folder that cannot be read has nothing to offer.
    """
    if typed == "~":
        return (f"~{os.sep}",)
    start = os.path.split(typed)[1]
    above = typed[: len(typed) - len(start)]
    found: list[tuple[bool, str]] = []
    try:
        with os.scandir(base / at_home(above or ".")) as entries:
            for entry in islice(entries, _MOST_ENTRIES):
                if not entry.name.casefold().startswith(start.casefold()):
                    continue
                if entry.name.startswith(".") and not start.startswith("."):
                    continue
                if entry.is_dir():
                    found.append((not entry.name.startswith(start), f"{entry.name}{os.sep}"))
                elif Path(entry.name).suffix.lower() in suffixes:
                    found.append((not entry.name.startswith(start), entry.name))
    except (OSError, ValueError):
        return ()
    return tuple(f"{above}{name}" for _, name in sorted(found)[:_MOST_COMPLETIONS])


def complete_last_path(typed: str, *, base: Path, suffixes: Collection[str]) -> tuple[str, ...]:
    """Return how a line of several paths, as `split_paths` reads it, may go on.

    A line that is the beginning of one path is completed as that, spaces and all.
    """
    if not typed:
        return ()
    whole = () if typed[0] in _QUOTES else complete_path(typed, base=base, suffixes=suffixes)
    if whole:
        return whole
    start = _start_of_last(typed)
    before, last = typed[:start], typed[start:]
    quote = last[0] if last[:1] in _QUOTES else ""
    if not last.removeprefix(quote):
        return ()
    found = complete_path(last.removeprefix(quote), base=base, suffixes=suffixes)
    if quote:
        return tuple(
            f"{before}{quote}{path}{'' if path.endswith(('/', os.sep)) else quote}"
            for path in found
            if quote not in path
        )
    return tuple(f"{before}{path}" for path in found if not any(mark in path for mark in (" ", *_QUOTES)))


def split_paths(typed: str, *, base: Path) -> tuple[str, ...]:
    """Return the paths of a line: the whole line if that is one that is there, else its words as in a shell.

    Quotation marks hold a path with spaces together, and so does a backslash before each space where it does
    not part folders. A line with a quotation mark that is not closed is one path: most likely an apostrophe.
    """
    line = typed.strip()
    try:
        if line and (base / at_home(line)).exists():
            return (str(at_home(line)),)
    except (OSError, ValueError):
        pass
    try:
        return tuple(str(at_home(word)) for word in _words(line))
    except ValueError:
        return (str(at_home(line.lstrip("".join(_QUOTES)))),)


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    if os.sep == "\\":
        lexer.escape = ""
    return list(lexer)


def _start_of_last(typed: str) -> int:
    """Return where the last path of a line begins."""
    start, quote = 0, ""
    for place, mark in enumerate(typed):
        if quote:
            quote = "" if mark == quote else quote
        elif mark in _QUOTES:
            quote = mark
        elif mark == " ":
            start = place + 1
    return start
