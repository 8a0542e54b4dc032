"""A conversation line by line: what is put out for each line that comes in."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.chat import ENDED, HELP, INTERRUPTED, KEPT, run_plain_chat
from qa.cite import citation, locator, printable
from qa.errors import HistoryError, IndexMissingError, NotFoundError, QuestionError
from qa.export import ExportFormat
from qa.library import Library
from qa.protocols import Asker
from qa.types import (
    Answer,
    CitedPassage,
    Finding,
    Kind,
    Passage,
    Query,
    ReportCount,
    ReportSummary,
)
from tests.fakes import a_passage, a_report

JAR, APA = a_report("jar-2006"), a_report("apa-2008", title="Annual letter", short_title="Letter", date=None)
CARE = a_passage("28", "Care is good.", number="28", order=1)
HOMES = a_passage("29", "Homes are near.\nThey are warm.", number="29", order=2)
CUP = a_passage("3", "A cup of tea.", number="3", report="apa-2008", section=())
SECTION = (
    a_passage("27", "All should:", number="27"),
    CARE,
    a_passage("b1", "train staff", kind=Kind.BULLET, lead_in="The council should:"),
    a_passage("b2", "open homes", kind=Kind.BULLET, lead_in="The council should:", position=2),
    a_passage("row1", "Health\t3", kind=Kind.TABLE_ROW, reading="Health — Grade: 3"),
    a_passage("note.1", "See annex.", kind=Kind.FOOTNOTE, marker="1"),
    a_passage("note.x", "No mark.", kind=Kind.FOOTNOTE),
)


def cited(*passages: Passage) -> tuple[CitedPassage, ...]:
    reports = {"jar-2006": JAR, "apa-2008": APA}
    return tuple(
        CitedPassage(
            rank, each, reports[each.report], locator(each), citation(each, reports[each.report]), (), 0.5
        )
        for rank, each in enumerate(passages, start=1)
    )


CITED_CARE, CITED_HOMES, CITED_CUP = cited(CARE, HOMES, CUP)


def answer_to(question: str, *, history: Sequence[str] = ()) -> Answer:
    """Return an answer with two passages; none to a question about a cup."""
    leans = bool(history) and question.startswith("And ")
    return Answer(
        question,
        "cup" not in question,
        cited(CUP) if "cup" in question else cited(CARE, HOMES),
        1.0,
        query=Query(question, question, context=history[-1] if leans else None),
        notes=(f"Understood as following on from “{history[-1]}”.",) if leans else (),
        confidence="none" if "cup" in question else "strong",
        reason="“cup” stands nowhere." if "cup" in question else "A passage speaks of it.",
        searched="2 reports, 149 passages",
    )


class FakeAsker:
    """A library that gives the same passages to every question and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...], tuple[str, ...] | None, int]] = []
        self.looked_up: list[object] = []
        self.closed = False
        self.fails_with: BaseException | None = None

    def ask(
        self,
        question: str,
        *,
        k: int = 10,
        history: Sequence[str] = (),
        reports: Sequence[str] | None = None,
        section: str | None = None,
        mode: str = "full",
    ) -> Answer:
        self.asked.append((question, tuple(history), None if reports is None else tuple(reports), k))
        if self.fails_with is not None:
            raise self.fails_with
        return answer_to(question, history=history)

    def similar(
        self,
        passage_id: str,
        *,
        k: int = 10,
        reports: Sequence[str] | None = None,
        section: str | None = None,
    ) -> Answer:
        self.looked_up.append((passage_id, k, reports))
        found = cited(HOMES) if passage_id == CARE.id else ()
        return Answer("", bool(found), found, 1.0, confidence="unjudged")

    def find(
        self, query: str | Sequence[str], *, reports: Sequence[str] | None = None, section: str | None = None
    ) -> Finding:
        assert isinstance(query, str)
        self.looked_up.append((query, reports))
        if query == "many":
            passages = cited(*(a_passage(f"{n}", f"Words {n}.", number=f"{n}") for n in range(1, 46)))
        else:
            passages = {'"care" OR homes': cited(CARE, HOMES), "mixed": cited(CARE, CUP)}.get(query, ())
        counts = (ReportCount(JAR, len(passages)), ReportCount(APA, 0))
        return Finding(query, query, passages, counts, (), searched=149, total=154)

    def show(self, passage_id: str, *, context: int = 0) -> tuple[CitedPassage, ...]:
        self.looked_up.append(passage_id)
        place = passage_id.replace(":", " ").split()
        for each in (CITED_CARE, CITED_HOMES, CITED_CUP):
            if each.id == ":".join(place):
                return (each,)
        raise NotFoundError(f'{place[0]} has no passage "{passage_id}"')

    def complete(self, text: str) -> tuple[str, ...]:
        return ()

    def section_of(self, passage: Passage) -> tuple[Passage, ...]:
        return SECTION if passage.report == "jar-2006" else (passage,)

    def reports(self) -> tuple[ReportSummary, ...]:
        return (
            ReportSummary(JAR, {Kind.NUMBERED: 79, Kind.BULLET: 13}),
            ReportSummary(APA, {Kind.NUMBERED: 1}),
        )

    def prepare(self) -> None:
        raise AssertionError("the first question does that")

    def close(self) -> None:
        self.closed = True

    @property
    def warnings(self) -> tuple[str, ...]:
        return ()

    @property
    def unread(self) -> tuple[str, ...]:
        return ()

    @property
    def identity(self) -> Mapping[str, str]:
        return {}


