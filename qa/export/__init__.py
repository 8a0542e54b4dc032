"""What was found, taken to a file: the marked passages, or a conversation, in five formats.

Words of reports and questions are data in every format, never markup or a formula. Characters that a terminal
or a word processor would act on (control characters, marks that turn the direction of writing) are shown as
U+FFFD, the replacement character; in JSON they are escaped. The same passages give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from qa.cite import answer_as_dict, shown_as_dict, to_json
from qa.errors import ExportError
from qa.export.files import write_export as write_export
from qa.export.markdown import as_markdown
from qa.export.parts import conversation_parts, tray_parts
from qa.export.table import conversation_table, tray_table
from qa.export.text import as_text
from qa.export.word import as_word
from qa.types import Answer, CitedPassage

TRAY_TITLE = "Marked passages"


class ExportFormat(StrEnum):
    """A format of an export. The value is the end of a file's name."""

    MARKDOWN = "md"
    TEXT = "txt"
    CSV = "csv"
    JSON = "json"
    DOCX = "docx"

    @property
    def title(self) -> str:  # type: ignore[override] # words for people, not the method of a string
        """What people call it."""
        return _TITLES[self]


_TITLES = {
    ExportFormat.MARKDOWN: "Markdown",
    ExportFormat.TEXT: "Plain text",
    ExportFormat.CSV: "CSV table",
    ExportFormat.JSON: "JSON",
    ExportFormat.DOCX: "Word",
}


def export_passages(
    passages: Sequence[CitedPassage],
    form: ExportFormat,
    *,
    title: str = TRAY_TITLE,
    at: datetime | None = None,
) -> bytes:
    """Return passages that were marked, in their order, as the content of a file.

    Parameters
    ----------
    passages
        The passages.
    form
        The format. As JSON, an object of ``passages``, each as ``qa show --json`` prints it, and of
        ``exported`` if the time is given. As CSV, a row a passage; a cell that a spreadsheet would read as a
        formula has an apostrophe before it.
    title
        What stands above them; in JSON and CSV there is none.
    at
        When this is; none to leave it out. A CSV table never has it.
    """
    match form:
        case ExportFormat.JSON:
            return _json({"passages": [shown_as_dict(cited) for cited in passages]}, at)
        case ExportFormat.CSV:
            return tray_table(passages)
        case ExportFormat.MARKDOWN:
            return as_markdown(tray_parts(passages, title=title, at=at))
        case ExportFormat.TEXT:
            return as_text(tray_parts(passages, title=title, at=at))
        case ExportFormat.DOCX:
            return as_word(tray_parts(passages, title=title, at=at), title=title, at=at)


def export_conversation(
    answers: Sequence[Answer], form: ExportFormat, *, left_out: int = 0, at: datetime | None = None
) -> bytes:
    """Return questions and the passages that answer them, in their order, as the content of a file.

    Of a question that nothing answers, the nearest passages are left out, but for JSON, where ``answered``
    says what they are.

    Parameters
    ----------
    answers
        The answers.
    form
        The format. As JSON, an object of ``left_out``, of ``questions``, each as ``qa ask --json`` prints it,
        and of ``exported`` if the time is given. As CSV, a row for each passage of each answer, and one for a
        question without any; cells as in `export_passages`.
    left_out
        How many questions were asked before these and are not kept; the export says so and counts on.
    at
        When this is; none to leave it out. A CSV table never has it.
    """
    match form:
        case ExportFormat.JSON:
            asked = [answer_as_dict(answer) for answer in answers]
            return _json({"left_out": left_out, "questions": asked}, at)
        case ExportFormat.CSV:
            return conversation_table(answers, left_out=left_out)
        case ExportFormat.MARKDOWN:
            return as_markdown(conversation_parts(answers, left_out=left_out, at=at))
        case ExportFormat.TEXT:
            return as_text(conversation_parts(answers, left_out=left_out, at=at))
        case ExportFormat.DOCX:
            parts = conversation_parts(answers, left_out=left_out, at=at)
            return as_word(parts, title=parts[0].text, at=at)


def format_of(path: Path) -> ExportFormat:
    """Return the format that the end of a file's name tells.

    Raises
    ------
    ExportError
        If it tells none; the sentence lists the formats.
    """
    try:
        return ExportFormat(path.suffix.removeprefix(".").lower())
    except ValueError:
        formats = ", ".join(f".{form} ({form.title})" for form in ExportFormat)
        raise ExportError(f"{path} does not tell a format; end the file's name in one of {formats}") from None


def suggested_name(what: str, form: ExportFormat, *, at: datetime) -> str:
    """Return a file name for an export of `what`, such as ``"qa-tray-2026-11-22-1530.md"``."""
    words = re.findall("[a-z0-9]+", what.lower()[:100])
    return "-".join(["qa", *words, f"{at:%Y-%m-%d-%H%M}"]) + f".{form}"


def _json(value: dict[str, Any], at: datetime | None) -> bytes:
    dated = {} if at is None else {"exported": at.isoformat(timespec="seconds")}
    # What is half a character cannot be written as UTF-8; a backslash and its number is what JSON has for it.
    return f"{to_json(dated | value)}\n".encode(errors="backslashreplace")
