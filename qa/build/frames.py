"""Passages as an encoder reads them: in the frame of their report, cut into windows and sentences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from qa.ingest.sentences import cut, windows
from qa.types import Encoder, FramedText, Passage, Report, Sentence, Span, Tokens

if TYPE_CHECKING:
    from qa.types import Offsets

_TITLE_WORDS = 12


def frame_of(report: Report, passage: Passage) -> str:
    """Return the words a passage is read under: its report and year, and the two headings nearest to it."""
    year = report.date[:4] if report.date else ""
    title = " ".join(filter(None, [" ".join(report.short_title.split()[:_TITLE_WORDS]), year]))
    return "".join(f"{part}. " for part in (title, *passage.section[-2:]))


def framed(passages: Iterable[tuple[Report, Passage]], encoder: Encoder) -> list[FramedText]:
    """Return passages in the frame of their report and headings, cut into sentences and windows."""
    limit = encoder.max_tokens  # of a window, its frame counted
    read = [(frame_of(report, passage), passage.shown) for report, passage in passages]
    frames = [len(offsets) for offsets in encoder.token_offsets([frame for frame, _ in read])]
    found: list[FramedText] = []
    for (frame, text), size, offsets in zip(
        read, frames, encoder.token_offsets([text for _, text in read]), strict=True
    ):
        framed = size * 2 <= limit
        room = limit - size if framed else limit

        def fits(part: Span, offsets: Offsets = offsets, room: int = room) -> bool:
            inside = offsets[:, 0].searchsorted(part.end) - offsets[:, 1].searchsorted(part.start, "right")
            return int(inside) <= room

        spans = cut(text, fits=fits)
        found.append(
            FramedText(frame if framed else "", text, tuple(windows(spans, fits=fits)), tuple(spans))
        )
    return found


def sentences_of(number: int, passage: Passage, framed: FramedText, tokens: Tokens) -> list[Sentence]:
    """Return the sentences of an encoded passage, with the tokens that stand in each."""
    # What is read of a row is not its text, so its parts stand for the whole of it.
    row = Span(0, len(passage.text)) if passage.reading is not None else None
    found: list[Sentence] = []
    for span in framed.sentences:
        inside = _tokens_of(span, tokens)
        length = float(np.linalg.norm(tokens.vectors[slice(*inside)].sum(axis=0)))
        found.append(Sentence(number, *(row or span), inside, length))
    return found


def _tokens_of(part: Span, tokens: Tokens) -> Span:
    """Return the tokens that stand in a part of a passage."""
    first = int(tokens.offsets[:, 0].searchsorted(part.start))
    return Span(first, max(first, int(tokens.offsets[:, 1].searchsorted(part.end, side="right"))))
