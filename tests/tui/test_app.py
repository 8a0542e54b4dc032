from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from textual import events
from textual.filter import NoColor
from textual.pilot import Pilot

from qa.cite import NOTHING_ANSWERS
from qa.errors import IndexMissingError, IndexStateError, ModelError
from qa.tui import QaApp
from qa.tui.ask_screen import AskScreen
from qa.tui.commands import bindings_of
from qa.tui.conversation import Turn, TurnState
from qa.tui.help import HelpScreen
from qa.tui.line_prompt import LinePrompt
from qa.tui.marks import UNICODE_MARKS
from qa.tui.panes import Panes
from qa.tui.question import QuestionBox
from qa.tui.reader import Paragraph, Section
from qa.tui.thread import Thread, state_in_words
from qa.types import Answer, Progress
from tests.tui.fakes import (
    HOSTILE,
    HOSTILE_QUESTION,
    LONG_WORD,
    NOTHING,
    PASSAGES,
    QUESTION,
    SAID_TWICE,
    FakeLibrary,
    ask,
    ask_and_wait,
    chosen_ids,
    on_screen,
    rows,
    screen_of,
    section_shown,
    turns_of,
    until_ready,
    wait_until,
)

SIZES = [(100, 30), (80, 24), (60, 20)]


# Opening


async def test_the_box_takes_text_while_the_library_is_opening(library: FakeLibrary) -> None:
    library.may_open.clear()
    async with QaApp(library.shelf).run_test(size=(80, 24)) as pilot:
        await pilot.press("w", "h", "o")
        assert screen_of(pilot).question_box.value == "who"
        assert screen_of(pilot).status.message == "Opening the index..."
        assert on_screen(pilot, "model not loaded")
        library.may_open.set()
        await until_ready(pilot)
        assert screen_of(pilot).question_box.value == "who"


async def test_a_question_typed_before_the_index_is_ready_is_answered_when_it_is(
    library: FakeLibrary,
) -> None:
    library.may_open.clear()
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await ask(pilot, QUESTION)
        screen = screen_of(pilot)
        await wait_until(pilot, lambda: on_screen(pilot, "Waiting: this is answered"))
        assert library.asked == []
        library.may_open.set()
        await wait_until(pilot, lambda: screen.thread.current is not None)
        assert library.asked == [(QUESTION, 10, ())]
        assert turns_of(pilot)[0].state is TurnState.ANSWERED


async def test_a_question_typed_before_the_model_is_loaded_is_answered_when_it_is(
    library: FakeLibrary,
) -> None:
    library.may_prepare.clear()
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "loading the model"))
        assert on_screen(pilot, "1 report, 111 passages")
        await ask(pilot, QUESTION)
        assert library.asked == []
        library.may_prepare.set()
        await wait_until(pilot, lambda: screen_of(pilot).thread.current is not None)
        assert on_screen(pilot, "model ready")


async def test_questions_are_answered_in_the_order_they_were_asked_each_with_those_before(
    library: FakeLibrary,
) -> None:
    library.may_open.clear()
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        for question in (QUESTION, NOTHING, HOSTILE_QUESTION):
            await ask(pilot, question)
        library.may_open.set()
        await wait_until(pilot, lambda: len(library.asked) == 3)
        await wait_until(pilot, lambda: turns_of(pilot)[-1].state is TurnState.ANSWERED)
        assert library.asked == [
            (QUESTION, 10, ()),
            (NOTHING, 10, (QUESTION,)),
            (HOSTILE_QUESTION, 10, (QUESTION, NOTHING)),
        ]
        assert [turn.answer is not None for turn in turns_of(pilot)] == [True, True, True]


async def test_a_filter_is_offered_while_it_is_typed_and_taken_with_the_right_key(
    library: FakeLibrary,
) -> None:
    async with QaApp(library.shelf).run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        await pilot.press(*"repo")
        await wait_until(pilot, lambda: on_screen(pilot, "report:review"))
        await pilot.press("right")
        assert screen_of(pilot).question_box.value == "report:review"


