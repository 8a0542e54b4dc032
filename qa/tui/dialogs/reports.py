"""The reports: what is in the index, what is wrong with it, new files, and the building of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static
from textual.widgets.option_list import Option

from qa.cite import date_in_words, plural
from qa.tui.dialogs.dialog import heading, key_name, labelled
from qa.tui.dialogs.field import Field
from qa.tui.dialogs.paths import complete_last_path, split_paths
from qa.tui.dialogs.rows import Choices, Lines, Row
from qa.tui.display import one_line, words
from qa.tui.keys import KeyLine
from qa.tui.line import Completions
from qa.tui.marks import UNICODE_MARKS, Marks, marks_of
from qa.tui.overlay import Overlay
from qa.types import Kind, Progress, ReportSummary

NO_REPORTS = "There are no reports yet. Type the path of a report, or of a folder with reports, below."
UP_TO_DATE = "The index is up to date."
REPORT_SUFFIXES = (".docx", ".htm", ".html", ".markdown", ".md", ".pdf", ".text", ".txt", ".xhtml")
_BAR_WIDTH = 30
_PLACEHOLDERS = (
    (76, "paths of files or folders; put quotation marks round those with spaces"),
    (50, "files or folders; quote those with spaces"),
    (0, "paths; quote those with spaces"),
)
"""What is said in the empty line, by the columns it has."""


class PathField(Field):
    """Where paths are typed; the line that was entered last comes back with the up key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.add", "Add", id="reports.add_typed", tooltip="Add the typed files"),
        Binding(
            "up", "recall", "Last paths", show=False, id="reports.recall", tooltip="The last paths again"
        ),
        Binding("escape", "screen.leave_field", "Back", id="reports.leave_field", tooltip="To the reports"),
    ]

    def __init__(self, *, completes: bool) -> None:
        completions = Completions(
            partial(complete_last_path, base=Path(), suffixes=REPORT_SUFFIXES), in_thread=True
        )
        super().__init__(id="reports-path", completions=completions if completes else None)
        self._last = ""

    def on_resize(self, _event: events.Resize) -> None:
        """Say what to type in as many words as there is room for."""
        self.placeholder = next(text for width, text in _PLACEHOLDERS if self.size.width >= width)

    def take(self) -> str:
        """Return what is typed and empty the line."""
        self._last, typed = self.value, self.value
        self.clear()
        return typed

    def action_recall(self) -> None:
        """Bring back what was entered last, if nothing is typed."""
        if not self.value:
            self.put(self._last)


