"""What can be asked for while reports are opened, added and indexed, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from qa.errors import IndexMissingError, NoReportsError
from qa.tui import QaApp
from qa.tui.conversation import TurnState
from qa.tui.dialogs import ReportsScreen
from qa.tui.librarian import BUSY, NOT_INDEXED, SERVED
from qa.tui.scope import Scope
from qa.types import Progress, ReportSummary
from tests.tui.fakes import (
    QUESTION,
    FakeLibrary,
    ask,
    ask_and_wait,
    on_screen,
    screen_of,
    turns_of,
    until_ready,
    wait_until,
)


class Empty(FakeLibrary):
    """A library whose only report was taken away."""

    def reports(self) -> tuple[ReportSummary, ...]:
        """Return none."""
        return ()


def missing(library: FakeLibrary) -> FakeLibrary:
    """Have a library opened that has no index and no reports."""
    library.shelf.missing = IndexMissingError("There is no index yet")
    library.shelf.building_error = NoReportsError("There are no reports in corpus/")
    return library


async def test_nothing_is_built_while_the_library_is_opened_and_that_is_said(library: FakeLibrary) -> None:
    library.may_open.clear()
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: library.shelf.opened == 1)
        app.librarian.build(anew=True)
        await wait_until(pilot, lambda: BUSY in screen_of(pilot).status.message)
        library.may_open.set()
        await until_ready(pilot)
        assert library.shelf.built == []


async def test_files_added_while_the_index_is_built_are_said_to_be_left_out(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        library.may_open.clear()
        app.librarian.build(anew=True)
        await pilot.press("f3")
        await wait_until(pilot, lambda: isinstance(app.screen, ReportsScreen) and app.screen.is_mounted)
        await pilot.press("a", *"more.pdf", "enter")
        await wait_until(pilot, lambda: on_screen(pilot, BUSY))
        assert library.shelf.added == []
        library.may_open.set()
        await wait_until(pilot, lambda: not app.librarian.building)


@pytest.mark.parametrize("web", [False, True])
async def test_the_reports_can_be_left_after_an_index_of_nothing_was_asked_for(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch, web: bool
) -> None:
    app = QaApp(missing(library).shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "Folder or file with reports"))
        await pilot.press("f3")
        await wait_until(pilot, lambda: isinstance(app.screen, ReportsScreen) and app.screen.is_mounted)
        monkeypatch.setattr(QaApp, "is_web", web)
        await pilot.press("r")
        await wait_until(pilot, lambda: on_screen(pilot, SERVED[:40] if web else "There are no reports in"))
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.screen is screen_of(pilot))


async def test_after_a_first_index_was_stopped_another_is_offered_and_nothing_waits_for_ever(
    library: FakeLibrary,
) -> None:
    library.shelf.missing = IndexMissingError("There is no index yet")
    library.build = [Progress("encoding", 1, 2)]
    library.may_open.clear()
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: "encoding passage 1 of 2" in screen_of(pilot).status.message)
        await ask(pilot, QUESTION)
        app.librarian.stop()
        await wait_until(pilot, lambda: turns_of(pilot)[0].state is TurnState.FAILED)
        assert NOT_INDEXED in turns_of(pilot)[0].problem
        assert app.check_action("rebuild", ())
        library.may_open.set()
        await pilot.press("f9")
        await until_ready(pilot)
        assert not app.check_action("rebuild", ())


async def test_what_is_done_is_said_at_once(library: FakeLibrary) -> None:
    app = QaApp(missing(library).shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "Folder or file with reports"))
        library.may_open.clear()
        library.shelf.building_error = None
        await ask(pilot, "some.pdf")
        await wait_until(pilot, lambda: library.shelf.added == [Path("some.pdf")])
        assert screen_of(pilot).status.message == "Adding some.pdf..."
        library.may_open.set()
        await until_ready(pilot)


async def test_an_index_that_is_built_is_not_said_to_be_ready_when_only_the_model_is(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.may_prepare.clear()
    library.build = [Progress("encoding", 1, 2)]
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "loading the model"))
        library.may_open.clear()
        app.librarian.build(anew=True)
        said: list[str] = []
        monkeypatch.setattr(app, "say", said.append)
        library.may_prepare.set()
        await wait_until(pilot, lambda: on_screen(pilot, "model ready"))
        assert not any("Ready." in message for message in said)
        assert on_screen(pilot, "building the index")
        library.may_open.set()
        await wait_until(pilot, lambda: any("Ready." in message for message in said))


@pytest.mark.parametrize(
    ("warnings", "unread", "web", "offered"),
    [
        (("The index is not up to date",), (), False, True),
        (("scan.pdf cannot be read",), ("scan.pdf cannot be read",), False, False),
        (("The index is not up to date",), (), True, False),
    ],
)
async def test_an_index_anew_is_offered_only_where_it_helps_and_can_be_made(
    library: FakeLibrary,
    monkeypatch: pytest.MonkeyPatch,
    warnings: Sequence[str],
    unread: Sequence[str],
    web: bool,
    offered: bool,
) -> None:
    library.warnings, library.unread = tuple(warnings), tuple(unread)
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        monkeypatch.setattr(QaApp, "is_web", web)
        assert bool(app.check_action("rebuild", ())) is offered


async def test_a_scope_of_reports_that_an_index_anew_has_lost_is_told_and_given_up(
    library: FakeLibrary,
) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        screen_of(pilot).scope = Scope(("jar-2006",), "safe")
        await ask_and_wait(pilot)
        await pilot.press("down", "space")
        library.shelf.next = Empty()
        app.librarian.build(anew=True)
        await wait_until(pilot, lambda: "not all reports" in screen_of(pilot).status.message.casefold())
        await until_ready(pilot)
        assert screen_of(pilot).scope == Scope((), "safe")
        assert "Not all reports of the scope" in screen_of(pilot).status.message
        await pilot.press("y")
        await wait_until(pilot, lambda: "Copied:" in screen_of(pilot).status.message)
        assert [cited.id for cited in app.tray.passages] == ["jar-2006:2"]
