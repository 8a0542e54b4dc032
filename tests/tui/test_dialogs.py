"""The dialogs, each pushed by a small application that knows nothing but its result and messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.style import Style
from textual import events
from textual.app import App
from textual.message import Message
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

import qa.tui
from qa.cite import quotation
from qa.export import ExportFormat
from qa.tui.dialogs import (
    ExportRequest,
    ExportScreen,
    ExportTray,
    GoToPassage,
    HistoryScreen,
    ReportsScreen,
    ScopeScreen,
    TrayScreen,
)
from qa.tui.dialogs.field import Field
from qa.tui.dialogs.history import NO_QUESTIONS
from qa.tui.dialogs.reports import NO_REPORTS, UP_TO_DATE, PathField
from qa.tui.dialogs.rows import MOST_ROWS, Choices, Lines
from qa.tui.dialogs.scope import ReportChoices
from qa.tui.keys import KeyLine
from qa.tui.scope import Scope
from qa.tui.tray import Tray
from qa.types import Kind, Progress, ReportSummary
from tests.tui.fakes import HOSTILE, LONG_WORD, PASSAGES, REVIEW, cite

STYLESHEETS = Path(qa.tui.__file__).parent
SIZES = [(100, 30), (80, 24), (60, 20), (40, 12)]
EVERY_SIZE = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


class Host(App[None]):
    """Pushes a dialog and remembers its results and the messages it posts."""

    CSS_PATH = [STYLESHEETS / "app.tcss", STYLESHEETS / "dialogs.tcss"]  # noqa: RUF012

    def __init__(self, dialog: Screen[Any]) -> None:
        super().__init__()
        self.dialog = dialog
        self.results: list[Any] = []
        self.messages: list[Message] = []

    def on_mount(self) -> None:
        self.push_screen(self.dialog, self.results.append)

    def on_tray_screen_copy_requested(self, event: TrayScreen.CopyRequested) -> None:
        self.messages.append(event)

    def on_reports_screen_add_requested(self, event: ReportsScreen.AddRequested) -> None:
        self.messages.append(event)

    def on_reports_screen_build_requested(self, event: ReportsScreen.BuildRequested) -> None:
        self.messages.append(event)

    def on_reports_screen_cancel_requested(self, event: ReportsScreen.CancelRequested) -> None:
        self.messages.append(event)


def report(number: int, title: str, *, date: str | None = "2006", report_id: str = "") -> ReportSummary:
    return ReportSummary(
        replace(
            REVIEW,
            id=report_id or f"r-{number}",
            title=f"{title} {number}",
            short_title=f"{title} {number}",
            path=f"{number}.pdf",
            date=date,
        ),
        {Kind.NUMBERED: 90, Kind.BULLET: 10, Kind.PAGE_NUMBER: 5},
    )


REPORTS = [
    report(0, "Joint area review", date="2004"),
    report(1, "Annual performance assessment", date="2008-12-17", report_id="apa-1"),
    report(2, "Adult social care inspection", date=None),
    report(3, "Joint area review", date="2009-02"),
]
QUESTIONS = ["Who chairs the board?", "How many homes were inspected?", "Which homes are safe?"]
HEADINGS = ["Staying safe", "Staying safe: grades", "Being healthy"]
HOSTILE_REPORT = ReportSummary(
    replace(REVIEW, id=HOSTILE, title=HOSTILE, short_title=HOSTILE, path=LONG_WORD, publisher=HOSTILE),
    {Kind.NUMBERED: 1},
)


def complete_section(typed: str) -> list[str]:
    return [heading for heading in HEADINGS if heading.casefold().startswith(typed.casefold())]


def scope_screen(scope: Scope | None = None, reports: Sequence[ReportSummary] = REPORTS) -> ScopeScreen:
    return ScopeScreen(reports, scope or Scope(), complete_section)


def export_screen(folder: Path, *, tray: int = 3, questions: int = 5) -> ExportScreen:
    return ExportScreen(
        tray=tray,
        questions=questions,
        folder=folder,
        name=lambda what, form: f"{what}-today.{form.value}",
        exists=Path.exists,
    )


def marked(*places: int) -> Tray:
    return Tray(cite(PASSAGES[place], place + 1) for place in places)


def rows(pilot: Pilot[None]) -> list[str]:
    strips = pilot.app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def on_screen(pilot: Pilot[None], text: str) -> bool:
    return any(text in row for row in rows(pilot))


def flowing(pilot: Pilot[None]) -> str:
    """What stands on the screen with line ends and frames taken for spaces."""
    return " ".join(" ".join(rows(pilot)).replace("│", " ").split())


def hint(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one(".dialog-hint", Static).content)


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    for _ in range(2_000):
        if condition():
            await pilot.pause()
            return
        await pilot.pause(0.005)
    raise AssertionError("never became true:\n" + "\n".join(rows(pilot)))


def host(pilot: Pilot[None]) -> Host:
    assert isinstance(pilot.app, Host)
    return pilot.app


async def paste(pilot: Pilot[None], text: str) -> None:
    """Put text at the cursor of the line that has the focus."""
    field = pilot.app.focused
    assert isinstance(field, Field)
    field.post_message(events.Paste(text))
    await until(pilot, lambda: text in field.value)


async def press_at_once(pilot: Pilot[None], *keys: str) -> None:
    """Press keys as a paste does: all of them before the first is handled."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await pilot.pause()


