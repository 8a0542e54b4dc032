"""The scope: which reports, and which section of them, questions are asked of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa.cite import plural
from qa.types import ReportSummary


@dataclass(frozen=True, slots=True)
class Scope:
    """What is searched.

    Attributes
    ----------
    reports
        The ids of the only reports; none for all.
    section
        Words of a heading the passages must stand under; empty for any.
    """

    reports: tuple[str, ...] = ()
    section: str = ""

    def in_words(self, reports: Sequence[ReportSummary]) -> str:
        """Return the scope as people read it, given all reports: ``"2 of 50 reports, section “Grades”"``.

        A single one is named: ``"jar-2006 (1 of 2 reports)"``.
        """
        searched = "all reports"
        if self.reports:
            searched = f"{len(self.reports)} of {plural(len(reports), 'report')}"
        if len(self.reports) == 1:
            searched = f"{self.reports[0]} ({searched})"
        return f"{searched}, section “{self.section}”" if self.section else searched
