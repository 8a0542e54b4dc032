"""Which blocks open a numbered paragraph, and under which printed number.

A number is believed for its place in a sequence, not for its look: lists, dates, house numbers and grading
scales begin with numbers too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.types import Block, Form

_NUMBER = re.compile(
    r"(?P<printed>\d{1,3}(?:\.\d{1,3})*)(?P<part>\([a-z]{1,2}\))?(?P<stop>[.)]?)\s+(?=\S)",
)
_LARGEST_GAP = 3
"""How many numbers may be missing in a sequence that goes on."""


@dataclass(frozen=True, slots=True)
class PrintedNumber:
    """The number a block begins with: as printed, and how many characters of the block it takes."""

    printed: str
    length: int
    restarts: bool = False


@dataclass(frozen=True, slots=True)
class _Candidate:
    block: int
    key: tuple[int, ...]
    style: str
    part: str
    number: PrintedNumber


def paragraph_numbers(
    blocks: Sequence[Block], heading_like: Sequence[bool], *, first: int | None = None
) -> dict[int, PrintedNumber]:
    """Return the printed numbers of the blocks that open numbered paragraphs, by the blocks' indexes.

    Parameters
    ----------
    blocks
        The blocks of a report.
    heading_like
        For each block whether it looks like a heading; a sequence may start again only after one.
    first
        The number of the first paragraph, if it is told: any number before it is none of a paragraph.
    """
    candidates = [
        candidate
        for index, block in enumerate(blocks)
        if block.form is Form.TEXT and not heading_like[index] and (candidate := _candidate(index, block))
    ]
    style = _main_style(candidates)
    if style is None:
        return {}
    chain = [candidate for candidate in candidates if candidate.style == style]
    found: dict[int, PrintedNumber] = {}
    last: _Candidate | None = None
    for place, candidate in enumerate(chain):
        later = chain[place + 1 :]
        if candidate.part:
            accepted = last is not None and candidate.key == last.key
        elif last is None and first is not None:
            accepted = candidate.key[-1] == first
        elif last is None:
            accepted = candidate.key[-1] == 1 or any(
                _follows(candidate.key, other.key) for other in later[:1]
            )
        elif _follows(last.key, candidate.key):
            accepted = True
        elif candidate.key[-1] == 1 and len(candidate.key) == 1:
            after_heading = any(heading_like[last.block + 1 : candidate.block])
            accepted = after_heading or not any(_follows(last.key, other.key) for other in later)
        else:
            accepted = _skips(last.key, candidate.key) and not any(
                _follows(last.key, other.key) for other in later[:_LARGEST_GAP]
            )
        if not accepted:
            continue
        restarts = last is not None and candidate.key <= last.key and not candidate.part
        found[candidate.block] = PrintedNumber(candidate.number.printed, candidate.number.length, restarts)
        last = candidate
    return found


def opens_with_number(text: str) -> re.Match[str] | None:
    """Return the match of a number a text begins with (group ``printed``), or none."""
    return _NUMBER.match(text)


def missing_numbers(printed: Sequence[tuple[str | None, str]]) -> list[str]:
    """Return a sentence for each gap in a report's paragraph numbers, given as (scope, number) in order."""
    gaps: list[str] = []
    before: tuple[str | None, str] | None = None
    for scope, number in printed:
        if before and before[0] == scope and number.isdigit() and before[1].isdigit():
            first, last = int(before[1]) + 1, int(number) - 1
            if first <= last:
                named = f"paragraph {first}" if first == last else f"paragraphs {first}–{last}"
                where = f"{scope}: " if scope else ""
                gaps.append(f"{where}{named} not found between {before[1]} and {number}")
        before = (scope, number)
    return gaps


def _candidate(index: int, block: Block) -> _Candidate | None:
    match = _NUMBER.match(block.text)
    if match is None or not re.search(r"[^\W\d_]", block.text[match.end() :]):
        return None
    key = tuple(int(part) for part in match["printed"].split("."))
    part = match["part"] or ""
    style = f"{len(key) > 1}{'' if part else match['stop']}"
    if part:
        style = "False."
    return _Candidate(index, key, style, part, PrintedNumber(match["printed"] + part, match.end()))


def _main_style(candidates: Sequence[_Candidate]) -> str | None:
    """Return the style with the longest sequences; a bare number needs more proof than ``1.``."""
    best: tuple[int, str] | None = None
    for style in dict.fromkeys(candidate.style for candidate in candidates):
        keys = [candidate.key for candidate in candidates if candidate.style == style]
        links = sum(
            any(_follows(key, other) for other in keys[place + 1 :]) for place, key in enumerate(keys)
        )
        needed = 2 if style.endswith("False") else 1
        if links >= needed and (best is None or links > best[0]):
            best = (links, style)
    return best[1] if best else None


def _follows(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    if after == (*before[:-1], before[-1] + 1):
        return True
    return _next_part(before, after)


def _next_part(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Whether ``after`` is the first number of a next part: 2.14, then 3.1."""
    return (
        len(before) > 1 and len(after) > 1 and after[-1] == 1 and after > before and after[0] <= before[0] + 1
    )


def _skips(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    return before[:-1] == after[:-1] and before[-1] < after[-1] <= before[-1] + 1 + _LARGEST_GAP
