"""Headings without markup: which lines are headings, and which stand under which.

Signs used: how a line is set and worded, what follows it, the contents list, and which headings come again.
No heading of any report is known here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from qa.types import Block, Form

_LONGEST_HEADING = 18
"""Words in the longest line taken for a heading."""

_DEEPEST = 4
_MOST_WITHOUT_PAGE = 2
"""Entries of a contents list that may follow each other without a page number."""

_CONTENTS_TITLE = re.compile(r"(?:table of )?contents(?: page)?:?", re.IGNORECASE)
_CONTENTS_ENTRY = re.compile(
    r"(?P<title>.*?[^\W\d_].*?)(?:\s*[.…·]{2,}\s*|\t+|\s+)(?:p(?:age)?\.?\s*)?(?P<page>\d{1,3}|[ivx]{1,5})"
)
_DOTS_BEFORE_A_PAGE = re.compile(r"\.\s?\.\s?\.\s?\.\s*\d{1,3}$")
"""Stands in every dotted entry; soon looked for, where the whole pattern takes long on a long paragraph."""

_DOTTED_ENTRY = re.compile(r".*[^\W\d_].*?(?:\.\s?){4,}\s*\d{1,3}")
_PART = re.compile(
    r"(?P<name>(?:annex|annexe|appendix|part|chapter|schedule)(?:\s+(?:\d{1,2}|[A-Z]|[IVX]{1,5})\b)?)(?=\s*(?:[:.–—-]|$|\s))",
    re.IGNORECASE,
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*"
_DATE = re.compile(
    rf"(?:\w+day,? )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH},? \d{{4}}|{_MONTH} \d{{4}}"
    r"|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"@|https?://|www\.|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|\b0\d{2,4}[ \d]{6,}")
_HEADING_NUMBER = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2})*|[A-Z]|[IVX]{1,5})[.)]?\s+(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents list of a report: its blocks (from `start`, before `end`) and the titles it names."""

    start: int = 0
    end: int = 0
    titles: tuple[str, ...] = ()

    def names(self, heading: str) -> bool:
        """Whether the list names this heading, by itself or with others ("Grades and recommendations")."""
        key = heading_key(heading)
        return any(key == title or key in title.split(" and ") for title in map(heading_key, self.titles))


def find_contents(blocks: Sequence[Block]) -> Contents:
    """Return the contents list, known by its title and its page numbers; an empty one if there is none."""
    for start, block in enumerate(blocks):
        if block.form is Form.TEXT and _CONTENTS_TITLE.fullmatch(block.text):
            entries = _entries(blocks, start + 1, _CONTENTS_ENTRY)
            if len(entries) > 1:
                return Contents(start, start + 1 + len(entries), tuple(entries))
        elif _DOTS_BEFORE_A_PAGE.search(block.text) and _DOTTED_ENTRY.fullmatch(block.text):
            entries = _entries(blocks, start, _DOTTED_ENTRY)
            if len(entries) > 2:
                return Contents(start, start + len(entries), tuple(entries))
    return Contents()


def heading_key(heading: str) -> str:
    """Return a heading without its number, in lower case: two headings with one key are one heading."""
    bare = _HEADING_NUMBER.sub("", heading.strip(), count=1)
    return re.sub(r"[^\w]+", " ", bare.casefold()).strip()


def part_name(heading: str) -> str | None:
    """Return ``"Annex"`` or ``"Part 2"`` for the heading of such a part of a report, else none."""
    match = _PART.match(heading)
    return match["name"] if match else None


def looks_like_heading(block: Block) -> bool:
    """Whether a block could be a heading by its own wording."""
    if block.form is not Form.TEXT:
        return False
    if block.level is not None:
        return block.level > 0
    text = block.text
    words = text.split()
    return (
        len(words) <= _LONGEST_HEADING
        and len(text) <= 150
        and (text[0].isupper() or text[0].isdigit() or text[0] in "'\"‘“[(")
        and not text.endswith((".", ";", ",", ":", "!"))
        and any(character.isalpha() for character in text)
        and not _DATE.fullmatch(text)
        and not _ADDRESS.search(text)
    )


