"""Exhaustive word search: everything that holds the words, nothing else, in report order."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.cite import finding_as_dict, passage_as_dict
from qa.cli import ExitCode, main
from qa.errors import NotFoundError, QuestionError
from qa.find import DEEPEST_BRACKETS, LONGEST_SEARCH, fold, holds, make_finding, marks, parse, words_in
from qa.library import Library
from qa.printing import BAR
from qa.types import Finding, Kind, Passage
from tests.fakes import ROOT, a_passage, a_report, build, open_library, small_library


def all_passages(library: Library) -> list[Passage]:
    """Return the passages of every report in order, however they are kept."""
    ids = [summary.report.id for summary in library.reports()]
    first = [next(each for each in library.passages() if each.report == report_id) for report_id in ids]
    return [cited.passage for each in first for cited in library.show(each.id, context=1_000)]


def ids(finding: Finding) -> list[str]:
    return [cited.id for cited in finding.passages]


def found_in(text: str, query: str | Sequence[str]) -> list[str]:
    """Return the words of a text that a search marks; an error if it does not hold the search."""
    assert holds(parse(query), text)
    return [text[span.start : span.end] for span in marks(parse(query), text)]


def missed_in(text: str, query: str | Sequence[str]) -> bool:
    return not holds(parse(query), text)


# What is found


def test_every_passage_with_the_phrase_is_found_in_report_order(library: Library) -> None:
    finding = library.find("looked after")
    by_hand = [each.id for each in all_passages(library) if re.search(r"(?i)\blooked\W+after\b", each.shown)]
    assert ids(finding) == by_hand
    assert len(by_hand) == 24
    assert [cited.rank for cited in finding.passages] == list(range(1, 25))
    assert (finding.searched, finding.total) == (153, 153)


def test_all_passages_are_searched_also_those_that_answer_no_question(library: Library) -> None:
    finding = library.find("crown copyright")
    assert [cited.passage.kind for cited in finding.passages] == [Kind.NOTICE]
    assert "copyright notice" in finding.passages[0].citation
    assert library.find("Dear Ms Chambers").passages[0].passage.kind is Kind.SALUTATION


def test_counts_by_report_and_section_add_up_and_name_a_report_searched_in_vain(library: Library) -> None:
    finding = library.find("truan*")
    assert [(count.report.id, count.passages) for count in finding.by_report] == [
        ("jar-2006", 2), ("apa-2008", 0),
    ]  # fmt: skip
    assert [(count.section[-1], count.passages) for count in finding.by_section] == [
        ("Staying safe", 1), ("Enjoying and achieving", 1),
    ]  # fmt: skip
    for query in ("children", "looked after", "3", "NOT the"):
        finding = library.find(query)
        assert sum(count.passages for count in finding.by_report) == len(finding.passages)
        assert sum(count.passages for count in finding.by_section) == len(finding.passages)


def test_filters_narrow_what_is_searched_and_say_how_much_that_was(library: Library) -> None:
    finding = library.find("looked after", reports=["apa-2008"])
    assert {cited.report.id for cited in finding.passages} == {"apa-2008"}
    assert [count.report.id for count in finding.by_report] == ["apa-2008"]
    assert (finding.searched, finding.total, len(finding.passages)) == (39, 153, 5)
    safe = library.find("looked after", section="staying safe")
    assert all("Staying safe" in cited.section for cited in safe.passages)
    assert len(safe.passages) == 5
    assert safe.searched < 153


def test_an_unknown_filter_is_an_error_that_lists_what_there_is(library: Library) -> None:
    with pytest.raises(NotFoundError, match='no report "jar"; there are jar-2006, apa-2008'):
        library.find("looked after", reports=["jar"])
    with pytest.raises(NotFoundError, match='No heading has the words "swimming"; there are Introduction'):
        library.find("looked after", section="swimming")


def test_a_table_row_is_searched_as_it_reads_and_marked_where_its_own_words_match(library: Library) -> None:
    (row,) = (
        cited
        for cited in library.find('"staying safe" AND "APA grade"').passages
        if cited.passage.kind is Kind.TABLE_ROW
    )
    assert row.reading is not None
    assert [row.text[start:end] for start, end in row.highlights] == ["Staying safe"]


def test_headings_are_not_searched(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    build(folder)
    library = open_library(folder)
    assert ids(library.find("winter")) == []
    assert ids(library.find("gritting")) == ["roads:1"]


def test_a_search_loads_no_model(indexed_folder: Path) -> None:
    opening = (
        "import sys; from qa import Library; library = Library.open(sys.argv[1]); before = set(sys.modules)"
    )
    searching = "library.find('looked after'); print(sorted(set(sys.modules) - before))"
    code = f"{opening}; {searching}; assert not sys.modules.keys() & {{'torch', 'transformers'}}"
    ran = subprocess.run(
        [sys.executable, "-c", code, str(indexed_folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "[]\n"


# The words


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("looked after", "Looked-after children are well LOOKED AFTER.", ["Looked-after", "LOOKED AFTER"]),
        ("looked-after", "Children who are looked after", ["looked after"]),
        ("children's", "Children’s services and children's views", ["Children’s", "children's"]),
        ("children", "the children’s home", ["children"]),
        ("cafe", "A Café, a Cafe\u0301 and a CAFE", ["Café", "Cafe\u0301", "CAFE"]),
        ("café", "a cafe", ["cafe"]),
        ("coordination", "co\u00adordination", ["co\u00adordination"]),
        ("strasse", "Straße", ["Straße"]),
        ("office", "the o\ufb03ce", ["o\ufb03ce"]),
        ("child*", "Child, children and childhood", ["Child", "children", "childhood"]),
        ("looked aft*", "looked after", ["looked after"]),
        ("look* after", "looking after", ["looking after"]),
        ("look*-aft*", "looking after", ["looking after"]),
        ("and/or", "disabilities and/or needs", ["and/or"]),
        ("2006", "in 2006.", ["2006"]),
        ("1,200", "some 1,200 pupils", ["1,200"]),
        ("a b a", "a b a b a", ["a b a b a"]),
        ("“looked after”", "looked after", ["looked after"]),
        ("'looked after'", "looked after", ["looked after"]),
        ("snake", "snake_case", ["snake"]),
    ],
)
def test_words_match_whole_words_case_accents_and_punctuation_aside(
    query: str, text: str, marked: list[str]
) -> None:
    assert found_in(text, query) == marked


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("child", "children"),
        ("children", "child"),
        ("hood", "childhood"),
        ("looked after", "after looked"),
        ("looked after", "looked well after"),
        ("looked after", "looked"),
        ("children services", "children's services"),
        ("truan*", "a malcontent struan"),
        ("inspect", "inspection inspected inspects"),
    ],
)
def test_words_do_not_match_by_stem_part_or_order(query: str, text: str) -> None:
    assert missed_in(text, query)


# The language


@pytest.mark.parametrize(
    ("query", "reads"),
    [
        ("looked after", '"looked after"'),
        ('"looked after"', '"looked after"'),
        (["looked after"], '"looked after"'),
        (["looked", "after"], "looked AND after"),
        (["looked after", "OR", "in care"], '"looked after" OR "in care"'),
        (["looked after", "children"], '"looked after" AND children'),
        (['"looked', 'after"'], '"looked after"'),
        (["", "care"], "care"),
        ('"looked after" children', '"looked after" AND children'),
        ('children "looked after" council', 'children AND "looked after" AND council'),
        ("a OR b AND c", "a OR b AND c"),
        ("(a OR b) AND c", "(a OR b) AND c"),
        ("(a OR b) c", "(a OR b) AND c"),
        ("a NOT b", "a AND NOT b"),
        ("NOT NOT a", "a"),
        ("NOT (NOT a)", "a"),
        ("NOT (a b)", 'NOT "a b"'),
        ("NOT (a AND b)", "NOT (a AND b)"),
        ("NOT a OR b", "NOT a OR b"),
        ("((a)) AND (b AND c)", "a AND b AND c"),
        ("a AND b AND (a OR A)", "a AND b"),
        ("a and b", '"a and b"'),
        ('"a AND b"', '"a AND b"'),
        ('"AND"', '"AND"'),
        ('"(a)"', '"(a)"'),
        ("CAMHS", "CAMHS"),
        ("children's", '"children\'s"'),
        ("health & care", '"health & care"'),
        ("truan* OR exclu*", "truan* OR exclu*"),
        ('"permanent exclu*"', '"permanent exclu*"'),
    ],
)
def test_a_search_is_said_as_it_was_understood(query: str | list[str], reads: str) -> None:
    assert str(parse(query)) == reads
    assert parse(reads) == parse(query)


def test_not_binds_before_and_and_before_or() -> None:
    assert holds(parse("a OR b AND c"), "a")
    assert missed_in("a b", "(a OR b) AND c")
    assert holds(parse("NOT a AND b"), "b")
    assert missed_in("c", "NOT a AND b")


def test_words_after_not_are_not_marked() -> None:
    assert found_in("a b c", "a OR NOT b") == ["a"]
    assert found_in("c", "NOT (a OR b)") == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "The search is empty"),
        (" \t", "The search is empty"),
        ([], "The search is empty"),
        ("?!", "no words to find"),
        ("AND", "no words to find"),
        ("()", "no words to find"),
        ('""', "no word between two quotation marks"),
        ('a "-"', "no word between two quotation marks"),
        ('"looked after', "A quotation mark is not closed"),
        ("“looked after", "A quotation mark is not closed"),
        ("(a", "A bracket is not closed"),
        ("a)", "A bracket is closed that was not opened"),
        (") a", "A bracket is closed that was not opened"),
        ("a AND ()", "no words after an opening bracket"),
        ("(a OR) b", "no words after OR"),
        ("a AND", "no words after AND"),
        ("a AND &", "no words after AND"),
        ("NOT AND a", "no words after NOT"),
        ("OR a", "no words before OR"),
        ("AND a", "no words before AND"),
        ("a NOT", "no words after NOT"),
        ("*", r"\* only ends the beginning of a word"),
        ("tr*ant", r'"tr\*ant" cannot be found'),
        ("*ant", r"\* only ends the beginning of a word"),
        ("truan *", r"\* only ends the beginning of a word"),
        ("a" * (LONGEST_SEARCH + 1), "The search has 2,001 characters"),
        ("(" * (DEEPEST_BRACKETS + 1) + "a" + ")" * (DEEPEST_BRACKETS + 1), "More than 50 brackets"),
        ("(" * 1_999 + "a", "More than 50 brackets"),
    ],
)
def test_a_search_that_cannot_be_read_is_refused_in_one_sentence(
    query: str | list[str], sentence: str
) -> None:
    with pytest.raises(QuestionError, match=sentence) as refused:
        parse(query)
    assert not str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


def test_brackets_as_deep_as_allowed_are_read() -> None:
    assert parse("(" * DEEPEST_BRACKETS + "a" + ")" * DEEPEST_BRACKETS) == parse("a")
    assert parse(" ".join(["NOT"] * 401 + ["a"])) == parse("NOT a")


_LANGUAGE = st.lists(
    st.sampled_from(
        ['"', "“", "(", ")", "*", "AND", "OR", "NOT", "NEAR", "-", ":", "^", "a", "b c", "é", " "]
    )
).map("".join) | st.text(max_size=40)


@settings(deadline=None)
@given(st.one_of(_LANGUAGE, st.lists(_LANGUAGE, max_size=5)))
def test_hostile_searches_are_read_or_refused_and_never_crash(query: str | list[str]) -> None:
    try:
        expression = parse(query)
    except QuestionError:
        return
    assert parse(str(expression)) == expression
    for text in ("", "a b c", str(query)):
        held = holds(expression, text)
        assert holds(expression, text.upper().lower()) is held or not text.isascii()
        assert all(0 <= start < end <= len(text) for start, end in marks(expression, text))


@settings(deadline=None)
@given(st.text())
def test_a_text_is_found_by_all_its_words_as_a_phrase(text: str) -> None:
    words = words_in(text)
    assert all(fold(word) == word for word in words)
    if words:
        quoted = re.sub('["*“”„‟«»＂]', " ", text)
        if len(quoted) <= LONGEST_SEARCH and words_in(quoted) == words:
            assert holds(parse(f'"{quoted}"'), text)


# Against a plain scan


class Sample(NamedTuple):
    """A search and what a plain scan by regular expressions says of a text."""

    query: str
    plainly: Callable[[str], bool]


def _pattern(words: Sequence[str], *, begins: bool) -> Callable[[str], bool]:
    joined = r"[\W_]+".join(re.escape(word) for word in words)
    pattern = re.compile(rf"(?<![^\W_]){joined}" + ("" if begins else r"(?![^\W_])"), re.IGNORECASE)
    return lambda text: pattern.search(text) is not None


def _combined(left: Sample, operator: str, right: Sample) -> Sample:
    def plainly(text: str) -> bool:
        one, other = left.plainly(text), right.plainly(text)
        return {"AND": one and other, "OR": one or other, "NOT": one and not other}[operator]

    return Sample(f"({left.query}) {operator} ({right.query})", plainly)


def _negated(sample: Sample) -> Sample:
    return Sample(f"NOT ({sample.query})", lambda text: not sample.plainly(text))


def samples(texts: Sequence[str]) -> st.SearchStrategy[Sample]:
    """Return words, phrases and beginnings that stand in some texts or nearly do, and what combines them."""

    @st.composite
    def one(draw: st.DrawFn) -> Sample:
        words = re.findall(r"[^\W_]+", draw(st.sampled_from(texts)))
        start = draw(st.integers(0, len(words) - 1))
        chosen = words[start : start + draw(st.integers(1, 3))]
        if draw(st.integers(0, 5)) == 0:
            chosen = chosen[::-1]
        begins = draw(st.booleans())
        if begins:
            chosen = [*chosen[:-1], chosen[-1][: draw(st.integers(1, len(chosen[-1])))]]
        typed = draw(st.sampled_from([" ", "-"])).join(chosen)
        change = draw(st.sampled_from([str.lower, str.upper, str.title]))
        return Sample(f'"{change(typed)}{"*" * begins}"', _pattern(chosen, begins=begins))

    return st.recursive(
        one(),
        lambda inner: st.one_of(
            st.builds(_combined, inner, st.sampled_from(["AND", "OR", "NOT"]), inner), inner.map(_negated)
        ),
        max_leaves=6,
    )


@cache
def real_texts() -> list[str]:
    lines = (ROOT / "corpus/joint-area-review-rutland-2006.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if re.search(r"[^\W_]", line)]


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_a_search_finds_what_a_plain_scan_of_all_passages_finds(
    library: Library, data: st.DataObject
) -> None:
    sample = data.draw(samples(real_texts()))
    by_hand = [each.id for each in every_passage(library) if sample.plainly(each.shown)]
    assert ids(library.find(sample.query)) == by_hand


@cache
def every_passage(library: Library) -> list[Passage]:
    return all_passages(library)


@settings(deadline=None)
@given(texts=st.lists(st.text("ab -'.", min_size=1).filter(words_in), min_size=1, max_size=8), data=st.data())
def test_a_search_of_texts_of_few_letters_finds_what_a_plain_scan_finds(
    texts: list[str], data: st.DataObject
) -> None:
    passages = [a_passage(str(order), text, order=order) for order, text in enumerate(texts)]
    sample = data.draw(samples(texts))
    finding = make_finding(sample.query, passages, [a_report()], total=len(passages))
    assert ids(finding) == [each.id for each in passages if sample.plainly(each.text)]
    assert finding.searched == len(texts)


# The command


@pytest.fixture
def in_library(indexed_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the indexed library of the two reports the one that is searched."""
    monkeypatch.setenv("QA_LIBRARY", str(indexed_folder))


