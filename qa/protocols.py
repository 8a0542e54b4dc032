"""What an application that stays open needs of a library; it computes nothing itself, these are injected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from qa.types import Answer, CitedPassage, Finding, Passage, ProgressCallback, ReportSummary


class Asker(Protocol):
    """A library that is open. Several threads may call it at once."""

    def ask(
        self,
        question: str,
        *,
        k: int = 10,
        history: Sequence[str] = (),
        reports: Sequence[str] | None = None,
        section: str | None = None,
        mode: str = "full",
    ) -> Answer:
        """Answer a question with cited passages; in the mode ``"words"`` without the model, unjudged."""

    def similar(
        self,
        passage_id: str,
        *,
        k: int = 10,
        reports: Sequence[str] | None = None,
        section: str | None = None,
    ) -> Answer:
        """Passages that speak of the same as one does, best first, without itself; unjudged."""

    def find(
        self, query: str | Sequence[str], *, reports: Sequence[str] | None = None, section: str | None = None
    ) -> Finding:
        """Every passage that holds some words, in report order."""

    def show(self, passage_id: str, *, context: int = 0) -> tuple[CitedPassage, ...]:
        """A passage by its id or its words (``"jar-2006 para 28"``), and its neighbours if asked for."""

    def complete(self, text: str) -> tuple[str, ...]:
        """What a question that is being typed may go on as: filters, and the values they can have."""

    def section_of(self, passage: Passage) -> tuple[Passage, ...]:
        """The passages that stand under the same innermost heading, in reading order."""

    def reports(self) -> tuple[ReportSummary, ...]:
        """The reports and their counts."""

    def prepare(self) -> None:
        """Load what a question needs, so that the first one does not wait for it."""

    def close(self) -> None:
        """Let go of the files; not to be asked any more."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is not as it should be but does not stop an answer, such as a stale index."""

    @property
    def unread(self) -> tuple[str, ...]:
        """The reports that are not in the index because they cannot be read, and why, a sentence each."""

    @property
    def identity(self) -> Mapping[str, str]:
        """What answers: ``version`` of this package, ``model``, and ``index``, its build."""


class Shelf(Protocol):
    """The folder a library is kept in: opened, indexed, added to."""

    @property
    def path(self) -> Path:
        """The folder that holds ``corpus/`` and ``index/``."""

    def open(self) -> Asker:
        """Open the library as it is indexed.

        Raises
        ------
        IndexMissingError
            If there is no index yet.
        IndexStateError
            If it cannot be used; `build` makes it anew.
        """

    def build(self, *, anew: bool = False, progress: ProgressCallback | None = None) -> Asker:
        """Index what is new or changed, or all of it, and open the library.

        An exception raised by `progress` ends the build and leaves the index as it was.

        Raises
        ------
        NoReportsError
            If there is no report to index.
        QaError
            As `qa.Library.build` does.
        """

    def add(
        self, sources: Sequence[str | Path], *, on_failure: Callable[[str], None] | None = None
    ) -> Sequence[Path]:
        """Copy report files, or the reports in folders, into the library; `build` indexes them."""
