"""Every key of the panes, and what it does to the state of the Ask screen."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Static

from qa.tui import QaApp
from qa.tui.conversation import Origin, TurnState
from qa.tui.line_prompt import LinePrompt
from qa.tui.marks import UNICODE_MARKS
from qa.tui.present import PresentScreen
from qa.tui.reader import MOST_SHOWN, Paragraph
from qa.tui.scope import Scope
from qa.tui.thread import state_in_words
from tests.tui.fakes import (
    HOSTILE,
    NEAREST,
    NOTHING,
    PASSAGES,
    QUESTION,
    SAID_TWICE,
    FakeLibrary,
    ask,
    ask_and_wait,
    chosen_ids,
    on_screen,
    passage,
    screen_of,
    turns_of,
    until_ready,
    wait_until,
)


async def in_the_passages(pilot: Pilot[None], question: str = QUESTION) -> None:
    """Ask and go to the passages."""
    await until_ready(pilot)
    await ask_and_wait(pilot, question)
    await pilot.press("down")


def type_ahead(pilot: Pilot[None], *keys: str) -> None:
    """Type keys all at once, as people do who know what comes."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))


async def until_reading(pilot: Pilot[None], passage_id: str) -> None:
    await wait_until(pilot, lambda: chosen_ids(pilot) == [passage_id])


# Among the passages of an answer


async def test_n_and_p_go_through_the_passages_of_the_answer_also_from_the_reader(
    library: FakeLibrary,
) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_of(pilot).focused is screen_of(pilot).reader.section)
        await pilot.press("n")
        await until_reading(pilot, "jar-2006:8")
        assert "passage 2 of 5" in str(screen_of(pilot).query_one("#reader-title", Static).content)
        assert screen_of(pilot).focused is screen_of(pilot).reader.section
        await pilot.press("p")
        await until_reading(pilot, "jar-2006:2")
        await pilot.press("p")
        assert screen_of(pilot).status.message == "This is the first passage of the answer."


async def test_n_at_the_last_passage_says_so_and_does_not_go_on_to_the_next_answer(
    library: FakeLibrary,
) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot, SAID_TWICE)
        await ask_and_wait(pilot, QUESTION)
        await pilot.press("down", "up", "n")
        assert screen_of(pilot).status.message == "This is the last passage of the answer."


# Along the report