# All dialogs


def full_reports_screen() -> ReportsScreen:
    screen = ReportsScreen()
    screen.show_reports(REPORTS, identity={"version": "1.0", "model": "m", "index": "i"})
    return screen


DIALOGS: dict[str, Callable[[], Screen[Any]]] = {
    "history": lambda: HistoryScreen(QUESTIONS),
    "no-history": lambda: HistoryScreen([]),
    "scope": lambda: scope_screen(Scope(("r-0",), "Staying safe")),
    "export": lambda: export_screen(Path("/")),
    "nothing-to-export": lambda: export_screen(Path("/"), tray=0, questions=0),
    "tray": lambda: TrayScreen(marked(2, 8, 1)),
    "empty-tray": lambda: TrayScreen(Tray()),
    "reports": full_reports_screen,
    "no-reports": ReportsScreen,
}
EVERY_DIALOG = pytest.mark.parametrize("make", DIALOGS.values(), ids=DIALOGS.keys())


@EVERY_DIALOG
async def test_at_every_size_all_keys_the_hint_and_the_heading_are_whole(
    make: Callable[[], Screen[Any]],
) -> None:
    async with Host(make()).run_test(size=SIZES[-1]) as pilot:
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await until(pilot, lambda: all_keys_are_whole(pilot))
            screen = pilot.app.screen
            for line in screen.query(".dialog-hint, .dialog-name, .dialog-count").results(Static):
                if line.display:
                    assert " ".join(str(line.content).split()) in flowing(pilot)
            for part in screen.query("Field, Choices"):
                assert part.region.height > 0
                assert screen.region.contains_region(part.region)


def all_keys_are_whole(pilot: Pilot[None]) -> bool:
    keys = [key for line in pilot.app.screen.query_one(KeyLine).lines for key in line]
    return keys != [] and all(on_screen(pilot, f"{key.display} {key.description}") for key in keys)


@EVERY_DIALOG
async def test_escape_closes_without_a_result(make: Callable[[], Screen[Any]]) -> None:
    async with Host(make()).run_test(size=(80, 24)) as pilot:
        await pilot.press("escape")
        await until(pilot, lambda: host(pilot).results == [None])


@EVERY_DIALOG
async def test_every_letter_is_in_strong_contrast(make: Callable[[], Screen[Any]]) -> None:
    async with Host(make()).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: all_keys_are_whole(pilot))
        for theme in ("textual-dark", "textual-light"):
            pilot.app.theme = theme
            for key in ("s", "backspace"):
                await pilot.press(key)
                assert weak_letters(pilot) == []
        pilot.app.theme = "ansi-dark"
        await pilot.press("s", "backspace")
        strips = pilot.app.screen._compositor.render_strips()
        assert not any(style.dim for strip in strips for _, style, _ in strip if style is not None)


def weak_letters(pilot: Pilot[None]) -> list[str]:
    """The words on the screen that hardly stand out from their ground."""
    return [
        text
        for strip in pilot.app.screen._compositor.render_strips()
        for text, style, _ in strip
        if any(character.isalnum() for character in text)
        and (style is None or style.dim or contrast(style) < 7)
    ]


def contrast(style: Style) -> float:
    """The ratio of WCAG 2."""
    assert style.color is not None
    assert style.bgcolor is not None
    colours = (style.color.get_truecolor(), style.bgcolor.get_truecolor())
    darker, lighter = sorted(luminance(colour) for colour in colours)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(triplet: tuple[int, int, int]) -> float:
    parts = [part / 255 for part in triplet]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_binding_has_an_id_of_its_own() -> None:
    dialogs = (HistoryScreen, ScopeScreen, ExportScreen, TrayScreen, ReportsScreen)
    owners = (*dialogs, ReportChoices, PathField, Choices, Lines)
    ids = [getattr(binding, "id", None) for owner in owners for binding in owner.BINDINGS]
    assert None not in ids
    assert len(ids) == len(set(ids))