class Talk:
    """A conversation that was had: what was put out, in pieces and as lines, and how it ended."""

    def __init__(
        self,
        *lines: str,
        asker: Asker | None = None,
        interactive: bool = False,
        on_asked: Callable[[str], None] = lambda _: None,
        reports: Sequence[str] | None = None,
        coming: Iterable[str] | None = None,
    ) -> None:
        self.pieces: list[str] = []
        self.asker = asker or FakeAsker()
        self.ended = run_plain_chat(
            lambda: self.asker,
            lines=coming or [f"{line}\n" for line in lines],
            write=self.pieces.append,
            interactive=interactive,
            on_asked=on_asked,
            reports=reports,
            k=2,
            now=lambda: datetime(2026, 11, 22, 15, 30),
        )

    @property
    def lines(self) -> list[str]:
        return "".join(self.pieces).splitlines()


def said_to(*lines: str, asker: Asker | None = None) -> list[str]:
    """Return what the last of some lines is answered."""
    before = Talk(*lines[:-1], asker=asker).lines
    return Talk(*lines, asker=asker).lines[len(before) :]


ANSWER = [
    "Strong: A passage speaks of it.",
    "2 passages.",
    "1. Joint area review, Rutland (Ofsted, 2006), Main Report › Staying safe, para 28",
    "Care is good.",
    "2. Joint area review, Rutland (Ofsted, 2006), Main Report › Staying safe, para 29",
    "Homes are near. They are warm.",
    "",
]
REFUSAL = [
    "Nothing in these reports answers this. “cup” stands nowhere.",
    "Searched: 2 reports, 149 passages.",
    "For the nearest passages, type n.",
    "",
]


# Answers


def test_an_answer_is_how_sure_it_is_and_the_passages_a_paragraph_a_line() -> None:
    assert Talk("Is care good?").lines == ANSWER


def test_answers_are_parted_by_one_blank_line() -> None:
    talk = Talk("Is care good?", "", "   ", "Are homes near?")
    assert talk.lines == ANSWER * 2
    assert talk.ended == ENDED


def test_every_piece_but_the_prompt_is_a_whole_line() -> None:
    pieces = Talk("Is care good?", "n", "?", "q", interactive=True).pieces
    assert [piece for piece in pieces if not piece.endswith("\n")] == ["> "] * 4
    assert all(piece.count("\n") == 1 for piece in pieces if piece != "> ")