@pytest.mark.usefixtures("in_library")
def test_the_command_prints_the_counts_and_then_every_passage_marked(
    capsys: pytest.CaptureFixture[str], library: Library
) -> None:
    assert main(["find", "looked after", "--report", "apa-2008"]) == ExitCode.ANSWERED
    out, err = capsys.readouterr()
    counts, *passages = re.split(r"\n\n(?=\d+\. )", out.rstrip("\n"))
    assert counts.splitlines()[:3] == [
        '5 passages found for "looked after"; searched 39 of 153 passages, headings not searched',
        "",
        "    5  Annual performance assessment letter, Rutland  [apa-2008]",
    ]
    assert "         1  Major strengths and important weaknesses › Staying safe › Major strengths" in counts
    found = library.find("looked after", reports=["apa-2008"]).passages
    assert [passage.split("\n")[0] for passage in passages] == [
        f"{cited.rank}. {cited.citation}  [{cited.id}]" for cited in found
    ]
    assert all(f"\n  {BAR} " in passage for passage in passages)
    assert err == ""


@pytest.mark.usefixtures("in_library")
def test_nothing_found_says_what_was_searched_and_has_its_own_exit_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["find", "aubergine", "OR", "swimming pool"]) == ExitCode.NOTHING_FOUND
    assert capsys.readouterr() == (
        'No passage found for aubergine OR "swimming pool"; searched 153 of 153 passages, '
        "headings not searched\n",
        "",
    )


