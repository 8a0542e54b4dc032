"""Passages that give the same answer twice: a summary that repeats the main text is shown once.

Two passages of one report give the same answer if the sentence that meets the question stands in both, or if
one says nothing that the other does not say. Sentences are the same if they have the same words in the same
order, letter case, white space, punctuation and a few words that change no meaning aside. There is no degree
of likeness: "2 %" and "3 %", "good" and "inadequate" make different sentences, however long.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from qa.types import Candidate, Kind, Passage

_PARAGRAPHS = frozenset({Kind.NUMBERED, Kind.UNNUMBERED})
_LISTED = frozenset({Kind.BULLET, Kind.STATEMENT})
"""Kinds that may be twins. The words of a row, a grade or a scale say nothing without their place."""

REACH = 20
"""How many ranks below the best of a group another one may stand. A fixed number, so that the first groups of
a ranking are the same however much of it is looked at."""

_FEWEST_WORDS = 6
"""In a shorter sentence ("Provision is good.") it depends on the place what is spoken of."""

_CHANGES_NOTHING = frozenset("also and are is that the which who".split())
"""Words a writer puts in or leaves out when repeating a sentence. Not "a": few is not a few."""

_SUMMARY = re.compile(
    r"\b(?:summary|overview|synopsis|abstract|at a glance|in brief|headlines?"
    r"|(?:key|main) (?:findings|messages|points))\b",
    re.IGNORECASE,
)

# Signs that change what a number or a sentence says are words too.
_WORD = re.compile(r"\d+(?:[.,:/–-]\d+)*|[^\W\d_]+|[%‰?<>=±+−≤≥≠~≈$£€¥]|(?<!\w)-(?=\d)")

_Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    """What a passage says: its sentences, those of them that are marked, and what they depend on."""

    report: str
    under: _Words | None
    marked: frozenset[_Words]
    sentences: frozenset[_Words]


def fold_twins(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the passages to show, best first, each with those of its report that give the same answer.

    A group stands at the rank, and has the score, of its best member. The main text is shown before a
    summary, else the best member; the others are named in its `also`, best first. Passages of different
    reports are never joined: who said it, and when, matters.

    Parameters
    ----------
    candidates
        The ranked passages, best first.
    """
    groups: list[list[tuple[Candidate, _Said | None]]] = []
    ranks: list[int] = []
    for rank, candidate in enumerate(candidates):
        said = _said(candidate)
        for best, group in zip(ranks, groups, strict=True):
            if rank - best <= REACH and _says(group[0][1], said):
                group.append((candidate, said))
                break
        else:
            groups.append([(candidate, said)])
            ranks.append(rank)
    return [_shown(group) for group in groups]


def _shown(group: Sequence[tuple[Candidate, _Said | None]]) -> Candidate:
    """Return the member of a group that is shown, the others named with it."""
    best = group[0][0]
    chosen = best
    if _is_summary(best.passage):
        # Only a passage that says what each other one does may stand for them.
        chosen = next(
            (
                candidate
                for candidate, said in group[1:]
                if not _is_summary(candidate.passage) and all(_says(said, other) for _, other in group)
            ),
            best,
        )
    also = tuple(candidate.passage for candidate, _ in group if candidate is not chosen)
    return replace(chosen, score=best.score, also=also) if also else chosen


def _says(one: _Said | None, other: _Said | None) -> bool:
    """Whether one passage gives the answer that another gives."""
    if one is None or other is None or (one.report, one.under) != (other.report, other.under):
        return False
    if other.marked and other.marked <= one.marked and _tells(other.marked):
        return True
    return other.sentences <= one.sentences and _tells(other.sentences)


def _tells(sentences: frozenset[_Words]) -> bool:
    return any(len(words) >= _FEWEST_WORDS for words in sentences)


def _said(candidate: Candidate) -> _Said | None:
    """Return what a passage says, or none if its words do not stand for themselves."""
    passage = candidate.passage
    if passage.reading is not None or passage.kind not in _PARAGRAPHS | _LISTED:
        return None
    # An item of a list leans on what stands over it: the same words are a strength here, a weakness there.
    over = (*passage.section[-1:], passage.lead_in or "")
    return _Said(
        report=passage.report,
        under=_words(" ".join(over)) if passage.kind in _LISTED else None,
        marked=frozenset(_words(passage.text[start:end]) for start, end in candidate.highlights),
        sentences=frozenset(_words(passage.text[span.start : span.end]) for span, _ in candidate.sentences)
        or frozenset([_words(passage.text)]),
    )


@lru_cache(maxsize=8_192)
def _words(text: str) -> _Words:
    """Return the words of a sentence as they are compared."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return tuple(word for word in words if word not in _CHANGES_NOTHING)


def _is_summary(passage: Passage) -> bool:
    return any(_SUMMARY.search(heading) for heading in passage.section)