def test_below_a_passage_stand_where_else_it_is_said_and_its_footnotes() -> None:
    class WithNotes(FakeAsker):
        def show(self, passage_id: str, *, context: int = 0) -> tuple[CitedPassage, ...]:
            return (replace(CITED_CARE, also=(HOMES,), notes=SECTION[-2:]),)

    assert said_to("g jar-2006 28", asker=WithNotes()) == [
        f"1. {CITED_CARE.citation}",
        "Care is good.",
        "Also said at Main Report, para 29 [jar-2006:29]",
        "Note 1: See annex.",
        "No mark.",
        "",
    ]


def test_what_nothing_answers_says_so_and_shows_no_passage_until_it_is_asked_for() -> None:
    assert Talk("Who won the cup?").lines == REFUSAL
    assert said_to("Who won the cup?", "n") == [
        "Nearest, not an answer:",
        f"1. {CITED_CUP.citation}",
        "A cup of tea.",
        "",
    ]
    assert said_to("Who won the cup?", "n", "c 1") == [CITED_CUP.citation]


def test_passages_of_an_answer_before_are_not_those_of_a_refusal() -> None:
    assert said_to("Is care good?", "Who won the cup?", "c 1") == [
        "Error: No passages are printed to choose from; for the nearest, type n"
    ]


def test_the_nearest_are_only_for_a_question_that_nothing_answers() -> None:
    assert said_to("n") == ["Error: There is no answer to the last question; type one in words"]
    assert said_to("Is care good?", "n")[0].startswith("Error: The last question was answered")


def test_the_nearest_to_an_earlier_question_are_not_given_for_one_that_failed() -> None:
    asker = FakeAsker()

    def lines() -> Iterator[str]:
        yield "Who won the cup?"
        asker.fails_with = QuestionError("no")
        yield "Who lost the cup?"
        yield "n"

    assert Talk(coming=lines(), asker=asker).lines[len(REFUSAL) :] == [
        "Error: no",
        "Error: There is no answer to the last question; type one in words",
    ]


def test_a_question_that_follows_on_says_so_and_can_be_asked_afresh() -> None:
    asker = FakeAsker()
    talk = Talk("Is care good?", "And homes?", "a", "And then?", asker=asker)
    assert talk.lines[len(ANSWER) : len(ANSWER) + 3] == [
        "Strong: A passage speaks of it.",
        "Understood as following on from “Is care good?”.",
        "To ask it afresh, without the earlier question, type a.",
    ]
    assert [(question, history) for question, history, _, _ in asker.asked] == [
        ("Is care good?", ()),
        ("And homes?", ("Is care good?",)),
        ("And homes?", ()),
        ("And then?", ("And homes?",)),
    ]
    assert "following" not in "".join(talk.lines[-2 * len(ANSWER) - 2 : -len(ANSWER) - 2])


def test_a_question_may_lean_on_the_last_five() -> None:
    asker = FakeAsker()
    Talk(*(f"question {number}" for number in range(8)), asker=asker)
    assert asker.asked[-1][1] == tuple(f"question {number}" for number in range(2, 7))


def test_there_is_nothing_to_ask_afresh_before_the_first_question() -> None:
    assert said_to("a") == ["Error: No question was asked yet; type one in words"]


def test_each_question_is_told_before_it_is_asked_and_no_command_is() -> None:
    told: list[str] = []
    asker = FakeAsker()
    asker.fails_with = QuestionError("It cannot be asked")
    Talk("Is care good?", "a", "c 1", " q ", "r", "q", asker=asker, on_asked=told.append)
    assert told == ["Is care good?", "q"]


def test_a_question_that_cannot_be_remembered_is_answered() -> None:
    def fail(_: str) -> None:
        raise HistoryError("The history is full")

    assert Talk("Is care good?", on_asked=fail).lines == ["Error: The history is full", *ANSWER]


def test_an_error_is_one_line_and_the_conversation_goes_on() -> None:
    asker = FakeAsker()
    asker.fails_with = QuestionError("It is\nempty\x1b")
    talk = Talk("Is care good?", "r", asker=asker)
    assert talk.lines[0] == "Error: It is empty\ufffd"
    assert len(talk.lines) == 3
    assert talk.ended == ENDED


