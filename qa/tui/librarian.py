"""Opens the library behind the first paint, loads its model, indexes it and adds to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from textual import work
from textual.message import Message
from textual.widget import Widget
from textual.worker import Worker, WorkerState, get_current_worker

from qa.errors import IndexMissingError, NoReportsError, QaError
from qa.protocols import Asker, Shelf
from qa.tui.open_library import OpenLibrary
from qa.tui.status import error_in_words
from qa.types import Progress, ReportSummary

SERVED = "Reports are added and indexed on the computer that serves this page; run there: qa index"

BUSY = "The reports are being read already; ask for this again when that is done."
NOT_INDEXED = "The reports are not indexed yet, because indexing was stopped."

_SECONDS_BETWEEN_PROGRESS = 0.1


class Librarian(Widget):
    """Takes no room on the screen. All it does runs in threads and is told in messages, errors too."""

    class Progressed(Message):
        """The index is being built and got this far."""

        def __init__(self, progress: Progress) -> None:
            super().__init__()
            self.progress = progress

    class Opened(Message):
        """The library is open, its model not yet loaded; the one before is not to be asked any more."""

        def __init__(self, library: Asker, reports: Sequence[ReportSummary], failed: Sequence[str]) -> None:
            super().__init__()
            self.library = library
            self.reports = reports
            self.failed = failed

    class Prepared(Message):
        """The model of the library that is open is loaded."""

        def __init__(self, library: Asker) -> None:
            super().__init__()
            self.library = library

    class ModelFailed(Message):
        """The model did not load."""

        def __init__(self, problem: str) -> None:
            super().__init__()
            self.problem = problem

    class NoReports(Message):
        """There is nothing to open yet."""

        def __init__(self, problem: str) -> None:
            super().__init__()
            self.problem = problem

    class Failed(Message):
        """The library could not be opened, indexed or added to; what was open is open still."""

        def __init__(self, problem: str) -> None:
            super().__init__()
            self.problem = problem

    class Refused(Message):
        """What was asked for is not done, and why; nothing has changed."""

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    class Stopped(Message):
        """Indexing was stopped; the index is as it was."""

    def __init__(self, shelf: Shelf, current: OpenLibrary) -> None:
        super().__init__(id="librarian")
        self._shelf = shelf
        self._current = current
        self._stop = threading.Event()
        self.reports: Sequence[ReportSummary] = ()
        self.problem: str | None = None
        self.building = False
        self._opening = False

    @property
    def library(self) -> Asker | None:
        """The library that is open, or none."""
        return self._current.library

    @property
    def is_stale(self) -> bool:
        """Whether something is to be said of the index that indexing anew may mend."""
        library = self.library
        return library is not None and not set(library.warnings) <= set(library.unread)

    def open(self) -> None:
        """Open the library, and index it if it has no index and this is no page."""
        self._opening = True
        self._open()

    def build(self, *, anew: bool) -> None:
        """Index what is new or changed, or all of it; what is open answers until that is done."""
        if self._start():
            self._build(anew)

    def add(self, paths: Sequence[str]) -> None:
        """Copy reports into the library and index them."""
        if self._start():
            self._add(paths)

    def stop(self) -> None:
        """Stop indexing at its next step."""
        self._stop.set()

    def _start(self) -> bool:
        if self.app.is_web:
            # Who opens a page has no hand on the files of the computer that serves it.
            self.post_message(self.Refused(SERVED))
            return False
        if self.building or self._opening:
            self.post_message(self.Refused(BUSY))
            return False
        self.building = True
        self._stop.clear()
        return True

    @work(thread=True, name="open the library", group="open", exit_on_error=False)
    def _open(self) -> None:
        try:
            library = self._shelf.open()
        except IndexMissingError:
            if self.app.is_web:
                raise
            self.building = True
            library = self._shelf.build(progress=self._teller())
        self._opened(library)

    @work(thread=True, name="index the reports", group="open", exit_on_error=False)
    def _build(self, anew: bool) -> None:
        self._opened(self._shelf.build(anew=anew, progress=self._teller()))

    @work(thread=True, name="add reports", group="open", exit_on_error=False)
    def _add(self, paths: Sequence[str]) -> None:
        from qa.tui.dialogs.paths import at_home  # not needed for the first paint

        failed: list[str] = []
        added = self._shelf.add([at_home(path) for path in paths], on_failure=failed.append)
        if added:
            self._opened(self._shelf.build(progress=self._teller()), failed)
        else:
            self.building = False
            self.post_message(self.Failed(" ".join(failed)))

    @work(thread=True, name="load the model", group="prepare", exit_on_error=False)
    def _prepare(self, library: Asker) -> None:
        try:
            library.prepare()
        except QaError:
            if library is self.library:
                raise
            return  # It was closed for another, which is prepared by itself.
        self.post_message(self.Prepared(library))

    def _opened(self, library: Asker, failed: Sequence[str] = ()) -> None:
        self.post_message(self.Opened(library, library.reports(), failed))

    def on_librarian_opened(self, event: Opened) -> None:
        """Keep the library, let the one before go, and load the model."""
        before, self._current.library, self.reports = self.library, event.library, event.reports
        self.problem, self.building, self._opening = None, False, False
        self._prepare(event.library)
        if before is not None and before is not event.library:
            before.close()

    def on_librarian_prepared(self, event: Prepared) -> None:
        """Tell nobody of a library that is not open any more."""
        if event.library is not self.library:
            event.stop()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Tell what went wrong."""
        error = event.worker.error
        if event.state is not WorkerState.ERROR or error is None:
            return
        if event.worker.group == "prepare":
            self.post_message(self.ModelFailed(error_in_words(error)))
            return
        self.building = self._opening = False
        if isinstance(error, _StoppedError):
            if self.library is None and self.problem is None:
                self.problem = NOT_INDEXED
            self.post_message(self.Stopped())
        elif isinstance(error, NoReportsError) and self.library is None:
            self.problem = None
            self.post_message(self.NoReports(error_in_words(error)))
        else:
            self.problem = None if self.library is not None else error_in_words(error)
            self.post_message(self.Failed(error_in_words(error)))

    def _teller(self) -> _ProgressTeller:
        return _ProgressTeller(self, self._stop)


class _ProgressTeller:
    """Tells how far a build is, not too often; raises into one that nobody waits for any more."""

    def __init__(self, librarian: Librarian, stop: threading.Event) -> None:
        self._librarian = librarian
        self._stop = stop
        self._worker = get_current_worker()
        self._told_at = float("-inf")

    def __call__(self, progress: Progress) -> None:
        """Take one step of a build."""
        if self._worker.is_cancelled or self._stop.is_set():
            raise _StoppedError
        now = time.monotonic()
        if now - self._told_at >= _SECONDS_BETWEEN_PROGRESS or progress.done == progress.total:
            self._told_at = now
            self._librarian.post_message(Librarian.Progressed(progress))


class _StoppedError(Exception):
    """Raised into a build that nobody waits for any more."""
