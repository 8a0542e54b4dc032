from __future__ import annotations

import base64
import os
import pty
import re
import select
import subprocess
import termios
import time
from pathlib import Path

import pytest

from qa.cite import quotation
from qa.tui import QaApp
from qa.tui.clipboard import MOST_BYTES_FOR_SURE, Delivery, deliver, routes
from tests.fakes import ROOT, keyword_qa, open_library
from tests.tui.fakes import (
    HOSTILE_QUESTION,
    PASSAGES,
    QUESTION,
    FakeLibrary,
    ask_and_wait,
    cite,
    screen_of,
    until_ready,
    wait_until,
)

CITATION = cite(PASSAGES[2], 1).citation


def put_programme(folder: Path, name: str, *, exit_code: int = 0) -> Path:
    """Put an executable into `folder` that records its arguments and its input; return the record's path."""
    record = folder / f"{name}.record"
    programme = folder / name
    programme.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$*" > "{record}.arguments"\n/bin/cat > "{record}"\nexit {exit_code}\n'
    )
    programme.chmod(0o755)
    return record


def names(environment: dict[str, str], folder: Path) -> list[str]:
    return [route.name for route in routes({"PATH": str(folder), **environment})]


def test_inside_tmux_the_text_goes_through_tmux_unchanged(programmes: Path) -> None:
    record = put_programme(programmes, "tmux")
    text = "“quoted”\n[/b] \x1b[31m $(touch x) – ends with blanks  "

    delivery = deliver(text, {"TMUX": "/tmp/socket,1,0", "PATH": str(programmes)})

    assert record.read_text(encoding="utf-8") == text
    assert Path(f"{record}.arguments").read_text() == "load-buffer -w -\n"
    assert delivery == Delivery(("tmux",), ())


def test_a_tmux_that_cannot_hand_text_on_takes_it_into_its_buffer(programmes: Path) -> None:
    record = put_programme(programmes, "tmux")
    programme = programmes / "tmux"
    script = programme.read_text(encoding="utf-8").split("\n", 1)
    programme.write_text(f'{script[0]}\n[ "$2" = -w ] && exit 1\n{script[1]}', encoding="utf-8")

    delivery = deliver("text", {"TMUX": "/tmp/socket,1,0", "PATH": str(programmes)})

    assert record.read_text(encoding="utf-8") == "text"
    assert Path(f"{record}.arguments").read_text() == "load-buffer -\n"
    assert delivery == Delivery(("tmux",), ())


def test_outside_tmux_no_tmux_is_run(programmes: Path) -> None:
    put_programme(programmes, "tmux")
    assert names({}, programmes) == []


