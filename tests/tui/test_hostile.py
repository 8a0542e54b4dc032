"""Text that would act on a terminal, a layout or a parser, on every screen: shown, never obeyed."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from qa.cite import citation, quotation
from qa.history import History
from qa.settings import Settings
from qa.tui import QaApp
from qa.tui.present import PresentScreen
from qa.tui.reader import Paragraph
from tests.tui.fakes import (
    FakeLibrary,
    ask,
    ask_and_wait,
    on_screen,
    screen_of,
    turns_of,
    until_ready,
    wait_until,
)
from tests.tui.hostile import (
    CONTROLS,
    MARKUP,
    STRINGS,
    WIDTHS,
    HostileLibrary,
    flowing,
    key_event,
    press_at_random,
    seen,
    wrong,
)

SIZES = [(1, 1), (10, 3), (20, 5)]
MIXED = {
    "mixed": " ".join(STRINGS[name] for name in ("action", "screen", "half characters", "direction")),
    "wide": STRINGS["wide"],
}
BOTH = pytest.mark.parametrize("text", MIXED.values(), ids=MIXED)
DIALOGS = ["f1", "f2", "f3", "f4", "f5", "ctrl+r", "ctrl+s", "ctrl+p"]


async def paste(pilot: Pilot[None], text: str) -> None:
    """Paste as a terminal does."""
    pilot.app.post_message(events.Paste(text))
    await pilot.pause()
    await pilot.pause()


def box(pilot: Pilot[None]) -> Input:
    """Return the box that has the keys."""
    focused = pilot.app.focused
    assert isinstance(focused, Input)
    return focused


def packed(text: str) -> str:
    """Return what stands on the screen for `text`, without white space."""
    return re.sub(r"\s", "", seen(text))


# The Ask screen


@pytest.mark.parametrize("texts", [MARKUP, CONTROLS, WIDTHS], ids=["markup", "controls", "widths"])
async def test_a_text_is_shown_wherever_it_comes_from_and_nothing_of_it_is_obeyed(
    texts: Mapping[str, str],
) -> None:
    library = HostileLibrary("")
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 40)) as pilot:
        await until_ready(pilot)
        screen = screen_of(pilot)
        for name, text in texts.items():
            library.speak_of(text)
            app.own_warnings[:] = [text]
            app.show_what_is_open()
            screen.reader.clear()
            screen.question_box.focus()
            await pilot.pause()
            assert wrong(pilot) == [], name
            await paste(pilot, text)
            await pilot.press("enter")
            await wait_until(pilot, lambda: len(turns_of(pilot)) > 0 and turns_of(pilot)[-1].passages != ())
            await wait_until(pilot, lambda: "begin" in flowing(pilot))
            assert wrong(pilot) == [], name
            await pilot.press("down", "enter")
            await wait_until(pilot, lambda: screen.focused is screen.reader.section)
            assert wrong(pilot) == [], name
            read = "".join(str(each.content) for each in screen.reader.query(Paragraph))
            assert packed(f"begin {text} end")[:150] in re.sub(r"\s", "", read), name


@BOTH
async def test_what_is_copied_has_the_very_words(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    library = HostileLibrary(text)
    app = QaApp(library.shelf)
    async with app.run_test(size=(60, 20)) as pilot:
        sent: list[str] = []
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", sent.append)
        await until_ready(pilot)
        await ask_and_wait(pilot, "what?")
        await pilot.press("down", "y")
        await wait_until(pilot, lambda: "Copied" in screen_of(pilot).status.message)
        await pilot.press("Y")
        await wait_until(pilot, lambda: "quotation" in screen_of(pilot).status.message)
        first = library.passages[0]
        whole = re.sub("[\ud800-\udfff]", "\ufffd", "\n".join(
            [citation(first, library.report), quotation(library.cite(first, 1))]
        ))  # fmt: skip
        copied = [each for each in sent if each.startswith("\x1b]52;c;")]
        assert "\n".join(base64.b64decode(each[7:-1]).decode() for each in copied) == whole


@pytest.mark.parametrize("key", ["g", "f", "f6", "f7"])
async def test_nothing_pasted_into_a_prompt_reaches_the_terminal(library: FakeLibrary, key: str) -> None:
    async with QaApp(library.shelf).run_test(size=(60, 20)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("down", key)
        box(pilot).post_message(events.Paste("\x1b[2Jone\x9b"))
        await pilot.pause()
        await paste(pilot, " \r\x1b[31mtwo\rthree\x00 ")
        assert box(pilot).value == "\ufffd[2Jone\ufffd\ufffd[31mtwo three\ufffd"
        assert wrong(pilot) == []


@pytest.mark.parametrize("keys", [("ctrl+p",), ("f7",), ("ctrl+r",), ("ctrl+p", *"theme", "enter")])
async def test_nothing_pasted_reaches_the_terminal_also_in_the_palette(keys: tuple[str, ...]) -> None:
    library = HostileLibrary("\x1b[2J\x9b31m")
    async with QaApp(library.shelf).run_test(size=(60, 20)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot, "what?")
        await pilot.press("down", "Y")
        await wait_until(pilot, lambda: "Copied" in screen_of(pilot).status.message)
        await pilot.press(*keys)
        await pilot.pause()
        await paste(pilot, "\x1b[31mred\rnext")
        assert box(pilot).value == "\ufffd[31mred next"
        assert wrong(pilot) == []
        box(pilot).clear()
        await pilot.press("ctrl+v")
        assert box(pilot).value.startswith("“begin \ufffd[2J\ufffd31m end” (")
        assert wrong(pilot) == []


async def test_what_is_offered_behind_the_cursor_holds_no_controls() -> None:
    library = HostileLibrary("\x1b[2J")
    async with QaApp(library.shelf).run_test(size=(60, 20)) as pilot:
        await until_ready(pilot)
        await pilot.press(*"sec")
        await pilot.pause()
        assert box(pilot)._suggestion == ""
        assert wrong(pilot) == []


@pytest.mark.parametrize("number", ["漢", "漢字漢字漢字", "👩\u200d👩\u200d👧", "a\u0301\u0301", "🇬🇧.1"])
async def test_a_wide_number_in_the_margin_shifts_nothing(number: str) -> None:
    library = HostileLibrary(number)
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot, "what?")
        await pilot.press("down", "enter")
        await wait_until(pilot, lambda: on_screen(pilot, "begin"))
        assert wrong(pilot) == []


async def test_a_question_of_the_history_that_is_half_a_character_is_taken_and_asked() -> None:
    history = History(None)
    history.add("half \ud800?")
    library = HostileLibrary("plain")
    async with QaApp(library.shelf, history=history).run_test(size=(60, 20)) as pilot:
        await until_ready(pilot)
        await wait_until(pilot, lambda: screen_of(pilot).question_box.asked != ())
        await pilot.press("up")
        assert box(pilot).value == "half \ufffd?"
        assert wrong(pilot) == []


@pytest.mark.parametrize("key", ["fail", "fail ours"])
async def test_an_error_is_told_in_its_own_words(key: str) -> None:
    for text in (STRINGS["action"], STRINGS["screen"]):
        async with QaApp(HostileLibrary(text).shelf).run_test(size=(120, 40)) as pilot:
            await until_ready(pilot)
            await ask(pilot, key)
            await wait_until(pilot, lambda: turns_of(pilot) != () and turns_of(pilot)[0].problem != "")
            shown = packed(f"Error:{'ValueError:' if key == 'fail' else ''}{text}")
            assert flowing(pilot).count(shown) == 2
            assert wrong(pilot) == []


# Dialogs


@BOTH
async def test_dialogs_show_it_as_text_at_every_size(text: str) -> None:
    history = History(None)
    history.add(text)
    app = QaApp(HostileLibrary(text).shelf, history=history)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot, f"what {text}?")
        await pilot.press("down", "space", "down", "space")
        for key in DIALOGS:
            await pilot.resize_terminal(100, 30)
            await pilot.press(key)
            await wait_until(pilot, lambda: app.screen is not app.ask_screen)
            assert wrong(pilot) == [], key
            if key in {"f2", "f3", "f4", "f5", "ctrl+r"}:
                assert packed(text)[:20] in flowing(pilot), key
            if isinstance(app.focused, Input):
                await paste(pilot, text)
                assert wrong(pilot) == [], key
            for size in SIZES:
                await pilot.resize_terminal(*size)
                await pilot.pause()
                if size[0] > 1:
                    assert wrong(pilot) == [], key
            while app.screen is not app.ask_screen:
                await pilot.press("escape")


@pytest.mark.parametrize("name", ["~nobody-known/x", "../..", "~", "\U000e0041", "x" * 5_000, "[/b]"])
async def test_an_odd_folder_for_exports_is_said_to_be_none_or_taken(library: FakeLibrary, name: str) -> None:
    app = QaApp(library.shelf, settings=Settings(export_folder=name))
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("ctrl+s")
        await wait_until(pilot, lambda: app.screen is not app.ask_screen)
        assert wrong(pilot) == []
        if "x" in name or "[" in name:
            assert re.search("Thereisnofolder|cannotberead", flowing(pilot))


async def test_a_folder_of_somebody_unknown_can_be_typed_where_reports_are_added(
    library: FakeLibrary,
) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        app.librarian.add(["~nobody-known/x.pdf"])
        await wait_until(pilot, lambda: library.shelf.added != [])
        assert [str(path) for path in library.shelf.added] == ["~nobody-known/x.pdf"]


async def test_presenting_goes_through_hostile_passages() -> None:
    for text in (*MIXED.values(), STRINGS["combining"], STRINGS["wide word"]):
        app = QaApp(HostileLibrary(text).shelf)
        async with app.run_test(size=(50, 14)) as pilot:
            await until_ready(pilot)
            await ask_and_wait(pilot, f"what {text[:200]}?")
            await pilot.press("down", "f5")
            await wait_until(pilot, lambda: isinstance(pilot.app.screen, PresentScreen))
            for _ in range(6):
                await pilot.press("n")
                assert wrong(pilot) == []


# Settings


@pytest.mark.parametrize("key", ["[/b]", "\x1b[2J", "漢", "ctrl+[", "+", ",", ",,", "  ", "x" * 500])
async def test_an_odd_key_of_the_settings_harms_nothing(library: FakeLibrary, key: str) -> None:
    settings = Settings(theme=f"no {key}", keys={"copy.cite": key, "app.help": f"f1,{key}", key: key})
    app = QaApp(library.shelf, settings=settings)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("down")
        assert wrong(pilot) == []
        await pilot.press("f1")
        await wait_until(pilot, lambda: app.screen is not app.ask_screen)
        assert wrong(pilot) == []


async def test_the_palette_shows_an_odd_key_as_text(library: FakeLibrary) -> None:
    key = "["
    async with QaApp(library.shelf, settings=Settings(keys={"app.help": key})).run_test() as pilot:
        await until_ready(pilot)
        await pilot.press("ctrl+p", *"help")
        await wait_until(pilot, lambda: f"Key:{key}" in flowing(pilot))
        assert wrong(pilot) == []


# Keys at random, and no room


PAGES = [
    ("down", "pageup"), ("down", "pagedown"), ("f2", "pagedown"), ("ctrl+r", "pageup"), ("f3", "pageup"),
    ("down", "space", "f4", "pagedown"), ("ctrl+p", "pagedown", "pageup"),
    ("ctrl+p", *"theme", "enter", "pageup"),
]  # fmt: skip


@pytest.mark.parametrize("keys", PAGES, ids=" ".join)
async def test_a_page_is_turned_where_there_is_no_room_for_a_line(
    library: FakeLibrary, keys: tuple[str, ...]
) -> None:
    async with QaApp(library.shelf).run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        for size in ((1, 1), (10, 3)):
            await pilot.resize_terminal(*size)
            for key in keys:
                await pilot.press(key)
            await pilot.pause()


async def test_the_palette_may_be_left_while_it_searches(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(60, 20)) as pilot:
        await until_ready(pilot)
        for _ in range(5):
            for key in ("ctrl+p", "x", "escape", "escape"):
                app.post_message(key_event(key))
            await pilot.pause()
        await wait_until(pilot, lambda: app.screen is app.ask_screen)
        await ask_and_wait(pilot)


@pytest.mark.parametrize("seed", [1, 2])
async def test_keys_at_random_leave_an_app_that_answers(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = QaApp(HostileLibrary(STRINGS["device"]).shelf)
    async with app.run_test(size=(80, 24)) as pilot:
        await press_at_random(pilot, seed, presses=150)
        await pilot.resize_terminal(100, 30)
        for _ in range(10):
            if app.screen is not app.ask_screen:
                await pilot.press("escape")
        await wait_until(pilot, lambda: app.screen is app.ask_screen)
        await ask(pilot, "what at last?")
        await wait_until(pilot, lambda: turns_of(pilot) != () and turns_of(pilot)[-1].answer is not None)
        assert turns_of(pilot)[-1].question == "what at last?"
        assert wrong(pilot) == []
