"""Sentences of a passage, and the windows of sentences that get a vector."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from qa.types import Span

WINDOW_SENTENCES = 3
"""Sentences in a window: best of 1 to 4 for the default model on the development questions."""

_BREAK = re.compile(r"(?<=[.?!])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9])|\s*\n\s*")
_NOT_AN_END = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|cf|vs|viz|approx|no|nos|para|paras|p|pp|fig|vol|art|ref|tel|ext"
    r"|mr|mrs|ms|dr|prof|rev|st|sir|cllr|hon|jr|sr|ltd|inc|co|dept)|\b[A-Z])\.$",
    re.IGNORECASE,
)


def sentences(text: str) -> list[Span]:
    """Return the sentences of a text as offsets; every word is in one, a line feed always ends one."""
    spans: list[Span] = []
    start = 0
    for match in _BREAK.finditer(text):
        if "\n" not in match.group() and _NOT_AN_END.search(text[max(0, match.start() - 10) : match.start()]):
            continue
        end = match.start() + len(match.group().rstrip())
        if text[start:end].strip():
            spans.append(Span(start, end))
            start = match.end()
    if text[start:].strip():
        spans.append(Span(start, start + len(text[start:].rstrip())))
    return spans


def cut(text: str, *, fits: Callable[[Span], bool]) -> list[Span]:
    """Return the sentences of a text, those that do not fit a model cut into parts of whole words that do.

    Parameters
    ----------
    text
        What is to be cut.
    fits
        Tells whether the model reads a part of the text whole.
    """
    return [part for span in sentences(text) for part in _fitting(text, span, fits)]


def windows(
    spans: Sequence[Span], *, fits: Callable[[Span], bool], size: int = WINDOW_SENTENCES
) -> list[Span]:
    """Return every run of `size` consecutive sentences, a shorter one where the model does not read it whole.

    A text of fewer sentences is one window.
    """
    found: list[Span] = []
    for index in range(max(1, len(spans) - size + 1)):
        run = spans[index : index + size]
        while len(run) > 1 and not fits(Span(run[0].start, run[-1].end)):
            run = run[:-1]
        found += [Span(run[0].start, run[-1].end)] if run else []
    # Shortened runs may leave the last sentences of a text in no window.
    while found and found[-1].end < spans[-1].end:
        rest = [span for span in spans if span.start >= found[-1].end]
        found += windows(rest, fits=fits, size=size)
    return found


def _fitting(text: str, span: Span, fits: Callable[[Span], bool]) -> list[Span]:
    """Return a part of a text in pieces that fit; a single character is never cut."""
    if fits(span) or span.end - span.start < 2:
        return [span]
    words = [match.span() for match in re.finditer(r"\S+", text[span.start : span.end])]
    left_end = right_start = (span.end - span.start) // 2
    if len(words) > 1:
        left_end, right_start = words[len(words) // 2 - 1][1], words[len(words) // 2][0]
    halves = [Span(span.start, span.start + left_end), Span(span.start + right_start, span.end)]
    return [part for half in halves for part in _fitting(text, half, fits)]
