"""Keys that come faster than the app takes them, and what arrives in the meantime."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from qa.errors import IndexMissingError, IndexStateError
from qa.settings import Settings
from qa.tui import QaApp
from qa.tui.conversation import Conversation, Search, Turn, TurnState
from qa.tui.librarian import Librarian
from qa.tui.marks import UNICODE_MARKS
from qa.tui.scope import Scope
from qa.tui.searcher import Searcher
from qa.tui.thread import state_in_words
from qa.types import Answer, Progress
from tests.tui.fakes import (
    NEAREST,
    NOTHING,
    PASSAGES,
    QUESTION,
    SAID_TWICE,
    FakeLibrary,
    ask,
    ask_and_wait,
    cite,
    on_screen,
    passage,
    screen_of,
    turns_of,
    until_ready,
    wait_until,
)


def burst(pilot: Pilot[None], *keys: str) -> None:
    """Hand keys to the app at once, as a terminal does with what was typed while the app was busy."""
    for key in keys:
        character = key if len(key) == 1 else None
        pilot.app.post_message(events.Key(_character_to_key(key) if character else key, character))


@pytest.mark.parametrize("keys", [["escape"] * 3, ["enter"] * 3, ["enter", "escape", "enter"]])
async def test_keys_that_close_a_dialog_twice_leave_the_ask_screen(
    library: FakeLibrary, tmp_path: Path, keys: list[str]
) -> None:
    app = QaApp(library.shelf, settings=Settings(export_folder=str(tmp_path)))
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("down", "space")
        for dialog in ("f1", "f2", "f3", "f4", "f5", "ctrl+r", "ctrl+s"):
            await pilot.press(dialog)
            await wait_until(pilot, lambda: app.screen is not screen_of(pilot) and app.screen.is_mounted)
            burst(pilot, *keys)
            await pilot.pause()
            for _ in range(2):  # where the keys opened another one
                await pilot.press("escape")
            await wait_until(pilot, lambda: app.screen is screen_of(pilot))
            await ask_and_wait(pilot)


@pytest.mark.parametrize("second", ["f6", "f7"])
@pytest.mark.parametrize("end", ["escape", "enter"])
async def test_a_prompt_called_from_a_prompt_leads_back_to_where_the_first_was_called_from(
    library: FakeLibrary, second: str, end: str
) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await pilot.press("f6", second, end)
        await wait_until(pilot, lambda: screen_of(pilot).focused is screen_of(pilot).question_box)
        await pilot.press("w")
        assert screen_of(pilot).question_box.value == "w"


def held(library: FakeLibrary) -> FakeLibrary:
    library.may_answer.clear()
    return library


async def test_more_passages_asked_for_twice_are_searched_once_and_never_said_to_be_all(
    library: FakeLibrary,
) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        counts = full_answers(library)
        await ask_and_wait(pilot)
        held(library)
        await pilot.press("down", "m", "m")
        assert "Still searching" in screen_of(pilot).status.message
        library.may_answer.set()
        await wait_until(pilot, lambda: counts == [10, 20])
        await wait_until(pilot, lambda: "found" in screen_of(pilot).status.message)


@pytest.mark.parametrize("end", ["escape", "another question", "an error"])
async def test_more_passages_that_were_not_found_can_be_asked_for_again(
    library: FakeLibrary, end: str
) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        counts = full_answers(library)
        await ask_and_wait(pilot)
        held(library)
        await pilot.press("down", "m")
        turn = turns_of(pilot)[0]
        if end == "escape":
            await pilot.press("escape")
        elif end == "another question":
            screen_of(pilot).ask(NOTHING)
        else:
            library.asking_error = OSError("disk")
        library.may_answer.set()
        await wait_until(pilot, lambda: screen_of(pilot).conversation.running is None)
        library.asking_error = None
        counts.clear()
        screen_of(pilot).thread.highlight(turn, 1)
        await pilot.press("m")
        await wait_until(pilot, lambda: counts == [20])


async def test_an_answer_put_in_order_later_does_not_take_the_highlight_from_a_newer_one(
    library: FakeLibrary,
) -> None:
    library.may_prepare.clear()
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "loading the model"))
        await ask(pilot, QUESTION)
        await wait_until(pilot, lambda: turns_of(pilot)[0].answer is not None)
        held(library)
        library.may_prepare.set()
        await wait_until(pilot, lambda: screen_of(pilot).conversation.running is not None)
        await ask(pilot, SAID_TWICE)
        library.may_answer.set()
        await wait_until(pilot, lambda: not any(turn.by_words or not turn.answer for turn in turns_of(pilot)))
        assert screen_of(pilot).thread.current_turn is turns_of(pilot)[1]


async def test_escape_while_answers_wait_for_the_model_goes_to_the_box_and_stops_none(
    library: FakeLibrary,
) -> None:
    library.may_prepare.clear()
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "loading the model"))
        await ask(pilot, QUESTION)
        await wait_until(pilot, lambda: turns_of(pilot)[0].answer is not None)
        await pilot.press("down", "escape")
        assert screen_of(pilot).focused is screen_of(pilot).question_box
        library.may_prepare.set()
        await wait_until(pilot, lambda: not turns_of(pilot)[0].by_words)


async def test_a_stopped_search_does_not_go_on_promising_a_better_order(library: FakeLibrary) -> None:
    library.may_prepare.clear()
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "loading the model"))
        await ask(pilot, QUESTION)
        await wait_until(pilot, lambda: turns_of(pilot)[0].answer is not None)
        held(library)
        library.may_prepare.set()
        await wait_until(pilot, lambda: screen_of(pilot).conversation.running is not None)
        await pilot.press("escape")
        library.may_answer.set()
        await wait_until(pilot, lambda: library.asked != [])
        said = state_in_words(turns_of(pilot)[0], UNICODE_MARKS)
        assert said == "Stopped: these are found by words alone. Press Down, then e to ask it again."
        assert turns_of(pilot)[0].passages != ()


async def test_an_error_that_comes_before_its_search_is_seen_to_run_does_not_hold_up_the_next_question(
    library: FakeLibrary,
) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        screen, free = screen_of(pilot), asyncio.Event()
        screen.searcher.call_later(free.wait)  # it is busy meanwhile
        library.asking_error = OSError("disk")
        screen.ask(QUESTION)
        (worker,) = screen.searcher._searched
        while not worker.is_finished:
            await asyncio.sleep(0)
        free.set()
        await wait_until(pilot, lambda: turns_of(pilot)[0].state is TurnState.FAILED)
        library.asking_error = None
        await ask_and_wait(pilot, SAID_TWICE)


async def test_a_late_answer_is_not_taken_for_that_of_the_next_search(library: FakeLibrary) -> None:
    conversation = Conversation()
    turn = conversation.ask(QUESTION, Scope())
    early = conversation.next(by_words=True)
    assert early is not None
    assert conversation.answered(early, library.ask(QUESTION, mode="words"))
    late = conversation.next(by_words=False)
    assert late is not None
    conversation.ask(SAID_TWICE, Scope())
    newer = conversation.next(by_words=False)
    assert newer is not None
    assert conversation.answered(newer, library.ask(SAID_TWICE))
    again = conversation.next(by_words=False)
    assert again is not None
    assert again.turn is turn
    assert not conversation.answered(late, library.ask(QUESTION))
    assert not conversation.failed(late, "too late")
    assert conversation.answered(again, library.ask(QUESTION))


def full_answers(library: FakeLibrary) -> list[int]:
    """Have as many passages answered as are asked for; return where the numbers asked for are noted."""
    counts: list[int] = []
    plain = library.ask

    def ask(question: str, *, k: int = 10, **options: Any) -> Answer:
        answer = plain(question, k=k, **options)
        counts.append(k)
        found = tuple(cite(passage(number, f"{number}"), number + 1) for number in range(k))
        return replace(answer, answered=True, passages=found)

    library.ask = ask  # type: ignore[method-assign]
    return counts


@pytest.mark.parametrize("stage", ["opening", "indexing", "loading", "answering", "reading"])
async def test_quitting_is_quiet_whatever_is_going_on(library: FakeLibrary, stage: str) -> None:
    """What threads still tell finds parts that are closed, or closed in part."""
    waits = {
        "opening": library.may_open,
        "indexing": library.may_open,
        "loading": library.may_prepare,
        "answering": library.may_answer,
    }
    if stage in waits:
        waits[stage].clear()
    if stage == "indexing":
        library.shelf.missing = IndexMissingError("There is no index yet")
        library.build = [Progress("encoding", 1, 2)]
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        if stage in ("answering", "reading"):
            await until_ready(pilot)
            await ask(pilot, QUESTION)
        if stage == "indexing":
            await wait_until(pilot, lambda: "Building the index" in screen_of(pilot).status.message)
        app.exit()
        for event in waits.values():
            event.set()
        screen = app.ask_screen
        found = Search(screen.conversation.newest or Turn(1, QUESTION))
        for _ in range(20):
            app.post_message(Librarian.Progressed(Progress("encoding", 1, 2)))
            app.post_message(Librarian.Prepared(library))
            screen.post_message(Searcher.Failed(found, "late"))
            screen.post_message(Searcher.Found(found, library.ask(QUESTION, mode="words")))
            await asyncio.sleep(0)
    assert app.return_code == 0


async def test_after_a_question_that_nothing_answers_down_leads_to_it_wherever_the_highlight_was(
    library: FakeLibrary,
) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        held(library)
        await ask(pilot, NEAREST)
        await pilot.press("down")
        await wait_until(pilot, lambda: screen_of(pilot).focused is screen_of(pilot).thread)
        library.may_answer.set()
        await wait_until(pilot, lambda: turns_of(pilot)[1].answer is not None)
        await pilot.press("escape", "down", "m")
        await wait_until(pilot, lambda: turns_of(pilot)[1].passages != ())


async def test_a_question_stopped_from_among_the_passages_is_the_one_to_edit(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        held(library)
        await ask(pilot, SAID_TWICE)
        await wait_until(pilot, lambda: screen_of(pilot).conversation.running is not None)
        await pilot.press("down", "escape")
        await wait_until(pilot, lambda: turns_of(pilot)[1].state is TurnState.STOPPED)
        library.may_answer.set()
        await pilot.press("down", "e")
        await wait_until(pilot, lambda: screen_of(pilot).question_box.value == SAID_TWICE)


async def test_a_place_that_is_found_late_takes_no_keys_from_the_question_box(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        library.may_show.clear()
        await pilot.press("down", "g", "3", "0", "enter", "slash", "w")
        library.may_show.set()
        await wait_until(pilot, lambda: "para 30" in screen_of(pilot).status.message)
        await pilot.press("space", "y")
        assert screen_of(pilot).question_box.value == "w y"
        assert len(pilot.app.tray) == 0  # type: ignore[attr-defined]


async def test_a_place_that_is_found_late_does_not_leave_what_is_read_since(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        library.may_show.clear()
        await pilot.press("down", "g", "3", "0", "enter")
        screen = screen_of(pilot)
        screen.thread.focus()
        await pilot.press("3")
        library.may_show.set()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert screen.chosen is not None
        assert screen.chosen.id == PASSAGES[1].id


async def test_a_prompt_is_there_still_when_the_terminal_has_the_keys_again(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("down", "g", "3")
        app.post_message(events.AppBlur())
        await pilot.pause()
        app.post_message(events.AppFocus())
        await pilot.pause()
        assert on_screen(pilot, "Go to paragraph, or report and paragraph: 3")
        await pilot.press("0", "enter")
        await wait_until(pilot, lambda: "para 30" in screen_of(pilot).status.message)


async def test_the_passage_presented_last_is_gone_on_with_though_the_answer_came_in_another_order(
    library: FakeLibrary,
) -> None:
    library.may_prepare.clear()
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "loading the model"))
        await ask(pilot, QUESTION)
        await wait_until(pilot, lambda: screen_of(pilot).chosen is not None)
        await pilot.press("f5")
        await wait_until(pilot, lambda: app.screen is not screen_of(pilot) and app.screen.is_mounted)
        await pilot.press("n")
        library.may_prepare.set()
        await wait_until(pilot, lambda: not turns_of(pilot)[0].by_words)
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.screen is screen_of(pilot))
        chosen, current = screen_of(pilot).chosen, screen_of(pilot).thread.current
        assert chosen is not None
        assert current is not None
        assert (chosen.id, current.id) == (PASSAGES[9].id, PASSAGES[9].id)


async def test_questions_wait_while_a_broken_index_is_made_anew(library: FakeLibrary) -> None:
    library.opening_error = IndexStateError("The index is damaged")
    library.build = [Progress("encoding", 1, 2)]
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "The reports could not be opened."))
        library.may_open.clear()
        await pilot.press("f9")
        await wait_until(pilot, lambda: "Building the index" in screen_of(pilot).status.message)
        await ask(pilot, QUESTION)
        library.may_open.set()
        await wait_until(pilot, lambda: turns_of(pilot) != () and turns_of(pilot)[0].passages != ())
