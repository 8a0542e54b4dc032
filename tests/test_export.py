"""What was found, in a file: all of it, word for word, and nothing of it taken for markup or a formula."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import docx
import pytest
from docx.text.paragraph import Paragraph
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from qa.cite import answer_as_dict, citation, locator, printable, shown_as_dict
from qa.errors import ExportError, FileExistsAlreadyError
from qa.export import (
    ExportFormat,
    export_conversation,
    export_passages,
    format_of,
    suggested_name,
    write_export,
)
from qa.inspection import inspect
from qa.library import Library
from qa.types import Answer, CitedPassage, Kind, Page, Passage, Query
from tests.fakes import ROOT, a_passage, a_report

AT = datetime(2026, 11, 22, 15, 30)
READ_BY_PEOPLE = [ExportFormat.MARKDOWN, ExportFormat.TEXT, ExportFormat.DOCX]


def cited(
    passage: Passage, *, rank: int = 1, report_title: str = "Joint area review: Rutland"
) -> CitedPassage:
    report = a_report(title=report_title)
    return CitedPassage(rank, passage, report, locator(passage), citation(passage, report), (), 1 / 3)


def saying(text: str) -> CitedPassage:
    return cited(a_passage("28", text, number="28"))


PARAGRAPH = replace(
    cited(a_passage("28", "Care is good.\nIt is also near.", number="28", page=Page(12, "10"))),
    also=(a_passage("14", number="14"),),
    notes=(a_passage("note.3", "See annex A.", kind=Kind.FOOTNOTE, marker="3"),),
)
ROW = cited(
    a_passage(
        "row1", "Being healthy\t3", kind=Kind.TABLE_ROW, reading="Being healthy — Grade: 3", section=()
    ),
    rank=2,
)
ANSWERED = Answer(
    "Is care good?",
    True,
    (PARAGRAPH, ROW),
    1.5,
    notes=("Searched for: care good",),
    confidence="strong",
    reason="A passage speaks of it.",
    searched="2 reports, 149 passages",
)
REFUSED = Answer(
    "Who won the cup?",
    False,
    (cited(a_passage("3", "A cup of tea.", number="3")),),
    1.5,
    confidence="none",
    reason="“cup” stands nowhere.",
    searched="1 report, 70 passages",
)


def text_of(data: bytes, form: ExportFormat) -> str:
    """Return the words of an export that people read, without the line breaks of wrapping."""
    if form is ExportFormat.DOCX:
        return "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs)
    if form is ExportFormat.MARKDOWN:
        return "\n".join(words_of(token) for token in inline_tokens(data.decode()))
    return " ".join(data.decode().split())


def rows_of(data: bytes) -> list[dict[str, str]]:
    text = data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


# What every format says


@pytest.mark.parametrize("form", READ_BY_PEOPLE)
@pytest.mark.parametrize("of_conversation", [True, False], ids=["conversation", "tray"])
def test_a_passage_has_its_words_and_all_that_is_needed_to_find_it(
    form: ExportFormat, of_conversation: bool
) -> None:
    passages = (PARAGRAPH, ROW)
    data = export_conversation([ANSWERED], form) if of_conversation else export_passages(passages, form)
    said = text_of(data, form)
    for expected in (
        PARAGRAPH.citation,
        "Report: Joint area review: Rutland",
        "Section: Main Report › Staying safe",
        "Section: under no heading",
        "Paragraph: 28",
        "Paragraph: unnumbered",
        "Page: 10 (page 12 of the file)",
        "Id: jar-2006:28",
        "Also said at Main Report, para 14 [jar-2006:14]",
        "Note 3: See annex A.",
        "Row with its column heads: Being healthy — Grade: 3",
    ):
        assert expected in said
    words = [" ".join(each.text.split()) if form is ExportFormat.TEXT else each.text for each in passages]
    assert all(each in said for each in words)
    assert said.count("Page:") == 1


@pytest.mark.parametrize("form", READ_BY_PEOPLE)
def test_an_answer_says_how_sure_it_is_what_was_searched_and_how_it_was_understood(
    form: ExportFormat,
) -> None:
    said = text_of(export_conversation([ANSWERED], form), form)
    for expected in (
        "Question 1: Is care good?",
        "Strong: A passage speaks of it.",
        "Searched: 2 reports, 149 passages.",
        "Searched for: care good",
    ):
        assert expected in said


@pytest.mark.parametrize("form", READ_BY_PEOPLE)
def test_what_nothing_answers_says_so_and_the_nearest_passages_are_left_out(form: ExportFormat) -> None:
    said = text_of(export_conversation([REFUSED], form), form)
    assert "Nothing in these reports answers this. “cup” stands nowhere." in said
    assert "Searched: 1 report, 70 passages." in said
    assert "A cup of tea." not in said


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (replace(ANSWERED, confidence="possible"), "Possible: A passage speaks of it."),
        (
            replace(ANSWERED, confidence="uncalibrated", reason="No calibration."),
            "Uncalibrated: No calibration.",
        ),
        (replace(ANSWERED, confidence="unjudged", reason=""), "Unjudged: It was not weighed"),
        (
            replace(ANSWERED, reason="", query=Query("para 28", "", located=("jar-2006:28",))),
            "Strong: The question",
        ),
        (replace(ANSWERED, reason=""), "Strong."),
    ],
    ids=["possible", "uncalibrated", "unjudged", "located", "without a reason"],
)
@pytest.mark.parametrize("form", [*READ_BY_PEOPLE, ExportFormat.CSV])
def test_every_level_of_confidence_is_said_in_words(answer: Answer, verdict: str, form: ExportFormat) -> None:
    data = export_conversation([answer], form)
    said = rows_of(data)[0]["verdict"] if form is ExportFormat.CSV else text_of(data, form)
    assert verdict in said


@pytest.mark.parametrize("form", READ_BY_PEOPLE)
def test_earlier_questions_that_are_not_kept_are_counted(form: ExportFormat) -> None:
    said = text_of(export_conversation([ANSWERED], form, left_out=3), form)
    assert "3 earlier questions of this conversation are not kept." in said
    assert "Question 4: Is care good?" in said
    said = text_of(export_conversation([ANSWERED], form, left_out=1), form)
    assert "1 earlier question of this conversation is not kept." in said
    assert "kept" not in text_of(export_conversation([ANSWERED], form), form)


@pytest.mark.parametrize("form", READ_BY_PEOPLE)
def test_an_export_of_nothing_says_so(form: ExportFormat) -> None:
    assert "No passage is marked." in text_of(export_passages([], form), form)
    assert "No question was asked." in text_of(export_conversation([], form), form)


@pytest.mark.parametrize("form", READ_BY_PEOPLE)
def test_the_title_and_the_time_stand_above_if_they_are_given(form: ExportFormat) -> None:
    said = text_of(export_passages([PARAGRAPH], form, title="For the meeting", at=AT), form)
    assert said.startswith("For the meeting")
    assert "Exported on 22 November 2026 at 15:30." in said
    assert "Exported" not in text_of(export_passages([PARAGRAPH], form), form)


@pytest.mark.parametrize("form", ExportFormat)
@pytest.mark.parametrize("at", [None, AT], ids=["undated", "dated"])
def test_the_same_answers_give_the_same_bytes(form: ExportFormat, at: datetime | None) -> None:
    def exports() -> tuple[bytes, bytes]:
        return (
            export_conversation([ANSWERED, REFUSED], form, left_out=1, at=at),
            export_passages([PARAGRAPH], form, at=at),
        )

    first = exports()
    assert exports() == first


# The real reports

QUESTIONS = [
    "Who manages the youth offending service?",
    "para 28",
    "Which grades were given for being healthy?",
]


@pytest.fixture(scope="session")
def asked(library: Library) -> list[Answer]:
    return [library.ask(question, k=10) for question in QUESTIONS]


@pytest.mark.parametrize("form", ExportFormat)
def test_passages_of_real_reports_are_exported_word_for_word(asked: list[Answer], form: ExportFormat) -> None:
    data = export_conversation(asked, form)
    passages = [each for answer in asked if answer.answered for each in answer.passages]
    assert len(passages) > 10
    if form is ExportFormat.JSON:
        exported = [each["text"] for answer in json.loads(data)["questions"] for each in answer["passages"]]
        assert set(exported) >= {each.text for each in passages}
    elif form is ExportFormat.CSV:
        assert [row["text"] for row in rows_of(data) if row["text"]] == [each.text for each in passages]
    else:
        said = " ".join(text_of(data, form).split())
        assert all(" ".join(each.text.split()) in said for each in passages)


@pytest.mark.parametrize("form", READ_BY_PEOPLE)
def test_an_export_can_be_read_as_a_report_itself(
    asked: list[Answer], form: ExportFormat, tmp_path: Path
) -> None:
    path = write_export(export_conversation(asked, form), tmp_path / f"export.{form}")
    read = inspect(path, library=tmp_path)
    assert read.report.title == "Questions and passages"
    assert not read.warnings
    # The day a file was made is no date of what it quotes.
    assert read.report.date is None
    headings = {heading for passage in read.passages for heading in passage.section}
    assert {f"Question {number}: {text}" for number, text in enumerate(QUESTIONS, start=1)} <= headings


# Markdown


def inline_tokens(text: str) -> list[Token]:
    return [token for token in gfm().parse(text) if token.type == "inline"]


def gfm() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def words_of(token: Token) -> str:
    """Return the words of a paragraph, which must hold nothing else but hard breaks."""
    said = []
    for child in token.children or []:
        assert child.type in {"text", "hardbreak"}, (child.type, token.content)
        said.append("\n" if child.type == "hardbreak" else child.content)
    return "".join(said)


HOSTILE = [
    "*a* **b** _c_ __d__ ~~e~~ `f` ``g`` snake_case_name", "\\*not\\*", "$x$ and $$y$$", "a^b^", "[[wiki]]",
    "[a](http://b.example) ![c](d.png) [e]: f [^1] [x] <http://g.example>", "http://h.example www.i.a a@b.c",
    "<b>bold</b> <script>alert(1)</script> <!-- gone --> &amp; &lt; &#42; &copy;", ":smile:", "@someone #12",
    "# heading", "## two ##", "a\n===", "a\n---", "a\n\n---", "***", "___", "- item", "+ item", "* item",
    "1. one", "1) one", "123456789. one", "1234567890. one", "28. The council.", "> quotation", "[ ] to do",
    "```\ncode\n```", "~~~\ncode\n~~~", "    indented", "\tindented", "Term\n: definition", "%%comment%%",
    "| a | b |\n| - | - |\n| c | d |", "a\n:-", "a | b\n--- | ---", "--- title\na: b\n---", "{{ liquid }}",
    "ends with a backslash\\", "two\\\nlines", "ends with spaces  \nand goes on", "a\n\nb", "\na", "a\n",
    "a  \n", "\n\n", "", " ", "\u00a0a\u00a0", "\u3000", "a\n    b\n\tc", "\x1b[31mred\x1b[0m \u202eesrever",
    "\x00",
]  # fmt: skip

MARKUP = st.text(
    st.sampled_from(list("\\`*_{}[]()<>#+-.!|~:=&;$^@/'\" \t\n1aw\u00a0é")) | st.characters(codec="utf-8"),
    max_size=60,
)


def check_markdown(text: str) -> None:
    passage = replace(
        saying(text),
        notes=(
            a_passage("note.1", text, kind=Kind.FOOTNOTE),
            a_passage("n", text, kind=Kind.FOOTNOTE, marker="1"),
        ),
    )
    plain = replace(
        saying("plain"),
        notes=(
            a_passage("note.1", "x", kind=Kind.FOOTNOTE),
            a_passage("n", "x", kind=Kind.FOOTNOTE, marker="1"),
        ),
    )
    answer = replace(ANSWERED, question=text, passages=(passage,), reason=text, notes=(text,), searched=text)
    expected = replace(ANSWERED, question="x", passages=(plain,), reason="x", notes=("x",), searched="x")
    found = gfm().parse(export_conversation([answer], ExportFormat.MARKDOWN).decode())
    shape = [
        token.type for token in gfm().parse(export_conversation([expected], ExportFormat.MARKDOWN).decode())
    ]
    # A paragraph without words is none.
    assert [token.type for token in found if token.type not in NONE] == [
        each for each in shape if each not in NONE
    ]
    said = [words_of(token) for token in found if token.type == "inline"]
    shown = printable(text)
    on_one_line = shown.replace("\n", " ").replace("\t", " ")
    assert said[1] == f"Question 1: {on_one_line}"
    if not text:
        return
    assert said[2] == f"Strong: {on_one_line}"
    assert said[4] == on_one_line
    assert said[6] == shown
    assert said[-2:] == [shown, f"Note 1: {shown}"]


NONE = {"paragraph_open", "paragraph_close", "inline"}


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_words_are_words_in_markdown(text: str) -> None:
    check_markdown(text)


@given(MARKUP)
def test_any_words_are_words_in_markdown(text: str) -> None:
    check_markdown(text)


def test_a_bare_address_is_escaped_where_git_hosts_would_make_a_link_of_it() -> None:
    data = export_passages(
        [saying("see https://a.example, www.b.example or c@d.example")], ExportFormat.MARKDOWN
    )
    assert "> see https\\://a.example, www\\.b.example or c\\@d.example\n" in data.decode()


def test_plain_prose_is_hardly_escaped_and_stands_as_a_quotation_above_its_citation() -> None:
    data = export_passages([PARAGRAPH], ExportFormat.MARKDOWN, title="Two (2) 'good' things: 50%, yes!")
    assert data.decode().splitlines()[:9] == [
        "# Two (2) 'good' things: 50%, yes!",
        "",
        "### Passage 1: Joint area review, Rutland, para 28, p. 10",
        "",
        "> Care is good.\\",
        "> It is also near.",
        "",
        "Joint area review, Rutland (Ofsted, 2006), Main Report › Staying safe, para 28, p. 10",
        "",
    ]


# Plain text


@given(MARKUP)
def test_plain_text_has_all_words_and_no_line_that_is_too_long(text: str) -> None:
    lines = export_passages([saying(text)], ExportFormat.TEXT).decode().split("\n")
    assert printable("\n".join(lines)) == "\n".join(lines)
    said = " ".join("\n".join(lines).split())
    assert " ".join(printable(text).split()) in said
    assert all(len(line) <= 78 or len(line.split(" ")[-1]) > 70 for line in lines)


def test_plain_text_is_wrapped_between_words_and_keeps_the_line_feeds_of_a_passage() -> None:
    words = " ".join(["well-being"] * 20)
    lines = (
        export_passages([saying(f"{words}\nShort.\n{'x' * 200}")], ExportFormat.TEXT).decode().splitlines()
    )
    quoted = [line for line in lines if line.startswith("    ")]
    assert quoted == [
        *(f"    {line}" for line in textwrap.wrap(words, 74, break_on_hyphens=False)),
        "    Short.",
        f"    {'x' * 200}",
    ]


# Tables


def test_a_table_has_a_row_for_each_passage_and_one_for_a_question_without_any() -> None:
    data = export_conversation([ANSWERED, REFUSED], ExportFormat.CSV, left_out=2)
    assert data.startswith(b"\xef\xbb\xbfquestion_number,question,answered,")
    assert data.endswith(b"\r\n")
    remark, first, second, refused = rows_of(data)
    assert {column: cell for column, cell in remark.items() if cell} == {
        "remarks": "2 earlier questions of this conversation are not kept."
    }
    assert first == {
        "question_number": "3",
        "question": "Is care good?",
        "answered": "yes",
        "confidence": "strong",
        "verdict": "Strong: A passage speaks of it.",
        "searched": "2 reports, 149 passages",
        "remarks": "Searched for: care good",
        "number": "1",
        "citation": PARAGRAPH.citation,
        "id": "jar-2006:28",
        "report_id": "jar-2006",
        "report": "Joint area review: Rutland",
        "report_date": "2006",
        "section": "Main Report › Staying safe",
        "paragraph": "28",
        "locator": "para 28, p. 10",
        "page": "10",
        "page_of_file": "12",
        "text": "Care is good.\nIt is also near.",
        "reading": "",
        "notes": "Note 3: See annex A.",
        "also_at": "Also said at Main Report, para 14 [jar-2006:14]",
    }
    assert (second["number"], second["text"], second["reading"]) == (
        "2",
        "Being healthy\t3",
        "Being healthy — Grade: 3",
    )
    assert (second["paragraph"], second["page"], second["page_of_file"]) == ("unnumbered", "", "")
    assert (refused["question_number"], refused["answered"]) == ("4", "no")
    assert refused["verdict"] == "Nothing in these reports answers this. “cup” stands nowhere."
    assert not any(refused[column] for column in list(refused)[7:])


def test_a_table_of_marked_passages_numbers_them_in_their_order() -> None:
    rows = rows_of(export_passages([ROW, PARAGRAPH], ExportFormat.CSV))
    assert [(row["number"], row["id"]) for row in rows] == [("1", "jar-2006:row1"), ("2", "jar-2006:28")]
    assert next(iter(rows[0])) == "number"
    assert rows_of(export_passages([], ExportFormat.CSV)) == []


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\n=1",
        "  =1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "﹦1",
        "\u00a0-1",
        "\u2003@x",
        "\tword",
        "\nword",
    ],
    ids=ascii,
)
def test_a_cell_that_a_spreadsheet_would_calculate_has_an_apostrophe_before_it(text: str) -> None:
    answer = replace(ANSWERED, question=text, passages=(saying(text),), reason="", confidence=text)
    (row,) = rows_of(export_conversation([answer], ExportFormat.CSV))
    assert (row["text"], row["question"], row["confidence"]) == (f"'{text}",) * 3
    assert row["number"] == "1"


@given(MARKUP)
def test_any_words_read_back_from_a_table(text: str) -> None:
    (row,) = rows_of(export_passages([saying(text)], ExportFormat.CSV))
    shown = printable(text)
    assert row["text"] in {shown, f"'{shown}"}
    assert not row["text"].lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert row["id"] == "jar-2006:28"


# JSON


def test_json_holds_the_documented_objects_and_the_time_only_if_it_is_given() -> None:
    asked = json.loads(export_conversation([ANSWERED, REFUSED], ExportFormat.JSON, left_out=2))
    assert asked == {"left_out": 2, "questions": [answer_as_dict(ANSWERED), answer_as_dict(REFUSED)]}
    marked = json.loads(export_passages([PARAGRAPH], ExportFormat.JSON, title="unused", at=AT))
    assert marked == {"exported": "2026-11-22T15:30:00", "passages": [shown_as_dict(PARAGRAPH)]}


@given(st.text(st.characters()))
def test_json_is_utf_8_that_a_terminal_cannot_act_on_and_reads_back_the_same(text: str) -> None:
    data = export_passages([saying(text)], ExportFormat.JSON)
    line = data.decode("utf-8")
    assert line.endswith("\n")
    assert printable(line) == line
    assert json.loads(line)["passages"][0]["text"] == text


# Word


def paragraphs_of(data: bytes) -> list[Paragraph]:
    return list(docx.Document(io.BytesIO(data)).paragraphs)


def test_a_word_file_has_real_headings_and_quotations() -> None:
    data = export_conversation([ANSWERED], ExportFormat.DOCX)
    styled = [(each.style.name if each.style else None, each.text) for each in paragraphs_of(data)]
    assert styled[:7] == [
        ("Title", "Questions and passages"),
        ("Heading 1", "Question 1: Is care good?"),
        ("Normal", "Strong: A passage speaks of it."),
        ("Normal", "Searched: 2 reports, 149 passages."),
        ("Normal", "Searched for: care good"),
        ("Heading 2", "Passage 1: Joint area review, Rutland, para 28, p. 10"),
        ("Quote", "Care is good.\nIt is also near."),
    ]
    assert styled[7] == ("Normal", PARAGRAPH.citation)
    assert {name for name, _ in styled[8:15]} == {"List Bullet"}


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(), max_size=60) | MARKUP)
def test_any_words_read_back_from_a_word_file(text: str) -> None:
    (quoted,) = [
        each.text
        for each in paragraphs_of(export_passages([saying(text)], ExportFormat.DOCX, title=text))
        if each.style is not None and each.style.name == "Quote"
    ]
    assert len(quoted) == len(text)
    allowed = "".join("\ufffd" if is_no_character(sign) else sign for sign in printable(text))
    assert quoted == allowed


def is_no_character(sign: str) -> bool:
    return "\ud800" <= sign <= "\udfff" or sign in "\ufffe\uffff"


@pytest.mark.parametrize("form", [*READ_BY_PEOPLE, ExportFormat.CSV])
def test_half_a_character_is_shown_as_a_replacement(form: ExportFormat) -> None:
    data = export_passages([saying("a\ud800b")], form)
    assert "a\ufffdb" in (data.decode() if form is ExportFormat.CSV else text_of(data, form))


def test_half_a_character_reads_back_from_json_the_same() -> None:
    data = export_passages([saying("a\ud800b")], ExportFormat.JSON)
    assert json.loads(data.decode())["passages"][0]["text"] == "a\ud800b"


def test_a_word_file_names_nobody_and_no_time_but_the_one_given() -> None:
    undated = docx.Document(io.BytesIO(export_passages([PARAGRAPH], ExportFormat.DOCX))).core_properties
    assert (undated.title, undated.author, undated.comments) == ("Marked passages", "", "")
    assert (undated.created, undated.modified) == (None, None)
    dated = docx.Document(io.BytesIO(export_passages([PARAGRAPH], ExportFormat.DOCX, at=AT))).core_properties
    assert dated.created is not None
    assert dated.created.replace(tzinfo=None) == AT
    with zipfile.ZipFile(io.BytesIO(export_passages([PARAGRAPH], ExportFormat.DOCX, at=AT))) as package:
        assert {each.date_time for each in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}


# Names


def test_the_end_of_a_name_tells_the_format() -> None:
    assert [format_of(Path(f"a.b.{form}")) for form in ExportFormat] == list(ExportFormat)
    assert format_of(Path("NOTES.MD")) is ExportFormat.MARKDOWN
    assert [form.title for form in ExportFormat] == ["Markdown", "Plain text", "CSV table", "JSON", "Word"]


@pytest.mark.parametrize("name", ["notes", "notes.pdf", ".md", "notes.", "md", ""])
def test_a_name_that_tells_no_format_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(ExportError, match=r"\.md \(Markdown\), \.txt \(Plain text\), .*\.docx \(Word\)$"):
        format_of(Path(name))


def test_a_suggested_name_says_what_it_is_and_when() -> None:
    assert suggested_name("tray", ExportFormat.MARKDOWN, at=AT) == "qa-tray-2026-11-22-1530.md"
    hostile = suggested_name("../Who's the *chair*?\n", ExportFormat.DOCX, at=AT)
    assert hostile == "qa-who-s-the-chair-2026-11-22-1530.docx"


# Files


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_export_is_written_as_it_is_and_its_absolute_path_returned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert write_export(b"words\r\n\x00", Path("a.md")) == tmp_path / "a.md"
    assert (tmp_path / "a.md").read_bytes() == b"words\r\n\x00"
    assert names_in(tmp_path) == ["a.md"]


def test_the_home_folder_can_be_meant_by_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert write_export(b"words", Path("~/a.md")) == tmp_path / "a.md"
    with pytest.raises(ExportError, match="cannot be the name of a file"):
        write_export(b"words", Path("~nobody-of-this-name/a.md"))


def test_a_file_has_the_rights_that_other_new_files_have(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        path = write_export(b"words", tmp_path / "a.md")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_file_that_is_there_is_never_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"old")
    with pytest.raises(FileExistsAlreadyError, match=r"a\.md is there already; "):
        write_export(b"new", path)
    assert path.read_bytes() == b"old"
    assert write_export(b"new", path, replace=True) == path
    assert path.read_bytes() == b"new"
    assert names_in(tmp_path) == ["a.md"]


@pytest.mark.parametrize("target", ["there.md", "gone.md"])
def test_a_link_counts_as_a_file_and_stays_a_link_when_it_is_replaced(tmp_path: Path, target: str) -> None:
    (tmp_path / "there.md").write_bytes(b"old")
    link = tmp_path / "link.md"
    link.symlink_to(target)
    with pytest.raises(FileExistsAlreadyError):
        write_export(b"new", link)
    assert (tmp_path / "there.md").read_bytes() == b"old"
    write_export(b"new", link, replace=True)
    assert link.is_symlink()
    assert (tmp_path / target).read_bytes() == b"new"


def test_a_file_that_is_replaced_keeps_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"old")
    path.chmod(0o600)
    write_export(b"new", path, replace=True)
    assert path.stat().st_mode & 0o777 == 0o600


def circle(folder: Path) -> Path:
    (folder / "circle.md").symlink_to("circle.md")
    return folder / "circle.md"


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.md")
    return folder / "pipe.md"


@pytest.mark.parametrize(
    ("path_in", "reason"),
    [
        (lambda folder: folder, "is a folder; give the name of a file in it$"),
        (lambda folder: folder / "no" / "such" / "a.md", "There is no folder .*/no/such; make it"),
        (lambda folder: folder / ("x" * 300 + ".md"), "cannot be written .*too long"),
        (lambda folder: folder / "a\0b.md", "cannot be the name of a file"),
        (lambda folder: folder / "a\ud800b.md", "cannot be the name of a file"),
        (lambda folder: Path(), "is a folder"),
        (circle, "cannot be written .*symbolic links|is there already"),
        (pipe, "is no ordinary file|is there already"),
        (lambda folder: Path("/proc/a.md"), "cannot be written"),
    ],
    ids=["folder", "no folder", "too long", "null", "surrogate", "empty", "circle", "pipe", "/proc"],
)
@pytest.mark.parametrize("replaces", [False, True], ids=["new", "replace"])
def test_what_cannot_be_written_is_told_in_a_sentence_and_leaves_nothing(
    tmp_path: Path, path_in: Callable[[Path], Path], reason: str, replaces: bool
) -> None:
    path = path_in(tmp_path)
    before = names_in(tmp_path)
    with pytest.raises(ExportError, match=reason) as refused:
        write_export(b"new", path, replace=replaces)
    assert "\n" not in str(refused.value)
    assert names_in(tmp_path) == before


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """Yield a folder that everybody can enter, and be somebody who may not do everything."""
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        if user == 0:
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            os.seteuid(user)


@pytest.mark.parametrize("replaces", [False, True], ids=["new", "replace"])
def test_a_folder_that_is_protected_is_not_written_to(shared_folder: Path, replaces: bool) -> None:
    folder = shared_folder / "folder"
    folder.mkdir(0o555)
    with pytest.raises(ExportError, match="permission is denied; choose another"):
        write_export(b"new", folder / "a.md", replace=replaces)
    assert names_in(folder) == []


def test_a_file_that_is_protected_is_not_replaced(shared_folder: Path) -> None:
    path = shared_folder / "a.md"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(ExportError, match="permission is denied; choose another"):
        write_export(b"new", path, replace=True)
    assert path.read_bytes() == b"old"
    assert names_in(shared_folder) == ["a.md"]


@pytest.fixture(params=["nameless", "named", "one name only"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write in each of the ways that there are for different systems."""
    chosen = str(request.param)
    if chosen != "nameless":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    if chosen == "one name only":

        def refuse(*_: object, **__: object) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    return chosen


