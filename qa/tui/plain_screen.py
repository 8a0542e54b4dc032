"""The plain screen, for the moment an app has stepped back from it: any terminal can copy from there."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from qa.cite import printable

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


def show_plainly(text: str) -> None:
    """Show `text` as plain lines and wait for Enter or ctrl+c; other signals are heeded at once."""
    with _broken_off_by_signals():
        sys.stdout.write(f"\n{printable(text)}\n\nPress Enter to go back to qa. ")
        sys.stdout.flush()
        sys.stdin.readline()


class _BrokenOffError(Exception):
    """Raised by a signal into what waits."""


@contextmanager
def _broken_off_by_signals() -> Iterator[None]:
    """Let signals break off what blocks: the loop that takes them otherwise stands still meanwhile."""
    heard: list[int] = []

    def break_off(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        if len(heard) == 1:
            raise _BrokenOffError

    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, break_off) for number in numbers}
    try:
        yield
    except _BrokenOffError:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for number in set(heard) - {signal.SIGINT}:
        signal.raise_signal(number)
