"""Citations and exports: pure functions from passages to what people copy and scripts read."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable
from typing import Any

from qa.types import (
    Answer,
    CitedPassage,
    Expansion,
    Explanation,
    Finding,
    Kind,
    Page,
    Passage,
    Report,
    ReportSummary,
)

PATH_SEPARATOR = " › "

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_POSITION_NAMES = {
    Kind.UNNUMBERED: "paragraph",
    Kind.BULLET: "bullet",
    Kind.TABLE_ROW: "row",
    Kind.STATEMENT: "statement",
    Kind.FRONT_MATTER: "item",
    Kind.CLOSING: "item",
    Kind.FOOTNOTE: "footnote",
}

# Control characters, bidirectional controls and other invisible marks that a terminal would act on, and half
# characters, which no terminal can be sent: file names in other encodings hold them.
_ACTIVE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufeff\ufff9-\ufffb]"
)
_HALF = re.compile("[\ud800-\udfff]")


def printable(text: str) -> str:
    """Return `text` with everything a terminal would act on shown as U+FFFD; line feeds and tabs stay."""
    return _ACTIVE.sub("\ufffd", text)


def whole_characters(text: str) -> str:
    """Return `text` with U+FFFD for halves of characters, which nothing can write; all else stays."""
    return _HALF.sub("\ufffd", text)


def on_one_line(text: str) -> str:
    """Return `text` as `printable` does, with spaces for line feeds and tabs."""
    return printable(text.replace("\n", " ").replace("\t", " "))


def ordinal(number: int) -> str:
    """Return ``1st``, ``2nd``, ``3rd``, ``4th``, … ``11th``, … for a number from 1."""
    if 10 < number % 100 < 14:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def date_in_words(date: str) -> str:
    """Return ``"17 December 2008"`` for ``"2008-12-17"``, ``"December 2008"`` for ``"2008-12"``."""
    year, *rest = date.split("-")
    if not rest:
        return date
    month = _MONTHS[int(rest[0]) - 1]
    return " ".join([str(int(rest[1])), month, year] if len(rest) > 1 else [month, year])


def locator(passage: Passage) -> str:
    """Return where in its report a passage stands, in the shortest words that find it.

    A printed paragraph number is given as printed (``"para 28"``, ``"Annex, para 3"``), and so is the mark of
    a footnote (``"note 3"``). A passage without one is found by its section and position and says that it is
    unnumbered. In a file that has pages its page follows (``"para 28, p. 12"``).
    """
    if _printed_place(passage) is None:
        return ", ".join([*_path(passage), _place(passage)])
    return ", ".join([*([passage.scope] if passage.scope else []), _place(passage)])


def citation(passage: Passage, report: Report) -> str:
    """Return the full reference: report, publisher, date, section path and place."""
    origin = ", ".join(filter(None, [report.publisher, report.date and date_in_words(report.date)]))
    name = f"{report.short_title} ({origin})" if origin else report.short_title
    return ", ".join([name, *_path(passage), _place(passage)])


def quotation(cited: CitedPassage) -> str:
    """Return the words of a passage in quotation marks, followed by its citation."""
    return f"“{cited.text}” ({cited.citation})"


def passage_as_dict(cited: CitedPassage) -> dict[str, Any]:
    """Return one ranked passage as the documented ``--json`` object."""
    return {
        "rank": cited.rank,
        "id": cited.id,
        "report": {"id": cited.report.id, "title": cited.report.title, "date": cited.report.date},
        "section": list(cited.section),
        "paragraph": cited.paragraph,
        "locator": cited.locator,
        "citation": cited.citation,
        "page": page_as_dict(cited.passage.page),
        "text": cited.text,
        "reading": cited.reading,
        "highlights": [list(span) for span in cited.highlights],
        "score": round(cited.score, 6),
        "also_at": [
            {"id": passage.id, "locator": locator(passage), "citation": citation(passage, cited.report)}
            for passage in cited.also
        ],
    }


def page_as_dict(page: Page | None) -> dict[str, Any] | None:
    """Return a page as the documented ``--json`` object: its place in the file and its printed label."""
    return None if page is None else {"number": page.number, "label": page.label}


def shown_as_dict(cited: CitedPassage) -> dict[str, Any]:
    """Return a passage as the documented ``--json`` object with the footnotes it calls."""
    notes = [{"id": note.id, "marker": note.marker, "text": note.text} for note in cited.notes]
    return passage_as_dict(cited) | {"notes": notes}


def cited_by_itself(passage: Passage, report: Report) -> CitedPassage:
    """Return a passage with its citation where no question was asked: without rank, marks and footnotes."""
    return CitedPassage(0, passage, report, locator(passage), citation(passage, report), (), 0.0)


def finding_as_answer(finding: Finding) -> Answer:
    """Return what an exhaustive search found as the answer to it; nothing is weighed."""
    return Answer(
        question=f"Find: {finding.query}",
        answered=bool(finding.passages),
        passages=finding.passages,
        elapsed_ms=0.0,
        confidence="unjudged",
        reason=f"{found_in_words(finding)}.",
        searched=plural(finding.searched, "passage"),
    )


def found_in_words(finding: Finding) -> str:
    """Return how many passages were found for what, and among how many."""
    found = plural(len(finding.passages), "passage") if finding.passages else "No passage"
    searched = f"searched {finding.searched:,} of {plural(finding.total, 'passage')}, headings not searched"
    return f"{found} found for {finding.expression}; {searched}"


def notes_in_words(cited: CitedPassage) -> list[str]:
    """Return the footnotes that a passage calls, each in words for people: ``"Note 3: …"``."""
    return [f"Note {note.marker}: {note.text}" if note.marker else note.text for note in cited.notes]


def answer_as_dict(answer: Answer) -> dict[str, Any]:
    """Return an answer as the documented ``--json`` object."""
    return {
        "question": answer.question,
        "answered": answer.answered,
        "elapsed_ms": round(answer.elapsed_ms, 3),
        "notes": list(answer.notes),
        "confidence": answer.confidence,
        "reason": answer.reason,
        "searched": answer.searched,
        "passages": [shown_as_dict(cited) for cited in answer.passages],
    }


def explained_as_dict(answer: Answer) -> dict[str, Any]:
    """Return an answer with how the question was understood and why each passage stands where it does."""
    explained = answer_as_dict(answer)
    if answer.query is not None:
        understood = dataclasses.asdict(answer.query)
        explained["understood"] = {name: value for name, value in understood.items() if name != "question"}
    for printed, cited in zip(explained["passages"], answer.passages, strict=True):
        printed["explanation"] = dataclasses.asdict(cited.explanation) if cited.explanation else None
    return explained


NOTHING_ANSWERS = "Nothing in these reports answers this."

UNJUDGED = "unjudged"
"""The confidence of an answer of which nobody has judged whether it answers."""


def verdict_in_words(answer: Answer) -> str:
    """Return how sure an answer is and why, or that there is none; empty where it was asked for by name."""
    if answer.confidence == UNJUDGED:
        return answer.reason
    if not answer.answered:
        return f"{NOTHING_ANSWERS} {answer.reason}".rstrip()
    return f"{answer.confidence.capitalize()}: {answer.reason}" if answer.reason else ""


def sureness_in_words(answer: Answer) -> str:
    """Return `verdict_in_words`, and where that is empty why nothing was judged."""
    told = verdict_in_words(answer)
    if told:
        return told
    if answer.query is not None and answer.query.located:
        return f"{answer.confidence.capitalize()}: The question names these passages."
    if answer.confidence == "unjudged":
        return "Unjudged: It was not weighed whether these passages answer."
    return f"{answer.confidence.capitalize()}."


def also_in_words(cited: CitedPassage) -> str:
    """Return where else in its report the same is said, in a line for people; empty if nowhere."""
    if not cited.also:
        return ""
    return f"Also said at {'; '.join(f'{_place_in_report(each)} [{each.id}]' for each in cited.also)}"


def expansion_in_words(expansion: Expansion) -> str:
    """Return what was searched beside or in place of typed words, and who says that it means the same."""
    return f"“{expansion.typed}” taken to mean “{expansion.meaning}” ({expansion.source})"


def explanation_in_words(explanation: Explanation) -> str:
    """Return why a passage stands where it does, in a line for people."""
    found = [
        f"{name} (rank {rank})"
        for name, rank in (("meaning", explanation.meaning_rank), ("words", explanation.words_rank))
        if rank is not None
    ]
    parts = ", ".join(f"{name} {value:.3f}" for name, value in explanation.parts.items() if value)
    matched = ", ".join(explanation.matched) or "none"
    line = f"found by {' and '.join(found) or 'its name'}; words that match: {matched}; score: {parts}"
    if explanation.reranked_by is None:
        return line
    return (
        f"{line}; reranked by {explanation.reranked_by}, which read question and passage together "
        f"(rank {explanation.rank_before} before)"
    )


def finding_as_dict(finding: Finding) -> dict[str, Any]:
    """Return what an exhaustive search found as the documented ``--json`` object."""
    return {
        "query": finding.query,
        "expression": finding.expression,
        "searched": finding.searched,
        "total": finding.total,
        "found": len(finding.passages),
        "by_report": [
            {"id": report.id, "title": report.title, "date": report.date, "passages": passages}
            for report, passages in finding.by_report
        ],
        "by_section": [
            {"report": report.id, "section": list(section), "passages": passages}
            for report, section, passages in finding.by_section
        ],
        "passages": [passage_as_dict(cited) for cited in finding.passages],
    }


def summary_as_dict(summary: ReportSummary) -> dict[str, Any]:
    """Return one line of the list of reports as the documented ``--json`` object."""
    report = summary.report
    return {
        "id": report.id,
        "title": report.title,
        "short_title": report.short_title,
        "publisher": report.publisher,
        "date": report.date,
        "kind": report.kind,
        "licence": report.licence,
        "source": report.source,
        "authority": report.authority,
        "inspected": report.inspected,
        "file": report.path,
        "counts": {kind.value: count for kind, count in summary.counts.items()},
    }


def to_json(value: Any) -> str:
    """Return `value` as one line of JSON a terminal cannot act on: controls are escaped, letters are not."""
    text = json.dumps(value, ensure_ascii=False)
    return _ACTIVE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _path(passage: Passage) -> list[str]:
    headings = list(passage.section)
    if passage.scope:
        openings = [i for i, heading in enumerate(headings) if heading.startswith(passage.scope)]
        if openings:
            headings[openings[0]] = passage.scope
        else:
            headings.insert(0, passage.scope)
    return [PATH_SEPARATOR.join(headings)] if headings else []


def _place_in_report(passage: Passage) -> str:
    """Return the place of a passage with the part of the report it stands in."""
    place = locator(passage)
    named = _printed_place(passage) is None or passage.scope is not None or not passage.section
    return place if named else f"{passage.section[0]}, {place}"


def _printed_place(passage: Passage) -> str | None:
    """Return what is printed on the page to find a passage by: its number or mark; none if it has none."""
    if passage.kind is Kind.FOOTNOTE:
        return f"note {passage.marker}" if passage.marker else None
    return None if passage.number is None else f"para {passage.number}"


def _place(passage: Passage) -> str:
    place = _printed_place(passage) or f"{_position(passage)} (unnumbered)"
    return place if passage.page is None else f"{place}, p. {passage.page.shown}"


def _position(passage: Passage) -> str:
    if passage.kind is Kind.TABLE_ROW:
        label = passage.text.split("\t", 1)[0].strip()
        if label:
            return f"row “{label}”"
    name = _POSITION_NAMES.get(passage.kind)
    if name is None:
        return passage.kind.value
    placed = f"{ordinal(passage.position)} {name}"
    if passage.section:
        return placed
    return f"{passage.kind.value if name == 'item' else 'opening'}, {placed}"


def plural(count: int, noun: str) -> str:
    """Return ``"1 passage"``, ``"2 passages"``, ``"40,061 passages"``."""
    return f"{count} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(names: Iterable[str]) -> str:
    """Return names as people list them, or ``"none"``."""
    return ", ".join(names) or "none"
