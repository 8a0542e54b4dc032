"""Passages found by where they stand: by an id or the words of a citation, with neighbours, by section."""

from __future__ import annotations

import difflib
import re
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from qa.catalogue import Catalogue
from qa.cite import citation, listed, locator
from qa.errors import NotFoundError
from qa.store import Store
from qa.types import CitedPassage, Passage, Span

_PARAGRAPH_WORD = re.compile(r"\b(?:para|paras|paragraph|paragraphs)\b\.?", re.IGNORECASE)

_MOST_KEPT = 20_000
"""Passages of sections read last that are kept: who reads one passage of a section soon reads the next."""

_MOST_LISTED = 30
_FIRST_LISTED = 5
"""How many ids are listed in full, and how many of more than that."""


class Places:
    """Looks up the passages of an index by their place; several threads may do so.

    Parameters
    ----------
    store
        Where the passages are.
    catalogue
        Knows which reports there are.
    """

    def __init__(self, store: Store, catalogue: Catalogue) -> None:
        self._store = store
        self._catalogue = catalogue
        self._sections = _Sections()

    def named(self, wanted: str) -> Passage:
        """Return the passage with an id, or the words of one.

        Raises
        ------
        NotFoundError
            If there is no such passage; the sentence says what there is.
        """
        exact = self._store.passage(wanted.strip())
        if exact is not None:
            return exact
        report_id, _, rest = wanted.strip().replace(":", " ", 1).partition(" ")
        report_id = report_id.removesuffix(",")
        self._catalogue.known_reports([report_id])
        local = ".".join(_PARAGRAPH_WORD.sub(" ", rest).replace(",", " ").split())
        found = self._store.passage(f"{report_id}:{local.casefold()}")
        if found is None:
            raise self._no_such_passage(report_id, wanted)
        return found

    def around(self, passage: Passage, *, context: int) -> Sequence[Passage]:
        """Return a passage and as many before and after it in its report, as far as there are any."""
        within = Span(passage.order - context, passage.order + context + 1)
        return self._store.passages_between(passage.report, within)

    def section_of(self, passage: Passage) -> tuple[Passage, ...]:
        """Return the passages around one that stand under the same headings, in reading order.

        Raises
        ------
        NotFoundError
            If the passage is not one of this index.
        """
        numbers = self._store.section_around(passage.id)
        if numbers is None:
            raise NotFoundError(f"{passage.id} is not in the index any more; ask again")
        found = self._sections.get(numbers)
        if found is None:
            by_number = self._store.passages(range(*numbers))
            found = tuple(by_number[number] for number in range(*numbers))
            self._sections.keep(numbers, found)
        return found

    def cited(self, passage: Passage, rank: int) -> CitedPassage:
        """Return a passage with its citation and the footnotes it calls."""
        report = self._store.reports[passage.report]
        return CitedPassage(
            rank=rank,
            passage=passage,
            report=report,
            locator=locator(passage),
            citation=citation(passage, report),
            highlights=(),
            score=0.0,
            notes=self.notes_of(passage),
        )

    def notes_of(self, passage: Passage) -> tuple[Passage, ...]:
        """Return the footnotes that a passage calls."""
        found = (self._store.passage(note) for note in passage.notes)
        return tuple(note for note in found if note is not None)

    def _no_such_passage(self, report_id: str, wanted: str) -> NotFoundError:
        ids = self._store.ids_of(report_id)
        numbered = [passage_id for passage_id, number in ids if number is not None]
        hints = [f"its numbered paragraphs are {numbered[0]} to {numbered[-1]}"] if numbered else []
        everything = [passage_id for passage_id, _ in ids]
        near = difflib.get_close_matches(wanted, everything, n=3, cutoff=0.6)
        hints += [f"ids like it are {listed(near)}"] if near else []
        hints = hints or [f"its passages are {_some(everything)}"]
        return NotFoundError(f'{report_id} has no passage "{wanted}"; {", and ".join(hints)}')


class _Sections:
    """The passages of the sections read last, as many as may be kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Span, tuple[Passage, ...]] = OrderedDict()
        self._lock = Lock()

    def get(self, numbers: Span) -> tuple[Passage, ...] | None:
        with self._lock:
            if numbers in self._kept:
                self._kept.move_to_end(numbers)
            return self._kept.get(numbers)

    def keep(self, numbers: Span, passages: tuple[Passage, ...]) -> None:
        with self._lock:
            self._kept[numbers] = passages
            while sum(map(len, self._kept.values())) > _MOST_KEPT:
                self._kept.popitem(last=False)


def _some(ids: Sequence[str]) -> str:
    if len(ids) <= _MOST_LISTED:
        return listed(ids)
    return f"{listed(ids[:_FIRST_LISTED])} and {len(ids) - _FIRST_LISTED:,} more, up to {ids[-1]}"