def test_a_question_that_failed_is_no_context_of_the_next_but_can_be_asked_again() -> None:
    asker = FakeAsker()

    def lines() -> Iterator[str]:
        yield "Is care good?"
        asker.fails_with = QuestionError("no")
        yield "And homes?"
        asker.fails_with = None
        yield "a"
        yield "And then?"

    Talk(coming=lines(), asker=asker)
    assert [(question, history) for question, history, _, _ in asker.asked][2:] == [
        ("And homes?", ()),
        ("And then?", ("And homes?",)),
    ]


def test_other_errors_than_those_for_people_are_not_hidden() -> None:
    asker = FakeAsker()
    asker.fails_with = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        Talk("Is care good?", asker=asker)
    assert asker.closed


# Commands and questions


@pytest.mark.parametrize(
    "question",
    [
        "a level results?", "C difficile infections?", "c 1 and c 2?", "o levels", "t cells", "n/a", "q is?",
        "g force training?", "r and d", "m 25 traffic", "? what", "+ and -", "What is c 1", "cc 1", "c1",
    ],
)  # fmt: skip
def test_a_line_that_is_no_command_as_a_whole_is_a_question(question: str) -> None:
    asker = FakeAsker()
    assert Talk(question, asker=asker).lines == ANSWER
    assert [asked for asked, *_ in asker.asked] == [question]


@pytest.mark.parametrize("line", [" q", "  c 1 ", "\tf words", " s jar-2006", " w a.md", " ?"])
def test_a_line_that_begins_with_a_space_is_a_question(line: str) -> None:
    asker = FakeAsker()
    Talk(line, asker=asker)
    assert [asked for asked, *_ in asker.asked] == [line.strip()]


@pytest.mark.parametrize("line", ["c", "C", "o", "m"])
def test_a_command_without_its_number_says_what_it_needs(line: str) -> None:
    assert said_to(line) == [f"Error: {line} needs the number of a passage, such as {line} 1"]


@pytest.mark.parametrize("line", ["x", "f", "g", "h", "Q", "1"])
def test_one_letter_that_is_no_command_is_no_question_either(line: str) -> None:
    assert said_to(line) == [f"Error: There is no command {line}, or it needs more; type ? for help"]


@pytest.mark.parametrize("line", ["c 3", "C 0", "o -1", "m 99", "t 3", "c 999999999"])
def test_a_number_that_no_passage_has_says_which_there_are(line: str) -> None:
    number = line.split()[1]
    assert said_to("Is care good?", line) == [f"Error: There is no passage {number}; there are 1 to 2"]
    assert said_to("g jar-2006 28", line) == [f"Error: There is no passage {number}; there is only 1"]


def test_a_number_before_anything_is_printed_says_what_to_do() -> None:
    assert said_to("c 1") == ["Error: No passages are printed to choose from; ask a question first"]


def test_a_citation_is_printed_alone_or_with_its_quotation() -> None:
    assert said_to("Is care good?", "c 2") == [CITED_HOMES.citation]
    assert said_to("Is care good?", "C 2") == [f"“Homes are near. They are warm.” ({CITED_HOMES.citation})"]


def test_a_section_has_printed_numbers_marks_and_what_introduces_a_list() -> None:
    assert said_to("Is care good?", "o 1") == [
        "Joint area review, Rutland, Main Report › Staying safe: 7 passages.",
        "27. All should:",
        "> 28. Care is good.",
        "The council should:",
        "- train staff",
        "- open homes",
        "Health — Grade: 3",
        "Note 1: See annex.",
        "Note: No mark.",
        "",
    ]
    assert said_to("g apa-2008 3", "o 1") == [
        "Letter, under no heading: 1 passage.",
        "> 3. A cup of tea.",
        "",
    ]


def test_what_introduces_a_list_is_not_said_twice() -> None:
    class Ending(FakeAsker):
        def section_of(self, passage: Passage) -> tuple[Passage, ...]:
            return (CARE, a_passage("b1", "train", kind=Kind.BULLET, lead_in="good."))

    assert said_to("Is care good?", "o 1", asker=Ending())[1:3] == ["> 28. Care is good.", "- train"]


