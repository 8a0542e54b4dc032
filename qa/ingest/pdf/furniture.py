"""Running headers and footers and page numbers, told from the text by where and how often they stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from qa.ingest.pdf.lines import Line

_TOP_BAND, _BOTTOM_BAND = 0.14, 0.86
"""Shares of a page's height above and below which headers and footers stand."""

_PAGE_NUMBER_BAND = 0.09
_NEAR = 10.0
_SHARE = 0.25
"""Share of the pages that a running header stands on at least; it may differ on left and right pages."""

_FEWEST_PAGES = 3
_NUMBER = re.compile(r"(?:page\s*)?(\d{1,4}|[ivxlc]{1,7})(?:\s*(?:of|/)\s*\d{1,4})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Furniture:
    """The lines of a page that are no text, with the reason, and the number printed on the page."""

    lines: tuple[tuple[str, Line], ...]
    label: str | None


def find_furniture(pages: Sequence[tuple[Sequence[Line], float]]) -> list[Furniture]:
    """Return what is no text on each page, given its lines from the top and its height."""
    repeated: Counter[tuple[str, int, bool]] = Counter()
    for lines, height in pages:
        keys = {
            key
            for line in lines
            if (at_top := _band(line, height)) is not None
            for key in _keys(line, at_top)
        }
        repeated.update(keys)
    needed = max(2 if len(pages) < 6 else _FEWEST_PAGES, len(pages) * _SHARE)
    offsets = Counter(
        int(printed) - number
        for number, (lines, height) in enumerate(pages, start=1)
        for line in lines
        if _band(line, height) is not None and (printed := _printed_number(line)) and printed.isdigit()
    )
    # More than one where the pages of a letter or an annex are counted for themselves.
    usual = frozenset(offset for offset, count in offsets.items() if count > 1)
    return [
        _of_page(lines, height, number, repeated, needed, usual)
        for number, (lines, height) in enumerate(pages, start=1)
    ]


def is_in_band(top: float, bottom: float, *, height: float) -> bool:
    """Whether something stands wholly where headers do, or wholly where footers do."""
    return bottom < _TOP_BAND * height or top > _BOTTOM_BAND * height


def repeated_on_pages(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return of each page those lines that stand on many others too, wherever they stand."""
    words = [[re.sub(r"\d+", "#", line.text.casefold()) for line in lines] for lines in pages]
    counted = Counter(each for on_page in words for each in set(on_page))
    needed = max(_FEWEST_PAGES, len(pages) * _SHARE)
    return [
        [line for line, each in zip(lines, on_page, strict=True) if counted[each] >= needed]
        for lines, on_page in zip(pages, words, strict=True)
    ]


def _of_page(
    lines: Sequence[Line],
    height: float,
    number: int,
    repeated: Counter[tuple[str, int, bool]],
    needed: float,
    usual: frozenset[int],
) -> Furniture:
    dropped: list[tuple[str, Line]] = []
    label: str | None = None
    for at_top in (True, False):
        # From the edge inwards: what stands behind a line of the text is text.
        for line in lines if at_top else reversed(lines):
            if _band(line, height) is not at_top:
                break
            printed = _printed_number(line)
            is_number = printed is not None and _is_page_number(line, printed, height, number, usual)
            is_repeated = any(repeated[key] >= needed for key in _keys(line, at_top))
            if not (is_number or is_repeated):
                break
            if printed is not None and (is_number or _fits(printed, number, usual)):
                label = label or printed
            alone = printed is not None and _NUMBER.fullmatch(_bare(line.text)) is not None
            dropped.append(("page number" if alone else "header" if at_top else "footer", line))
    return Furniture(tuple(dropped), label)


def _band(line: Line, height: float) -> bool | None:
    """Whether a line stands where headers do (true) or where footers do (false); none if in between."""
    if line.y < _TOP_BAND * height:
        return True
    return False if line.y > _BOTTOM_BAND * height else None


def _keys(line: Line, at_top: bool) -> set[tuple[str, int, bool]]:
    """Return by what a line is known on other pages: its words without figures, and about where it stands."""
    words = re.sub(r"\d+", "#", line.text.casefold())
    place = round(line.y / _NEAR)
    return (
        {(words, near, at_top) for near in (place - 1, place, place + 1)}
        if re.search(r"\w", words)
        else set()
    )


def _printed_number(line: Line) -> str | None:
    """Return the page number that stands alone on a line, or at one of its ends, apart from the rest."""
    whole = _NUMBER.fullmatch(_bare(line.text))
    if whole:
        return whole[1]
    if len(line.segments) > 1:
        for segment in (line.segments[-1], line.segments[0]):
            if match := _NUMBER.fullmatch(_bare(segment.text)):
                return match[1]
    return None


def _bare(text: str) -> str:
    return re.sub(r"^[-–—|\s]+|[-–—|\s]+$", "", text)


def _fits(printed: str, number: int, usual: frozenset[int]) -> bool:
    return not printed.isdigit() or not usual or int(printed) - number in usual


def _is_page_number(line: Line, printed: str, height: float, number: int, usual: frozenset[int]) -> bool:
    """Whether a number alone on a line counts the pages: as those of other pages do, or at the very edge."""
    if len(line.segments) > 1 or not _NUMBER.fullmatch(_bare(line.text)):
        return False
    at_edge = not _PAGE_NUMBER_BAND * height < line.y < (1 - _PAGE_NUMBER_BAND) * height
    if not printed.isdigit():
        return at_edge
    return int(printed) - number in usual if usual else at_edge
