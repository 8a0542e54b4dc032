"""Reports, passages and sentences as rows of tables."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from qa.types import Emphasis, Kind, Page, Passage, Report, Sentence, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PASSAGE_COLUMNS = "id, report, place, kind, section, text, fields"
"""What `passage_of` takes, in its order."""

_SENTENCE = np.dtype([("start", "<i4"), ("end", "<i4"), ("first", "<i4"), ("last", "<i4"), ("length", "<f4")])


class Statistics(NamedTuple):
    """What is counted of one report, so that it need not be counted again with the others.

    `words` is what a vocabulary knows of it, as JSON. `token_ids`, int32, are the tokens of its passages,
    each once; `token_counts`, int32, is how many passages have each; `with_tokens` is how many have any.
    """

    words: str
    token_ids: NDArray[np.int32]
    token_counts: NDArray[np.int32]
    with_tokens: int


def sentences_row(sentences: Sequence[Sentence]) -> bytes:
    """Return the sentences of one passage as bytes."""
    rows = [(each.start, each.end, *each.tokens, each.length) for each in sentences]
    return np.array(rows, dtype=_SENTENCE).tobytes()


def sentences_of_row(number: int, row: bytes) -> list[Sentence]:
    """Return the sentences of the passage with this number."""
    places: list[tuple[int, int, int, int, float]] = np.frombuffer(row, dtype=_SENTENCE).tolist()
    return [
        Sentence(number, start, end, Span(first, last), length) for start, end, first, last, length in places
    ]


def report_fields(report: Report) -> dict[str, str | None]:
    """Return what is kept of a report beside its id."""
    return {name: getattr(report, name) for name in Report.__slots__ if name != "id"}


def report_of(report_id: str, fields: str) -> Report:
    """Return a report from its id and the JSON of its fields."""
    return Report(id=report_id, **json.loads(fields))


def passage_row(number: int, passage: Passage) -> tuple[object, ...]:
    """Return the row of a passage."""
    fields = {
        "number": passage.number,
        "scope": passage.scope,
        "position": passage.position,
        "reading": passage.reading,
        "lead_in": passage.lead_in,
        "emphasis": passage.emphasis,
        "source": passage.source,
        "page": passage.page,
        "marker": passage.marker,
        "notes": passage.notes,
    }
    return (
        number,
        passage.id,
        passage.report,
        passage.order,
        passage.kind.value,
        passage.kind.ranked,
        json.dumps(passage.section),
        passage.text,
        json.dumps(fields),
    )


def passage_of(
    passage_id: str, report: str, place: str, kind: str, section: str, text: str, fields: str
) -> Passage:
    """Return a passage from the values of `PASSAGE_COLUMNS`."""
    kept = json.loads(fields)
    return Passage(
        id=passage_id,
        report=report,
        order=int(place),
        kind=Kind(kind),
        section=headings_of(section),
        text=text,
        number=kept["number"],
        scope=kept["scope"],
        position=kept["position"],
        reading=kept["reading"],
        lead_in=kept["lead_in"],
        emphasis=tuple(Emphasis(*span) for span in kept["emphasis"]),
        source=tuple(Span(*span) for span in kept["source"]),
        page=None if kept["page"] is None else Page(*kept["page"]),
        marker=kept["marker"],
        notes=tuple(kept["notes"]),
    )


@lru_cache(maxsize=256)
def headings_of(path: str) -> tuple[str, ...]:
    """Return headings as they were written down; passages that follow each other often share them."""
    return tuple(json.loads(path))