def test_a_desktop_programme_needs_its_display(programmes: Path) -> None:
    put_programme(programmes, "wl-copy")
    put_programme(programmes, "xclip")
    assert names({}, programmes) == []
    assert names({"DISPLAY": ":0"}, programmes) == ["xclip"]
    assert names({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, programmes) == ["wl-copy"]


@pytest.mark.parametrize("variable", ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"])
def test_over_ssh_the_desktop_of_the_far_computer_is_left_alone(programmes: Path, variable: str) -> None:
    put_programme(programmes, "tmux")
    put_programme(programmes, "xclip")
    put_programme(programmes, "pbcopy")
    environment = {"TMUX": "x", "DISPLAY": ":0", variable: "10.0.0.1 22"}
    assert names(environment, programmes) == ["tmux"]


def test_windows_gets_an_encoding_it_reads(programmes: Path) -> None:
    record = put_programme(programmes, "clip.exe")
    deliver("“é”", {"PATH": str(programmes)})
    assert record.read_bytes().decode("utf-16-le") == "“é”"


def test_a_programme_that_fails_is_named(programmes: Path) -> None:
    put_programme(programmes, "tmux", exit_code=1)
    delivery = deliver("text", {"TMUX": "x", "PATH": str(programmes)})
    assert delivery == Delivery((), ("tmux",))
    assert delivery.in_words() == "sent to the terminal clipboard; tmux did not take it"


def test_a_delivery_is_told_in_words() -> None:
    assert Delivery((), ()).in_words() == "sent to the terminal clipboard"
    assert Delivery(("tmux",), ()).in_words() == "sent to the terminal clipboard and tmux"
    assert Delivery(("tmux", "xclip"), ()).in_words() == "sent to the terminal clipboard, tmux and xclip"


def test_in_a_browser_no_clipboard_of_the_server_is_filled(programmes: Path) -> None:
    records = [put_programme(programmes, name) for name in ("tmux", "xclip", "pbcopy")]
    environment = {"TMUX": "x", "DISPLAY": ":0", "PATH": str(programmes)}
    assert routes(environment, in_browser=True) == ()

    delivery = deliver("text" * MOST_BYTES_FOR_SURE, environment, in_browser=True)

    assert delivery.in_words() == "sent to the browser's clipboard"
    assert not any(record.exists() for record in records)
    deliver("text", environment)
    assert records[0].exists()


def test_text_that_some_terminals_drop_is_said_to_be_long(programmes: Path) -> None:
    fits = "é" * (MOST_BYTES_FOR_SURE * 3 // 4 // 2)
    assert deliver(fits, {}).in_words() == "sent to the terminal clipboard"
    assert deliver(fits + "éé", {}).in_words() == (
        "sent to the terminal clipboard; some terminals drop text this long: check that it arrived"
    )


def test_the_citation_that_is_copied_reaches_the_terminal_byte_for_byte(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = "When are main roads cleared?"
    cited = open_library(small_folder).ask(question).passages[0]
    near, far = pty.openpty()
    os.set_blocking(near, False)
    termios.tcsetwinsize(far, (30, 100))
    app = subprocess.Popen(
        keyword_qa("--library", small_folder),
        cwd=ROOT, env=os.environ | {"TERM": "xterm-256color", "HOME": str(small_folder)},
        stdin=far, stdout=far, stderr=far, start_new_session=True,
    )  # fmt: skip
    os.close(far)
    try:
        shown = b""

        def read_until(pattern: bytes) -> re.Match[bytes]:
            nonlocal shown
            ends = time.monotonic() + 30
            while not (found := re.search(pattern, shown)):
                ready, _, _ = select.select([near], [], [], max(0, ends - time.monotonic()))
                assert ready, f"{pattern!r} is not in {shown[-2000:]!r}"
                shown += os.read(near, 65536)
            shown = shown[found.end() :]
            return found

        first_word = cited.passage.text.partition(" ")[0].encode()
        read_until(rb"\x1b\[\?1049h")
        os.write(near, question.encode() + b"\r")
        read_until(first_word)
        os.write(near, b"\x19")  # ctrl+y
        copied = read_until(rb"\x1b\]52;c;([^\x07\x1b]*)(\x07|\x1b\\)")[1]
    finally:
        app.kill()
        app.wait()
        os.close(near)
    assert base64.b64decode(copied, validate=True).decode() == cited.citation


async def test_the_citation_is_copied_from_the_question_box(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        assert app.focused is screen_of(pilot).question_box
        await pilot.press("h", "i", "ctrl+y")
        await wait_until(pilot, lambda: "Copied" in screen_of(pilot).status.message)
        assert app.clipboard == CITATION
        assert screen_of(pilot).question_box.value == "hi"
        assert screen_of(pilot).status.message == f"Copied: {CITATION} (sent to the terminal clipboard)"


async def test_citation_and_quotation_are_copied_from_the_thread(
    library: FakeLibrary, programmes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = put_programme(programmes, "tmux")
    monkeypatch.setenv("TMUX", "x")
    app = QaApp(library.shelf)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot)
        await pilot.press("down", "y")
        await wait_until(pilot, lambda: "and tmux" in screen_of(pilot).status.message)
        assert app.clipboard == record.read_text(encoding="utf-8") == CITATION

        await pilot.press("Y")
        await wait_until(pilot, lambda: "quotation" in screen_of(pilot).status.message)
        assert app.clipboard == record.read_text(encoding="utf-8") == quotation(cite(PASSAGES[2], 1))


async def test_a_hostile_quotation_is_copied_character_for_character(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(60, 20)) as pilot:
        await until_ready(pilot)
        await ask_and_wait(pilot, HOSTILE_QUESTION)
        await pilot.press("down", "enter", "Y")
        await wait_until(pilot, lambda: "Copied" in screen_of(pilot).status.message)
        assert app._clipboard == quotation(cite(PASSAGES[10], 1))


async def test_copying_before_there_is_a_passage_says_so(library: FakeLibrary) -> None:
    app = QaApp(library.shelf)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        await pilot.press("ctrl+y")
        await wait_until(pilot, lambda: "no passage to copy" in screen_of(pilot).status.message)
        assert app.clipboard == ""


async def test_text_selected_in_the_box_takes_the_same_ways(
    library: FakeLibrary, programmes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = put_programme(programmes, "tmux")
    monkeypatch.setenv("TMUX", "x")
    app = QaApp(library.shelf)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot)
        screen_of(pilot).question_box.value = QUESTION
        await pilot.press("ctrl+shift+a", "ctrl+c")
        await wait_until(pilot, lambda: "and tmux" in screen_of(pilot).status.message)
        assert record.read_text(encoding="utf-8") == QUESTION
