"""Text from outside in the plain chat, exports, history and a library on disk: never obeyed, never lost."""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content
from textual.css.styles import RulesMap
from textual.style import Style
from textual.visual import RenderOptions

from qa.chat import run_plain_chat
from qa.cite import printable
from qa.cli import main
from qa.errors import QaError
from qa.export import ExportFormat, export_conversation, export_passages, write_export
from qa.history import History
from qa.library import CORPUS_FOLDER
from qa.tui.display import one_line, words
from qa.tui.entry import Entry
from tests.fakes import ROADS_REPORT, build, open_library
from tests.tui.hostile import STRINGS, HostileLibrary

EVERY_STRING = pytest.mark.parametrize("text", STRINGS.values(), ids=STRINGS)

FILE_NAMES = [
    b"line\nfeed.txt", b"esc\x1b[2J.txt", b"\xff\xfe.txt", "\u202etxt.txt".encode(), b"[red]x.txt",
    b"$(touch x).txt", b"%s{}.txt", b"=1+1.txt", b"-rf.txt", b"~.txt", "漢字.txt".encode(),
    "\U000e0041.txt".encode(), b"c\xe9.md", b"\x9b31m.txt", b"  .txt", b"'q\".txt", b"tab\there.txt",
]  # fmt: skip


def only_lines(text: str) -> bool:
    """Whether a terminal would act on nothing in `text` but line feeds and tabs."""
    return printable(text) == text


# The plain chat


@EVERY_STRING
def test_the_plain_chat_takes_it_in_every_place_and_prints_nothing_a_terminal_would_act_on(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [
        f" what {text}?", "c 1", "C 1", "o 1", "m 1", "t 1", "t", "n", "a", f"f {text}", f"g {text} 3",
        "r", f"s {text}", "s all", f"w {text}.md", f"w tray {text}.csv", f"w! {text}.txt", text, "? ", "q",
    ]  # fmt: skip
    said: list[str] = []
    run_plain_chat(lambda: HostileLibrary(text), lines=lines, write=said.append, interactive=False)
    assert only_lines("".join(said))
    assert printable(text.replace("\t", " ")) in "".join(said)


# Exports and the history


@EVERY_STRING
@pytest.mark.parametrize("form", [*ExportFormat])
def test_exports_hold_it_as_text(text: str, form: ExportFormat) -> None:
    answer = HostileLibrary(text).ask(f"what {text}?")
    for data in (
        export_passages(answer.passages, form, title=text),
        export_conversation([answer], form, at=datetime(2026, 11, 22)),
    ):
        if form is ExportFormat.DOCX:
            from docx import Document

            read = "\n".join(each.text for each in Document(io.BytesIO(data)).paragraphs)
            assert only_lines(read)
            continue
        read = data.decode("utf-8-sig").replace("\r\n", "\n")
        assert only_lines(read)
        if form is ExportFormat.JSON:
            told = json.loads(read)
            first = (told.get("passages") or told["questions"][0]["passages"])[0]
            assert first["text"] == f"begin {text} end"
        if form is ExportFormat.CSV:
            cells = [cell for row in csv.reader(io.StringIO(read, newline="")) for cell in row]
            assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


@EVERY_STRING
def test_an_export_goes_to_a_file_of_that_name_or_is_refused_in_a_sentence(text: str, tmp_path: Path) -> None:
    for name in (f"{text}.md", f"no folder/{text}.md", f"~{text}/a.md"):
        try:
            written = write_export(b"x", tmp_path / "inside" / name)
        except QaError:
            continue
        assert written.read_bytes() == b"x"


@EVERY_STRING
def test_the_history_gives_back_the_very_question(text: str, tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    history.add(text)
    assert history.questions() == (text,)


# A library on disk


@pytest.fixture(scope="module")
def odd_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an indexed library of files of odd names, as many as the file system takes."""
    folder = tmp_path_factory.mktemp("odd") / "library"
    corpus = folder / CORPUS_FOLDER
    corpus.mkdir(parents=True)
    for name in FILE_NAMES:
        try:
            (corpus / os.fsdecode(name)).write_text(ROADS_REPORT, encoding="utf-8")
        except OSError:  # where names must be Unicode
            continue
        # Reports of the same content would be one report.
        with (corpus / os.fsdecode(name)).open("a", encoding="utf-8") as file:
            file.write(f"\n3. This is number {len(name)} {name!a}.\n")
    build(folder)
    return folder


def test_files_of_any_name_are_reports(odd_folder: Path) -> None:
    names = {path.name for path in (odd_folder / CORPUS_FOLDER).iterdir()}
    library = open_library(odd_folder)
    assert {summary.report.path for summary in library.reports()} == names
    assert all(only_lines(summary.report.id) for summary in library.reports())


@pytest.mark.usefixtures("keyword_model")
@pytest.mark.parametrize(
    "command",
    [
        ("reports",), ("reports", "--json"), ("ask", "Who mends potholes?"), ("find", "potholes"),
        ("ask", "potholes", "--json", "--explain"), ("find", "NEAR("), ("find", '"'), ("find", "*"),
        ("show", "\x1b[2J:\x9b"), ("show", "../x", "3"), ("index",), ("index", "--force"),
        ("ask", "x" * 2_001), ("ask", "\udcff?"), ("ask", "a", "--section", "\x1b[2J"),
        ("ask", "a", "--section", "\udcff"), ("find", "a", "--report", "\udcff"), ("show", "\udcff"),
    ],
    ids=ascii,
)  # fmt: skip
def test_commands_print_nothing_a_terminal_would_act_on(
    odd_folder: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    assert main([*command, "--library", str(odd_folder)]) in {0, 1, 2, 3}
    printed = capsys.readouterr()
    assert only_lines(printed.out + printed.err)
    assert "Traceback" not in printed.err


# What is drawn of any text


ANY_TEXT = st.text(max_size=80) | st.lists(st.sampled_from([*STRINGS.values()]), max_size=3).map(
    lambda parts: " ".join(part[:90] for part in parts)
)


@given(ANY_TEXT, st.integers(1, 50))
@settings(max_examples=150, deadline=None)
def test_one_line_is_one_line_of_the_same_length_that_is_not_changed_again(text: str, length: int) -> None:
    line = one_line(text)
    assert len(line) == len(text)
    assert len(f"a{line}".splitlines()) == 1
    assert one_line(line) == line == words(text).plain
    assert words(text).spans == []


@given(ANY_TEXT, ANY_TEXT, st.integers(1, 120), st.sampled_from([None, 1, 2]))
@settings(max_examples=150, deadline=None)
def test_an_entry_is_as_high_as_it_says_and_no_wider_than_it_may_be(
    heading: str, body: str, width: int, most_lines: int | None
) -> None:
    entry = Entry(words("Q1"), words(heading), words(body), note=words(body), most_lines=most_lines)
    options = RenderOptions(lambda _: Style(), RulesMap())
    strips = entry.render_strips(width, None, Style(), options)
    assert len(strips) == entry.get_height(RulesMap(), width)
    for strip in strips:
        drawn = "".join(segment.text for segment in strip)
        assert sum(cell_len(segment.text) for segment in strip) == strip.cell_length <= width
        assert only_lines(drawn)


@given(ANY_TEXT, st.integers(8, 120))
@settings(max_examples=150, deadline=None)
def test_an_entry_that_is_not_cut_loses_no_letter(body: str, width: int) -> None:
    drawn = Content("\n").join(Entry(Content(""), Content(""), words(body)).lines(width)).plain
    assert "".join(drawn.split()) == "".join(one_line(body).split())
