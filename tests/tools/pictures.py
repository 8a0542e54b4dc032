"""Take pictures of the app in every state, at every size it is made for, to be looked at.

Run ``python -m tests.tools.pictures --out DIR [--library DIR] [--theme NAME] [--only STATE ...]``. What is
answered comes from the library; what must be held open (a model that loads, an index that is built) from the
fake one of the tests. The pictures are SVG, and PNG too where ``rsvg-convert`` is installed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from qa.errors import IndexMissingError, IndexStateError, NoReportsError
from qa.folder import LibraryFolder
from qa.history import History
from qa.library import Library
from qa.protocols import Shelf
from qa.settings import Settings
from qa.tui import QaApp
from qa.tui.themes import THEMES
from qa.types import Progress
from tests.tui.fakes import (
    QUESTION,
    FakeLibrary,
    ask,
    ask_and_wait,
    on_screen,
    screen_of,
    section_shown,
    turns_of,
    until_ready,
    wait_until,
)

SIZES = ((100, 30), (80, 24), (60, 20), (40, 12))

ANSWERED = "How quickly are initial assessments of children in need completed?"
FOUND = "social worker"
FOLLOW_UP = "And what about core assessments?"
NOT_ANSWERED = "How many penguins live in the county?"

_CELL = 12.2
_LEADING_SPACES = re.compile(
    r'x="(?P<x>[\d.]+)" (?P<between>y="[\d.]+" )textLength="(?P<length>[\d.]+)"(?P<rest>[^>]*)>'
    r"(?P<spaces>(&#160;)+)"
)

Steps = Callable[[Pilot[None]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class State:
    """What a picture is of: how an app is brought there, over the library or over a fake one."""

    steps: Steps
    fake: Callable[[], FakeLibrary] | None = None
    theme: str = ""


class OpenShelf(LibraryFolder):
    """A library folder that is opened once, for all pictures."""

    _opened: Library | None = None

    def open(self) -> Library:
        """Return the library that is open."""
        if self._opened is None:
            self._opened = super().open()
        return self._opened


def states(themes: Sequence[str]) -> dict[str, State]:
    """Return what there is to be looked at, by name."""
    return {
        "first-run": State(_shows("Folder or file"), _without_reports),
        "first-index": State(_asked_while_indexing, _first_index),
        "reindexing": State(_reindexing, _held_build),
        "loading": State(_answered_by_words, _held_model),
        "broken": State(_shows("F9"), _broken_index),
        "warnings": State(_answered_by_fake, _with_warnings),
        "ready": State(until_ready),
        "answer": State(_answered),
        "list": State(_then("down", "n", "n")),
        "reader": State(_then("down", "2", "enter")),
        "follow-up": State(_follow_up),
        "refused": State(_refused),
        "nearest": State(_nearest),
        "tray": State(_then("down", "space", "n", "n", "space", "f4")),
        "export": State(_then("ctrl+s")),
        "help": State(_then("f1")),
        "scope": State(_then("f2")),
        "history": State(_history),
        "reports": State(_then("f3")),
        "palette": State(_then("ctrl+p")),
        "find": State(_find),
        "go-to": State(_then("down", "g", "2", "8")),
        "present": State(_then("down", "f5")),
        **{f"theme-{name}": State(_then("down"), theme=name) for name in themes},
    }


async def take(
    name: str,
    state: State,
    *,
    shelf: Shelf,
    settings: Settings,
    sizes: Sequence[tuple[int, int]],
    out: Path,
) -> None:
    """Bring an app into a state, and save its screen at every size."""
    fake = state.fake() if state.fake is not None else None
    app = QaApp(shelf if fake is None else fake.shelf, settings=settings, history=History(None))
    async with app.run_test(size=sizes[0]) as pilot:
        app.ask_screen.question_box.cursor_blink = False
        await state.steps(pilot)
        for columns, lines in sizes:
            await pilot.resize_terminal(columns, lines)
            for _ in range(5):
                await pilot.pause()
            target = out / f"{name}-{columns}x{lines}.svg"
            title = f"{name} {columns} x {lines}"
            target.write_text(app.export_screenshot(title=title), encoding="utf-8")
            if shutil.which("rsvg-convert"):
                png = str(target.with_suffix(".png"))
                subprocess.run(
                    ["rsvg-convert", "-w", str(columns * 10), "-o", png],
                    input=_LEADING_SPACES.sub(_moved, target.read_text("utf-8")).encode(),
                    check=True,
                )
        if fake is not None:
            for held in (fake.may_open, fake.may_prepare, fake.may_answer):
                held.set()
            await app.workers.wait_for_complete()
            await pilot.pause()


def _moved(text: re.Match[str]) -> str:
    """Return the opening of a text without its leading spaces, which rsvg-convert would not draw."""
    spaces = text["spaces"].count("&")
    x, length = float(text["x"]) + spaces * _CELL, float(text["length"]) - spaces * _CELL
    return f'x="{x:.1f}" {text["between"]}textLength="{length:.1f}"{text["rest"]}>'


def main() -> None:
    """Take the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the folder of the pictures")
    parser.add_argument("--library", type=Path, default=Path(), help="a folder with corpus/ and index/")
    parser.add_argument("--theme", default="qa-dark")
    parser.add_argument("--ascii", action="store_true")
    parser.add_argument("--size", nargs="*", default=[], help="columns x lines, as 80x24")
    parser.add_argument("--only", nargs="*", default=[], help="names of states")
    options = parser.parse_args()
    os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp()
    options.out.mkdir(parents=True, exist_ok=True)
    shelf = OpenShelf(options.library.resolve())
    known = states([theme.name for theme in THEMES])
    sizes = [
        (int(columns), int(lines)) for columns, _, lines in (size.partition("x") for size in options.size)
    ]
    for name in options.only or known:
        settings = Settings(theme=known[name].theme or options.theme, ascii=options.ascii)
        taken = take(name, known[name], shelf=shelf, settings=settings, sizes=sizes or SIZES, out=options.out)
        asyncio.run(taken)
        print(name, flush=True)


