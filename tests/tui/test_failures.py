"""What may go wrong outside the app while it runs: it is told, and the app goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from qa.settings import Settings
from qa.tui import QaApp
from qa.tui.dialogs import ExportScreen
from qa.types import CitedPassage, Passage
from tests.tui.fakes import (
    PASSAGES,
    FakeLibrary,
    ask_and_wait,
    chosen_ids,
    on_screen,
    screen_of,
    until_ready,
    wait_until,
)


@pytest.mark.parametrize("name", ["x" * 300 + ".md", "~nobody-of-this-name/a.md", "a" * 5000])
async def test_a_file_name_that_no_disk_takes_is_told_while_it_is_typed(
    library: FakeLibrary, tmp_path: Path, name: str
) -> None:
    app = QaApp(library.shelf, settings=Settings(export_folder=str(tmp_path)))
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: isinstance(app.screen, ExportScreen) and app.screen.is_mounted)
        app.screen.query_one("#export-path", Input).value = name
        await pilot.press("enter")
        assert isinstance(app.screen, ExportScreen)


async def test_an_export_folder_of_nobody_is_taken_as_it_is_written(library: FakeLibrary) -> None:
    app = QaApp(library.shelf, settings=Settings(export_folder="~nobody-of-this-name/exports"))
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: isinstance(app.screen, ExportScreen) and app.screen.is_mounted)
        assert on_screen(pilot, "There is no folder")


async def test_paths_of_nobody_are_told_and_the_others_added(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        app.librarian.add(["~nobody-of-this-name/missing.pdf", "here.pdf"])
        await wait_until(pilot, lambda: library.shelf.added == [Path("here.pdf")])
        await wait_until(pilot, lambda: "missing.pdf does not exist" in screen_of(pilot).status.message)


async def test_completing_never_ends_the_app(library: FakeLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> tuple[str, ...]:
        raise OSError("disk")

    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        monkeypatch.setattr(library, "complete", fail)
        await pilot.press(*"report:r")
        await pilot.press("f2", "down", "tab")
        await pilot.press(*"safe", "tab", "escape")
        await wait_until(pilot, lambda: app.screen is screen_of(pilot))
        assert screen_of(pilot).question_box.value == "report:r"


async def test_a_theme_that_was_not_chosen_is_not_kept(library: FakeLibrary, tmp_path: Path) -> None:
    settings_file = tmp_path / "config.toml"
    settings_file.write_text('theme = "of-a-later-version"\n', encoding="utf-8")
    app = QaApp(library.shelf, settings=Settings(theme="of-a-later-version"), settings_file=settings_file)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("f5")
        await pilot.press("escape")
        await wait_until(pilot, lambda: app.screen is screen_of(pilot))
        await wait_until(pilot, lambda: not app.presenting)
        assert settings_file.read_text(encoding="utf-8") == 'theme = "of-a-later-version"\n'


async def test_a_theme_that_cannot_be_kept_is_told(library: FakeLibrary, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where a folder should be", encoding="utf-8")
    app = QaApp(library.shelf, settings_file=tmp_path / "config" / "config.toml")
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        app.theme = "qa-light"
        await wait_until(pilot, lambda: "cannot be" in screen_of(pilot).status.message)
        assert app.theme == "qa-light"


async def test_a_passage_whose_report_has_changed_is_read_as_it_was_cited(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        cited = screen_of(pilot).chosen
        assert cited is not None
        changed = [replace(each, text=f"Changed: {each.text}") for each in PASSAGES]
        monkeypatch.setattr(library, "passages", changed)
        screen_of(pilot).reader.read(cited)
        await wait_until(pilot, lambda: "has changed" in screen_of(pilot).status.message)
        assert chosen_ids(pilot) == [cited.id]
        assert not on_screen(pilot, "Changed:")


def fail(*_: Any, **__: Any) -> CitedPassage | Passage:
    """Raise what no one expects."""
    raise ZeroDivisionError("division [/b] by zero")


@pytest.mark.parametrize(
    ("method", "keys"),
    [
        ("ask", ["escape", "w", "enter"]),
        ("find", ["f", "w", "enter"]),
        ("similar", ["l"]),
        ("show", ["g", "2", "enter"]),
        ("section_of", ["n"]),
        ("section_of", ["right_curly_bracket"]),
    ],
)
async def test_an_error_in_any_search_is_told_with_its_kind_and_the_app_goes_on(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch, method: str, keys: list[str]
) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("down")
        with monkeypatch.context() as patch:
            patch.setattr(library, method, fail)
            await pilot.press(*keys)
            await wait_until(
                pilot,
                lambda: "ZeroDivisionError: division [/b] by zero" in screen_of(pilot).status.message,
            )
        await ask_and_wait(pilot)
