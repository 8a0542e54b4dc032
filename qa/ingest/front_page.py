"""What a report says of itself on its first page and in its imprint: title, publisher, dates, authority."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from qa.types import Block, Form

_LOOKED_AT = 40
"""Blocks at the beginning that are looked at where there are no pages."""

_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_DAY = re.compile(
    rf"(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+)?(?P<month>{'|'.join(_MONTHS)}),?\s+(?P<year>(?:19|20)\d\d)",
    re.IGNORECASE,
)
_PUBLISHED = re.compile(
    r"(?:(?:report\s+)?(?:published|publication date|date of publication|date published|issued)"
    rf"(?:\s+on)?\s*:?\s*)(?P<date>{_DAY.pattern})",
    re.IGNORECASE,
)
_INSPECTED = re.compile(
    r"(?:inspection|review|visit|fieldwork)(?:\s+and review)?\s+"
    r"(?:dates?|carried out(?: on)?|took place(?: on)?)\s*[:–-]?\s*(?P<dates>\d{1,2}"
    r"[^\n]*?(?:19|20)\d\d(?:[^\n]{1,20}?\d{1,2}\s+[A-Z][a-z]+\s+(?:19|20)\d\d)?)",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(r"(?:©|\(c\)|copyright)[^\n]{0,40}?\b((?:19|20)\d\d)\b", re.IGNORECASE)
_BODY = re.compile(
    r"(?:(?:the )?(?:london borough|royal borough|borough|city|county|council) of [A-Z].*"
    r"|[A-Z].*\b(?:council|local authority|borough|children’s trust))",
    re.IGNORECASE,
)
_NAMED_IN_TITLE = re.compile(
    r"(?i:inspection|review|visit) (?:of|to) (?:the )?(?P<body>[A-Z].*?)(?:’s|'s)?"
    r"(?: (?:local authority|council))?(?: children[’']s (?:social care )?services)(?:$|[ ,])",
)
_KIND = re.compile(
    r"\b(?:(?:re-)?inspection|review|report|visit|letter|assessment|audit|inquiry)\b", re.IGNORECASE
)
_PUBLISHERS = {
    "Ofsted": re.compile(r"\bOfsted\b|\bOffice for Standards in Education\b|\bofsted\.gov\.uk\b"),
    "Care Quality Commission": re.compile(r"\bCare Quality Commission\b|\bCQC\b"),
    "HMICFRS": re.compile(r"\bHMICFRS\b|\bHM Inspectorate of Constabulary\b"),
    "HM Inspectorate of Probation": re.compile(r"\bHM(?:I| Inspectorate of) Probation\b"),
    "HM Inspectorate of Prisons": re.compile(r"\bHM(?:I| Inspectorate of) Prisons\b"),
    "Estyn": re.compile(r"\bEstyn\b"),
    "Care Inspectorate": re.compile(r"\bCare Inspectorate\b"),
    "Audit Commission": re.compile(r"\bAudit Commission\b"),
}
_LABELLED = re.compile(r"[A-Z][\w’ ]{2,40}: ")
_LONGEST_TITLE = 300


def front_page(blocks: Sequence[Block]) -> dict[str, str]:
    """Return what a report says of itself, by the names `corpus.toml` uses; what it does not say is left out.

    Parameters
    ----------
    blocks
        The report in reading order.

    Returns
    -------
    dict
        Some of ``title``, ``short_title`` (``"Barnet, inspection"``), ``publisher``, ``date`` (ISO, or a
        year), ``inspected`` (as printed) and ``authority``.
    """
    first = _first_page(blocks)
    lines = [block.text for block in first if block.form is not Form.NOTE]
    ends = [*lines, *(block.text for block in blocks[-_LOOKED_AT:])]
    title, authority = _title(first), _authority(first, lines)
    kind = _KIND.search(title) if title else None
    found = {
        "title": title,
        "short_title": f"{authority}, {kind[0].lower()}" if kind and authority else None,
        "authority": authority,
        "inspected": _inspected(lines),
        "date": _published(lines) or _copyright_year(ends),
        "publisher": _publisher([block.text for block in first] + ends),
    }
    return {name: value for name, value in found.items() if value}


def _first_page(blocks: Sequence[Block]) -> list[Block]:
    if blocks and blocks[0].page is not None:
        return [block for block in blocks if block.page == blocks[0].page]
    return list(blocks[:_LOOKED_AT])


def _title(first: Sequence[Block]) -> str | None:
    """Return the first headings of a page; the name of a body alone is no title."""
    heads = _heads(first)
    if not heads:
        return None
    return heads[0] if _KIND.search(heads[0]) or len(heads) == 1 else f"{heads[0]}: {heads[1]}"


def _heads(first: Sequence[Block]) -> list[str]:
    """Return the headings that a page begins with, where the file tells which lines are headings."""
    heads: list[str] = []
    for block in first:
        if block.form is not Form.TEXT or block.level is None or len(block.text) > _LONGEST_TITLE:
            break
        if block.level and not _LABELLED.match(block.text):
            heads.append(block.text)
        elif heads:
            break
    return heads


def _authority(first: Sequence[Block], lines: Sequence[str]) -> str | None:
    heads = _heads(first)
    if len(heads) > 1 and not _KIND.search(heads[0]) and _KIND.search(heads[1]):
        return heads[0]
    for line in lines[:8]:
        if len(line.split()) <= 8 and _BODY.fullmatch(line) and not _KIND.search(line):
            return line
    for line in lines[:8]:
        if match := _NAMED_IN_TITLE.search(line):
            return match["body"]
    return None


def _inspected(lines: Sequence[str]) -> str | None:
    match = next(filter(None, map(_INSPECTED.search, lines)), None)
    return " ".join(match["dates"].split()) if match else None


def _published(lines: Sequence[str]) -> str | None:
    match = next(filter(None, map(_PUBLISHED.search, lines)), None)
    return _iso(match) if match else None


def _iso(match: re.Match[str]) -> str | None:
    year, month = int(match["year"]), _MONTHS.index(match["month"].lower()) + 1
    if match["day"] is None:
        return f"{year}-{month:02}"
    try:
        return date(year, month, int(match["day"])).isoformat()
    except ValueError:
        return f"{year}-{month:02}"


def _copyright_year(lines: Sequence[str]) -> str | None:
    match = next(filter(None, map(_COPYRIGHT.search, lines)), None)
    return match[1] if match else None


def _publisher(lines: Sequence[str]) -> str | None:
    """Return the inspectorate named most often on the first page and in the imprint."""
    text = "\n".join(lines)
    times = {name: len(pattern.findall(text)) for name, pattern in _PUBLISHERS.items()}
    best = max(times, key=lambda name: times[name])
    return best if times[best] else None
