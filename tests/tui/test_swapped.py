"""What is asked while another library takes the place of the one that was open."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from qa.errors import QaError
from qa.tui import QaApp
from qa.tui.ask_screen import AskScreen
from qa.tui.conversation import TurnState
from qa.tui.dialogs import ScopeScreen
from qa.tui.open_library import OpenLibrary
from tests.tui.fakes import (
    PASSAGES,
    QUESTION,
    FakeLibrary,
    ask,
    ask_and_wait,
    chosen_ids,
    on_screen,
    screen_of,
    turns_of,
    until_ready,
    wait_until,
)


class Closing(FakeLibrary):
    """Is closed in favour of another just when a thread has got hold of it."""

    def __init__(self, current: OpenLibrary, successor: FakeLibrary) -> None:
        super().__init__()
        self.current, self.successor = current, successor

    def _check_open(self) -> None:
        if self.current.library is self:
            self.current.library = self.successor
            self.close()
        super()._check_open()


async def build_anew(pilot: Pilot[None], successor: FakeLibrary) -> None:
    app = pilot.app
    assert isinstance(app, QaApp)
    library = app.librarian.library
    assert isinstance(library, FakeLibrary)
    library.shelf.next = successor
    app.librarian.build(anew=True)
    await wait_until(pilot, lambda: app.librarian.library is successor)
    assert library.closed == 1


@pytest.mark.parametrize(
    "start",
    [
        lambda screen: screen.ask(QUESTION),
        lambda screen: screen.action_similar(),
        lambda screen: screen.reader.step_section(1),
        lambda screen: screen.reader.read(screen.chosen),
        lambda screen: screen.searcher.find("robust", screen.scope),
    ],
)
async def test_what_meets_a_library_that_was_closed_is_asked_of_the_next_one(
    library: FakeLibrary, start: Callable[[AskScreen], None]
) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        closing = app.open_library.library = Closing(app.open_library, library)
        start(screen_of(pilot))
        await wait_until(pilot, lambda: closing.refused == 1)
        await wait_until(pilot, lambda: all(turn.state is TurnState.ANSWERED for turn in turns_of(pilot)))
        assert "closed" not in screen_of(pilot).status.message


async def test_a_library_that_goes_on_refusing_is_not_asked_for_ever(library: FakeLibrary) -> None:
    current = OpenLibrary()
    current.library = library
    library.close()
    with pytest.raises(QaError, match="was closed"):
        current.ask(lambda each: each.ask(QUESTION))
    assert library.refused == 1


async def test_typing_goes_on_when_the_library_that_completes_was_closed(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        library.close()
        await pilot.press(*"report:r")
        assert screen_of(pilot).question_box.value == "report:r"


async def test_headings_are_completed_from_the_library_that_is_open_by_now(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await pilot.press("f2")
        await wait_until(pilot, lambda: isinstance(app.screen, ScopeScreen) and app.screen.is_mounted)
        await build_anew(pilot, FakeLibrary())
        app.screen.query_one("#scope-section").focus()
        await pilot.press(*"sta", "tab", "escape")
        await wait_until(pilot, lambda: app.screen is screen_of(pilot))


async def test_the_next_library_is_asked_by_words_until_its_own_model_is_loaded(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        successor = FakeLibrary()
        successor.may_prepare.clear()
        await build_anew(pilot, successor)
        await wait_until(pilot, lambda: on_screen(pilot, "loading the model"))
        await ask(pilot, QUESTION)
        await wait_until(pilot, lambda: chosen_ids(pilot) == [PASSAGES[4].id])
        assert (successor.asked_by_words, successor.asked, library.asked) == ([QUESTION], [], [])
        successor.may_prepare.set()
        await wait_until(pilot, lambda: not turns_of(pilot)[0].by_words)


async def test_a_model_that_is_loaded_for_a_library_that_was_closed_is_no_news(library: FakeLibrary) -> None:
    library.may_prepare.clear()
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "loading the model"))
        successor = FakeLibrary()
        successor.may_prepare.clear()
        await build_anew(pilot, successor)
        library.may_prepare.set()
        await wait_until(pilot, lambda: library.refused == 1)
        await pilot.pause()
        assert on_screen(pilot, "loading the model")
        assert "closed" not in screen_of(pilot).status.message
        successor.may_prepare.set()
        await until_ready(pilot)
