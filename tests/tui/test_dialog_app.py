"""The dialogs over the app: opened with their keys, and what they hand back is done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot

from qa.errors import IndexMissingError, NoReportsError
from qa.history import History
from qa.settings import Settings, read_settings
from qa.tui import QaApp
from qa.tui.commands import all_ids, commands_of
from qa.tui.dialogs import ExportScreen, HistoryScreen, ReportsScreen, ScopeScreen, TrayScreen
from qa.tui.dialogs.field import Field
from qa.tui.scope import Scope
from qa.types import Progress
from tests.tui.fakes import (
    NOTHING,
    QUESTION,
    SAID_TWICE,
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


async def until_open(pilot: Pilot[None], kind: type[object]) -> None:
    await wait_until(pilot, lambda: isinstance(pilot.app.screen, kind) and pilot.app.screen.is_mounted)


async def until_closed(pilot: Pilot[None]) -> None:
    await wait_until(pilot, lambda: pilot.app.screen is screen_of(pilot))


async def test_a_scope_that_is_chosen_is_asked_and_shown(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await pilot.press("f2")
        await until_open(pilot, ScopeScreen)
        await pilot.press(*"joint", "enter")
        await until_closed(pilot)
        assert screen_of(pilot).scope == Scope(("jar-2006",))
        assert on_screen(pilot, "Scope: jar-2006 (1 of 1 report)")
        await ask_and_wait(pilot)
        assert library.scopes == [(("jar-2006",), None)]


async def test_leaving_the_scope_changes_nothing(library: FakeLibrary) -> None:
    async with QaApp(library.shelf).run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        await pilot.press("f2")
        await until_open(pilot, ScopeScreen)
        await pilot.press(*"joint", "escape")
        await until_closed(pilot)
        assert screen_of(pilot).scope == Scope()
        assert screen_of(pilot).focused is screen_of(pilot).question_box


async def test_an_older_question_is_put_into_the_box(library: FakeLibrary, tmp_path: Path) -> None:
    earlier = History(tmp_path / "history.jsonl")
    earlier.add("Who chairs the [/b] board?")
    app = QaApp(library.shelf, history=History(tmp_path / "history.jsonl"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        await wait_until(pilot, lambda: screen_of(pilot).question_box.asked != ())
        await ask_and_wait(pilot)
        await pilot.press("ctrl+r")
        await until_open(pilot, HistoryScreen)
        await pilot.press(*"chairs", "enter")
        await until_closed(pilot)
        assert screen_of(pilot).question_box.value == "Who chairs the [/b] board?"
        await wait_until(pilot, lambda: History(tmp_path / "history.jsonl").questions()[-1] == QUESTION)


async def test_the_up_key_brings_back_what_was_asked_in_an_earlier_run(
    library: FakeLibrary, tmp_path: Path
) -> None:
    History(tmp_path / "history.jsonl").add("Earlier?")
    app = QaApp(library.shelf, history=History(tmp_path / "history.jsonl"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        await wait_until(pilot, lambda: screen_of(pilot).question_box.asked != ())
        await pilot.press("up")
        assert screen_of(pilot).question_box.value == "Earlier?"


async def test_a_history_that_cannot_be_written_is_told_and_the_question_answered(
    library: FakeLibrary, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    app = QaApp(library.shelf, history=History(tmp_path / "state" / "history.jsonl"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        assert turns_of(pilot)[0].answer is not None
        # Both that it cannot be read and that it cannot be written, and not once for every question.
        await wait_until(pilot, lambda: screen_of(pilot).status.message.count("Warning:") == 2)
        await ask_and_wait(pilot)
        assert screen_of(pilot).status.message.count("Warning:") == 2


async def test_the_tray_leads_to_its_passages_copies_and_exports_them(
    library: FakeLibrary, tmp_path: Path
) -> None:
    app = QaApp(library.shelf, settings=Settings(export_folder=str(tmp_path)))
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("down", "space", "n", "space", "f4")
        await until_open(pilot, TrayScreen)
        await pilot.press("y")
        await wait_until(pilot, lambda: "Copied:" in screen_of(pilot).status.message)
        await pilot.press("s")
        await until_open(pilot, ExportScreen)
        await pilot.press("enter")
        await until_closed(pilot)
        await wait_until(pilot, lambda: "Written:" in screen_of(pilot).status.message)
        (written,) = tmp_path.glob("*.md")
        assert "Access to the child protection register" in written.read_text(encoding="utf-8")
        await pilot.press("f4")
        await until_open(pilot, TrayScreen)
        await pilot.press("enter")
        await until_closed(pilot)
        await wait_until(pilot, lambda: chosen_ids(pilot) == ["jar-2006:2"])


async def test_the_conversation_is_exported_and_never_over_a_file_unasked(
    library: FakeLibrary, tmp_path: Path
) -> None:
    target = tmp_path / "meeting.json"
    target.write_text("older", encoding="utf-8")
    app = QaApp(library.shelf, settings=Settings(export_folder=str(tmp_path)))
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await ask_and_wait(pilot, NOTHING)
        await pilot.press("ctrl+s")
        await until_open(pilot, ExportScreen)
        path = app.screen.query_one("#export-path")
        path.value = str(target)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await pilot.pause()
        assert target.read_text(encoding="utf-8") == "older"
        assert isinstance(app.screen, ExportScreen)
        await pilot.press("ctrl+r")
        await until_closed(pilot)
        await wait_until(pilot, lambda: "Written:" in screen_of(pilot).status.message)
        written = json.loads(target.read_text(encoding="utf-8"))
        assert [answer["question"] for answer in written["questions"]] == [QUESTION, NOTHING]


async def test_reports_are_added_and_indexed_from_their_screen_and_indexing_is_given_up(
    library: FakeLibrary,
) -> None:
    library.build = [Progress("encoding", 40, 310)]
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await pilot.press("f3")
        await until_open(pilot, ReportsScreen)
        assert on_screen(pilot, "Joint area review, Rutland")
        library.may_open.clear()
        await pilot.press("r")
        await wait_until(pilot, lambda: on_screen(pilot, "40 of 310"))
        await pilot.press("x")
        await wait_until(pilot, lambda: not app.librarian.building)
        await wait_until(pilot, lambda: not on_screen(pilot, "40 of 310"))
        library.may_open.set()
        await pilot.press("a", *"more.pdf", "enter")
        await wait_until(pilot, lambda: library.shelf.added == [Path("more.pdf")])
        await wait_until(pilot, lambda: not app.librarian.building)
        await pilot.press("a", *"missing.pdf", "enter")
        await wait_until(pilot, lambda: on_screen(pilot, "missing.pdf does not exist"))
        await pilot.press("escape", "escape")
        await until_closed(pilot)


async def test_a_theme_that_is_chosen_is_kept(library: FakeLibrary, tmp_path: Path) -> None:
    settings_file = tmp_path / "config.toml"
    settings_file.write_text('# mine\ntheme = "qa-dark"\n', encoding="utf-8")
    app = QaApp(library.shelf, settings=read_settings(settings_file), settings_file=settings_file)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("f5")
        await pilot.press("escape")
        await until_closed(pilot)
        assert 'theme = "qa-dark"' in settings_file.read_text(encoding="utf-8")
        app.theme = "qa-light"
        await wait_until(pilot, lambda: "qa-light" in settings_file.read_text(encoding="utf-8"))
        app.theme = "qa-dark"
        await wait_until(pilot, lambda: "qa-dark" in settings_file.read_text(encoding="utf-8"))
        assert "# mine" in settings_file.read_text(encoding="utf-8")


async def test_settings_that_name_what_is_not_there_are_told_and_left(library: FakeLibrary) -> None:
    settings = Settings(theme="[/b]", keys={"copy.cite": "c", "tray.cite": "c", "no.such": "x"})
    app = QaApp(library.shelf, settings=settings, warnings=["config.toml is damaged [/b]"])
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        message = screen_of(pilot).status.message
        assert 'There is no theme "[/b]"' in message
        assert "There is no key named no.such;" in message
        assert "config.toml is damaged [/b]" in message
        await ask_and_wait(pilot)
        await pilot.press("down", "c")
        await wait_until(pilot, lambda: "Copied:" in screen_of(pilot).status.message)


async def test_the_palette_offers_what_has_a_key_by_group_and_does_it(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot, SAID_TWICE)
        titles = [command.title for command in commands_of(screen_of(pilot).places())]
        assert len(titles) == len(set(titles))
        assert {title.partition(":")[0] for title in titles} >= {"answer", "copy", "scope", "reports", "view"}
        await pilot.press("ctrl+p")
        await wait_until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"passages like")
        await wait_until(pilot, lambda: on_screen(pilot, "Passages like this one"))
        await pilot.press("enter")
        await wait_until(pilot, lambda: len(turns_of(pilot)) == 2)
        assert turns_of(pilot)[1].question.startswith("More like:")


async def test_every_key_of_the_screen_can_be_changed_by_its_id(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        assert {"copy.cite", "question.ask", "thread.read", "reader.go_to", "app.help"} <= all_ids(
            screen_of(pilot).places()
        )


@pytest.mark.parametrize("key", ["f2", "f3", "f4", "ctrl+r"])
@pytest.mark.parametrize("size", [(100, 30), (40, 12)])
async def test_an_answer_that_arrives_under_a_dialog_is_there_afterwards(
    library: FakeLibrary, key: str, size: tuple[int, int]
) -> None:
    async with QaApp(library.shelf).run_test(size=size) as pilot:
        await until_ready(pilot)
        library.may_answer.clear()
        await ask(pilot, QUESTION)
        await pilot.press(key)
        await wait_until(pilot, lambda: pilot.app.screen is not screen_of(pilot))
        library.may_answer.set()
        await wait_until(pilot, lambda: turns_of(pilot)[0].answer is not None)
        await pilot.press("escape")
        await until_closed(pilot)
        await wait_until(pilot, lambda: on_screen(pilot, "▌ 1 Joint area review"))


async def test_in_a_browser_an_export_is_a_download_and_asks_nothing_of_the_folders_here(
    library: FakeLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "there.md").write_text("mine")
    monkeypatch.setattr(QaApp, "is_web", True)
    app = QaApp(library.shelf, settings=Settings(export_folder=str(tmp_path / "missing")))
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("ctrl+s")
        await until_open(pilot, ExportScreen)
        assert on_screen(pilot, "Enter downloads qa-")
        field = app.screen.query_one(Field)
        field.put(str(tmp_path / "there.md"))
        await wait_until(pilot, lambda: on_screen(pilot, "Enter downloads there.md"))
        assert field.suggester is None
        await pilot.press("escape", "f3", "a")
        await until_open(pilot, ReportsScreen)
        assert app.screen.query_one(Field).suggester is None


async def test_before_there_are_reports_their_screen_says_so(library: FakeLibrary) -> None:
    library.shelf.missing = IndexMissingError("There is no index yet")
    library.shelf.building_error = NoReportsError("There are no reports in corpus/")
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "Folder or file with reports"))
        await pilot.press("f3")
        await until_open(pilot, ReportsScreen)
        await wait_until(pilot, lambda: on_screen(pilot, "There are no reports in this library yet."))


async def test_a_first_report_may_be_named_as_a_terminal_names_a_file_that_is_dropped_on_it(
    library: FakeLibrary,
) -> None:
    library.shelf.missing = IndexMissingError("There is no index yet")
    library.shelf.building_error = NoReportsError("There are no reports in corpus/")
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await wait_until(pilot, lambda: on_screen(pilot, "Folder or file with reports"))
        library.shelf.building_error = None
        await ask(pilot, "'/home/me/My report.pdf'")
        await until_ready(pilot)
        assert library.shelf.added == [Path("/home/me/My report.pdf")]
