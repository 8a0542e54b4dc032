"""Keys that the settings change."""

from __future__ import annotations

import pytest

from qa.settings import Settings
from qa.tui import QaApp
from qa.tui.keymap import keymap_of
from tests.tui.fakes import FakeLibrary, ask_and_wait, screen_of, until_ready, wait_until


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("c", "c"),
        ("Y", "Y"),
        ("?", "question_mark"),
        ("/", "slash"),
        ("+", "plus"),
        ("comma", "comma"),
        ("ctrl+k, f12", "ctrl+k,f12"),
        ("ctrl+shift+up", "ctrl+shift+up"),
        ("left_square_bracket", "left_square_bracket"),
        ("ü", "ü"),
        ("space,enter,shift+tab", "space,enter,shift+tab"),
    ],
)
def test_a_key_is_named_or_stands_for_itself(text: str, taken: str) -> None:
    assert keymap_of({"copy.cite": text}) == ({"copy.cite": taken}, [])


@pytest.mark.parametrize("text", ["", " ", ",", "ctl+y", "ctrl+", "[/b]", "\x1b[2J", "F1", "c,", "control-c"])
def test_what_no_keyboard_has_is_told_and_not_taken(text: str) -> None:
    keymap, (problem,) = keymap_of({"copy.cite": text})
    assert keymap == {}
    assert problem == f'There is no key "{text}" for copy.cite; it has its usual one.'


async def test_a_changed_key_works_a_wrong_one_leaves_the_usual_and_a_clash_is_told(
    library: FakeLibrary,
) -> None:
    keys = {"copy.cite": "ctl+y", "copy.quote": "?", "tray.mark": "n", "tray.remove": "y"}
    async with QaApp(library.shelf, settings=Settings(keys=keys)).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        message = screen_of(pilot).status.message
        assert 'There is no key "ctl+y" for copy.cite' in message
        assert "The settings give the key of passage.next_hit to another" in message
        assert "The settings give the key of panes.help to another" in message
        assert "The settings give the key of tray.cite to another" in message
        await ask_and_wait(pilot)
        await pilot.press("down", "y")
        await wait_until(pilot, lambda: "Copied: Joint" in screen_of(pilot).status.message)
        await pilot.press("question_mark")
        await wait_until(pilot, lambda: "Copied: the quotation" in screen_of(pilot).status.message)
        await pilot.press("n")
        await wait_until(pilot, lambda: "Marked" in screen_of(pilot).status.message)