async def test_how_a_question_was_understood_and_how_sure_the_answer_is_stand_under_it(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = library.ask

    def ask_surely(question: str, **options: Any) -> Answer:
        return replace(
            plain(question, **options),
            notes=("Searched for: schools",),
            confidence="strong",
            reason="It says so.",
        )

    monkeypatch.setattr(library, "ask", ask_surely)
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        assert on_screen(pilot, "●●● Strong")


async def test_the_building_of_the_index_is_told_as_it_goes(library: FakeLibrary) -> None:
    library.shelf.missing = IndexMissingError("There is no index yet")
    library.build = [Progress("encoding", 40, 310)]
    library.may_open.clear()
    async with QaApp(library.shelf).run_test(size=(60, 20)) as pilot:
        await wait_until(
            pilot,
            lambda: "Building the index: encoding passage 40 of 310." in screen_of(pilot).status.message,
        )
        assert on_screen(pilot, "building the index")
        library.may_open.set()
        await until_ready(pilot)


async def test_a_build_is_given_up_when_the_app_is_left(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Event()
    build = library.shelf.build

    def build_to_the_end(**options: Any) -> FakeLibrary:
        try:
            return build(**options)
        finally:
            ended.set()

    monkeypatch.setattr(library.shelf, "build", build_to_the_end)
    library.shelf.missing = IndexMissingError("There is no index yet")
    library.build = [Progress("encoding", 40, 310)]
    library.may_open.clear()
    app = QaApp(library.shelf)
    async with app.run_test(size=(60, 20)) as pilot:
        await wait_until(pilot, lambda: "Building" in screen_of(pilot).status.message)
        await pilot.press("ctrl+q")
    assert await asyncio.to_thread(ended.wait, 10)
    assert app.return_code == 0


async def test_a_library_that_does_not_open_leaves_its_sentence_and_the_app(library: FakeLibrary) -> None:
    library.opening_error = IndexStateError("There is no index here. Run `qa index`.")
    library.may_open.clear()
    app = QaApp(library.shelf)
    async with app.run_test(size=(60, 20)) as pilot:
        await ask(pilot, QUESTION)
        library.may_open.set()
        screen = screen_of(pilot)
        await wait_until(
            pilot, lambda: screen.status.message == "Error: There is no index here. Run `qa index`."
        )
        assert on_screen(pilot, "no index open")
        assert turns_of(pilot)[0].state is TurnState.FAILED
        await ask(pilot, "another")
        assert turns_of(pilot)[1].state is TurnState.FAILED
        await pilot.press("ctrl+q")
    assert app.return_code == 0


async def test_a_failed_opening_is_told_in_the_empty_thread(library: FakeLibrary) -> None:
    library.opening_error = OSError("disk [/b] gone")
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "The reports could not be opened."))
        assert screen_of(pilot).status.message == "Error: OSError: disk [/b] gone"


async def test_a_model_that_does_not_load_is_told_and_the_library_still_asked(library: FakeLibrary) -> None:
    library.preparing_error = ModelError("The model is damaged. Fetch it again.")
    async with QaApp(library.shelf).run_test(size=(80, 24)) as pilot:
        await wait_until(pilot, lambda: "The model is damaged" in screen_of(pilot).status.message)
        assert on_screen(pilot, "model did not load")
        await ask_and_wait(pilot)
        assert screen_of(pilot).thread.current is not None