async def test_a_changed_key_works_and_is_named_where_keys_are_named(tmp_path: Path) -> None:
    app = Host(scope_screen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.set_keymap({"scope.apply": "f7"})
        await pilot.press("j")
        assert hint(pilot).startswith("f7: search only")
        await pilot.press("f7")
        await until(pilot, lambda: app.results == [Scope(("r-0",))])


@EVERY_SIZE
async def test_hostile_text_is_shown_as_text(size: tuple[int, int]) -> None:
    reports = [HOSTILE_REPORT, *REPORTS]
    reports_screen = ReportsScreen()
    reports_screen.show_reports(
        reports, warnings=[HOSTILE], unread=[HOSTILE[1:]], identity={"model": HOSTILE}
    )
    reports_screen.show_outcome([HOSTILE])
    hostile_tray = Tray([cite(PASSAGES[10], 1), cite(PASSAGES[11], 2)])
    for dialog in (
        HistoryScreen([HOSTILE, LONG_WORD]),
        scope_screen(Scope((HOSTILE,), HOSTILE), reports),
        TrayScreen(hostile_tray),
        reports_screen,
    ):
        async with Host(dialog).run_test(size=size) as pilot:
            await until(pilot, lambda: "[/b" in flowing(pilot))
            shown = "".join(rows(pilot))
            assert not any(control in shown for control in "\x1b\u202e\x00\r")


async def test_a_line_takes_pasted_lines_as_one_and_no_controls() -> None:
    async with Host(HistoryScreen(QUESTIONS)).run_test() as pilot:
        field = pilot.app.screen.query_one(Field)
        field.post_message(events.Paste(" which\r\nhomes \x1b[2J\n"))
        await until(pilot, lambda: field.value != "")
        assert field.value == "which homes \ufffd[2J"
        assert not field.cursor_blink


async def test_the_keys_are_laid_out_anew_when_the_terminal_gets_narrower() -> None:
    async with Host(TrayScreen(marked(1))).run_test(size=(100, 30)) as pilot:
        keys = pilot.app.screen.query_one(KeyLine)
        await until(pilot, lambda: keys.size.height == 1)
        await pilot.resize_terminal(40, 12)
        await until(pilot, lambda: keys.size.height == 2 and on_screen(pilot, "esc Close"))


# History


async def test_enter_hands_back_the_newest_question() -> None:
    async with Host(HistoryScreen(QUESTIONS)).run_test() as pilot:
        assert on_screen(pilot, "█ Who chairs the board?")
        await pilot.press("enter")
        await until(pilot, lambda: host(pilot).results == [QUESTIONS[0]])


async def test_typed_words_filter_and_the_arrows_choose_while_typing_goes_on() -> None:
    async with Host(HistoryScreen(QUESTIONS)).run_test() as pilot:
        await pilot.press(*"HOMES")
        await until(pilot, lambda: on_screen(pilot, "2 of 3"))
        await pilot.press("down")
        assert on_screen(pilot, "█ Which homes are safe?")
        await pilot.press("down", "up", *" ins")
        assert on_screen(pilot, "█ How many homes were inspected?")
        await pilot.press("enter")
        await until(pilot, lambda: host(pilot).results == [QUESTIONS[1]])


async def test_keys_in_quick_succession_choose_what_they_would_one_by_one() -> None:
    async with Host(HistoryScreen(QUESTIONS)).run_test() as pilot:
        await press_at_once(pilot, *"homes", "down", "enter", *"xyz")
        await until(pilot, lambda: host(pilot).results == [QUESTIONS[2]])


async def test_enter_does_nothing_where_no_question_holds_the_words() -> None:
    async with Host(HistoryScreen(QUESTIONS)).run_test() as pilot:
        await pilot.press(*"penguin", "enter", "down", "pagedown", "up")
        assert on_screen(pilot, "No question holds all these words.")
        assert host(pilot).results == []


@EVERY_SIZE
async def test_an_empty_history_says_so(size: tuple[int, int]) -> None:
    async with Host(HistoryScreen([])).run_test(size=size) as pilot:
        await pilot.press("enter")
        assert NO_QUESTIONS in flowing(pilot)


async def test_of_many_questions_some_are_listed_and_the_others_counted_and_found() -> None:
    questions = [f"What is said of topic {number}?" for number in range(1_000)]
    async with Host(HistoryScreen(questions)).run_test() as pilot:
        choices = pilot.app.screen.query_one(Choices)
        assert choices.option_count == MOST_ROWS + 1
        await pilot.press("pagedown", "pagedown")
        choices.scroll_end(animate=False)
        await until(pilot, lambda: on_screen(pilot, "... and 800 more. Type more words to find them."))
        await pilot.press(*"topic 987", "enter")
        await until(pilot, lambda: host(pilot).results == [questions[987]])


async def test_a_question_comes_back_word_for_word() -> None:
    async with Host(HistoryScreen([HOSTILE])).run_test() as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: host(pilot).results == [HOSTILE])


async def test_a_clicked_question_is_taken() -> None:
    async with Host(HistoryScreen(QUESTIONS)).run_test() as pilot:
        await pilot.click(Choices, offset=(5, 1))
        await until(pilot, lambda: host(pilot).results == [QUESTIONS[1]])


# Scope