class ReportsScreen(Overlay[None]):
    """The list of reports, the state of the index, and what changes them.

    Whoever shows it tells it what there is, and does what its messages ask for: after `BuildRequested` it
    calls `show_progress` now and then and `build_ended` in any case; after `AddRequested` it calls
    `show_outcome`.
    """

    AUTO_FOCUS = "#reports-list"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-wide")]  # noqa: RUF012 - an attribute for Textual
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (16, "-short"), (24, "-tall")]  # noqa: RUF012

    class AddRequested(Message):
        """Files, or the reports in folders, are to be copied into the library."""

        def __init__(self, paths: tuple[str, ...]) -> None:
            super().__init__()
            self.paths = paths

    class BuildRequested(Message):
        """What is new or changed is to be indexed, or everything `anew`."""

        def __init__(self, anew: bool) -> None:
            super().__init__()
            self.anew = anew

    class CancelRequested(Message):
        """The build that runs is to be given up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "into_field", "Add", id="reports.add", tooltip="Add files or folders"),
        Binding("r", "build(False)", "Index", id="reports.build", tooltip="Index what is new or changed"),
        Binding("R", "build(True)", "All anew", id="reports.build_anew", tooltip="Index all reports anew"),
        Binding("x", "cancel", "Cancel", id="reports.cancel", tooltip="Give up indexing"),
        Binding("escape", "back", "Close", id="reports.close", tooltip="Close; indexing goes on"),
    ]

    def __init__(self, *, completes: bool = True) -> None:
        super().__init__()
        self._completes = completes
        self._summaries: tuple[ReportSummary, ...] = ()
        self._warnings: tuple[str, ...] = ()
        self._unread: tuple[str, ...] = ()
        self._identity: dict[str, str] = {}
        self._problem = ""
        self._known = False
        self._building = False
        self._cancelling = False
        self._progress: Progress | None = None
        self._outcome: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """Lay the parts out from top to bottom."""
        with Vertical(classes="dialog"):
            yield from heading("Reports")
            yield Lines(id="reports-state")
            yield Choices(id="reports-list")
            yield Static("", id="reports-progress", markup=False)
            yield Lines(id="reports-news")
            yield labelled("Add", PathField(completes=self._completes))
        yield KeyLine(wraps=True)

    def on_mount(self) -> None:
        """Show what was told before there was a screen to show it on."""
        self._show_list()
        self._show_state()
        self._show_news()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to cancel only while there is something to."""
        return action != "cancel" or self._building

    # What there is to show.

    def show_reports(
        self,
        summaries: Sequence[ReportSummary],
        *,
        warnings: Sequence[str] = (),
        unread: Sequence[str] = (),
        identity: Mapping[str, str] | None = None,
    ) -> None:
        """Show the reports of an open library and what it says of its index."""
        self._summaries = tuple(summaries)
        # A library counts what it could not read among its warnings.
        self._warnings = tuple(warning for warning in warnings if warning not in unread)
        self._unread = tuple(unread)
        self._identity = dict(identity or {})
        self._problem = ""
        self._known = True
        if self.is_mounted:
            self._show_list()
            self._show_state()

    def show_problem(self, sentence: str) -> None:
        """Show why there is no index to ask: none yet, or damaged."""
        self._problem = sentence
        if self.is_mounted:
            self._show_state()

    def show_progress(self, progress: Progress) -> None:
        """Show how far the build is; there is one from now on."""
        self._set_building(True)
        self._progress = progress
        self._show_news_if_mounted()

    def show_outcome(self, sentences: Sequence[str]) -> None:
        """Say what came of adding or indexing, a sentence each, until the next outcome."""
        self._outcome = tuple(sentences)
        self._show_news_if_mounted()

    def build_ended(self) -> None:
        """Show that no build runs any more, however it ended."""
        self._set_building(False)
        self._show_news_if_mounted()

    # What people do.

    def action_into_field(self) -> None:
        """Go to where paths are typed."""
        self._field.focus()

    def action_leave_field(self) -> None:
        """Go back to the reports."""
        self._list.focus()

    def action_add(self) -> None:
        """Ask for the typed files to be added."""
        if not self._field.value.strip():
            self.show_outcome(["Type the path of a report, or of a folder with reports, first."])
        elif self._building:
            self.show_outcome(["Files can be added when the index is built."])
        else:
            paths = split_paths(self._field.take(), base=Path())
            self.show_outcome([f"Adding {plural(len(paths), 'path')}..."])
            self.post_message(self.AddRequested(paths))

    def action_build(self, anew: bool) -> None:
        """Ask for the index to be built."""
        if not self._building:
            self._set_building(True)
            self.show_outcome([])
            self.post_message(self.BuildRequested(anew))

    def action_cancel(self) -> None:
        """Ask for the build to be given up."""
        if self._building and not self._cancelling:
            self._cancelling = True
            self._show_news()
            self.post_message(self.CancelRequested())

    def action_back(self) -> None:
        """Close; a build goes on, so that questions can be asked meanwhile."""
        self.dismiss(None)

    def on_choices_left_upwards(self, event: Choices.LeftUpwards) -> None:
        """Stay in the list."""
        event.stop()

    # Helpers.

    @property
    def _list(self) -> Choices:
        return self.query_one(Choices)

    @property
    def _field(self) -> PathField:
        return self.query_one(PathField)

    def _set_building(self, building: bool) -> None:
        if building is self._building:
            return
        self._building = building
        self._cancelling = False
        self._progress = None
        self.set_class(building, "-building")
        if self.is_mounted:
            self.refresh_bindings()

    def _show_list(self) -> None:
        rows = [_row(summary) for summary in self._summaries]
        self.set_class(not rows, "-no-reports")
        self._list.show_rows(rows, note="" if rows else NO_REPORTS, current=self._list.current_id)
        passages = sum(summary.ranked for summary in self._summaries)
        self.query_one(".dialog-count", Static).update(
            words(f"{plural(len(rows), 'report')}, {passages:,} passages" if rows else "")
        )

    def _show_state(self) -> None:
        lines = [f"Problem: {self._problem}"] if self._problem else []
        lines += [f"Warning: {warning}" for warning in self._warnings]
        lines += [f"Not read: {sentence}" for sentence in self._unread]
        if not lines:
            lines = [UP_TO_DATE if self._known else "Looking at the index..."]
        names = (("version", "Version"), ("model", "model"), ("index", "index"))
        identity = [f"{name} {self._identity[key]}" for key, name in names if self._identity.get(key)]
        lines += ["; ".join(identity)] if identity else []
        self.query_one("#reports-state", Lines).show_text(_text(lines))

    def _show_news_if_mounted(self) -> None:
        if self.is_mounted:
            self._show_news()

    def _show_news(self) -> None:
        progress = self.query_one("#reports-progress", Static)
        progress.display = self._building
        progress.update(_text(self._progress_in_words()))
        self.query_one("#reports-news", Lines).show_text(_text(self._outcome))

    def _progress_in_words(self) -> list[str]:
        if not self._building:
            return []
        if self._cancelling:
            return ["Giving up... The index stays as it was."]
        cancels = f"{key_name(self, 'reports.cancel') or 'Esc'} cancels."
        if self._progress is None:
            return [f"Indexing: starting... {cancels}"]
        stage, done, total = self._progress
        return [f"Indexing {done:,} of {total:,}: {stage}... {cancels}", bar(done, total, marks_of(self))]


def bar(done: int, total: int, marks: Marks = UNICODE_MARKS) -> str:
    """Return how far something is, drawn in a line, and as a percentage."""
    share = min(1.0, max(0.0, done / total)) if total else 0.0
    full = int(share * _BAR_WIDTH)
    return f"{marks.done * full}{marks.to_do * (_BAR_WIDTH - full)} {int(share * 100):>3} %"


def _text(lines: Sequence[str]) -> Content:
    return Content("\n").join(words(line) for line in lines)


def _row(summary: ReportSummary) -> Option:
    report = summary.report
    numbered = summary.counts.get(Kind.NUMBERED, 0)
    below = [
        report.publisher,
        f"{plural(numbered, 'numbered paragraph')}, {plural(summary.ranked, 'passage')}",
        report.path,
    ]
    return Option(
        Row(
            words(report.short_title, "bold"),
            right=words(date_in_words(report.date) if report.date else "no date"),
            below=words("; ".join(one_line(part) for part in below if part)),
        ),
        id=report.id,
    )