def test_more_like_a_passage_are_numbered_anew() -> None:
    asker = FakeAsker()
    lines = said_to("Is care good?", "s jar-2006", "m 1", asker=asker)
    assert lines == [
        f"1 passage like {CITED_CARE.citation}",
        f"1. {CITED_HOMES.citation}",
        "Homes are near. They are warm.",
        "",
    ]
    assert asker.looked_up[-1] == (CARE.id, 2, ("jar-2006",))
    assert said_to("Is care good?", "m 1", "c 1") == [CITED_HOMES.citation]
    assert said_to("Is care good?", "m 2") == [f"No passage like {CITED_HOMES.citation}", ""]


def test_all_passages_that_hold_words_are_found() -> None:
    asker = FakeAsker()
    assert said_to("s apa-2008", 'f "care" OR homes', asker=asker) == [
        '2 passages found for "care" OR homes; searched 149 of 154 passages, headings not searched.',
        "Joint area review, Rutland [jar-2006]: 2 passages.",
        *ANSWER[2:],
    ]
    assert asker.looked_up[-1] == ('"care" OR homes', ("apa-2008",))
    assert said_to("f nothing") == [
        "No passage found for nothing; searched 149 of 154 passages, headings not searched.",
        "",
    ]


def test_somebody_who_types_gets_twenty_passages_at_a_time_and_a_script_all() -> None:
    def numbers(talk: Talk) -> list[int]:
        lines = [line for line in talk.lines if "(Ofsted, 2006)" in line]
        return [int(line.removeprefix("> ").partition(".")[0]) for line in lines]

    typed = Talk("f many", interactive=True)
    assert numbers(typed) == list(range(1, 21))
    assert "25 more; to go on, type +." in typed.lines
    assert numbers(Talk("f many", "+", "+", interactive=True)) == list(range(1, 46))
    done = Talk("f many", "+", "+", "+", interactive=True)
    assert "> Error: There is nothing more; all that was found is printed" in done.lines
    assert numbers(Talk("f many")) == list(range(1, 46))
    assert "para 45" in "".join(Talk("f many", "c 45", interactive=True).pieces[-4:])


def test_a_paragraph_is_gone_to_in_the_report_spoken_of_last() -> None:
    expected = [f"1. {CITED_HOMES.citation}", "Homes are near. They are warm.", ""]
    assert said_to("Is care good?", "g 29") == expected
    assert said_to("g jar-2006 29") == expected
    assert said_to("g jar-2006:29") == expected
    assert said_to("g apa-2008 3", "g 3")[0] == f"1. {CITED_CUP.citation}"
    assert said_to("s apa-2008", "g 3")[0] == f"1. {CITED_CUP.citation}"
    assert said_to("Is care good?", "s apa-2008", "g 3")[0] == f"1. {CITED_CUP.citation}"
    assert said_to("f mixed", "g 29")[0] == f"1. {CITED_HOMES.citation}"
    assert said_to("f mixed", "c 2", "g 3")[0] == f"1. {CITED_CUP.citation}"


def test_a_paragraph_of_no_report_in_particular_asks_which() -> None:
    assert said_to("g 28") == [
        "Error: Say in which report, such as g jar-2006 3; there are jar-2006, apa-2008"
    ]
    assert said_to("g jar-2006") == ["Error: Say to which paragraph, such as g jar-2006 3"]
    assert said_to("Is care good?", "g annex 9") == ['Error: jar-2006 has no passage "jar-2006 annex 9"']


# Reports


def test_the_reports_are_listed_with_what_they_hold_and_which_are_searched() -> None:
    assert said_to("r") == [
        "jar-2006: Joint area review: Rutland (Ofsted, 2006), 92 passages.",
        "apa-2008: Annual letter (Ofsted), 1 passage.",
    ]
    assert said_to("s apa-2008", "r")[0].endswith("92 passages. Not searched.")
    assert said_to("s apa-2008", "r")[1].endswith("1 passage.")


