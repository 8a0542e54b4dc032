"""The whole program in a real terminal, from the first key to the last: what no test inside it can show."""

from __future__ import annotations

import shlex
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from qa.library import CORPUS_FOLDER, Library
from tests.terminal import wording
from tests.terminal.conftest import PROGRAM, Launch
from tests.terminal.driver import RESTORED, Terminal, colours, styles

# One process makes the model ready for all of them.
pytestmark = pytest.mark.xdist_group("model")

QUESTION = "What is the population of Rutland?"
FIRST, SECOND = "para 7", "para 30"
"""Where the first two passages of the answer stand."""

PLAIN_SCREEN = "Press Enter to go back to qa."
CITATION = "Joint area review, Rutland (Ofsted, 2006), Context, para 7"
SECOND_CITATION = (
    "Joint area review, Rutland (Ofsted, 2006), "
    "Main Report › The impact of local services › Staying safe, para 30"
)
SECTION, FURTHER_ON = "Context", "Uppingham"
"""The section of the first passage and a word further on in it, which only the reader shows."""

OTHER_QUESTION = "Who manages the youth offending service?"
OTHER_FIRST = "para 48"


def ask(terminal: Terminal, question: str = QUESTION, first: str = FIRST) -> None:
    """Ask and wait for the answer: its verdict, and its first passage highlighted."""
    terminal.wait_for(wording.painted)
    terminal.type(question)
    terminal.press("Enter")
    terminal.wait_for(lambda rows: wording.answered(rows) and first in wording.highlighted(rows))


def go_to_the_passages(terminal: Terminal) -> None:
    """Leave the question box and wait until keys go to the passages."""
    terminal.press("Down")
    terminal.wait_for(wording.in_passages)


def resize(terminal: Terminal, columns: int, lines: int) -> None:
    """Give the terminal another size and wait until the program has drawn its screen for it."""
    terminal.resize(columns, lines)
    terminal.wait_for(lambda rows: wording.drawn_for(rows, columns, lines))


def in_the_box(terminal: Terminal, text: str) -> None:
    """Wait until some text is all that stands in the question box."""
    terminal.wait_for(lambda rows: wording.box(rows) == text)


def test_the_header_and_the_question_box_are_painted_first(launch: Launch) -> None:
    rows = launch().wait_for(wording.painted)
    assert wording.box(rows) == wording.EMPTY_BOX


def test_what_is_typed_before_the_program_is_ready_is_answered_and_the_rest_is_in_the_box(
    launch: Launch,
) -> None:
    terminal = launch()
    terminal.type(QUESTION)
    terminal.press("Enter")
    terminal.type("and what of Oakham")
    terminal.wait_for(lambda rows: wording.answered(rows) and FIRST in wording.highlighted(rows))
    in_the_box(terminal, "and what of Oakham")


def test_an_answer_is_the_passages_with_their_paragraph_numbers(launch: Launch) -> None:
    terminal = launch()
    ask(terminal)
    terminal.wait_for(FURTHER_ON)
    ask(terminal, OTHER_QUESTION, OTHER_FIRST)


def test_a_citation_is_copied_into_tmux_as_it_is_configured_by_default(launch: Launch) -> None:
    terminal = launch()
    ask(terminal)
    assert terminal.paste_buffer() is None
    terminal.press("C-y")
    terminal.wait_until(lambda: terminal.paste_buffer() == CITATION, "the citation is copied from the box")
    terminal.wait_for(wording.COPIED)
    go_to_the_passages(terminal)
    terminal.press("Down")
    terminal.wait_for(lambda rows: SECOND in wording.highlighted(rows))
    terminal.press("y")
    terminal.wait_until(lambda: terminal.paste_buffer() == SECOND_CITATION, "the second citation is copied")


def test_the_highlighted_passage_stays_on_the_screen_when_the_terminal_changes_its_size(
    launch: Launch,
) -> None:
    terminal = launch()
    terminal.wait_for(wording.painted)
    terminal.type(QUESTION)
    terminal.press("Enter")
    resize(terminal, 60, 20)
    resize(terminal, 100, 30)
    terminal.wait_for(lambda rows: wording.answered(rows) and FIRST in wording.highlighted(rows))
    go_to_the_passages(terminal)
    terminal.press("9")
    ninth = terminal.wait_for(lambda rows: wording.highlighted(rows).startswith("9 "))
    place = wording.highlighted(ninth)[:30]
    for size in ((60, 20), (40, 12), (100, 30)):
        resize(terminal, *size)
        terminal.wait_for(lambda rows: wording.highlighted(rows).startswith(place))