@pytest.mark.usefixtures("way")
def test_every_way_of_writing_replaces_only_if_it_is_asked_to(tmp_path: Path) -> None:
    path = write_export(b"first", tmp_path / "a.md")
    with pytest.raises(FileExistsAlreadyError):
        write_export(b"second", path)
    assert path.read_bytes() == b"first"
    write_export(b"third", path, replace=True)
    assert path.read_bytes() == b"third"
    assert names_in(tmp_path) == ["a.md"]


@contextmanager
def little_space() -> Iterator[None]:
    """Let no file grow beyond a thousand bytes; nor can the one that takes what the tests print meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("replaces", [False, True], ids=["new", "replace"])
def test_a_file_that_does_not_fit_leaves_the_old_one_whole_and_no_other(
    tmp_path: Path, replaces: bool
) -> None:
    path = tmp_path / "a.md"
    if replaces:
        path.write_bytes(b"old")
    full = r"cannot be written .*check its folder and free space"
    with pytest.raises(ExportError, match=full), little_space():
        write_export(b"x" * 100_000, path, replace=replaces)
    assert {name: (tmp_path / name).read_bytes() for name in names_in(tmp_path)} == (
        {"a.md": b"old"} if replaces else {}
    )


@pytest.mark.usefixtures("way")
def test_a_file_that_appears_while_it_is_written_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.md"
    sync = os.fsync

    def somebody_else_is_quicker(descriptor: int) -> None:
        sync(descriptor)
        path.write_bytes(b"theirs")

    monkeypatch.setattr(os, "fsync", somebody_else_is_quicker)
    with pytest.raises(FileExistsAlreadyError):
        write_export(b"mine", path)
    assert path.read_bytes() == b"theirs"
    assert names_in(tmp_path) == ["a.md"]


@pytest.mark.usefixtures("way")
def test_of_several_who_write_one_name_at_once_one_succeeds(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    start = threading.Barrier(8)
    written: list[int] = []
    refused: list[int] = []

    def write(number: int) -> None:
        start.wait()
        try:
            write_export(str(number).encode() * 100_000, path)
        except FileExistsAlreadyError:
            refused.append(number)
        else:
            written.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(written) == 1
    assert len(refused) == 7
    assert path.read_bytes() == str(written[0]).encode() * 100_000
    assert names_in(tmp_path) == ["a.md"]


_KILLED = """
import os, signal
from pathlib import Path
from qa.export import write_export
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
write_export(b"new" * 100_000, Path({path!r}), replace={replaces})
"""


@pytest.mark.parametrize("replaces", [False, True], ids=["new", "replace"])
def test_a_kill_leaves_the_old_file_whole_and_no_other(tmp_path: Path, replaces: bool) -> None:
    if not writes_nameless_files(tmp_path):
        pytest.skip("this file system has no files without a name")
    path = tmp_path / "a.md"
    if replaces:
        path.write_bytes(b"old")
    script = _KILLED.format(path=str(path), replaces=replaces)
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True)
    assert ran.returncode == -signal.SIGKILL
    assert names_in(tmp_path) == (["a.md"] if replaces else [])
    assert not replaces or path.read_bytes() == b"old"


def writes_nameless_files(folder: Path) -> bool:
    try:
        os.close(os.open(folder, getattr(os, "O_TMPFILE", 0) | os.O_WRONLY))
    except OSError:
        return False
    return True
