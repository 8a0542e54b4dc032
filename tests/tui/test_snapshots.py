"""Pictures of the app. A difference is to be looked at, never only accepted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest
from textual.pilot import Pilot

from qa.errors import IndexStateError
from qa.tui import QaApp
from qa.types import Progress
from tests.tui.fakes import (
    HOSTILE_QUESTION,
    NOTHING,
    QUESTION,
    FakeLibrary,
    ask,
    ask_and_wait,
    screen_of,
    turns_of,
    until_ready,
    wait_until,
)

SIZES = pytest.mark.parametrize(
    "size", [(100, 30), (80, 24), (60, 20)], ids=lambda size: f"{size[0]}x{size[1]}"
)


class Compare(Protocol):
    """The fixture of pytest-textual-snapshot."""

    def __call__(
        self,
        app: QaApp,
        *,
        terminal_size: tuple[int, int],
        run_before: Callable[[Pilot[None]], Awaitable[None]],
    ) -> bool: ...


def still(steps: Callable[[Pilot[None]], Awaitable[None]]) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Return `steps` with a cursor that does not blink."""

    async def run(pilot: Pilot[None]) -> None:
        screen_of(pilot).question_box.cursor_blink = False
        await steps(pilot)
        await pilot.wait_for_scheduled_animations()
        await pilot.pause()

    return run


@SIZES
def test_ready(snap_compare: Compare, library: FakeLibrary, size: tuple[int, int]) -> None:
    assert snap_compare(QaApp(library.shelf), terminal_size=size, run_before=still(until_ready))


@SIZES
def test_an_answer(snap_compare: Compare, library: FakeLibrary, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await until_ready(pilot)
        await ask_and_wait(pilot)

    assert snap_compare(QaApp(library.shelf), terminal_size=size, run_before=still(steps))


@SIZES
def test_reading(snap_compare: Compare, library: FakeLibrary, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("down", "enter")
        await wait_until(pilot, lambda: screen_of(pilot).focused is screen_of(pilot).reader.section)

    assert snap_compare(QaApp(library.shelf), terminal_size=size, run_before=still(steps))


@SIZES
def test_nothing_found_and_hostile_text(
    snap_compare: Compare, library: FakeLibrary, size: tuple[int, int]
) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await until_ready(pilot)
        await ask_and_wait(pilot, HOSTILE_QUESTION)
        await ask_and_wait(pilot, NOTHING)

    assert snap_compare(QaApp(library.shelf), terminal_size=size, run_before=still(steps))


@SIZES
def test_help(snap_compare: Compare, library: FakeLibrary, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await until_ready(pilot)
        await pilot.press("f1")
        await wait_until(pilot, lambda: pilot.app.screen is not screen_of(pilot))

    assert snap_compare(QaApp(library.shelf), terminal_size=size, run_before=still(steps))


def test_building_the_index_with_a_question_waiting(snap_compare: Compare, library: FakeLibrary) -> None:
    library.build = [Progress("encoding", 40, 310)]
    library.may_open.clear()

    async def steps(pilot: Pilot[None]) -> None:
        await ask(pilot, QUESTION)
        await wait_until(pilot, lambda: turns_of(pilot) != ())
        await wait_until(pilot, lambda: "Building" in screen_of(pilot).status.message)

    assert snap_compare(QaApp(library.shelf), terminal_size=(60, 20), run_before=still(steps))


def test_an_index_that_does_not_open(snap_compare: Compare, library: FakeLibrary) -> None:
    library.opening_error = IndexStateError("There is no index in index/. Run `qa index` to build it.")

    async def steps(pilot: Pilot[None]) -> None:
        await wait_until(pilot, lambda: "Error" in screen_of(pilot).status.message)

    assert snap_compare(QaApp(library.shelf), terminal_size=(80, 24), run_before=still(steps))