async def test_a_few_letters_and_enter_scope_to_one_report() -> None:
    async with Host(scope_screen()).run_test() as pilot:
        await pilot.press(*"apa")
        assert hint(pilot) == "Enter: search only “Annual performance assessment 1”."
        await pilot.press("enter")
        await until(pilot, lambda: host(pilot).results == [Scope(("apa-1",))])


async def test_letters_and_enter_in_quick_succession_scope_to_that_report() -> None:
    async with Host(scope_screen()).run_test() as pilot:
        await press_at_once(pilot, *"apa", "enter", *"xyz")
        await until(pilot, lambda: host(pilot).results == [Scope(("apa-1",))])


async def test_letters_and_enter_replace_the_present_reports() -> None:
    async with Host(scope_screen(Scope(("r-0", "r-2"), "Grades"))).run_test() as pilot:
        assert hint(pilot) == "Enter: search the 2 checked reports, section “Grades”."
        await pilot.press(*"annual", "enter")
        await until(pilot, lambda: host(pilot).results == [Scope(("apa-1",), "Grades")])


async def test_nothing_typed_and_nothing_checked_means_all_reports() -> None:
    async with Host(scope_screen()).run_test() as pilot:
        assert hint(pilot) == "Enter: search all 4 reports."
        await pilot.press("enter")
        await until(pilot, lambda: host(pilot).results == [Scope()])


async def test_checked_reports_come_back_in_the_order_of_the_list() -> None:
    async with Host(scope_screen()).run_test() as pilot:
        await pilot.press("down", "end", "space", "home", "space")
        assert on_screen(pilot, "█ [x] Joint area review 0")
        assert on_screen(pilot, "  [ ] Annual performance assessment 1")
        assert on_screen(pilot, "2 of 4 checked")
        await pilot.press("f2")
        await until(pilot, lambda: host(pilot).results == [Scope(("r-0", "r-3"))])


async def test_checks_survive_another_filter_and_then_the_highlight_is_not_meant() -> None:
    async with Host(scope_screen()).run_test() as pilot:
        await pilot.press(*"joint", "down", "space", "up", *"adult", "down", "space", "space", "up")
        assert on_screen(pilot, "█ [ ] Adult") or on_screen(pilot, "▌ [ ] Adult")
        assert hint(pilot) == "Enter: search only “Joint area review 0”."
        await pilot.press("enter")
        await until(pilot, lambda: host(pilot).results == [Scope(("r-0",))])


async def test_all_and_none_are_keys_in_the_list_and_letters_in_the_filter() -> None:
    async with Host(scope_screen(Scope(("r-2",)))).run_test() as pilot:
        await pilot.press("a", "x")
        assert pilot.app.screen.query_one("#scope-filter", Field).value == "ax"
        await pilot.press("backspace", "backspace", *"joint", "down", "a")
        assert on_screen(pilot, "3 of 4 checked")
        await pilot.press("x")
        assert on_screen(pilot, "0 of 4 checked")
        await pilot.press("a", "enter")
        await until(pilot, lambda: host(pilot).results == [Scope(("r-0", "r-3"))])


async def test_all_checks_reports_too_for_which_there_is_no_row() -> None:
    many = [report(number, "Review") for number in range(500)]
    async with Host(scope_screen(reports=[*many, report(500, "Letter")])).run_test() as pilot:
        await pilot.press(*"review", "down", "a", "f2")
        await until(pilot, lambda: host(pilot).results != [])
        assert len(host(pilot).results[0].reports) == 500


async def test_all_reports_checked_are_all_reports() -> None:
    async with Host(scope_screen(Scope(("r-0",)))).run_test() as pilot:
        await pilot.press("down", "a", "enter")
        await until(pilot, lambda: host(pilot).results == [Scope()])


async def test_a_report_that_is_no_more_is_not_kept_in_the_scope() -> None:
    async with Host(scope_screen(Scope(("gone", "r-2")))).run_test() as pilot:
        await pilot.press("f2")
        await until(pilot, lambda: host(pilot).results == [Scope(("r-2",))])


async def test_enter_does_nothing_where_no_report_holds_the_words() -> None:
    async with Host(scope_screen()).run_test() as pilot:
        await pilot.press(*"penguin", "enter", "down", "space")
        assert on_screen(pilot, "No report holds all these words.")
        assert hint(pilot).startswith("Enter: nothing to apply.") or "all 4" in hint(pilot)
        assert host(pilot).results == []


@pytest.mark.parametrize("typed", ["2008", "december annual", "ofsted APA-1"])
async def test_dates_ids_and_publishers_find_a_report(typed: str) -> None:
    async with Host(scope_screen()).run_test() as pilot:
        await pilot.press(*typed)
        assert hint(pilot) == "Enter: search only “Annual performance assessment 1”."


@pytest.mark.parametrize("key", ["right", "tab"])
async def test_a_heading_is_offered_and_taken(key: str) -> None:
    async with Host(scope_screen()).run_test() as pilot:
        await pilot.press("tab", "tab", *"stay")
        await until(pilot, lambda: on_screen(pilot, "Section  staying safe"))
        await pilot.press(key)
        assert hint(pilot) == "Enter: search all 4 reports, section “Staying safe”."
        await pilot.press("enter")
        await until(pilot, lambda: host(pilot).results == [Scope((), "Staying safe")])