def test_a_suspended_program_gives_the_terminal_back_and_returns_whole(launch: Launch) -> None:
    terminal = launch(command=("sh", "-i"), PS1="shell> ")
    terminal.wait_for("shell>")
    terminal.type(shlex.join(PROGRAM))
    terminal.press("Enter")
    terminal.wait_for(wording.painted)
    before = terminal.modes()
    ask(terminal)
    terminal.press("C-z")
    terminal.wait_for_modes(RESTORED)
    terminal.wait_for(lambda rows: rows_with(rows, "shell>") and not wording.painted(rows))
    terminal.type("echo still | tr a-z A-Z")
    terminal.press("Enter")
    terminal.wait_for("STILL")
    terminal.type("fg")
    terminal.press("Enter")
    terminal.wait_for_modes(before)
    terminal.wait_for(
        lambda rows: (
            wording.painted(rows)
            and wording.answered(rows)
            and FIRST in wording.highlighted(rows)
            and rows_with(rows, FURTHER_ON)
            and not rows_with(rows, "shell>")
        )
    )
    ask(terminal, OTHER_QUESTION, OTHER_FIRST)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_program_that_is_told_to_end_restores_the_terminal(launch: Launch, number: signal.Signals) -> None:
    terminal = launch()
    ask(terminal)
    assert terminal.modes() != RESTORED
    terminal.send_signal(number)
    assert terminal.wait_for_exit() == 128 + number
    the_terminal_is_restored(terminal)
    assert not rows_with(terminal.screen(), "Traceback")


def test_the_plain_screen_is_left_with_ctrl_c_and_ended_with_the_program(launch: Launch) -> None:
    terminal = launch()
    ask(terminal)
    before = terminal.modes()
    terminal.press("C-o")
    terminal.wait_for(PLAIN_SCREEN)
    assert rows_with(terminal.screen(), "Rutland is the smallest county in England")
    terminal.press("C-c")
    terminal.wait_for(wording.answered)
    assert terminal.modes() == before
    terminal.press("C-o")
    terminal.wait_for(PLAIN_SCREEN)
    terminal.send_signal(signal.SIGTERM)
    assert terminal.wait_for_exit() == 128 + signal.SIGTERM
    the_terminal_is_restored(terminal)


def test_a_program_whose_terminal_is_gone_ends(launch: Launch) -> None:
    terminal = launch()
    ask(terminal)
    assert terminal.is_running()
    terminal.drop()
    terminal.wait_until(lambda: not terminal.is_running(), "the program has ended", seconds=10)


def test_without_colours_nothing_is_told_by_colour(launch: Launch) -> None:
    plain, coloured = launch(NO_COLOR="1"), launch()
    for terminal in (plain, coloured):
        ask(terminal)
        terminal.wait_for(FURTHER_ON)
        go_to_the_passages(terminal)
    screen = plain.screen_with_styles()
    assert not colours(screen)
    assert styles(screen) & {1, 4, 7}
    assert colours(coloured.screen_with_styles())


@pytest.mark.parametrize(("columns", "lines"), [(60, 20), (40, 12)])
def test_a_passage_is_read_in_a_small_terminal(launch: Launch, columns: int, lines: int) -> None:
    terminal = launch(columns=columns, rows=lines)
    ask(terminal)
    assert not rows_with(terminal.screen(), SECTION)
    go_to_the_passages(terminal)
    terminal.press("Enter")
    opened = terminal.wait_for(SECTION)
    assert lines < 16 or wording.box(opened) == wording.EMPTY_BOX  # a low screen is all reader
    terminal.press("Escape")
    terminal.wait_for(lambda rows: FIRST in wording.highlighted(rows) and not rows_with(rows, SECTION))
    terminal.press("Escape")
    terminal.wait_for(wording.in_box)
    terminal.type("and what of Oakham")
    in_the_box(terminal, "and what of Oakham")


