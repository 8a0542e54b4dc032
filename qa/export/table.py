"""Exports as CSV (RFC 4180), in UTF-8 with a byte order mark so that spreadsheets read the letters right."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from qa.cite import also_in_words, notes_in_words, sureness_in_words
from qa.export.parts import answers_of, left_out_in_words, section_in_words, shown
from qa.types import Answer, CitedPassage

_QUESTION_COLUMNS = (
    "question_number",
    "question",
    "answered",
    "confidence",
    "verdict",
    "searched",
    "remarks",
)
_PASSAGE_COLUMNS = (
    "number", "citation", "id", "report_id", "report", "report_date", "section", "paragraph", "locator",
    "page", "page_of_file", "text", "reading", "notes", "also_at",
)  # fmt: skip

_FORMULA = tuple("=+-@")


def tray_table(passages: Sequence[CitedPassage]) -> bytes:
    """Return a row a passage."""
    return _table(_PASSAGE_COLUMNS, (_cells(cited, number) for number, cited in enumerate(passages, start=1)))


def conversation_table(answers: Sequence[Answer], *, left_out: int) -> bytes:
    """Return a row for each passage of each answer; one without a passage for a question without any."""
    rows: list[Mapping[str, str]] = [{"remarks": left_out_in_words(left_out)}] if left_out else []
    for number, answer in enumerate(answers, start=left_out + 1):
        question = {
            "question_number": str(number),
            "question": answer.question,
            "answered": "yes" if answer.answered else "no",
            "confidence": answer.confidence,
            "verdict": sureness_in_words(answer),
            "searched": answer.searched,
            "remarks": "\n".join(answer.notes),
        }
        rows += [question | _cells(cited, cited.rank) for cited in answers_of(answer)] or [question]
    return _table((*_QUESTION_COLUMNS, *_PASSAGE_COLUMNS), rows)


def _cells(cited: CitedPassage, number: int) -> dict[str, str]:
    page = cited.passage.page
    return {
        "number": str(number),
        "citation": cited.citation,
        "id": cited.id,
        "report_id": cited.report.id,
        "report": cited.report.title,
        "report_date": cited.report.date or "",
        "section": section_in_words(cited),
        "paragraph": cited.paragraph or "unnumbered",
        "locator": cited.locator,
        "page": page.shown if page else "",
        "page_of_file": str(page.number) if page else "",
        "text": cited.text,
        "reading": cited.reading or "",
        "notes": "\n".join(notes_in_words(cited)),
        "also_at": also_in_words(cited),
    }


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(columns)
    writer.writerows([_harmless(shown(row.get(column, ""))) for column in columns] for row in rows)
    return written.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    """Return a cell with an apostrophe before it if a spreadsheet would read a formula; it shows the rest.

    Formulas begin with one of four signs, also in their wide, small or raised forms, or after white space.
    A tab or a line feed at the beginning may be dropped when it is read. A carriage return is not shown.
    """
    begins = unicodedata.normalize("NFKC", cell.lstrip()[:1])
    return f"'{cell}" if begins.startswith(_FORMULA) or cell.startswith(("\t", "\n")) else cell
