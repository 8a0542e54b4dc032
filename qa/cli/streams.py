"""The standard streams: results go to stdout, all else to stderr; one that is closed does no harm."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

from qa.cite import on_one_line


def make_ready() -> None:
    """Open streams that whoever started us has closed; let none fail for a letter it cannot hold."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - for as long as we run
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def unicode_of(text: str) -> str:
    """Return an argument without the bytes that are no UTF-8."""
    return text.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="replace")


def say(sentence: str) -> None:
    """Say a sentence on stderr."""
    say_plainly(f"qa: {on_one_line(sentence)}")


def say_plainly(text: str) -> None:
    """Print a text of lines on stderr."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        # Nobody can be told; the exit code still tells.
        discard(sys.stderr)


def discard(stream: TextIO) -> None:
    """Send what is written to a stream from now on, and what it still holds, nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
