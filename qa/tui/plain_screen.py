"""The plain screen, for the moment an app has stepped back from it: any terminal can copy from there."""

from __future__ import annotations

import sys

from qa.cite import printable


def show_plainly(text: str) -> None:
    """Show `text` as plain lines and wait for Enter."""
    sys.stdout.write(f"\n{printable(text)}\n\nPress Enter to go back to qa. ")
    sys.stdout.flush()
    sys.stdin.readline()