def test_questions_are_asked_of_the_reports_chosen() -> None:
    asker = FakeAsker()
    lines = Talk(
        "s", "s apa-2008", "one", "s apa-2008 jar-2006", "two", "s all", "three", "s", asker=asker
    ).lines  # fmt: skip
    assert [reports for _, _, reports, _ in asker.asked] == [("apa-2008",), ("jar-2006", "apa-2008"), None]
    assert [line for line in lines if line.startswith("Searched: ")] == [
        "Searched: all, 2 reports.",
        "Searched: only apa-2008.",
        "Searched: only jar-2006, apa-2008.",
        "Searched: all, 2 reports.",
        "Searched: all, 2 reports.",
    ]


def test_a_report_that_is_not_there_is_told_with_those_that_are_and_changes_nothing() -> None:
    asker = FakeAsker()
    assert said_to("s apa-2008", "s jar-2006 jar-2007", asker=asker) == [
        'Error: There is no report "jar-2007"; there are jar-2006, apa-2008; '
        "to ask this as a question, begin with a space"
    ]
    assert said_to("s apa-2008", "s nothing", "s")[-1] == "Searched: only apa-2008."


def test_reports_can_be_chosen_from_the_start() -> None:
    asker = FakeAsker()
    Talk("one", asker=asker, reports=["apa-2008"])
    assert asker.asked[0][2] == ("apa-2008",)
    with pytest.raises(NotFoundError, match='no report "x"'):
        Talk("one", asker=asker, reports=["x"])


def test_many_reports_are_counted_in_an_error_and_not_all_named() -> None:
    class Many(FakeAsker):
        def reports(self) -> tuple[ReportSummary, ...]:
            return tuple(ReportSummary(a_report(f"r{number}"), {}) for number in range(11))

    assert said_to("s x", asker=Many())[0].startswith(
        'Error: There is no report "x"; there are 11; to list them, type r;'
    )


# The tray and files


def test_passages_are_marked_and_listed_and_the_mark_taken_away_again() -> None:
    assert said_to("t") == ["No passage is marked."]
    assert said_to("Is care good?", "t 1") == [f"Marked: {CITED_CARE.citation}; 1 passage marked in all."]
    assert said_to("Is care good?", "t 1", "g apa-2008 3", "t 1", "t") == [
        "2 passages marked.",
        f"{CITED_CARE.citation} [jar-2006:28]",
        f"{CITED_CUP.citation} [apa-2008:3]",
    ]
    assert said_to("Is care good?", "t 1", "t 2", "t 1") == [
        f"No longer marked: {CITED_CARE.citation}; 1 passage marked in all."
    ]


def test_to_list_what_is_marked_leaves_the_numbers_as_they_are() -> None:
    assert said_to("Is care good?", "t 1", "t", "c 2") == [CITED_HOMES.citation]


