"""Report and user text made fit to show: never markup, never terminal controls, offsets kept."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from qa.cite import PATH_SEPARATOR, printable
from qa.tui.marks import UNICODE_MARKS, Marks
from qa.types import CitedPassage, Kind, Passage, Span

HIGHLIGHT = "bold underline"
_EMPHASIS = {"em": "italic", "strong": "bold"}
_MOST_BEFORE_MATCH = 40
_BEFORE_MATCH = 20
"""Characters of a sentence before the words that match."""

_SPACES = str.maketrans("\n\t", "  ")


def one_line(text: str) -> str:
    """Return `text` printable on one line, character for character, so that offsets into it still hold."""
    return printable(text).translate(_SPACES)


def words(text: str, style: str = "", *, lines: bool = False) -> Content:
    """Return `text` as content that is never read as markup, on one line unless `lines` are to be kept."""
    content = Content("\n".join(map(one_line, text.split("\n"))) if lines else one_line(text))
    return content.stylize(style) if style else content


def passage_words(passage: Passage, highlights: Sequence[Span] = ()) -> Content:
    """Return what people read of a passage, with its printed emphasis and the matching sentences marked."""
    content = words(passage.shown)
    if passage.reading is None:
        for start, end, style in passage.emphasis:
            content = content.stylize(_EMPHASIS.get(style, ""), start, end)
    for start, end in highlights:
        content = content.stylize(HIGHLIGHT, start, end)
    return content


def margin_mark(passage: Passage, marks: Marks) -> str:
    """Return what stands in the margin: the printed number, a footnote's mark, a bullet's dot, or nothing."""
    if passage.number is not None:
        return one_line(passage.number)
    if passage.kind is Kind.FOOTNOTE:
        return one_line(passage.marker or "")
    return marks.bullet if passage.kind is Kind.BULLET else ""


def place(cited: CitedPassage, marks: Marks = UNICODE_MARKS) -> str:
    """Return the short form of a citation: the report's short title and where in it the passage stands."""
    return f"{cited.report.short_title}, {_with_marks(cited.locator, marks)}"


def excerpt(cited: CitedPassage, marks: Marks) -> str:
    """Return what people read of a passage from the sentence of its first match, if it begins shortly before.

    Else some words before the match are shown.
    """
    match = min((start for start, _ in cited.shown_highlights), default=0)
    sentence = cited.shown.rfind(". ", 0, match) + len(". ") if ". " in cited.shown[:match] else 0
    start = sentence
    if match - sentence > _MOST_BEFORE_MATCH:
        start = cited.shown.find(" ", match - _BEFORE_MATCH, match) + 1 or match
    return f"{marks.cut}{cited.shown[start:]}" if start else cited.shown


def place_in_section(cited: CitedPassage, marks: Marks) -> str:
    """Return where a passage stands, without the headings above it: ``"para 28, p. 12"``."""
    return _with_marks(cited.locator.removeprefix(f"{PATH_SEPARATOR.join(cited.section)}, "), marks)


def heading_path(cited: CitedPassage, marks: Marks) -> str:
    """Return the report's short title and the headings above a passage, outermost first."""
    return marks.path.join([cited.report.short_title, *cited.section])


def shortened(text: str, length: int) -> str:
    """Return `text` on one line, cut with dots after `length` characters."""
    line = one_line(text)
    return line if len(line) <= length else f"{line[: length - 3].rstrip()}..."


def _with_marks(locator: str, marks: Marks) -> str:
    before, after = marks.quotes
    return locator.replace(PATH_SEPARATOR, marks.path).replace("“", before).replace("”", after)