async def test_tab_moves_on_where_there_is_nothing_to_take() -> None:
    async with Host(scope_screen(Scope((), "Staying safe"))).run_test() as pilot:
        for goal in ("scope-list", "scope-section", "scope-filter"):
            await pilot.press("tab")
            await until(pilot, lambda goal=goal: pilot.app.focused.id == goal)  # type: ignore[misc, union-attr]
        assert pilot.app.screen.query_one("#scope-section", Field).value == "Staying safe"


async def test_the_arrows_lead_from_the_filter_to_the_list_and_back() -> None:
    async with Host(scope_screen()).run_test() as pilot:
        await pilot.press("down")
        assert pilot.app.focused is pilot.app.screen.query_one(Choices)
        await pilot.press("down", "up", "up")
        assert pilot.app.focused is pilot.app.screen.query_one("#scope-filter")


async def test_a_click_checks_a_report() -> None:
    async with Host(scope_screen()).run_test(size=(100, 30)) as pilot:
        await pilot.click(Choices, offset=(10, 2))
        await until(pilot, lambda: on_screen(pilot, "[x] Adult social care inspection 2"))


# Export


async def test_the_suggested_file_is_one_key_away(tmp_path: Path) -> None:
    async with Host(export_screen(tmp_path)).run_test(size=(100, 30)) as pilot:
        assert "Enter writes" in hint(pilot)
        await pilot.press("enter")
        path = tmp_path / "tray-today.md"
        await until(
            pilot,
            lambda: (
                host(pilot).results == [ExportRequest("tray", ExportFormat.MARKDOWN, path, replace=False)]
            ),
        )


async def test_the_suggested_name_follows_what_and_format(tmp_path: Path) -> None:
    async with Host(export_screen(tmp_path)).run_test() as pilot:
        await pilot.press("down", "down", "f4")
        assert on_screen(pilot, "conversation-today.csv")
        assert on_screen(pilot, "(*) CSV") or on_screen(pilot, "▌ (*)")
        await pilot.press("up", "up", "up", "enter")
        await until(pilot, lambda: host(pilot).results != [])
        request = host(pilot).results[0]
        assert (request.what, request.form) == ("conversation", ExportFormat.DOCX)
        assert request.path == tmp_path / "conversation-today.docx"


async def test_what_and_format_can_be_chosen_in_their_lists(tmp_path: Path) -> None:
    async with Host(export_screen(tmp_path)).run_test() as pilot:
        await pilot.press("shift+tab", "end", "shift+tab", "down", "enter")
        await until(pilot, lambda: host(pilot).results != [])
        request = host(pilot).results[0]
        assert (request.what, request.form) == ("conversation", ExportFormat.DOCX)


async def test_a_typed_name_is_kept_and_its_suffix_and_the_format_agree(tmp_path: Path) -> None:
    async with Host(export_screen(tmp_path)).run_test() as pilot:
        await pilot.press("ctrl+u")
        await paste(pilot, "v1.2 notes.TXT")
        assert on_screen(pilot, "(*) Plain text")
        await pilot.press("f4", "down", "down")
        field = pilot.app.screen.query_one(Field)
        assert field.value == "v1.2 notes.json"
        await pilot.press("enter")
        await until(pilot, lambda: host(pilot).results != [])
        assert host(pilot).results[0].form is ExportFormat.JSON


async def test_an_unknown_suffix_is_refused_on_the_spot(tmp_path: Path) -> None:
    async with Host(export_screen(tmp_path)).run_test() as pilot:
        await pilot.press("ctrl+u", *"notes.xls")
        assert hint(pilot) == "The name must end in .md, .txt, .csv, .json or .docx."
        await pilot.press("enter")
        assert hint(pilot).startswith("Not exported. The name must end")
        assert host(pilot).results == []


async def test_a_file_that_is_there_is_replaced_only_by_a_second_other_key(tmp_path: Path) -> None:
    path = tmp_path / "tray-today.md"
    path.touch()
    async with Host(export_screen(tmp_path)).run_test() as pilot:
        assert hint(pilot).startswith("There is a file of this name already")
        await pilot.press("ctrl+r")
        assert host(pilot).results == []
        assert not on_screen(pilot, "^r Replace")
        await pilot.press("enter", "enter")
        assert hint(pilot) == ("Not exported: the file is there already. ^r replaces it; or change the name.")
        await until(pilot, lambda: on_screen(pilot, "^r Replace"))
        assert host(pilot).results == []
        await pilot.press("ctrl+r")
        await until(
            pilot,
            lambda: host(pilot).results == [ExportRequest("tray", ExportFormat.MARKDOWN, path, replace=True)],
        )