async def test_brackets_go_to_the_paragraphs_beside(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("right_square_bracket")
        await until_reading(pilot, "jar-2006:3")
        assert screen_of(pilot).focused is screen_of(pilot).reader.section
        assert screen_of(pilot).status.message == "Joint area review, Rutland (Ofsted, 2006), " + (
            "Main Report › Staying safe, para 30"
        )
        await pilot.press("left_square_bracket", "left_square_bracket")
        await until_reading(pilot, "jar-2006:1")


async def test_quick_brackets_count_each(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("right_square_bracket", "right_square_bracket", "right_square_bracket")
        await until_reading(pilot, "jar-2006:5")


async def test_a_bracket_leaves_the_section_at_its_end_and_stops_where_the_report_does(
    library: FakeLibrary,
) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("right_curly_bracket")
        await until_reading(pilot, "jar-2006:6")
        await pilot.press("left_square_bracket")
        await until_reading(pilot, "jar-2006:5")
        await pilot.press("left_curly_bracket")
        await until_reading(pilot, "jar-2006:0")
        await pilot.press("left_square_bracket")
        await wait_until(pilot, lambda: "nothing more" in screen_of(pilot).status.message)
        assert chosen_ids(pilot) == ["jar-2006:0"]


async def test_braces_go_from_section_to_section(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("right_curly_bracket")
        await until_reading(pilot, "jar-2006:6")
        await pilot.press("right_curly_bracket")
        await until_reading(pilot, "jar-2006:9")
        await pilot.press("left_curly_bracket")
        await until_reading(pilot, "jar-2006:6")


async def test_g_goes_to_a_paragraph_by_its_printed_number(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("g", "3", "1", "enter")
        await until_reading(pilot, "jar-2006:5")
        assert screen_of(pilot).focused is screen_of(pilot).reader.section


async def test_keys_typed_ahead_go_to_what_the_key_before_them_opens(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        box = screen_of(pilot).question_box
        type_ahead(pilot, "g", "3", "1", "enter")
        await until_reading(pilot, "jar-2006:5")
        type_ahead(pilot, "slash", "g", "2", "n")
        await wait_until(pilot, lambda: box.value == "g2n")
        type_ahead(pilot, "f2", "r", "e", "v", "escape", "y")
        await wait_until(pilot, lambda: box.value == "g2ny")
        type_ahead(pilot, "ctrl+r", "n", "o", "escape", "p")
        await wait_until(pilot, lambda: box.value == "g2nyp")


async def test_what_is_pasted_among_the_passages_goes_into_the_question_box(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        pilot.app.post_message(events.Paste("Which schools\nare good?"))
        box = screen_of(pilot).question_box
        await wait_until(pilot, lambda: box.value == "Which schools are good?" and box.has_focus)
        pilot.app.post_message(events.Paste("Why?"))
        await wait_until(pilot, lambda: box.value == "Which schools are good?Why?")


async def test_a_prompt_is_gone_when_keys_go_elsewhere(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("g")
        assert screen_of(pilot).query_one(LinePrompt).display
        await pilot.click("#question")
        await wait_until(pilot, lambda: not screen_of(pilot).query_one(LinePrompt).display)


async def test_g_takes_a_report_and_a_paragraph_before_any_question(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await pilot.press("f7", *"jar-2006 28", "enter")
        await until_reading(pilot, "jar-2006:1")


async def test_a_paragraph_that_is_not_there_is_told_with_those_that_are(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("g", *"999", "enter")
        await wait_until(pilot, lambda: "numbered paragraphs are 27 to 31" in screen_of(pilot).status.message)
        assert chosen_ids(pilot) == ["jar-2006:2"]


async def test_escape_leaves_the_prompt_for_where_it_was_called_from(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(60, 20)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_of(pilot).focused is screen_of(pilot).reader.section)
        await pilot.press("g", "9", "escape")
        await wait_until(pilot, lambda: not screen_of(pilot).query_one(LinePrompt).display)
        assert screen_of(pilot).focused is screen_of(pilot).reader.section
        assert screen_of(pilot).reader.display


async def test_the_thread_leads_back_to_its_own_passage(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("g", "3", "1", "enter")
        await until_reading(pilot, "jar-2006:5")
        screen_of(pilot).thread.focus()
        await until_reading(pilot, "jar-2006:2")


async def test_where_else_it_is_said_is_gone_to_with_a_key(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot, SAID_TWICE)
        assert on_screen(pilot, "Also said at")
        await pilot.press("o")
        await until_reading(pilot, "jar-2006:0")
        await pilot.press("o")
        assert screen_of(pilot).status.message == "This passage is not known to be said elsewhere too."


# Finding


async def test_f_finds_words_in_the_report_and_n_goes_through_them(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("f", *"register", "enter")
        await wait_until(pilot, lambda: len(turns_of(pilot)) == 2 and turns_of(pilot)[1].passages != ())
        await until_reading(pilot, "jar-2006:2")
        assert library.found == [("register", ("jar-2006",))]
        assert turns_of(pilot)[1].origin is Origin.FIND
        assert screen_of(pilot).focused is screen_of(pilot).thread
        await pilot.press("n")
        await until_reading(pilot, "jar-2006:8")


async def test_f6_finds_words_in_all_reports_before_any_question(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await pilot.press("f6", *"needs", "enter")
        await until_reading(pilot, "jar-2006:6")
        assert library.found == [("needs", None)]


async def test_words_that_stand_nowhere_are_told_so(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("f", *"zebra", "enter")
        await wait_until(pilot, lambda: screen_of(pilot).status.message == "No passage found.")
        assert "No passage found for zebra" in state_in_words(turns_of(pilot)[1], UNICODE_MARKS)


# Asking on


async def test_l_lists_passages_like_the_chosen_one(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("l")
        await until_reading(pilot, "jar-2006:5")
        assert turns_of(pilot)[1].origin is Origin.SIMILAR
        assert on_screen(pilot, "More like: Joint area review")


async def test_e_puts_the_question_into_the_box_to_be_changed(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        box = screen_of(pilot).question_box
        await ask_and_wait(pilot)
        box.value = "a draft"
        screen_of(pilot).thread.focus()
        await pilot.press("e")
        assert box.value == QUESTION
        assert screen_of(pilot).focused is box
        await pilot.press("down")
        assert box.value == "a draft"


async def test_a_question_that_leans_on_another_says_so_and_is_asked_afresh_with_a_key(
    library: FakeLibrary,
) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await ask_and_wait(pilot, "And by day?")
        assert on_screen(pilot, "↳ Understood as following on")
        await pilot.press("down", "a")
        await wait_until(pilot, lambda: len(turns_of(pilot)) == 3 and turns_of(pilot)[2].answer is not None)
        assert library.asked[-2:] == [("And by day?", 10, (QUESTION,)), ("And by day?", 10, ())]
        assert turns_of(pilot)[2].leans_on is None


async def test_where_nothing_answers_the_nearest_passages_are_shown_on_request_only(
    library: FakeLibrary,
) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot, NEAREST)
        assert on_screen(pilot, "Nothing in these reports")
        assert on_screen(pilot, "Searched: 1 report, 111")
        assert turns_of(pilot)[0].passages == ()
        assert screen_of(pilot).chosen is None
        await pilot.press("down")
        assert screen_of(pilot).focused is screen_of(pilot).thread
        await pilot.press("m")
        await until_reading(pilot, "jar-2006:2")
        assert on_screen(pilot, "Nearest, not an answer")


async def test_keys_act_on_a_newest_question_that_nothing_answers_not_on_one_before_it(
    library: FakeLibrary,
) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("escape")
        await ask(pilot, NEAREST)
        await wait_until(pilot, lambda: turns_of(pilot)[-1].state is TurnState.ANSWERED)
        await wait_until(pilot, lambda: screen_of(pilot).thread.current is None)
        assert screen_of(pilot).chosen is None
        await pilot.press("down")
        said = "Press m for the nearest passages, or e to change the question."
        await wait_until(pilot, lambda: screen_of(pilot).status.message == said)
        await pilot.press("down", "e")
        await wait_until(pilot, lambda: screen_of(pilot).question_box.value == NEAREST)
        await pilot.press("down", "down", "m")
        first, last = turns_of(pilot)
        await wait_until(pilot, lambda: last.nearest and screen_of(pilot).thread.current_turn is last)
        await pilot.press("up")
        assert screen_of(pilot).thread.current_turn is first


async def test_m_asks_for_more_passages_and_keeps_the_highlight(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        turns_of(pilot)[0].count = 5
        await pilot.press("3", "m")
        await wait_until(pilot, lambda: len(library.asked) == 2)
        await wait_until(pilot, lambda: screen_of(pilot).conversation.running is None)
        assert library.asked[-1][1] == 15
        assert chosen_ids(pilot) == ["jar-2006:1"]
        await pilot.press("m")
        assert screen_of(pilot).status.message == "There are no more passages."


async def test_a_running_question_is_stopped_with_escape_and_its_answer_dropped(
    library: FakeLibrary,
) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        library.may_answer.clear()
        await ask(pilot, QUESTION)
        await wait_until(pilot, lambda: turns_of(pilot)[0].state is TurnState.SEARCHING)
        await pilot.press("escape")
        assert turns_of(pilot)[0].state is TurnState.STOPPED
        assert on_screen(pilot, "Stopped.")
        library.may_answer.set()
        await wait_until(pilot, lambda: len(library.asked) == 1)
        await ask_and_wait(pilot, SAID_TWICE)
        assert turns_of(pilot)[0].answer is None
        assert turns_of(pilot)[1].state is TurnState.ANSWERED


async def test_the_next_question_supersedes_the_one_that_runs(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        library.may_answer.clear()
        await ask(pilot, QUESTION)
        await wait_until(pilot, lambda: turns_of(pilot)[0].state is TurnState.SEARCHING)
        await ask(pilot, SAID_TWICE)
        await wait_until(pilot, lambda: len(turns_of(pilot)) == 2)
        assert turns_of(pilot)[0].state is TurnState.STOPPED
        assert on_screen(pilot, "Stopped, because another")
        library.may_answer.set()
        await wait_until(pilot, lambda: turns_of(pilot)[1].answer is not None)
        assert turns_of(pilot)[0].answer is None


# Taking it away


async def test_space_marks_a_passage_for_the_tray_and_unmarks_it(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("space", "n", "space")
        assert [cited.id for cited in screen_of(pilot).app.tray.passages] == ["jar-2006:2", "jar-2006:8"]  # type: ignore[attr-defined]
        await wait_until(pilot, lambda: on_screen(pilot, "tray 2") and on_screen(pilot, " ✓1 Joint"))
        await pilot.press("space")
        await wait_until(pilot, lambda: on_screen(pilot, "tray 1"))
        assert "Not marked any more" in screen_of(pilot).status.message


async def test_the_projector_shows_one_passage_and_goes_through_the_answer(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(80, 24)) as pilot:
        await in_the_passages(pilot)
        before = app.theme
        await pilot.press("2", "f5")
        await wait_until(pilot, lambda: isinstance(app.screen, PresentScreen) and app.screen.is_mounted)
        assert app.theme == "qa-projector"
        assert on_screen(pilot, "the Local Safeguarding Children Board should ensure")
        assert on_screen(pilot, "3rd bullet")
        assert not on_screen(pilot, "Ask the reports")
        await pilot.press("right", "n")
        await wait_until(pilot, lambda: on_screen(pilot, "4 of 5"))
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.screen is screen_of(pilot))
        assert app.theme == before
        # The passage that was presented last is the one to go on with.
        assert screen_of(pilot).thread.hit() == (4, 5)


async def test_keys_without_a_passage_say_what_is_missing(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        for key in ("ctrl+y", "f5", "ctrl+o", "ctrl+s"):
            screen_of(pilot).status.say("")
            await pilot.press(key)
            assert "ask a question first" in screen_of(pilot).status.message
        await ask_and_wait(pilot, NOTHING)
        screen_of(pilot).thread.focus()
        for key in ("y", "Y", "space", "l", "n"):
            screen_of(pilot).status.say("")
            await pilot.press(key)
            assert screen_of(pilot).status.message != ""


# Long things


async def test_a_long_section_is_laid_out_round_the_chosen_passage_only(library: FakeLibrary) -> None:
    library.passages = [*PASSAGES[:3], *(passage(n, f"Number {n}.", number=str(n)) for n in range(3, 5_000))]
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("g", *"2500", "enter")
        await until_reading(pilot, "jar-2006:2500")
        shown = [paragraph.passage.order for paragraph in screen_of(pilot).reader.query(Paragraph)]
        assert len(shown) == MOST_SHOWN
        assert shown == list(range(shown[0], shown[0] + MOST_SHOWN))
        await pilot.press(*["right_square_bracket"] * 50)
        await until_reading(pilot, "jar-2006:2550")
        section = screen_of(pilot).reader.section
        section.scroll_home(animate=False)
        await wait_until(pilot, lambda: on_screen(pilot, "passages of this section before"))


async def test_a_conversation_keeps_only_its_newest_turns(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        conversation = screen_of(pilot).conversation
        conversation._kept = 40
        for number in range(60):
            conversation.add(f"words {number}", Scope(), Origin.FIND)
        await ask(pilot, QUESTION)
        await wait_until(pilot, lambda: turns_of(pilot)[-1].passages != ())
        assert len(conversation) == 40
        assert conversation.let_go == 21
        await pilot.press("down", "home")
        await wait_until(pilot, lambda: on_screen(pilot, "10 earlier questions: Enter"))
        assert on_screen(pilot, "21 older")


async def test_hostile_words_in_prompts_find_and_go_to_are_text(library: FakeLibrary) -> None:
    library.passages = [*PASSAGES[:-2], PASSAGES[-2]]
    async with QaApp(library.shelf).run_test(size=(60, 20)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("g")
        box = screen_of(pilot).query_one("#prompt-input")
        box.value = HOSTILE  # type: ignore[attr-defined]
        await pilot.press("enter")
        await wait_until(pilot, lambda: "has no passage" in screen_of(pilot).status.message)
        await pilot.press("f", *"[/b] [red]x[/]", "enter")
        await wait_until(pilot, lambda: len(turns_of(pilot)) == 2 and turns_of(pilot)[1].passages != ())
        assert on_screen(pilot, "[/b] [red]x[/]")


@pytest.mark.parametrize("size", [(40, 12), (60, 20), (100, 30)])
async def test_number_and_bar_stand_beside_every_line_of_the_chosen_passage(
    library: FakeLibrary, size: tuple[int, int]
) -> None:
    async with QaApp(library.shelf).run_test(size=size) as pilot:
        await in_the_passages(pilot)
        await pilot.press("enter")
        await wait_until(pilot, lambda: on_screen(pilot, " 29 ▌ Access"))


async def test_a_digit_leads_back_to_its_passage_where_the_reader_has_gone_on(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        await pilot.press("3", "right_square_bracket")
        await wait_until(pilot, lambda: "para 29" in screen_of(pilot).status.message)
        await pilot.press("3")
        await wait_until(
            pilot, lambda: (found := screen_of(pilot).chosen) is not None and found.id == PASSAGES[1].id
        )


async def test_words_and_likenesses_are_searched_in_the_section_in_scope(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await in_the_passages(pilot)
        screen_of(pilot).scope = Scope(section="Staying safe")
        await pilot.press("l", "f6", *"safe", "enter")
        await wait_until(pilot, lambda: len(library.sections) == 2)
        assert library.sections == ["Staying safe", "Staying safe"]
