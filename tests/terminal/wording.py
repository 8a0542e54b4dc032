"""What the app shows, in one place: the words that tests and benchmarks look for, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Sequence

HEADER = "qa"
"""How the first row begins."""

EMPTY_BOX = "Ask the reports..."
READY = "model ready"
COPIED = "Copied: "
HELP = "Anywhere"
"""A heading of the help."""

VERDICTS = ("Strong:", "Possible:", "Uncalibrated:", "Nothing in these reports")
"""How what is said of a whole answer begins; passages that only hold the words are shown without it."""

KEYS_GO_ELSEWHERE, KEYS_GO_HERE = MARKS = "▌█"
"""What stands at the left edge before the highlighted passage, as keys go to the question box or to it."""

TOO_LONG = "The question has 10,"
NOT_OPENED = "The reports could not be opened."
NOT_ASKED = "Error: not asked"
MENDING = "Press F9"
"""What mends a damaged index."""

_CHARACTERS_IN_A_ROW = 25
"""How much of a question stands in one row, however narrow its column is."""

_IN_BOX = re.compile(r"[│┃ ]*> (.*?)[│┃ ]*$")
_BETWEEN_PANES = re.compile("[│┃]")
_FIRST_PASSAGE = re.compile(rf"[{MARKS} ] {{1,2}}1 \S")


def box(rows: Sequence[str]) -> str | None:
    """Return what stands in the question box: what is typed, or what it says while it is empty."""
    found = [match[1] for row in rows if (match := _IN_BOX.match(row))]
    return found[-1] if found else None


def painted(rows: Sequence[str]) -> bool:
    """The header and the question box are on the screen."""
    return rows[0].strip().startswith(HEADER) and box(rows) is not None


def drawn_for(rows: Sequence[str], columns: int, lines: int) -> bool:
    """The screen is the app's own for a size, not what a terminal left of that for another one."""
    fits = len(rows) == lines and all(len(row) <= columns for row in rows)
    return fits and bool(rows[-1].strip()) and painted(rows)


def highlighted(rows: Sequence[str]) -> str:
    """Return the lines of the highlighted passage as one, or nothing if it is not on the screen."""
    lines = [_BETWEEN_PANES.split(row[1:])[0] for row in rows if row[:1] in tuple(MARKS)]
    return " ".join(" ".join(lines).split())


def highlighted_rank(rows: Sequence[str]) -> int | None:
    """Return the rank of the highlighted passage, or none if it is not on the screen."""
    first = highlighted(rows).partition(" ")[0]
    return int(first) if first.isdecimal() else None


def in_passages(rows: Sequence[str]) -> bool:
    """Keys go to the passages."""
    return any(row.startswith(KEYS_GO_HERE) for row in rows)


def in_box(rows: Sequence[str]) -> bool:
    """Keys go to the question box, while a passage is highlighted."""
    return any(row.startswith(KEYS_GO_ELSEWHERE) for row in rows)


def in_reader(rows: Sequence[str]) -> bool:
    """Keys go to the reader: the line between the panes is broad, or it stands in front by itself."""
    if any("┃" in row[1:-1] for row in rows):
        return not in_passages(rows)
    return not any(row.startswith((*MARKS, "Q")) or "│" in row[1:-1] for row in rows)


def ready(rows: Sequence[str]) -> bool:
    """The app has loaded what it answers with: the header says so, or where it is narrow the status line."""
    return any(READY in row or row.strip() == "Ready." for row in rows)


def below(rows: Sequence[str], question: str) -> Sequence[str]:
    """Return the rows below the newest place on the screen where a question stands, the box left out."""
    begins = question[:_CHARACTERS_IN_A_ROW]
    if len(question) > len(begins):
        begins = begins.rpartition(" ")[0] or begins
    found = [place for place, row in enumerate(rows) if begins in row and not _IN_BOX.match(row)]
    return rows[found[-1] + 1 :] if found else ()


def lists_passages(rows: Sequence[str]) -> bool:
    """The first passage of an answer is on the screen, be it the last word on the question or not."""
    return any(_FIRST_PASSAGE.match(row) for row in rows)


def answered(rows: Sequence[str]) -> bool:
    """An answer with its verdict is on the screen."""
    return any(verdict in row for row in rows for verdict in VERDICTS)