def is_prose(block: Block) -> bool:
    """Whether a block reads as running text rather than as a title, a name or a line of an address."""
    words = len(block.text.split())
    ends = block.text.rstrip("\"'”’)]").endswith((".", "?", "!", ":", ";"))
    return block.form is Form.TEXT and (words > _LONGEST_HEADING or (ends and words > 4))


def standing_alone(blocks: Sequence[Block], index: int, numbered: frozenset[int] = frozenset()) -> bool:
    """Whether a line is set off from its surroundings, or stands directly over the text it heads."""
    start = end = index
    while start > 0 and blocks[start].gap == 0:
        start -= 1
    while end + 1 < len(blocks) and blocks[end + 1].gap == 0:
        end += 1
    if start == end:
        return True
    body = next(
        (i for i in range(start, end + 1) if not looks_like_heading(blocks[i]) or i in numbered), None
    )
    if body is None:
        return end - start == 1 and part_name(blocks[start].text) is not None
    return index < body and body - start <= 3


def canonical_names(headings: Sequence[str]) -> dict[str, str]:
    """Return for each key the form of the heading printed most often, the first one among equals."""
    forms: dict[str, Counter[str]] = {}
    for heading in headings:
        forms.setdefault(heading_key(heading), Counter())[heading] += 1
    return {key: counter.most_common(1)[0][0] for key, counter in forms.items()}


def heading_levels(
    headings: Sequence[str], *, empty: Sequence[bool], given: Sequence[int | None], contents: Contents
) -> list[int]:
    """Return the level of each heading in order, 0 for the highest.

    Parameters
    ----------
    headings
        The headings of a report, in order.
    empty
        For each whether the next heading follows it with nothing between: then that one stands under it.
    given
        The level a style or font gave it, or none.
    contents
        The contents list: what it names stands above what it leaves out.
    """
    keys = [heading_key(heading) for heading in headings]
    times = Counter(keys)
    known: dict[str, int] = {}
    levels: list[int] = []
    for index, heading in enumerate(headings):
        key, style_level = keys[index], given[index]
        above = levels[-1] if levels else None
        under_above = above is not None and empty[index - 1]
        if style_level is not None:
            level = style_level - 1
        elif part_name(heading) or above is None:
            level = 0
        elif (depth := _numbered_depth(heading)) is not None:
            level = depth
        elif times[key] > 1:
            level = known.get(key, above + 1 if under_above else max(above, 1) if contents.titles else above)
        elif contents.titles and not contents.names(heading):
            level = above + 1 if under_above or contents.names(headings[index - 1]) else above
        elif under_above:
            level = above + 1
        else:
            level = _level_of_last_unique(levels, keys, times)
        level = min(level, _DEEPEST)
        known.setdefault(key, level)
        levels.append(level)
    return levels


def _entries(blocks: Sequence[Block], start: int, pattern: re.Pattern[str]) -> list[str]:
    titles: list[str] = []
    found = 0
    for block in blocks[start:]:
        if pattern.fullmatch(block.text):
            found = len(titles) + 1
        elif len(titles) - found >= _MOST_WITHOUT_PAGE or not _may_be_entry(block):
            break
        titles.append(re.sub(r"[\s.…·]*\d{1,3}$|\t.*$", "", block.text).strip())
    return titles[:found]


def _may_be_entry(block: Block) -> bool:
    """Whether a line without a page number may be an entry all the same: the file tells it is no heading."""
    return block.level == 0 and block.form is Form.TEXT and len(block.text.split()) <= _LONGEST_HEADING


def _numbered_depth(heading: str) -> int | None:
    match = re.match(r"(\d{1,2}(?:\.\d{1,2})*)[.)]?\s", heading)
    return match[1].count(".") if match else None


def _level_of_last_unique(levels: Sequence[int], keys: Sequence[str], times: Counter[str]) -> int:
    """Return the level of the last heading that, like this one, comes only once: they stand side by side."""
    for level, key in zip(reversed(levels), reversed(keys[: len(levels)]), strict=True):
        if times[key] == 1:
            return level
    return 0
