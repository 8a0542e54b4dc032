"""Pictures of the app. A difference is to be looked at, never only accepted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from threading import Event
from typing import Protocol

import pytest
from textual.command import CommandList
from textual.pilot import Pilot
from textual.widgets import LoadingIndicator
from textual.worker import get_current_worker

from qa.errors import IndexMissingError, IndexStateError, NoReportsError
from qa.history import History
from qa.settings import Settings
from qa.tui import QaApp, dialog_app
from qa.types import Progress
from tests.tui.fakes import (
    HOSTILE_QUESTION,
    NEAREST,
    NOTHING,
    QUESTION,
    SAID_TWICE,
    FakeLibrary,
    ask,
    ask_and_wait,
    on_screen,
    rows,
    screen_of,
    section_shown,
    turns_of,
    until_ready,
    wait_until,
)

Steps = Callable[[Pilot[None]], Awaitable[None]]

SIZES = pytest.mark.parametrize(
    "size", [(100, 30), (80, 24), (60, 20)], ids=lambda size: f"{size[0]}x{size[1]}"
)
THEMES = pytest.mark.parametrize("theme", ["qa-dark", "qa-light", "qa-contrast"])


class Compare(Protocol):
    """The fixture of pytest-textual-snapshot."""

    def __call__(
        self,
        app: QaApp,
        *,
        terminal_size: tuple[int, int],
        run_before: Callable[[Pilot[None]], Awaitable[None]],
    ) -> bool: ...


class Picture(Protocol):
    """Whether a picture of the app is as it was."""

    def __call__(self, steps: Steps, *, size: tuple[int, int] = (80, 24), **settings: object) -> bool: ...


@pytest.fixture
def picture(snap_compare: Compare, library: FakeLibrary) -> Picture:
    """Return what brings an app over `library` into a state, and compares its picture."""

    def take(steps: Steps, *, size: tuple[int, int] = (80, 24), **settings: object) -> bool:
        async def run(pilot: Pilot[None]) -> None:
            screen_of(pilot).question_box.cursor_blink = False
            await steps(pilot)
            await pilot.wait_for_scheduled_animations()
            await pilot.pause()

        app = QaApp(library.shelf, settings=Settings(**settings), history=History(None))  # type: ignore[arg-type]
        return snap_compare(app, terminal_size=size, run_before=run)

    return take


# How an app is brought into a state.


def answered(*keys: str, question: str = QUESTION) -> Steps:
    """Return steps that ask a question and then press `keys`."""

    async def steps(pilot: Pilot[None]) -> None:
        await until_ready(pilot)
        await ask_and_wait(pilot, question)
        for key in keys:
            await pilot.press(key)
            await wait_until(pilot, lambda: section_shown(pilot))
        await pilot.app.workers.wait_for_complete()

    return steps


def until(text: str) -> Steps:
    """Return steps that wait for `text`."""

    async def steps(pilot: Pilot[None]) -> None:
        await wait_until(pilot, lambda: on_screen(pilot, text))

    return steps


async def nothing_found_and_hostile_text(pilot: Pilot[None]) -> None:
    await until_ready(pilot)
    await ask_and_wait(pilot, HOSTILE_QUESTION)
    await ask_and_wait(pilot, NOTHING)


async def until_all_commands_are_listed(pilot: Pilot[None]) -> None:
    commands = len(list(pilot.app.get_system_commands(screen_of(pilot))))
    palette = pilot.app.screen
    await wait_until(pilot, lambda: palette.query_one(CommandList).option_count == commands)
    await pilot.app.workers.wait_for_complete()
    await wait_until(pilot, lambda: palette.query_one(CommandList).highlighted == 0)
    await wait_until(pilot, lambda: not palette.query_one(LoadingIndicator).has_class("--visible"))


# The states most people see, in three sizes and themes.


@THEMES
@SIZES
def test_ready(picture: Picture, size: tuple[int, int], theme: str) -> None:
    assert picture(until_ready, size=size, theme=theme)


@THEMES
@SIZES
def test_an_answer(picture: Picture, size: tuple[int, int], theme: str) -> None:
    assert picture(answered(), size=size, theme=theme)


@THEMES
@SIZES
def test_reading(picture: Picture, size: tuple[int, int], theme: str) -> None:
    assert picture(answered("down", "enter"), size=size, theme=theme)


@THEMES
@SIZES
def test_nothing_found_and_hostile_text(picture: Picture, size: tuple[int, int], theme: str) -> None:
    assert picture(nothing_found_and_hostile_text, size=size, theme=theme)


@THEMES
@SIZES
def test_help(picture: Picture, size: tuple[int, int], theme: str) -> None:
    assert picture(answered("f1"), size=size, theme=theme)


# The other states, each once.


def test_the_list_with_a_marked_passage_where_the_same_is_said_twice(picture: Picture) -> None:
    assert picture(answered("down", "space", "n", question=SAID_TWICE), size=(60, 20))


def test_a_follow_up(picture: Picture) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await answered()(pilot)
        await ask_and_wait(pilot, "And in the evening?")

    assert picture(steps)


def test_nothing_answers_and_the_nearest_passages(picture: Picture) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await until_ready(pilot)
        await ask_and_wait(pilot, NEAREST)
        await pilot.press("tab", "m")
        await wait_until(pilot, lambda: bool(turns_of(pilot)[0].passages) and section_shown(pilot))

    assert picture(steps)


def test_where_to_go_is_asked(picture: Picture) -> None:
    assert picture(answered("down", "g", "2", "8"), size=(60, 20))


def test_the_tray(picture: Picture) -> None:
    assert picture(answered("down", "space", "n", "space", "f4"), theme="qa-light")


def test_the_scope(picture: Picture) -> None:
    assert picture(answered("f2"))


def test_an_export(picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> Clock:
            return cls(2026, 1, 2, 3, 4)

    monkeypatch.setattr(dialog_app, "datetime", Clock)
    assert picture(answered("down", "space", "ctrl+s"))


def test_the_history(picture: Picture) -> None:
    assert picture(answered("ctrl+r"))


def test_the_reports(picture: Picture) -> None:
    assert picture(answered("f3"))


def test_the_command_palette(picture: Picture) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await answered("ctrl+p")(pilot)
        await until_all_commands_are_listed(pilot)

    assert picture(steps)


def test_a_passage_on_the_projector(picture: Picture) -> None:
    assert picture(answered("down", "f5"), size=(60, 20))


def test_no_reports_yet(picture: Picture, library: FakeLibrary) -> None:
    library.shelf.missing = IndexMissingError("There is no index yet")
    library.shelf.building_error = NoReportsError("There are no reports in corpus/")
    assert picture(until("Folder or file with reports"))


def test_a_question_waits_while_the_index_is_built(picture: Picture, library: FakeLibrary) -> None:
    library.shelf.missing = IndexMissingError("There is no index yet")
    library.build = [Progress("encoding", 40, 310)]
    library.may_open.clear()

    async def steps(pilot: Pilot[None]) -> None:
        await ask(pilot, QUESTION)
        await wait_until(
            pilot, lambda: "40 of 310" in screen_of(pilot).status.message and turns_of(pilot) != ()
        )

    try:
        assert picture(steps, size=(60, 20))
    finally:
        library.may_open.set()


def test_the_reports_are_indexed_again(picture: Picture, library: FakeLibrary) -> None:
    library.build = [Progress("encoding", 40, 310)]

    async def steps(pilot: Pilot[None]) -> None:
        await until_ready(pilot)
        library.may_open.clear()
        await pilot.press("f3", "r")
        await wait_until(pilot, lambda: on_screen(pilot, "40 of 310"))

    try:
        assert picture(steps)
    finally:
        library.may_open.set()


def test_an_answer_by_words_while_the_model_is_loaded(picture: Picture, library: FakeLibrary) -> None:
    class UntilTheAppIsLeft(Event):
        def wait(self, timeout: float | None = None) -> bool:
            worker = get_current_worker()
            while not worker.is_cancelled:
                super().wait(0.01)
            return True

    library.may_prepare = UntilTheAppIsLeft()
    library.preparing_error = RuntimeError("nobody waits any more")
    assert picture(ask_and_wait)


def test_an_index_that_does_not_open(picture: Picture, library: FakeLibrary) -> None:
    library.opening_error = IndexStateError("There is no index in index/. Run `qa index` to build it.")
    assert picture(until("F9"))


def test_warnings_that_would_fill_lines(picture: Picture, library: FakeLibrary) -> None:
    library.warnings = (
        "The index is not up to date (1 report was added: rutland-2020.pdf; 1 was changed: kent-2022.pdf)",
        "scan.pdf could not be read: it has pictures of pages and no text. Run it through OCR first.",
    )

    async def steps(pilot: Pilot[None]) -> None:
        await wait_until(pilot, lambda: "Ready." in screen_of(pilot).status.message)
        await ask_and_wait(pilot)

    assert picture(steps, size=(60, 20))


@pytest.mark.parametrize("keys", [(), ("down", "enter"), ("f1",)], ids=["answer", "reader", "help"])
def test_the_smallest_terminal(picture: Picture, keys: tuple[str, ...]) -> None:
    assert picture(answered(*keys), size=(40, 12))


@pytest.mark.parametrize(
    "keys", [("down", "enter"), ("f3",), ("f2",), ("ctrl+p",)], ids=["reader", "reports", "scope", "palette"]
)
def test_a_terminal_without_signs(picture: Picture, keys: tuple[str, ...]) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await answered(*keys)(pilot)
        if keys == ("ctrl+p",):
            await until_all_commands_are_listed(pilot)
        assert [row for row in rows(pilot) if not row.isascii()] == []

    assert picture(steps, size=(100, 30), ascii=True)
