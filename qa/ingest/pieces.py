"""Pieces of a page or a Markdown text on their way to blocks: words, what is emphasised, lists, dates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from qa.ingest.blocks import BlockWriter
from qa.ingest.text import clean
from qa.types import Emphasis, Form

_LONG_ITEM = 18
"""Words of a list item from which on it reads as a paragraph."""
_PRINTED_BULLET = re.compile(r"([-–—•·▪◦●■□◼◾‣⁃►➔➢➤✓✔\ue000-\uf8ff]|\((?:[a-z]|[ivx]{2,4})\)) (?=\S)")
_ISO_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?=$|[T\s])")
FOOTNOTE_CALL = re.compile(r"\[\^(?P<mark>[^\]\s]{1,80})\]")
"""Calls a footnote in Markdown."""


class Words:
    """The words of one block as they come in: white space folded, their emphasis, the footnotes called."""

    def __init__(self, words: str = "") -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._parted = False
        self._emphasis: list[Emphasis] = []
        self.calls: list[tuple[str, object]] = []
        self.add(words)

    @property
    def text(self) -> str:
        """The words so far."""
        return "".join(self._pieces)

    @property
    def emphasis(self) -> tuple[Emphasis, ...]:
        """The emphasised stretches of the text, in order."""
        return tuple(sorted(self._emphasis))

    def __bool__(self) -> bool:
        return self._length > 0

    def add(self, words: str, styles: Iterable[str] = ()) -> None:
        """Add words that follow those before at once, unless white space stands between."""
        framed = clean(f"x{words}x")  # the frame shows whether there is white space at the ends
        folded = framed[1:-1].strip()
        if not folded:
            self._parted = self._parted or " " in framed
            return
        if self._length and (self._parted or framed[1] == " "):
            self._put(" ")
        start = self._length
        self._put(folded)
        self._parted = framed[-2] == " "
        for style in sorted(set(styles)):
            self._emphasise(start, self._length, style)

    def append(self, other: Words) -> None:
        """Add the words of another block, with a space between."""
        if self._length and other:
            self._put(" ")
        self._emphasis += [
            Emphasis(e.start + self._length, e.end + self._length, e.style) for e in other.emphasis
        ]
        self._put(other.text)
        self.calls += other.calls

    def call(self, mark: str, note: object) -> None:
        """Add the call of a footnote."""
        self.calls.append((mark, note))

    def lead(self, opening: str) -> None:
        """Put words before those there are."""
        self._pieces.insert(0, opening)
        self._length += len(opening)
        self._shift(len(opening))

    def drop(self, length: int) -> None:
        """Take as many characters away from the beginning."""
        text = self.text[length:]
        self._pieces, self._length = [text], len(text)
        self._shift(-length)

    def _put(self, words: str) -> None:
        self._pieces.append(words)
        self._length += len(words)

    def _shift(self, by: int) -> None:
        self._emphasis = [
            Emphasis(max(0, e.start + by), e.end + by, e.style) for e in self._emphasis if e.end + by > 0
        ]

    def _emphasise(self, start: int, end: int, style: str) -> None:
        for place in range(len(self._emphasis) - 1, max(-1, len(self._emphasis) - 4), -1):
            before = self._emphasis[place]
            if (
                before.style == style and before.end >= start - 1
            ):  # "<em>a</em> <em>b</em>" shows as one stretch
                self._emphasis[place] = Emphasis(before.start, end, style)
                return
        self._emphasis.append(Emphasis(start, end, style))


@dataclass(slots=True)
class Piece:
    """A block in the making; `level` is that of a heading, or of an item, else 0."""

    form: Form
    words: Words = field(default_factory=Words)
    marker: str = ""
    level: int = 0
    gap: int = 1
    cells: Sequence[Words] = ()
    is_head: bool = False


def write_pieces(pieces: Iterable[Piece], notes: Mapping[Any, tuple[str, Words]]) -> BlockWriter:
    """Write the pieces of a file, each with the footnotes that it is the first to call right after it."""
    pieces = list(pieces)
    tells_headings = any(piece.form is Form.TEXT and piece.level for piece in pieces)
    writer, left = BlockWriter(), dict(notes)
    for piece in pieces:
        calls = [call for words in (piece.words, *piece.cells) for call in words.calls]
        marks = tuple(mark for mark, _ in calls)
        if piece.form is Form.ROW:
            emphasis, start = [], 0
            for cell in piece.cells:
                emphasis += [Emphasis(e.start + start, e.end + start, e.style) for e in cell.emphasis]
                start += len(cell.text) + 1
            cells = [cell.text for cell in piece.cells]
            writer.add_row(cells, gap=piece.gap, emphasis=tuple(emphasis), is_head=piece.is_head, calls=marks)
        else:
            words, form, marker = piece.words, piece.form, piece.marker
            level: int | None = piece.level
            if form is Form.TEXT and not level:
                if bullet := _PRINTED_BULLET.match(words.text):
                    form, marker, level = Form.ITEM, bullet[1], None
                    words.drop(bullet.end())
                elif not tells_headings or _is_bold_line(words):
                    level = None
            writer.add(
                form,
                words.text,
                emphasis=words.emphasis,
                gap=piece.gap,
                marker=marker,
                level=level,
                calls=marks,
            )
        while calls:
            _, key = calls.pop(0)
            if key in left:
                mark, words = left.pop(key)
                marks = tuple(mark for mark, _ in words.calls)
                writer.add(Form.NOTE, words.text, emphasis=words.emphasis, marker=mark, calls=marks)
                calls += words.calls
    for mark, words in left.values():
        writer.add(Form.NOTE, words.text, emphasis=words.emphasis, marker=mark)
    return writer


def holds_paragraphs(items: Sequence[str], *, goes_on: bool, after: Sequence[Piece]) -> bool:
    """Whether an outermost list numbered 1, 2, 3 holds paragraphs, given the words of each of its items."""
    led_in = any(piece.words.text.endswith(":") or piece.marker[:1].isdigit() for piece in after)
    return not led_in and (goes_on or sum(map(_is_paragraph, items)) * 2 >= max(1, len(items)))


def _is_paragraph(item: str) -> bool:
    """Whether an item is long, or a sentence."""
    words = item.split()
    if len(words) >= _LONG_ITEM:
        return True
    bare = FOOTNOTE_CALL.sub("", item).strip()
    return len(words) > 2 and bare[:1].isupper() and bare.rstrip("\"'”’)]").endswith((".", "?", "!"))


def iso_date(written: str) -> str | None:
    """Return the date that an ISO date or time begins with, or none."""
    match = _ISO_DATE.match(written.strip())
    if match is None:
        return None
    try:
        date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return None
    return match.group()


def _is_bold_line(words: Words) -> bool:
    """Whether a text is set as a heading is, by a page that may have real headings for its titles only."""
    whole = any(e.style == "strong" and e.end - e.start == len(words.text) for e in words.emphasis)
    return whole and len(words.text.split()) < _LONG_ITEM
