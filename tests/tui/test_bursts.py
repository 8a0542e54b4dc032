"""Keys that come faster than the app takes them, and what arrives in the meantime."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from qa.settings import Settings
from qa.tui import QaApp
from tests.tui.fakes import FakeLibrary, ask_and_wait, screen_of, until_ready, wait_until


def burst(pilot: Pilot[None], *keys: str) -> None:
    """Hand keys to the app at once, as a terminal does with what was typed while the app was busy."""
    for key in keys:
        character = key if len(key) == 1 else None
        pilot.app.post_message(events.Key(_character_to_key(key) if character else key, character))


@pytest.mark.parametrize("keys", [["escape"] * 3, ["enter"] * 3, ["enter", "escape", "enter"]])
@pytest.mark.parametrize("dialog", ["f1", "f2", "f3", "f4", "f5", "ctrl+r", "ctrl+s"])
async def test_keys_that_close_a_dialog_twice_leave_the_ask_screen(
    library: FakeLibrary, tmp_path: Path, dialog: str, keys: list[str]
) -> None:
    app = QaApp(library.shelf, settings=Settings(export_folder=str(tmp_path)))
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("down", "space", dialog)
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
