"""What the app does while the library is missing, being indexed, loading, stale or broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qa.errors import IndexMissingError, IndexStateError, NoReportsError
from qa.tui import QaApp
from qa.tui.app import FIRST_RUN
from qa.tui.conversation import TurnState
from qa.tui.librarian import SERVED
from qa.types import Progress
from tests.tui.fakes import (
    PASSAGES,
    QUESTION,
    FakeLibrary,
    ask,
    chosen_ids,
    on_screen,
    screen_of,
    turns_of,
    until_ready,
    wait_until,
)


async def test_while_the_model_loads_a_question_is_answered_by_its_words_and_then_put_in_order(
    library: FakeLibrary,
) -> None:
    library.may_prepare.clear()
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "loading the model"))
        await ask(pilot, QUESTION)
        await wait_until(pilot, lambda: chosen_ids(pilot) == [PASSAGES[4].id])
        assert library.asked == []
        assert on_screen(pilot, "Found by words alone")
        library.may_prepare.set()
        await wait_until(pilot, lambda: not turns_of(pilot)[0].by_words)
        assert turns_of(pilot)[0].passages[0].id == PASSAGES[2].id
        current = screen_of(pilot).thread.current
        assert current is not None
        assert current.id == PASSAGES[4].id
        await wait_until(pilot, lambda: on_screen(pilot, "▌ 5 Joint area review"))


async def test_a_refusal_takes_away_what_was_found_by_words_unless_it_is_read(library: FakeLibrary) -> None:
    library.may_prepare.clear()
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "loading the model"))
        await ask(pilot, "What does the report say about walruses?")
        await wait_until(pilot, lambda: chosen_ids(pilot) != [])
        library.may_prepare.set()
        await wait_until(pilot, lambda: on_screen(pilot, "Nothing in these reports"))
        await wait_until(pilot, lambda: chosen_ids(pilot) == [])
        assert screen_of(pilot).chosen is None


async def test_without_reports_the_box_asks_for_some_and_they_are_added_and_indexed(
    library: FakeLibrary,
) -> None:
    library.shelf.missing = IndexMissingError("There is no index yet")
    library.shelf.building_error = NoReportsError("There are no reports in corpus/")
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "Folder or file with reports"))
        assert on_screen(pilot, FIRST_RUN[:20])
        library.shelf.building_error = None
        await ask(pilot, "~/reports[/b]")
        await until_ready(pilot)
        assert library.shelf.added == [Path("~/reports[/b]").expanduser()]
        assert turns_of(pilot) == ()
        assert on_screen(pilot, "Ask the reports")
        assert not on_screen(pilot, FIRST_RUN[:20])


async def test_a_path_that_is_not_there_is_told_and_another_can_be_typed(library: FakeLibrary) -> None:
    library.shelf.missing = IndexMissingError("There is no index yet")
    library.shelf.building_error = NoReportsError("There are no reports in corpus/")
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "Folder or file with reports"))
        await ask(pilot, "missing.pdf")
        await wait_until(pilot, lambda: "missing.pdf does not exist" in screen_of(pilot).status.message)
        assert on_screen(pilot, "Folder or file with reports")
        library.shelf.building_error = None
        await ask(pilot, "here.pdf")
        await until_ready(pilot)


async def test_a_broken_index_offers_to_be_made_anew(library: FakeLibrary) -> None:
    library.opening_error = IndexStateError("The index is damaged")
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "F9"))
        await ask(pilot, QUESTION)
        await wait_until(pilot, lambda: turns_of(pilot)[0].state is TurnState.FAILED)
        await pilot.press("f9")
        await until_ready(pilot)
        assert library.shelf.built == [True]
        assert app.check_action("rebuild", ()) is False
        await ask(pilot, QUESTION)
        await wait_until(pilot, lambda: turns_of(pilot)[1].answer is not None)


async def test_a_stale_index_is_told_and_indexed_with_a_key_while_it_answers(library: FakeLibrary) -> None:
    library.warnings = ("The index is not up to date (one report was added)",)
    library.build = [Progress("encoding", 1, 2)]
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        assert "Warning: The index is not up to date" in screen_of(pilot).status.message
        library.may_open.clear()
        await pilot.press("f9")
        await wait_until(pilot, lambda: "encoding passage 1 of 2" in screen_of(pilot).status.message)
        await ask(pilot, QUESTION)
        await wait_until(pilot, lambda: turns_of(pilot)[0].answer is not None)
        library.warnings = ()
        library.may_open.set()
        await wait_until(pilot, lambda: screen_of(pilot).status.message == "Ready.")
        assert library.shelf.built == [False]


async def test_indexing_is_stopped_and_what_was_open_answers_on(library: FakeLibrary) -> None:
    library.build = [Progress("encoding", 1, 2)]
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        library.may_open.clear()
        app.librarian.build(anew=True)
        await wait_until(pilot, lambda: "encoding passage 1 of 2" in screen_of(pilot).status.message)
        app.librarian.stop()
        await wait_until(pilot, lambda: "Stopped" in screen_of(pilot).status.message)
        assert on_screen(pilot, "1 report, 111 passages")
        await ask(pilot, QUESTION)
        await wait_until(pilot, lambda: turns_of(pilot)[0].answer is not None)


async def test_in_a_browser_nobody_adds_reports_or_indexes_them(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QaApp, "is_web", True)
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        app.librarian.add(["/etc"])
        await wait_until(pilot, lambda: SERVED in screen_of(pilot).status.message)
        screen_of(pilot).status.say("")
        app.librarian.build(anew=True)
        await wait_until(pilot, lambda: SERVED in screen_of(pilot).status.message)
        assert (library.shelf.added, library.shelf.built) == ([], [])


async def test_in_a_browser_a_missing_index_is_told_and_neither_made_nor_offered(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QaApp, "is_web", True)
    library.shelf.missing = IndexMissingError("There is no index in library/index; run: qa index")
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "could not be opened."))
        assert screen_of(pilot).status.message.endswith("run: qa index")
        assert not on_screen(pilot, "F9")
        assert library.shelf.built == []


async def test_a_build_that_fails_leaves_what_was_open(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> FakeLibrary:
        raise OSError("No space left on device [/b]")

    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        monkeypatch.setattr(library.shelf, "build", fail)
        app.librarian.build(anew=False)
        await wait_until(
            pilot, lambda: "OSError: No space left on device [/b]" in screen_of(pilot).status.message
        )
        await ask(pilot, QUESTION)
        await wait_until(pilot, lambda: turns_of(pilot)[0].answer is not None)