# Libraries that are not as they should be, or not yet.


def _without_reports() -> FakeLibrary:
    fake = FakeLibrary()
    fake.shelf.missing = IndexMissingError("There is no index yet")
    fake.shelf.building_error = NoReportsError("There are no reports in corpus/")
    return fake


def _first_index() -> FakeLibrary:
    fake = FakeLibrary()
    fake.shelf.missing = IndexMissingError("There is no index yet")
    fake.build = [Progress("encoding", 1_340, 4_310)]
    fake.may_open.clear()
    return fake


def _held_build() -> FakeLibrary:
    fake = FakeLibrary()
    fake.build = [Progress("encoding", 40, 310)]
    return fake


def _held_model() -> FakeLibrary:
    fake = FakeLibrary()
    fake.may_prepare.clear()
    return fake


def _broken_index() -> FakeLibrary:
    fake = FakeLibrary()
    fake.opening_error = IndexStateError("The index is damaged: a file of it is missing.")
    return fake


def _with_warnings() -> FakeLibrary:
    fake = FakeLibrary()
    fake.warnings = (
        "The index is not up to date (1 report was added: rutland-2020.pdf; 1 was changed: kent-2022.pdf)",
        "scan.pdf could not be read: it has pictures of pages and no text. Run it through OCR first.",
    )
    return fake


# How an app is brought into a state.


def _fake_of(pilot: Pilot[None]) -> FakeLibrary:
    assert isinstance(pilot.app, QaApp)
    assert isinstance(pilot.app.librarian.library, FakeLibrary)
    return pilot.app.librarian.library


def _shows(text: str) -> Steps:
    async def steps(pilot: Pilot[None]) -> None:
        await wait_until(pilot, lambda: on_screen(pilot, text))

    return steps


def _then(*keys: str) -> Steps:
    """Return steps that press `keys` once a question is answered."""

    async def steps(pilot: Pilot[None]) -> None:
        await _answered(pilot)
        for key in keys:
            await pilot.press(key)
            await wait_until(pilot, lambda: section_shown(pilot))

    return steps


async def _answered(pilot: Pilot[None]) -> None:
    await until_ready(pilot)
    await ask_and_wait(pilot, ANSWERED)


async def _answered_by_fake(pilot: Pilot[None]) -> None:
    await wait_until(pilot, lambda: "Ready" in screen_of(pilot).status.message)
    await ask_and_wait(pilot, QUESTION)


async def _asked_while_indexing(pilot: Pilot[None]) -> None:
    await ask(pilot, QUESTION)
    await wait_until(pilot, lambda: "Building" in screen_of(pilot).status.message)


async def _reindexing(pilot: Pilot[None]) -> None:
    await until_ready(pilot)
    await pilot.press("f3")
    # Only now, for the library opens through the same event.
    fake = _fake_of(pilot)
    fake.may_open.clear()
    await pilot.press("r")
    await wait_until(pilot, lambda: on_screen(pilot, "40 of 310"))


async def _answered_by_words(pilot: Pilot[None]) -> None:
    await ask_and_wait(pilot, QUESTION)


async def _follow_up(pilot: Pilot[None]) -> None:
    await _answered(pilot)
    await ask_and_wait(pilot, FOLLOW_UP)


async def _refused(pilot: Pilot[None]) -> None:
    await _answered(pilot)
    await ask_and_wait(pilot, NOT_ANSWERED)


async def _nearest(pilot: Pilot[None]) -> None:
    await until_ready(pilot)
    await ask_and_wait(pilot, NOT_ANSWERED)
    await pilot.press("tab", "m")
    await wait_until(pilot, lambda: section_shown(pilot) and bool(turns_of(pilot)[0].passages))


async def _history(pilot: Pilot[None]) -> None:
    await _follow_up(pilot)
    await ask_and_wait(pilot, NOT_ANSWERED)
    await pilot.press("ctrl+r")


async def _find(pilot: Pilot[None]) -> None:
    await _answered(pilot)
    await pilot.press("f6", *FOUND, "enter")
    await wait_until(pilot, lambda: len(turns_of(pilot)) == 2 and turns_of(pilot)[1].answer is not None)
    await wait_until(pilot, lambda: section_shown(pilot))


if __name__ == "__main__":
    main()
