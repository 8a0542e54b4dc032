"""What an export says, part by part: the same in every format that people read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple

from qa.cite import (
    PATH_SEPARATOR,
    also_in_words,
    date_in_words,
    notes_in_words,
    on_one_line,
    plural,
    printable,
    sureness_in_words,
)
from qa.types import Answer, CitedPassage, Page

CONVERSATION_TITLE = "Questions and passages"

_NO_CHARACTER = re.compile("[\ud800-\udfff\ufffe\uffff]")


class Role(Enum):
    """What a part is, which decides how it is set."""

    TITLE = auto()
    QUESTION = auto()
    PASSAGE = auto()
    """The heading of a passage."""
    SENTENCE = auto()
    QUOTATION = auto()
    CITATION = auto()
    DETAIL = auto()


class Part(NamedTuple):
    """One heading, sentence or quotation; only a quotation or a detail may have several lines."""

    role: Role
    text: str


def tray_parts(passages: Sequence[CitedPassage], *, title: str, at: datetime | None) -> list[Part]:
    """Return what an export of marked passages says."""
    parts = _opening(title, at)
    if not passages:
        parts.append(Part(Role.SENTENCE, "No passage is marked."))
    for number, cited in enumerate(passages, start=1):
        parts += _passage(cited, number)
    return parts


def conversation_parts(answers: Sequence[Answer], *, left_out: int, at: datetime | None) -> list[Part]:
    """Return what an export of questions and their answers says; the numbers go on from those left out."""
    parts = _opening(CONVERSATION_TITLE, at)
    if left_out:
        parts.append(Part(Role.SENTENCE, left_out_in_words(left_out)))
    if not answers:
        parts.append(Part(Role.SENTENCE, "No question was asked."))
    for number, answer in enumerate(answers, start=left_out + 1):
        parts.append(Part(Role.QUESTION, on_one_line(f"Question {number}: {answer.question}")))
        said = [sureness_in_words(answer), *([f"Searched: {answer.searched}."] if answer.searched else [])]
        parts += [Part(Role.SENTENCE, on_one_line(sentence)) for sentence in (*said, *answer.notes)]
        for cited in answers_of(answer):
            parts += _passage(cited, cited.rank)
    return parts


def answers_of(answer: Answer) -> tuple[CitedPassage, ...]:
    """Return the passages that are thought to answer; the nearest ones to what nothing answers are none."""
    return answer.passages if answer.answered else ()


def left_out_in_words(count: int) -> str:
    """Return that earlier questions were not kept."""
    return (
        f"{plural(count, 'earlier question')} of this conversation {'is' if count == 1 else 'are'} not kept."
    )


def section_in_words(cited: CitedPassage) -> str:
    """Return the headings above a passage; empty if there is none."""
    return PATH_SEPARATOR.join(cited.section)


def shown(text: str) -> str:
    """Return `text` as `printable` does, also without what is no character; its length stays."""
    return _NO_CHARACTER.sub("\ufffd", printable(text))


def _opening(title: str, at: datetime | None) -> list[Part]:
    opening = [Part(Role.TITLE, on_one_line(title))]
    if at is not None:
        day = date_in_words(at.date().isoformat())
        opening.append(Part(Role.SENTENCE, f"Exported on {day} at {at:%H:%M}."))
    return opening


def _passage(cited: CitedPassage, number: int) -> Iterator[Part]:
    heading = f"Passage {number}: {cited.report.short_title}, {cited.locator}"
    yield Part(Role.PASSAGE, on_one_line(heading))
    yield Part(Role.QUOTATION, cited.text)
    yield Part(Role.CITATION, on_one_line(cited.citation))
    for detail in _details(cited):
        yield Part(Role.DETAIL, detail)


def _details(cited: CitedPassage) -> Iterator[str]:
    if cited.reading is not None:
        yield f"Row with its column heads: {cited.reading}"
    yield f"Report: {cited.report.title}"
    yield f"Section: {section_in_words(cited) or 'under no heading'}"
    yield f"Paragraph: {cited.paragraph or 'unnumbered'}"
    if cited.passage.page is not None:
        yield f"Page: {_page_in_words(cited.passage.page)}"
    yield f"Id: {cited.id}"
    if cited.also:
        yield also_in_words(cited)
    yield from notes_in_words(cited)


def _page_in_words(page: Page) -> str:
    if page.label is None or page.label == str(page.number):
        return page.shown
    return f"{page.label} (page {page.number} of the file)"