async def test_another_name_must_be_refused_anew_before_it_can_be_replaced(tmp_path: Path) -> None:
    for name in ("tray-today.md", "tray-today.txt"):
        (tmp_path / name).touch()
    async with Host(export_screen(tmp_path)).run_test() as pilot:
        await pilot.press("enter", "down", "ctrl+r")
        await press_at_once(pilot, "enter", "up", "ctrl+r")
        assert host(pilot).results == []


async def test_a_folder_that_is_not_there_or_a_folder_as_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.md").mkdir()
    async with Host(export_screen(tmp_path)).run_test() as pilot:
        await pilot.press("ctrl+u")
        await paste(pilot, "none/notes.md")
        await pilot.press("enter")
        assert hint(pilot) == f"Not exported. There is no folder {tmp_path / 'none'}"
        await pilot.press("ctrl+u", *"f.md", "enter")
        assert hint(pilot) == "Not exported. This is a folder. Type the name of a file."
        await pilot.press("ctrl+u", "enter")
        assert hint(pilot) == "Not exported. Type the name of a file."
        assert host(pilot).results == []


async def test_a_folder_is_completed_and_the_home_folder_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "minutes").mkdir()
    async with Host(export_screen(Path("/"))).run_test() as pilot:
        await pilot.press("ctrl+u", *"~/min")
        await until(pilot, lambda: on_screen(pilot, "~/minutes/"))
        await pilot.press("tab", *"a.md", "enter")
        await until(pilot, lambda: host(pilot).results != [])
        assert host(pilot).results[0].path == tmp_path / "minutes" / "a.md"


async def test_an_empty_tray_cannot_be_chosen(tmp_path: Path) -> None:
    async with Host(export_screen(tmp_path, tray=0)).run_test() as pilot:
        assert on_screen(pilot, "( ) Tray: empty")
        await pilot.press("f4", "shift+tab", "shift+tab", "up", "enter")
        await until(pilot, lambda: host(pilot).results != [])
        assert host(pilot).results[0].what == "conversation"


async def test_nothing_at_all_to_export_is_told(tmp_path: Path) -> None:
    async with Host(export_screen(tmp_path, tray=0, questions=0)).run_test() as pilot:
        await pilot.press("f4", "down", "enter")
        assert hint(pilot).startswith("Not exported. There is nothing to export yet")
        assert host(pilot).results == []


# Tray


async def test_the_highlighted_passage_is_shown_in_full_below() -> None:
    async with Host(TrayScreen(marked(2, 8))).run_test(size=(100, 30)) as pilot:
        await pilot.press("down")
        assert f"{PASSAGES[8].lead_in} {PASSAGES[8].text}" in flowing(pilot)
        assert cite(PASSAGES[8], 1).citation in flowing(pilot)


async def test_enter_goes_to_the_highlighted_passage() -> None:
    async with Host(TrayScreen(marked(2, 8))).run_test() as pilot:
        await pilot.press("down", "enter")
        await until(pilot, lambda: host(pilot).results == [GoToPassage(cite(PASSAGES[8], 9))])


async def test_passages_are_put_in_order_and_the_highlight_goes_with_them() -> None:
    tray = marked(1, 2, 3)
    async with Host(TrayScreen(tray)).run_test() as pilot:
        await pilot.press("J", "shift+down", "K")
        assert [cited.id for cited in tray.passages] == [f"jar-2006:{place}" for place in (2, 1, 3)]
        assert on_screen(pilot, "█  2 Joint area review, Rutland, para 28")


async def test_a_removed_passage_leaves_the_highlight_on_the_one_after_it() -> None:
    tray = marked(1, 2, 3)
    async with Host(TrayScreen(tray)).run_test() as pilot:
        await pilot.press("down", "x")
        assert on_screen(pilot, "█  2 Joint area review, Rutland, para 30")
        assert hint(pilot) == "Removed: Joint area review, Rutland, para 29"
        await pilot.press("delete")
        assert on_screen(pilot, "█  1 Joint area review, Rutland, para 28")
        await pilot.press("x", "x", "enter", "s", "y", "c", "J")
        assert list(tray.passages) == []
        assert "The tray is empty." in flowing(pilot)
        assert host(pilot).results == []
        assert host(pilot).messages == []
        assert not on_screen(pilot, "x Remove")