HOSTILE_REPORT = (
    "Inspection of zebras [/b]\n\n"
    "1. Zebras [/b] [red]alarm[/] [@click=app.quit]press[/] [ [[ ]] \x1b[31mESC \x1b[2J \x1b]0;owned\x07 "
    "\x9b31mCSI \u202eRTL \u2066iso \u200fmark ze\u200bro \x00NUL are in this report on striped animals.\n\n"
    f"2. Striped animals are counted {'x' * 10_000} times.\n"
)
SHOWN_OF_IT = (
    "[/b]", "[red]alarm[/]", "[@click=app.quit]press[/]", "\ufffd[31mESC", "\ufffd[2J",
    "\ufffd]0;owned\ufffd", "\ufffd31mCSI", "\ufffdRTL", "\ufffdiso", "\ufffdmark", "zero", "\ufffdNUL",
)  # fmt: skip


def test_nothing_in_a_report_or_question_is_acted_on(launch: Launch, tmp_path: Path, tmux: None) -> None:
    folder = tmp_path / "hostile"
    (folder / CORPUS_FOLDER).mkdir(parents=True)
    # Only such a file can bring a NUL in: any other that holds one is refused.
    (folder / CORPUS_FOLDER / "zebras.txt").write_text(HOSTILE_REPORT, encoding="utf-16")
    Library.build(folder).close()
    terminal = launch(library=folder, columns=140, rows=50)
    terminal.wait_for(wording.painted)
    terminal.type("[/b] [red]Which zebras are striped?[/] [")
    terminal.press("Enter")
    rows = terminal.wait_for(lambda rows: rows_with(rows, "striped animals.") and wording.answered(rows))
    assert wording.painted(rows)
    words = " ".join(rows).split()
    assert [shown for shown in SHOWN_OF_IT if shown not in words] == []
    assert rows_with(rows, "[/b] [red]Which zebras are striped?[/] [")
    assert 31 not in styles(terminal.screen_with_styles())
    assert terminal.title() != "owned"
    terminal.paste("\u202ezebras [/b]\n" + "y" * 10_000)
    terminal.wait_for(lambda rows: "yyyyyyyyyy" in (wording.box(rows) or ""))
    terminal.press("Enter")
    terminal.wait_for(wording.TOO_LONG)
    terminal.paste("\x1b[31mred\x1b]0;owned\x07\x1b[2J")
    terminal.wait_for(lambda rows: "owned" in (wording.box(rows) or "") and wording.painted(rows))
    assert 31 not in styles(terminal.screen_with_styles())
    assert terminal.title() != "owned"
    terminal.press("C-q")
    assert terminal.wait_for_exit() == 0


def test_a_damaged_index_is_told_and_the_program_stays_usable(
    launch: Launch, real_folder: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(real_folder, tmp_path / "damaged"))
    for file in (folder / "index").rglob("*.sqlite"):
        file.write_bytes(file.read_bytes()[:5_000])
    terminal = launch(library=folder)
    terminal.wait_for(wording.NOT_OPENED)
    terminal.wait_for(wording.MENDING)
    terminal.type(QUESTION)
    in_the_box(terminal, QUESTION)
    terminal.press("Enter")
    terminal.wait_for(wording.NOT_ASKED)
    terminal.press("F1")
    terminal.wait_for(wording.HELP)
    terminal.press("Escape")
    terminal.wait_for(lambda rows: not rows_with(rows, wording.HELP))
    terminal.press("C-q")
    assert terminal.wait_for_exit() == 0


def test_the_program_quits_and_leaves_the_terminal_as_it_found_it(launch: Launch) -> None:
    terminal = launch()
    ask(terminal)
    terminal.press("C-q")
    assert terminal.wait_for_exit() == 0
    the_terminal_is_restored(terminal)


def rows_with(rows: Sequence[str], text: str) -> list[str]:
    """Return the rows that hold a text."""
    return [row for row in rows if text in row]


def the_terminal_is_restored(terminal: Terminal) -> None:
    """Wait until the terminal is as a shell wants it, and shows what is typed and hands on whole lines."""
    terminal.wait_for_modes(RESTORED)
    terminal.type("typed after the end")
    terminal.press("Enter")
    terminal.wait_until(
        lambda: len(rows_with(terminal.screen(), "typed after the end")) == 2, "what is typed is echoed"
    )