async def test_warnings_stay_in_the_status_line(library: FakeLibrary) -> None:
    library.warnings = ("The index is older than the reports. Run `qa index`.",)
    async with QaApp(library.shelf).run_test(size=(60, 20)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        assert "Warning: The index is older than the reports." in screen_of(pilot).status.message
        shown = " ".join(" ".join(rows(pilot)).split())
        assert "Warning: The index is older than the reports. Run `qa index`." in shown


# Asking


async def test_an_error_while_asking_is_shown_and_the_app_goes_on(library: FakeLibrary) -> None:
    library.asking_error = RuntimeError("[/b] no such thing")
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask(pilot, QUESTION)
        screen = screen_of(pilot)
        await wait_until(pilot, lambda: screen.status.message == "Error: RuntimeError: [/b] no such thing")
        assert turns_of(pilot)[0].problem == "RuntimeError: [/b] no such thing"
        library.asking_error = None
        await ask_and_wait(pilot)
        assert turns_of(pilot)[1].state is TurnState.ANSWERED


async def test_searching_is_told_and_the_box_stays_open(library: FakeLibrary) -> None:
    library.may_answer.clear()
    async with QaApp(library.shelf).run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        await ask(pilot, QUESTION)
        await wait_until(pilot, lambda: screen_of(pilot).status.message == "Searching...")
        await pilot.press("n", "e", "x", "t")
        assert screen_of(pilot).question_box.value == "next"
        library.may_answer.set()
        await wait_until(pilot, lambda: section_shown(pilot) and screen_of(pilot).thread.current is not None)
        assert screen_of(pilot).question_box.value == "next"


async def test_an_answer_names_place_and_words_but_no_score(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        assert on_screen(pilot, "▌ 1 Joint area review, Rutland, para 29")
        assert on_screen(pilot, "Access to the child protection")
        assert not any("0.5" in row or "0.3" in row for row in rows(pilot))


@pytest.mark.parametrize("size", SIZES)
async def test_where_else_the_same_is_said_stands_under_the_passage(
    library: FakeLibrary, size: tuple[int, int]
) -> None:
    async with QaApp(library.shelf).run_test(size=size) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot, SAID_TWICE)
        shown = rows(pilot)
        also = next(number for number, row in enumerate(shown) if "Also said at" in row)
        assert any("Young people report" in row for row in shown[:also])
        assert any("para 30" in row for row in shown[also:])


async def test_an_unanswered_question_says_that_nothing_was_found(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot, NOTHING)
        assert NOTHING_ANSWERS in state_in_words(turns_of(pilot)[0], UNICODE_MARKS)
        assert on_screen(pilot, "Nothing in these reports")
        assert screen_of(pilot).thread.current is None


def test_how_sure_an_answer_is_stands_under_its_question_in_words() -> None:
    answer = Answer(QUESTION, True, (), 1.0, confidence="uncalibrated", reason="No calibration fits.")
    turn = Turn(1, QUESTION, state=TurnState.ANSWERED, answer=answer)
    assert state_in_words(turn, UNICODE_MARKS) == "●○○ Uncalibrated: No calibration fits."
    turn.answer = replace(answer, confidence="strong", reason="A passage speaks of this.")
    assert state_in_words(turn, UNICODE_MARKS) == "●●● Strong: A passage speaks of this."
    turn.answer = replace(answer, confidence="possible", reason="Nothing more exact was found.")
    assert state_in_words(turn, UNICODE_MARKS) == "●●○ Possible: Nothing more exact was found."


async def test_an_empty_question_is_not_asked(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        await pilot.press("space", "enter")
        assert turns_of(pilot) == ()


async def test_an_answer_does_not_move_the_highlight_of_somebody_who_reads(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        library.may_answer.clear()
        await ask(pilot, HOSTILE_QUESTION)
        await pilot.press("down", "down")
        before = screen_of(pilot).thread.current
        library.may_answer.set()
        await wait_until(pilot, lambda: turns_of(pilot)[1].answer is not None)
        assert screen_of(pilot).thread.current is before is not None


async def test_up_and_down_recall_questions_and_keep_the_draft(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        box = screen_of(pilot).question_box
        await ask_and_wait(pilot, QUESTION)
        await ask_and_wait(pilot, NOTHING)
        await pilot.press("d", "up")
        assert box.value == NOTHING
        await pilot.press("up", "up")
        assert box.value == QUESTION
        await pilot.press("down", "down")
        assert box.value == "d"
        await pilot.press("down")
        assert screen_of(pilot).focused is screen_of(pilot).thread


async def test_keys_in_quick_succession_are_taken_in_their_order(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        for key, character in [
            ("a", "a"),
            ("b", "b"),
            ("enter", "\r"),
            ("c", "c"),
            ("ctrl+j", "\n"),
            ("d", "d"),
        ]:
            app.post_message(events.Key(key, character))
        await wait_until(pilot, lambda: len(library.asked) == 2)
        assert [question for question, *_ in library.asked] == ["ab", "c"]
        assert screen_of(pilot).question_box.value == "d"


async def test_keys_pressed_before_the_first_frame_are_not_lost(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    for key in "who":
        app.post_message(events.Key(key, key))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        assert screen_of(pilot).question_box.value == "who"


async def test_pasted_lines_become_one_question(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        box = screen_of(pilot).question_box
        box.post_message(events.Paste("  Who chairs\r\n\x1b[31mthe board?\x00\n"))
        await wait_until(pilot, lambda: box.value != "")
        assert box.value == "Who chairs \ufffd[31mthe board?\ufffd"


# Reading


@pytest.mark.parametrize("size", SIZES)
async def test_the_highlighted_passage_is_marked_in_its_section(
    library: FakeLibrary, size: tuple[int, int]
) -> None:
    async with QaApp(library.shelf).run_test(size=size) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("down", "enter")
        screen = screen_of(pilot)
        await wait_until(pilot, lambda: screen.focused is screen.reader.section)
        assert chosen_ids(pilot) == ["jar-2006:2"]
        await wait_until(pilot, lambda: on_screen(pilot, "29 ▌ Access to the child"))
        marked_at = next(i for i, row in enumerate(rows(pilot)) if "29 ▌" in row)
        assert marked_at < size[1] // 2


async def test_the_reader_shows_numbers_bullets_and_what_introduces_them(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("2")
        assert on_screen(pilot, "28   The Local Safeguarding")
        await pilot.press("down", "2")
        await wait_until(pilot, lambda: chosen_ids(pilot) == ["jar-2006:8"])
        assert on_screen(pilot, "For action over the next six months:")
        assert on_screen(pilot, "• ▌ the Local Safeguarding")


async def test_matching_sentences_and_printed_emphasis_are_shown_where_they_are(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        assert styled_words(pilot, "underline").startswith("Access to the child protection register")
        assert "Framework for the" in styled_words(pilot, "italic")
        await pilot.press("down", "4")
        await wait_until(pilot, lambda: chosen_ids(pilot) == ["jar-2006:9"])
        assert styled_words(pilot, "underline").startswith("Staying safe: The impact of local services")


def styled_words(pilot: Pilot[None], style: str) -> str:
    """The words on the screen that have a style."""
    found: list[str] = []
    for strip in pilot.app.screen._compositor.render_strips():
        words = [s.text.strip() for s in strip if s.style is not None and getattr(s.style, style)]
        found.extend(words)
    return " ".join(found)


async def test_a_digit_goes_to_that_passage_of_the_answer(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("down", "3")
        current = screen_of(pilot).thread.current
        assert current is not None
        assert current.rank == 3
        await pilot.press("9")
        assert screen_of(pilot).status.message == "This answer has no passage 9."


async def test_a_section_that_cannot_be_read_leaves_the_passage(library: FakeLibrary) -> None:
    library.section_error = RuntimeError("unreadable")
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await wait_until(pilot, lambda: "RuntimeError: unreadable" in screen_of(pilot).status.message)
        assert chosen_ids(pilot) == ["jar-2006:2"]


# Moving about


async def test_under_80_columns_enter_opens_the_reader_and_escape_steps_back(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(60, 20)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        screen = screen_of(pilot)
        assert screen.thread.display
        assert not screen.reader.display
        await pilot.press("down", "enter")
        await wait_until(pilot, lambda: screen.reader.display and not screen.thread.display)
        await pilot.press("escape")
        await wait_until(pilot, lambda: screen.thread.display and not screen.reader.display)
        assert screen.focused is screen.thread
        await pilot.press("escape")
        await wait_until(pilot, lambda: screen.focused is screen.question_box)


@pytest.mark.parametrize(("key", "to_reader"), [("slash", True), ("escape", False), ("escape", True)])
async def test_from_both_panes_a_key_leads_back_to_the_box(
    library: FakeLibrary, key: str, to_reader: bool
) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        screen = screen_of(pilot)
        await pilot.press("down", *(["enter"] if to_reader else []))
        goal = screen.reader.section if to_reader else screen.thread
        await wait_until(pilot, lambda: screen.focused is goal)
        await pilot.press(key)
        await wait_until(pilot, lambda: screen.focused is screen.question_box)
        assert screen.question_box.value == ""


async def test_a_new_question_from_under_the_reader_shows_its_answer(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(60, 20)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("down", "enter", "slash")
        await ask_and_wait(pilot, HOSTILE_QUESTION)
        assert screen_of(pilot).thread.display
        assert on_screen(pilot, "hostile [/b] [red]?")


async def test_resizing_keeps_the_highlighted_passage_in_view(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("down", "4")
        highlighted = screen_of(pilot).thread.current
        for size in [(60, 20), (80, 24), (40, 12), (100, 30), (60, 20)]:
            await pilot.resize_terminal(*size)
            await wait_until(pilot, lambda: on_screen(pilot, "█ 4 Joint area review"))
            assert screen_of(pilot).thread.current is highlighted


async def test_resizing_while_reading_keeps_the_reader_in_front(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("down", "enter")
        screen = screen_of(pilot)
        await wait_until(pilot, lambda: screen.focused is screen.reader.section)
        await pilot.resize_terminal(60, 20)
        await wait_until(pilot, lambda: on_screen(pilot, "29 ▌ Access") and not screen.thread.display)
        assert screen.focused is screen.reader.section


async def test_an_answer_is_shown_from_its_question_on(library: FakeLibrary) -> None:
    for size in SIZES:
        async with QaApp(library.shelf).run_test(size=size) as pilot:
            await until_ready(pilot)
            await ask_and_wait(pilot)
            await ask_and_wait(pilot)
            await wait_until(pilot, lambda: on_screen(pilot, "Q2  Can social workers"))
            assert on_screen(pilot, "▌ 1 Joint area review")


# Keys and help


async def test_help_lists_the_live_keys_and_closes(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 120)) as pilot:
        await until_ready(pilot)
        await pilot.press("f1")
        await wait_until(pilot, lambda: isinstance(app.screen, HelpScreen))
        for words in ("Copy the citation", "Copy words and citation", "1 to 9", "Older question"):
            assert on_screen(pilot, words)
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.screen is screen_of(pilot))
        assert app.focused is screen_of(pilot).question_box


async def test_a_question_mark_is_help_outside_the_box_and_a_letter_in_it(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("question_mark")
        assert screen_of(pilot).question_box.value == "?"
        await pilot.press("down", "question_mark")
        await wait_until(pilot, lambda: isinstance(app.screen, HelpScreen))


async def test_an_answer_that_arrives_under_the_help_is_there_afterwards(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    library.may_answer.clear()
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        await ask(pilot, QUESTION)
        await pilot.press("f1")
        await wait_until(pilot, lambda: isinstance(app.screen, HelpScreen))
        library.may_answer.set()
        await wait_until(pilot, lambda: screen_of(pilot).thread.current is not None)
        await pilot.press("escape")
        await wait_until(pilot, lambda: on_screen(pilot, "▌ 1 Joint area review"))


async def test_a_changed_key_is_shown_in_the_help(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        app.set_keymap({"copy.citation": "f7"})
        await pilot.pause()
        keys = {binding.id: binding.key for binding in bindings_of([screen_of(pilot)])}
        assert keys["copy.citation"] == "f7"


def test_every_binding_has_an_id_of_its_own() -> None:
    owners = (QaApp, AskScreen, Panes, Thread, Section, QuestionBox, LinePrompt, HelpScreen)
    ids = [getattr(binding, "id", None) for owner in owners for binding in owner.BINDINGS]
    assert None not in ids
    assert len(ids) == len(set(ids))


async def test_ctrl_c_does_not_quit_but_says_what_does(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        await pilot.press("ctrl+c")
        await wait_until(pilot, lambda: screen_of(pilot).status.message == "Press ctrl+q to quit.")
        assert app.is_running


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
async def test_a_signal_to_end_leaves_in_good_order(library: FakeLibrary, name: str) -> None:
    number = signal.Signals[name]
    app = QaApp(library.shelf)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        os.kill(os.getpid(), number)
        await wait_until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 128 + number


async def test_no_color_chooses_a_theme_without_colours_of_its_own(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = QaApp(library.shelf)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        assert app.theme == "ansi-dark"
        assert on_screen(pilot, "▌ 1 Joint area review")
        colours = {
            colour.name
            for strip in app.screen._compositor.render_strips()
            for segment in strip.apply_filter(NoColor(), app.screen.styles.background)
            if segment.style is not None
            for colour in (segment.style.color, segment.style.bgcolor)
            if colour is not None
        }
        assert colours <= {"default"}


# Text from outside


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_text_is_shown_as_text(library: FakeLibrary, size: tuple[int, int]) -> None:
    library.warnings = ("[/b] \x1b[2J \u202e",)
    async with QaApp(library.shelf).run_test(size=size) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot, HOSTILE_QUESTION)
        await pilot.press("down", "down", "enter")
        await wait_until(pilot, lambda: screen_of(pilot).focused is screen_of(pilot).reader.section)
        await wait_until(pilot, lambda: on_screen(pilot, "▌ xxxx") and section_shown(pilot))
        await pilot.press("escape")
        assert on_screen(pilot, "hostile [/b] [red]?")
        shown = "\n".join(rows(pilot))
        assert not any(control in shown for control in "\x1b\u202e\x00\r")


async def test_a_hostile_question_is_asked_as_it_stands_in_the_box(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(60, 20)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot, HOSTILE)
        await ask_and_wait(pilot, LONG_WORD)
        assert "[/b] [red]x[/]" in library.asked[0][0]
        assert "\x1b" not in library.asked[0][0]
        assert library.asked[1][0] == LONG_WORD


async def test_the_reader_keeps_every_character_of_a_passage(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        shown = [str(words.content) for words in screen_of(pilot).reader.query(Paragraph)]
        assert shown == [passage.shown for passage in PASSAGES[:6]]