@pytest.mark.usefixtures("in_library")
def test_json_has_exactly_the_documented_fields(capsys: pytest.CaptureFixture[str], library: Library) -> None:
    assert main(["find", "truan*", "--json"]) == ExitCode.ANSWERED
    printed = json.loads(capsys.readouterr().out)
    finding = library.find("truan*")
    assert printed == json.loads(json.dumps(finding_as_dict(finding)))
    assert printed | {"by_report": [], "by_section": [], "passages": []} == {
        "query": "truan*", "expression": "truan*", "searched": 153, "total": 153, "found": 2,
        "by_report": [], "by_section": [], "passages": [],
    }  # fmt: skip
    assert [each | {"title": ""} for each in printed["by_report"]] == [
        {"id": "jar-2006", "title": "", "date": "2006", "passages": 2},
        {"id": "apa-2008", "title": "", "date": "2008-12-17", "passages": 0},
    ]
    assert printed["by_section"][0] == {
        "report": "jar-2006",
        "section": ["Main Report", "The impact of local services", "Staying safe"],
        "passages": 1,
    }
    assert printed["passages"] == [
        json.loads(json.dumps(passage_as_dict(cited))) for cited in finding.passages
    ]
    for each in printed["passages"]:
        assert each["highlights"]
        assert all(each["text"][start:end].lower().startswith("truan") for start, end in each["highlights"])
    assert main(["find", "aubergine", "--json"]) == ExitCode.NOTHING_FOUND
    assert json.loads(capsys.readouterr().out)["found"] == 0


@pytest.mark.usefixtures("in_library")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["find", '"looked after'], "A quotation mark is not closed"),
        (["find", ""], "The search is empty"),
        (["find", "looked after", "--report", "jar"], 'There is no report "jar"'),
        (["find", "looked after", "--section", "swimming"], 'No heading has the words "swimming"'),
    ],
)
def test_a_search_that_cannot_be_made_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(arguments) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"qa: {sentence}")
    assert err.count("\n") == 1


@pytest.mark.usefixtures("in_library")
def test_a_search_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    main(["find", "aubergine\x1b[31m \udcff"])
    main(["find", "children OR \x1b]0;x\x07"])
    assert "\x1b" not in capsys.readouterr().out
