"""The scope: which reports a question is asked of, and under which heading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.option_list import Option

from qa.cite import date_in_words
from qa.tui.dialogs.dialog import Dialog, key_name, labelled
from qa.tui.dialogs.field import Field
from qa.tui.dialogs.rows import MOST_ROWS, Choices, Row, matching, more_in_words, searchable
from qa.tui.display import one_line, words
from qa.tui.line import Completions
from qa.tui.scope import Scope
from qa.types import Report, ReportSummary

CHECKED = "[x] "
UNCHECKED = "[ ] "


class ReportChoices(Choices):
    """The reports to check; letters work here, where nothing is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "screen.check", "Check", id="scope.toggle", tooltip="Check or uncheck the report"),
        Binding("a", "screen.check_all", "All", id="scope.all", tooltip="Check all reports that are listed"),
        Binding("x", "screen.check_none", "None", id="scope.none", tooltip="Uncheck all reports"),
    ]


class ScopeScreen(Dialog[Scope | None]):
    """Choose the reports, and the section of them, that questions are asked of.

    A filter typed and no check changed mean the highlighted report alone, so that a few letters and Enter
    suffice; otherwise the checked reports are meant, and all of them if none is checked.

    Parameters
    ----------
    reports
        All reports, in the order they are listed.
    scope
        The present scope.
    complete_section
        Returns the headings that begin with what is typed.
    """

    AUTO_FOCUS = "#scope-filter"
    HEADING = "Where to search"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,f2", "apply", "Apply", id="scope.apply"),
        Binding("down", "into_list", "List", id="scope.list", tooltip="To the list of reports"),
        Binding("up", "into_filter", "Filter", show=False, id="scope.filter", tooltip="To the filter"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="scope.page_down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="scope.page_up"),
        Binding("escape", "close", "Close", id="scope.close"),
    ]

    def __init__(
        self, reports: Sequence[ReportSummary], scope: Scope, complete_section: Callable[[str], Sequence[str]]
    ) -> None:
        super().__init__()
        self._reports = [summary.report for summary in reports]
        self._searched = [_searchable(report) for report in self._reports]
        self._ids = {report.id: place for place, report in enumerate(self._reports)}
        self._checked = {report_id for report_id in scope.reports if report_id in self._ids}
        self._check_changed = False
        self._section = scope.section
        self._complete_section = complete_section
        self._found: list[int] = []
        self._rows: dict[tuple[int, bool], Row] = {}
        self._filtered_by: str | None = None
        self._id_width = max((words(report.id).cell_length for report in self._reports), default=0)
        self._date_width = max((words(_date(report)).cell_length for report in self._reports), default=0)

    def body(self) -> Iterable[Widget]:
        """Return the filter, the reports and the section."""
        yield labelled("Reports", Field(id="scope-filter", placeholder="words of a title, a year"))
        yield ReportChoices(id="scope-list")
        yield labelled(
            "Section",
            Field(
                self._section,
                id="scope-section",
                placeholder="any heading",
                completions=Completions(self._complete_section),
            ),
        )

    def on_mount(self) -> None:
        """Show all reports."""
        self._show_matching()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the reports that hold the typed words, and what Enter will do."""
        event.stop()
        self._show_matching()
        self._show_hint()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """Say what Enter will do."""
        self._show_hint()

    def on_choices_moved(self, event: Choices.Moved) -> None:
        """Say what Enter will do."""
        event.stop()
        self._show_hint()

    def on_choices_clicked(self, event: Choices.Clicked) -> None:
        """Check or uncheck the report that was clicked."""
        event.stop()
        self.action_check()

    def on_choices_left_upwards(self, event: Choices.LeftUpwards) -> None:
        """Go back to the filter from the first report."""
        event.stop()
        self._filter.focus()

    def action_into_list(self) -> None:
        """Go from the filter to the reports, and from the section nowhere."""
        self._show_matching()
        if self._filter.has_focus:
            self._list.focus()

    def action_into_filter(self) -> None:
        """Go from the section up to the reports."""
        if self._section_field.has_focus:
            self._list.focus()

    def action_page(self, step: int) -> None:
        """Move the highlight by a page while the filter keeps the keys."""
        self._show_matching()
        self._list.page(step)

    def action_check(self) -> None:
        """Check or uncheck the highlighted report."""
        report_id = self._list.current_id
        if report_id is None:
            return
        self._check_changed = True
        self._checked ^= {report_id}
        self._list.replace_option_prompt(report_id, self._row(self._ids[report_id]))
        self._show_hint()

    def action_check_all(self) -> None:
        """Check all reports that the filter leaves, also those for which there is no row."""
        self._check_changed = True
        self._checked |= {self._reports[place].id for place in self._found}
        self._show_rows()

    def action_check_none(self) -> None:
        """Uncheck all reports, also those that are not listed."""
        self._check_changed = True
        self._checked.clear()
        self._show_rows()

    def action_apply(self) -> None:
        """Hand back what the hint says."""
        self._show_matching()
        chosen = self._chosen()
        if chosen is not None:
            self.dismiss(Scope(chosen, self._section_field.value.strip()))

    def action_close(self) -> None:
        """Leave the scope as it is."""
        self.dismiss(None)

    @property
    def _list(self) -> ReportChoices:
        return self.query_one(ReportChoices)

    @property
    def _filter(self) -> Field:
        return self.query_one("#scope-filter", Field)

    @property
    def _section_field(self) -> Field:
        return self.query_one("#scope-section", Field)

    def _chosen(self) -> tuple[str, ...] | None:
        """Return the ids of the reports that Enter means, none of them for all; none if it means nothing."""
        if self._filter.value.strip() and not self._check_changed:
            current = self._list.current_id
            return None if current is None else (current,)
        if len(self._checked) == len(self._reports):
            return ()
        return tuple(report.id for report in self._reports if report.id in self._checked)

    def _show_matching(self) -> None:
        """Show what the filter leaves; nothing is done if it is shown already."""
        if self._filter.value == self._filtered_by:
            return
        self._filtered_by = self._filter.value
        self._found = matching(self._filtered_by, self._searched)
        self._list.highlighted = None
        self._show_rows()

    def _show_rows(self) -> None:
        rows = [Option(self._row(place), id=self._reports[place].id) for place in self._found[:MOST_ROWS]]
        self._list.show_rows(rows, note=self._note(), current=self._list.current_id)
        self._show_hint()

    def _note(self) -> str:
        if not self._reports:
            return "There are no reports yet."
        if not self._found:
            return "No report holds all these words."
        return more_in_words(len(self._found))

    def _show_hint(self) -> None:
        """Say what Enter will do and how many reports are checked."""
        enter = key_name(self, "scope.apply")
        chosen = self._chosen()
        if chosen is None:
            self.show_hint(f"{enter}: nothing to apply. Change the words, or press Esc.")
        elif len(chosen) == 1:
            title = one_line(self._reports[self._ids[chosen[0]]].short_title)
            self.show_hint(f"{enter}: search only “{title}”{self._and_section()}.")
        else:
            every = len(self._reports)
            searched = f"all {every:,} reports" if every > 1 else "the report"
            if chosen:
                searched = f"the {len(chosen):,} checked reports"
            self.show_hint(f"{enter}: search {searched}{self._and_section()}.")
        self.show_count(f"{len(self._checked):,} of {len(self._reports):,} checked")

    def _and_section(self) -> str:
        section = self._section_field.value.strip()
        return f", section “{section}”" if section else ""

    def _row(self, place: int) -> Row:
        """Return the row of a report, the same as before if it was drawn before."""
        report = self._reports[place]
        checked = report.id in self._checked
        if (place, checked) not in self._rows:
            self._rows[place, checked] = self._new_row(report, CHECKED if checked else UNCHECKED)
        return self._rows[place, checked]

    def _new_row(self, report: Report, mark: str) -> Row:
        date, report_id = words(_date(report)), words(report.id)
        right = date.pad_right(self._date_width + 2 - date.cell_length) + report_id.pad_right(
            self._id_width - report_id.cell_length
        )
        below = Content("; ").join(part for part in (date, report_id) if part)
        return Row(words(report.short_title), mark=mark, right=right, right_below=below)


def _date(report: Report) -> str:
    return date_in_words(report.date) if report.date else ""


def _searchable(report: Report) -> str:
    return searchable(
        report.short_title,
        report.title,
        report.id,
        report.date,
        _date(report),
        report.publisher,
        report.authority,
    )