@pytest.mark.parametrize(
    ("key", "text", "label"),
    [
        ("y", cite(PASSAGES[8], 1).citation, cite(PASSAGES[8], 1).citation),
        ("Y", quotation(cite(PASSAGES[8], 1)), f"the quotation with {cite(PASSAGES[8], 1).citation}"),
        (
            "c",
            f"{quotation(cite(PASSAGES[2], 1))}\n\n{quotation(cite(PASSAGES[8], 1))}",
            "2 quotations with citations",
        ),
    ],
)
async def test_copying_asks_for_it_and_leaves_the_tray_open(key: str, text: str, label: str) -> None:
    async with Host(TrayScreen(marked(2, 8))).run_test() as pilot:
        await pilot.press("down", key)
        await until(pilot, lambda: len(host(pilot).messages) == 1)
        message = host(pilot).messages[0]
        assert isinstance(message, TrayScreen.CopyRequested)
        assert (message.text, message.label) == (text, label)
        assert hint(pilot) == f"Copying {label}..."
        screen = pilot.app.screen
        assert isinstance(screen, TrayScreen)
        screen.say("Copied [/b].")
        await until(pilot, lambda: on_screen(pilot, "Copied [/b]."))
        assert host(pilot).results == []


async def test_the_tray_leads_to_its_export() -> None:
    async with Host(TrayScreen(marked(2))).run_test() as pilot:
        await pilot.press("s")
        await until(pilot, lambda: host(pilot).results == [ExportTray()])


async def test_a_long_passage_can_be_scrolled_with_the_keys() -> None:
    long = cite(replace(PASSAGES[2], text="A sentence of some words. " * 60 + "The end."), 1)
    async with Host(TrayScreen(Tray([long]))).run_test(size=(40, 12)) as pilot:
        await pilot.press("tab")
        assert pilot.app.focused is pilot.app.screen.query_one(Lines)
        await pilot.press("end", "pageup", "end")
        await until(pilot, lambda: on_screen(pilot, "2006), Main Report › Staying safe,"))


# Reports


def reports_screen(pilot: Pilot[None]) -> ReportsScreen:
    assert isinstance(pilot.app.screen, ReportsScreen)
    return pilot.app.screen


async def test_every_report_is_listed_with_what_is_known_of_it() -> None:
    async with Host(full_reports_screen()).run_test(size=(100, 30)) as pilot:
        assert on_screen(pilot, "4 reports, 400 passages")
        assert on_screen(pilot, "Ofsted; 90 numbered paragraphs, 100 passages; 1.pdf")
        assert any("Annual performance" in row and "17 December 2008" in row for row in rows(pilot))
        assert any("Adult social care" in row and "no date" in row for row in rows(pilot))
        assert on_screen(pilot, UP_TO_DATE)
        assert on_screen(pilot, "Version 1.0; model m; index i")


async def test_what_is_wrong_with_the_index_is_told_once_each() -> None:
    async with Host(ReportsScreen()).run_test(size=(100, 30)) as pilot:
        assert on_screen(pilot, "Looking at the index...")
        unread = "scan.pdf has no text"
        reports_screen(pilot).show_reports(REPORTS, warnings=["The index is old.", unread], unread=[unread])
        await until(pilot, lambda: on_screen(pilot, "Warning: The index is old."))
        assert on_screen(pilot, "Not read: scan.pdf has no text")
        assert not on_screen(pilot, "Warning: scan.pdf")
        assert not on_screen(pilot, UP_TO_DATE)
        reports_screen(pilot).show_problem("The index is damaged.")
        await until(pilot, lambda: on_screen(pilot, "Problem: The index is damaged."))
        reports_screen(pilot).show_reports(REPORTS)
        await until(pilot, lambda: on_screen(pilot, UP_TO_DATE) and not on_screen(pilot, "Problem"))


@EVERY_SIZE
async def test_a_library_without_reports_says_how_to_get_some(size: tuple[int, int]) -> None:
    screen = ReportsScreen()
    screen.show_problem("There is no index yet.")
    async with Host(screen).run_test(size=size) as pilot:
        assert "Problem: There is no index yet." in flowing(pilot)
        assert NO_REPORTS in flowing(pilot)


@EVERY_SIZE
async def test_a_build_is_told_as_it_goes_with_a_bar_in_text(size: tuple[int, int]) -> None:
    async with Host(full_reports_screen()).run_test(size=size) as pilot:
        screen = reports_screen(pilot)
        await pilot.press("r")
        assert on_screen(pilot, "Indexing: starting... x cancels.")
        screen.show_outcome(["Added a.pdf."])
        screen.show_progress(Progress("reading", 7, 12))
        await until(pilot, lambda: on_screen(pilot, "Indexing 7 of 12: reading..."))
        assert on_screen(pilot, "█" * 17 + "░" * 13 + "  58 %")
        assert on_screen(pilot, "Added a.pdf.")
        assert on_screen(pilot, "Joint area review 0")
        screen.build_ended()
        await until(pilot, lambda: not on_screen(pilot, "Indexing"))
        assert on_screen(pilot, "Added a.pdf.")
        assert not on_screen(pilot, "x Cancel")


@pytest.mark.parametrize(("key", "anew"), [("r", False), ("R", True)])
async def test_a_build_is_asked_for_once(key: str, anew: bool) -> None:
    async with Host(full_reports_screen()).run_test() as pilot:
        await pilot.press(key, "r", "R")
        assert [(type(each), each.anew) for each in host(pilot).messages] == [  # type: ignore[attr-defined]
            (ReportsScreen.BuildRequested, anew)
        ]