@pytest.mark.parametrize("form", ExportFormat)
def test_a_conversation_and_the_tray_are_written_to_files(
    form: ExportFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    talk = Talk(
        "Is care good?",
        "t 2",
        "Who won the cup?",
        f"w my  notes.{form}",
        f"w tray  my tray.{form}",
        "w  x.md ",
    )
    assert talk.lines[-3:] == [
        f"Written: {tmp_path / f'my  notes.{form}'}",
        f"Written: {tmp_path / f'my tray.{form}'}",
        f"Written: {tmp_path / 'x.md'}",
    ]
    if form is ExportFormat.JSON:
        asked = json.loads((tmp_path / "my  notes.json").read_text(encoding="utf-8"))
        assert [each["question"] for each in asked["questions"]] == ["Is care good?", "Who won the cup?"]
        assert (asked["left_out"], asked["exported"]) == (0, "2026-11-22T15:30:00")
        marked = json.loads((tmp_path / "my tray.json").read_text(encoding="utf-8"))
        assert [each["id"] for each in marked["passages"]] == ["jar-2006:29"]
    if form is ExportFormat.TEXT:
        assert "Exported on 22 November 2026" in (tmp_path / "my tray.txt").read_text(encoding="utf-8")


def test_a_file_that_is_there_is_replaced_only_with_an_exclamation_mark(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("old", encoding="utf-8")
    assert said_to("Is care good?", "t 1", f"w tray {path}") == [
        f"Error: {path} is there already; to replace it, type: w! tray {path}"
    ]
    assert path.read_text(encoding="utf-8") == "old"
    assert Talk("Is care good?", "t 1", f"w! tray {path}").lines[-1] == f"Written: {path}"
    assert "Care is good." in path.read_text(encoding="utf-8")
    assert said_to("Is care good?", f"w {path}")[0].endswith(f"type: w! {path}")


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (["w"], "Say to which file, such as w qa-conversation-2026-11-22-1530.md"),
        (["w!"], "Say to which file, such as w qa-conversation-2026-11-22-1530.md"),
        (["w tray"], "Say to which file, such as w tray qa-tray-2026-11-22-1530.md"),
        (["w a.md"], "There is nothing to write yet; ask a question first"),
        (["w tray a.md"], "No passage is marked; to mark passage 1, type t 1"),
        (["Is care good?", "w a.pdf"], "a.pdf does not tell a format; "),
        (["Is care good?", "w no/such/folder/a.md"], "There is no folder "),
    ],
)
def test_what_cannot_be_written_is_told(
    lines: list[str], error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (said,) = said_to(*lines)
    assert said.startswith(f"Error: {error}")
    assert list(tmp_path.iterdir()) == []


def test_of_a_very_long_conversation_the_last_answers_are_kept_and_the_others_counted(tmp_path: Path) -> None:
    path = tmp_path / "long.json"
    Talk(*(f"question {number}" for number in range(KEPT + 3)), f"w {path}")
    written = json.loads(path.read_text(encoding="utf-8"))
    assert written["left_out"] == 3
    assert [written["questions"][place]["question"] for place in (0, -1)] == [
        "question 3",
        f"question {KEPT + 2}",
    ]
    assert len(written["questions"]) == KEPT


# How it begins and ends


def test_somebody_who_types_is_greeted_and_prompted_and_a_script_is_not() -> None:
    assert Talk("c 1", interactive=True).pieces == [
        "2 reports. Type a question, or ? for help.\n",
        "> ",
        "Error: No passages are printed to choose from; ask a question first\n",
        "> ",
        "\n",
    ]
    assert Talk().pieces == []


def test_it_ends_when_it_is_left_and_reads_no_further() -> None:
    left = iter(["Is care good?\n", "q\n", "Are homes near?\n"])
    talk = Talk(coming=left)
    assert talk.ended == ENDED
    assert list(left) == ["Are homes near?\n"]
    assert isinstance(talk.asker, FakeAsker)
    assert talk.asker.closed


def test_lines_may_come_from_a_stream_and_the_last_need_not_end() -> None:
    assert Talk(coming=io.StringIO("Is care good?\r\nc 1")).lines == [*ANSWER, CITED_CARE.citation]


def test_a_library_that_cannot_be_opened_ends_it() -> None:
    def fail() -> Asker:
        raise IndexMissingError("There is no index")

    with pytest.raises(IndexMissingError):
        run_plain_chat(fail, lines=[], write=lambda _: None, interactive=False)


def test_an_interruption_stops_the_question_and_goes_back_to_the_prompt() -> None:
    asker = FakeAsker()

    def lines() -> Iterator[str]:
        asker.fails_with = KeyboardInterrupt()
        yield "Is care good?\n"
        asker.fails_with = None
        yield "Are homes near?\n"

    talk = Talk(coming=lines(), asker=asker)
    assert talk.lines == ["Stopped.", *ANSWER]
    assert asker.asked[-1][1] == ()


def test_an_interruption_while_passages_are_printed_keeps_their_numbers() -> None:
    pieces: list[str] = []

    def write(piece: str) -> None:
        if piece.startswith("2. ") and "Stopped.\n" not in pieces:
            raise KeyboardInterrupt
        pieces.append(piece)

    ended = run_plain_chat(FakeAsker, lines=["Is care good?", "c 2"], write=write, interactive=True)
    assert pieces[-6:] == ["\n", "Stopped.\n", "> ", f"{CITED_HOMES.citation}\n", "> ", "\n"]
    assert ended == ENDED


def test_an_interruption_at_the_prompt_ends_it() -> None:
    def lines() -> Iterator[str]:
        yield "Is care good?\n"
        raise KeyboardInterrupt

    talk = Talk(coming=lines())
    assert talk.ended == INTERRUPTED
    assert talk.lines == ANSWER
    assert isinstance(talk.asker, FakeAsker)
    assert talk.asker.closed


def test_when_nobody_listens_any_more_it_stops_at_once() -> None:
    asker = FakeAsker()

    def write(piece: str) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run_plain_chat(lambda: asker, lines=["one", "two"], write=write, interactive=False)
    assert len(asker.asked) == 1
    assert asker.closed


def test_the_help_is_a_line_a_command_and_each_is_one() -> None:
    assert said_to("?") == list(HELP)
    commands = [line.partition(":")[0] for line in HELP[1:-2]]
    assert len(commands) == 16
    for command in commands:
        asker = FakeAsker()
        Talk(command, asker=asker)
        assert asker.asked == [], command


# Hostile words


@given(st.text(st.characters() | st.sampled_from("\x1b\x9b\u202e\r\n\t\x00 cCotmfgswnar?+!1")))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_typed_or_stands_in_a_report_a_terminal_cannot_act_on_it(text: str) -> None:
    class Hostile(FakeAsker):
        def ask(self, question: str, **_: object) -> Answer:
            report = replace(JAR, title=text, short_title=text)
            passage = a_passage("1", text, number=text or None, section=(text,), lead_in=text)
            passages = tuple(replace(each, report=report) for each in cited(passage))
            return Answer(text, True, passages, 1.0, notes=(text,), confidence="strong", reason=text)

        def section_of(self, passage: Passage) -> tuple[Passage, ...]:
            return (passage,)

    typed = text if not text.startswith("w") else f" {text}"
    talk = Talk(
        "one", typed, "c 1", "C 1", "o 1", "t 1", "t", f"s {text}", f"g {text}", f"f {text}", asker=Hostile()
    )
    for piece in talk.pieces:
        assert printable(piece) == piece
        assert len(piece.splitlines()) == 1
        assert "\t" not in piece


# The real library


class RealLibrary:
    """The library of the two real reports, left open, with passages that are alike taken from a question."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def __getattr__(self, name: str) -> object:
        return getattr(self._library, name)

    def close(self) -> None:
        """Leave it open for other tests."""


def test_a_conversation_about_the_real_reports(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    asker: Asker = RealLibrary(library)  # type: ignore[assignment]
    talk = Talk(
        "Who manages the youth offending service?",
        "C 1",
        "o 1",
        "g 28",
        "g apa-2008 1",
        "g 9999",
        "s nothing-of-this-name",
        "s apa-2008",
        'f "looked after"',
        "t 1",
        "para 28",
        "report:nothing",
        f"w {path}",
        "r",
        asker=asker,
    )
    lines = talk.lines
    assert talk.ended == ENDED
    place, words = lines[2:4]
    (first, *_) = library.ask("Who manages the youth offending service?").passages
    assert (place, words) == (f"1. {first.citation}", " ".join(first.text.split()))
    assert f"“{words}” ({first.citation})" in lines
    assert [line for line in lines if line.startswith("> ")] == [f"> {first.paragraph}. {words}"]
    assert f"1. {library.show('jar-2006:28')[0].citation}" in lines
    errors = [line for line in lines if line.startswith("Error: ")]
    assert [error.partition(";")[0] for error in errors] == [
        'Error: apa-2008 has no passage "apa-2008 1"',
        'Error: jar-2006 has no passage "jar-2006 9999"',
        'Error: There is no report "nothing-of-this-name"',
        "Error: There is no paragraph 28",
        'Error: There is no report "nothing"',
    ]
    assert f"Written: {path}" in lines
    assert words in " ".join(path.read_text(encoding="utf-8").split())
    assert lines[-2].endswith("Not searched.")