async def test_a_running_build_is_cancelled_once_and_then_the_screen_closes() -> None:
    async with Host(full_reports_screen()).run_test() as pilot:
        await pilot.press("x")
        assert host(pilot).messages == []
        screen = reports_screen(pilot)
        screen.show_progress(Progress("encoding", 1, 2))
        await pilot.press("x", "x")
        assert [type(each) for each in host(pilot).messages] == [ReportsScreen.CancelRequested]
        assert on_screen(pilot, "Giving up... The index stays as it was.")
        screen.show_progress(Progress("encoding", 2, 2))
        await pilot.pause()
        assert on_screen(pilot, "Giving up...")
        screen.build_ended()
        await pilot.press("escape")
        await until(pilot, lambda: host(pilot).results == [None])


async def test_escape_closes_the_screen_and_lets_a_build_go_on() -> None:
    async with Host(full_reports_screen()).run_test() as pilot:
        reports_screen(pilot).show_progress(Progress("encoding", 1, 2))
        await pilot.press("escape")
        await until(pilot, lambda: host(pilot).results == [None])
        assert host(pilot).messages == []


async def test_typed_paths_are_asked_to_be_added(tmp_path: Path) -> None:
    async with Host(full_reports_screen()).run_test() as pilot:
        await pilot.press("a")
        await paste(pilot, f'{tmp_path} "b c.pdf"')
        await pilot.press("enter")
        await until(pilot, lambda: len(host(pilot).messages) == 1)
        message = host(pilot).messages[0]
        assert isinstance(message, ReportsScreen.AddRequested)
        assert message.paths == (str(tmp_path), "b c.pdf")
        assert on_screen(pilot, "Adding 2 paths...")
        reports_screen(pilot).show_outcome(["Added x.pdf.", "b c.pdf is not there; check its name"])
        await until(pilot, lambda: on_screen(pilot, "b c.pdf is not there"))
        await pilot.press("up")
        assert pilot.app.screen.query_one(PathField).value == f'{tmp_path} "b c.pdf"'


async def test_a_path_is_completed_with_tab(tmp_path: Path) -> None:
    (tmp_path / "Inspection reports").mkdir()
    (tmp_path / "Inspection reports" / "rutland.pdf").touch()
    async with Host(full_reports_screen()).run_test() as pilot:
        await pilot.press("a")
        await paste(pilot, f"{tmp_path}/insp")
        await pilot.press("tab", "r", "tab", "enter")
        await until(pilot, lambda: len(host(pilot).messages) == 1)
        message = host(pilot).messages[0]
        assert isinstance(message, ReportsScreen.AddRequested)
        assert message.paths == (str(tmp_path / "Inspection reports" / "rutland.pdf"),)


async def test_nothing_is_added_without_a_path_or_while_a_build_runs() -> None:
    async with Host(full_reports_screen()).run_test() as pilot:
        await pilot.press("a", "enter")
        assert on_screen(pilot, "Type the path of a report, or of a folder with reports, first.")
        reports_screen(pilot).show_progress(Progress("reading", 1, 2))
        await pilot.press(*"b.pdf", "enter")
        assert on_screen(pilot, "Files can be added when the index is built.")
        assert host(pilot).messages == []
        assert pilot.app.screen.query_one(PathField).value == "b.pdf"


async def test_escape_in_the_line_leads_to_the_list_and_cancels_nothing() -> None:
    async with Host(full_reports_screen()).run_test() as pilot:
        reports_screen(pilot).show_progress(Progress("reading", 1, 2))
        await pilot.press("a", "r", "escape")
        assert pilot.app.focused is pilot.app.screen.query_one(Choices)
        assert host(pilot).messages == []


async def test_many_failures_can_be_scrolled_through() -> None:
    async with Host(full_reports_screen()).run_test(size=(60, 20)) as pilot:
        reports_screen(pilot).show_outcome([f"{number}.pdf is empty." for number in range(200)])
        await until(pilot, lambda: on_screen(pilot, "0.pdf is empty."))
        await pilot.press("tab")
        assert pilot.app.focused is pilot.app.screen.query_one("#reports-news")
        await pilot.press("end")
        await until(pilot, lambda: on_screen(pilot, "199.pdf is empty."))
        reports_screen(pilot).show_progress(Progress("reading", 1, 2))
        await until(pilot, lambda: on_screen(pilot, "Indexing 1 of 2"))
        assert on_screen(pilot, "199.pdf is empty.")


async def test_a_list_shown_anew_keeps_its_highlight() -> None:
    async with Host(full_reports_screen()).run_test() as pilot:
        await pilot.press("down", "down")
        reports_screen(pilot).show_reports([report(9, "New"), *REPORTS])
        await until(pilot, lambda: on_screen(pilot, "5 reports"))
        assert pilot.app.screen.query_one(Choices).current_id == "r-2"
