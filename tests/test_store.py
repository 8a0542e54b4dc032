"""Passages come out of the store as they went in; words are found, and none is read as a query language."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.errors import IndexStateError
from qa.store import Store, StoreWriter, content_words, sentences_row, words_of
from qa.types import Emphasis, Kind, Page, Passage, Report, ReportOutline, Sentence, Span
from tests.fakes import a_passage, a_report

OPERATORS = [
    '" AND ( * :',
    "NEAR(a b, 2)",
    "heading:x",
    "-x",
    "x*",
    '"',
    "''; DROP TABLE passage; --",
    "^x",
    "{a}",
]

texts = st.text(st.characters(exclude_categories=["Cs"]))
spans = st.builds(Span, st.integers(0, 10**6), st.integers(0, 10**6))
passages = st.builds(
    Passage,
    id=st.just("jar-2006:28"),
    report=st.just("jar-2006"),
    order=st.just(0),
    kind=st.sampled_from(Kind),
    section=st.lists(texts, max_size=3).map(tuple),
    number=st.none() | texts,
    scope=st.none() | texts,
    position=st.integers(1, 1000),
    text=texts,
    reading=st.none() | texts,
    lead_in=st.none() | texts,
    emphasis=st.lists(
        st.builds(Emphasis, st.integers(0, 99), st.integers(0, 99), st.sampled_from(["em", "strong"])),
        max_size=2,
    ).map(tuple),
    source=st.lists(spans, max_size=3).map(tuple),
    page=st.none() | st.builds(Page, st.integers(1, 10**6), st.none() | texts),
    marker=st.none() | texts,
    notes=st.lists(texts, max_size=3).map(tuple),
)
reports = st.builds(
    Report,
    id=st.just("jar-2006"),
    title=texts,
    short_title=texts,
    path=texts,
    sha256=texts,
    publisher=st.none() | texts,
    date=st.none() | texts,
    kind=st.none() | texts,
    licence=st.none() | texts,
    source=st.none() | texts,
    authority=st.none() | texts,
    inspected=st.none() | texts,
)


def store_of(path: Path, *passages: Passage) -> Store:
    """Write a store with these passages, in reports as they name them, and open it."""
    ids = dict.fromkeys(passage.report for passage in passages)
    outlines = [
        ReportOutline(a_report(report_id), tuple(each for each in passages if each.report == report_id))
        for report_id in ids
    ]
    return written(path, *outlines)


def written(path: Path, *outlines: ReportOutline, sentences: Sequence[Sentence] = ()) -> Store:
    """Write a store with these reports, and the sentences of some of their passages, and open it."""
    with StoreWriter(path) as writer:
        for outline in outlines:
            writer.add_report(outline)
        for number, each in groupby(sentences, lambda sentence: sentence.passage):
            writer.add_sentences(number, sentences_row(list(each)))
        writer.close()
    return Store(path)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_of(
        tmp_path / "passages.sqlite",
        a_passage("1", "Schools offer good meals.", order=0, section=("Main Report", "Being healthy")),
        a_passage("2", "The café serves schoolchildren.", order=1, section=("Main Report", "Being healthy")),
        a_passage("3", "© Crown copyright, schools.", order=2, kind=Kind.NOTICE, section=()),
        a_passage("4", "Parking.", order=3, section=("Recommendations",), lead_in="For immediate action:"),
        a_passage("1", "School meals cost money.", report="apa-2008", section=("Annex: Staying safe",)),
    )


@settings(max_examples=30, deadline=None)
@given(passage=passages, report=reports)
def test_a_passage_and_its_report_come_out_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, passage: Passage, report: Report
) -> None:
    path = tmp_path_factory.mktemp("store") / "passages.sqlite"
    store = written(path, ReportOutline(report, (passage,)))
    assert store.passage(passage.id) == passage
    assert store.passages([0]) == {0: passage}
    assert store.passages_of("jar-2006") == [passage]
    assert store.reports == {"jar-2006": report}
    assert store.counts() == {"jar-2006": {passage.kind: 1}}
    assert store.sections_of("jar-2006") == [passage.section]
    assert store.ids_under("jar-2006", passage.section) == [passage.id]
    assert store.ranked_numbers(reports=None, section=None) == ([0] if passage.kind.ranked else [])
    store.close()


def test_passages_are_numbered_through_over_the_reports(store: Store) -> None:
    assert [passage.id for passage in store.passages(range(5)).values()] == [
        "jar-2006:1", "jar-2006:2", "jar-2006:3", "jar-2006:4", "apa-2008:1",
    ]  # fmt: skip
    assert store.passages([99]) == {}
    assert store.passage("jar-2006:99") is None


def test_sentences_come_out_as_they_went_in(tmp_path: Path) -> None:
    sentences = [
        Sentence(0, 0, 7, Span(2, 4), 1.5),
        Sentence(0, 8, 70_000, Span(4, 40_000), 0.25),
        Sentence(1, 0, 9, Span(3, 3), 0.0),
    ]
    passages = (a_passage("1", order=0), a_passage("2", order=1))
    store = written(tmp_path / "s", ReportOutline(a_report(), passages), sentences=sentences)
    assert store.sentences_of([1, 0]) == sentences
    assert store.sentences_of([1]) == sentences[2:]
    assert store.sentences_of([]) == []
    assert list(store.sentence_rows(Span(0, 2))) == [0, 1]


# Words


def test_words_are_the_letters_and_digits_of_a_text_in_lower_case() -> None:
    assert words_of("16–18 year-olds' CAMHS_waits: Straße?") == [
        "16", "18", "year", "olds", "camhs", "waits", "strasse",
    ]  # fmt: skip


def test_content_words_leave_out_stop_words_single_letters_and_repetitions() -> None:
    assert content_words("What is the grade, the GRADE, for a council's Plan B in 5 years?") == [
        "grade", "council", "plan", "5", "years",
    ]  # fmt: skip


@settings(deadline=None)
@given(text=st.text())
def test_content_words_can_be_asked_for_again(text: str) -> None:
    words = content_words(text)
    assert content_words(" ".join(words)) == words


# Full text


def found(store: Store, *words: str, among: list[int] | None = None, limit: int = 10) -> list[int]:
    return [number for number, _ in store.search_words(words, among=among, limit=limit)]


def test_words_are_found_by_their_stem_and_without_accents(store: Store) -> None:
    assert set(found(store, "schooling")) == {0, 4}
    assert found(store, "cafe") == found(store, "CAFÉ") == [1]


def test_a_passage_is_found_by_its_headings_and_its_lead_in(store: Store) -> None:
    assert set(found(store, "healthy")) == {0, 1}
    assert found(store, "immediate") == [3]
    assert found(store, "annex") == [4]


def test_a_word_in_the_text_counts_more_than_one_in_a_heading(tmp_path: Path) -> None:
    store = store_of(
        tmp_path / "s",
        a_passage("1", "Nothing here.", order=0, section=("Parking",)),
        a_passage("2", "Parking here.", order=1, section=("Nothing",)),
        a_passage("3", "Others.", order=2, section=("Others",)),
    )
    assert found(store, "parking") == [1, 0]


def test_what_is_never_ranked_is_never_found(store: Store) -> None:
    assert found(store, "copyright") == []
    assert 2 not in found(store, "schools")


def test_scores_are_higher_for_better_and_come_best_first(store: Store) -> None:
    scores = [score for _, score in store.search_words(["school", "meals"], among=None, limit=10)]
    assert len(scores) == 2
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)


def test_a_filter_is_applied_before_the_cut(store: Store) -> None:
    first = found(store, "school", limit=1)
    others = [number for number in range(5) if number not in first]
    assert found(store, "school", among=others, limit=1) == [number for number in (0, 4) if number in others]
    assert found(store, "school", among=[]) == []
    assert found(store, "school", limit=0) == []


def test_equals_come_in_reading_order_also_at_the_cut(tmp_path: Path) -> None:
    same = [a_passage(str(order), "Provision is good.", order=order) for order in range(50)]
    store = store_of(tmp_path / "s", *same)
    assert found(store, "provision", limit=7) == list(range(7))


@pytest.mark.parametrize("text", OPERATORS)
def test_operators_of_a_query_language_are_words_or_nothing(store: Store, text: str) -> None:
    assert store.search_words([text], among=None, limit=5) == []
    assert store.search_words([text, "parking"], among=None, limit=5) == store.search_words(
        ["parking"], among=None, limit=5
    )


@settings(max_examples=300, deadline=None)
@given(text=st.text() | st.lists(st.sampled_from([*OPERATORS, "meals", "school"])).map(" ".join))
def test_no_text_is_read_as_a_query_language(fuzzed_store: Store, text: str) -> None:
    for words in ([text], words_of(text), content_words(text)):
        for number, _ in fuzzed_store.search_words(words, among=None, limit=10):
            passage = fuzzed_store.passages([number])[number]
            assert any(stem in passage.text.casefold() for stem in ("meal", "school")), text


@pytest.fixture(scope="module")
def fuzzed_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    words = ("School meals.", "Schoolchildren eat meals.")
    same = [a_passage(str(order), text, order=order, section=()) for order, text in enumerate(words)]
    return store_of(tmp_path_factory.mktemp("fuzzed") / "s", *same)


# Filters


def test_a_section_is_found_by_words_of_any_heading_above(store: Store) -> None:
    assert store.ranked_numbers(reports=None, section="being HEALTHY") == [0, 1]
    assert store.ranked_numbers(reports=None, section="main report") == [0, 1]
    assert store.ranked_numbers(reports=None, section="annex staying") == [4]


def test_a_section_is_found_by_the_start_of_a_word_but_not_by_its_middle(store: Store) -> None:
    assert store.ranked_numbers(reports=None, section="stay") == [4]
    assert store.ranked_numbers(reports=None, section="aying") == []


def test_headings_that_follow_each_other_are_not_one_heading(store: Store) -> None:
    assert store.ranked_numbers(reports=None, section="report being") == []


def test_filters_by_report_and_section_are_both_kept(store: Store) -> None:
    assert store.ranked_numbers(reports=["jar-2006"], section=None) == [0, 1, 3]
    assert store.ranked_numbers(reports=["apa-2008"], section="being healthy") == []
    assert store.ranked_numbers(reports=[], section=None) == []


def test_what_is_counted_is_what_is_returned(store: Store) -> None:
    for reports in (None, ["jar-2006"], ["jar-2006", "apa-2008"], []):
        for section in (None, "being healthy", "staying", "nowhere"):
            numbers = store.ranked_numbers(reports=reports, section=section)
            assert store.count_ranked(reports, section) == len(numbers)
            passages = list(store.every_passage(reports=reports, section=section))
            ranked = [passage for passage in passages if passage.kind.ranked]
            assert list(store.passages(numbers).values()) == ranked
    assert store.count() == len(list(store.every_passage(reports=None, section=None))) == 5


def test_passages_are_read_one_at_a_time(store: Store) -> None:
    reading = store.every_passage(reports=None, section=None)
    first = next(reading)
    assert store.passage(first.id) == first
    assert [first, *reading] == [*store.passages_of("jar-2006"), *store.passages_of("apa-2008")]


def test_neighbours_are_those_of_the_report_as_far_as_there_are_any(store: Store) -> None:
    def between(report_id: str, start: int, end: int) -> list[str]:
        return [passage.id for passage in store.passages_between(report_id, Span(start, end))]

    assert between("jar-2006", 1, 3) == ["jar-2006:2", "jar-2006:3"]
    assert between("jar-2006", -5, 10**30) == [f"jar-2006:{n}" for n in range(1, 5)]
    assert between("apa-2008", -5, 10**30) == ["apa-2008:1"]
    assert between("jar-2006", 4, 9) == between("nowhere", 0, 9) == []


def test_a_section_ends_where_the_headings_or_the_report_do(tmp_path: Path) -> None:
    paths = [("A",), ("A",), ("B",), ("A",), ("A",), ("A",)]
    notices = {1, 4}
    store = store_of(
        tmp_path / "s",
        *(
            a_passage(str(n), order=n, section=path, kind=Kind.NOTICE if n in notices else Kind.UNNUMBERED)
            for n, path in enumerate(paths)
        ),
        *(a_passage(str(n), report="apa-2008", order=n, section=("A",)) for n in range(2)),
    )
    sections = [store.section_around(f"jar-2006:{n}") for n in range(6)]
    assert sections == [Span(0, 2)] * 2 + [Span(2, 3)] + [Span(3, 6)] * 3
    assert [store.section_around(f"apa-2008:{n}") for n in range(2)] == [Span(6, 8)] * 2
    assert store.section_around("jar-2006:6") is None


def test_the_ids_of_a_report_come_with_the_numbers_that_are_printed(tmp_path: Path) -> None:
    store = store_of(tmp_path / "s", a_passage("opening.1", order=0), a_passage("7", order=1, number="7"))
    assert store.ids_of("jar-2006") == [("jar-2006:opening.1", None), ("jar-2006:7", "7")]
    assert store.ids_of("nowhere") == []
    assert store.first_number("jar-2006") == 0


def test_reports_that_were_asked_for_are_kept_but_not_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.store.reader._MOST_REPORTS_KEPT", 2)
    ids = [f"r{n}" for n in range(5)]
    store = store_of(tmp_path / "s", *(a_passage("1", report=report_id) for report_id in ids))
    for report_id in [*ids, *ids, "r4"]:
        assert store.reports[report_id] == a_report(report_id)
    assert store.reports["r4"] is store.reports["r4"]
    with pytest.raises(KeyError):
        _ = store.reports["nowhere"]


# What a question is looked up in


def test_the_sections_of_a_report_come_in_reading_order_each_once(tmp_path: Path) -> None:
    paths = [("A",), ("A", "B"), ("A",), ("C",), ("A", "B")]
    store = store_of(
        tmp_path / "s", *(a_passage(str(n), order=n, section=path) for n, path in enumerate(paths))
    )
    assert store.sections_of("jar-2006") == [("A",), ("A", "B"), ("C",)]
    assert store.ids_under("jar-2006", ("A", "B")) == ["jar-2006:1", "jar-2006:4"]
    assert store.ids_under("jar-2006", ("B",)) == store.ids_under("apa-2008", ("A",)) == []


def test_headings_are_found_by_their_beginning_the_same_letter_case_first(store: Store) -> None:
    assert store.headings() == ["Main Report", "Being healthy", "Recommendations", "Annex: Staying safe"]
    assert store.headings("be") == store.headings("Be", limit=1) == ["Being healthy"]
    assert store.headings("healthy") == []


def test_a_heading_is_held_by_the_beginnings_of_its_words(store: Store) -> None:
    assert store.holds_heading("BEING heal")
    assert not store.holds_heading("ealthy")
    assert not store.holds_heading("report being")


def test_numbered_paragraphs_are_found_by_scope_number_and_report(tmp_path: Path) -> None:
    store = store_of(
        tmp_path / "s",
        a_passage("1", order=0, number="1"),
        a_passage("2", order=1, number="2"),
        a_passage("annex.1", order=2, number="1", scope="Annex"),
        a_passage("1", report="apa-2008", number="1"),
    )
    assert store.scopes() == ["annex"]
    assert store.numbered("", ["2", "1"], reports=None, limit=9) == [
        ("jar-2006", "1", "jar-2006:1"), ("jar-2006", "2", "jar-2006:2"), ("apa-2008", "1", "apa-2008:1"),
    ]  # fmt: skip
    assert store.numbered("", ["1"], reports=["apa-2008"], limit=9) == [("apa-2008", "1", "apa-2008:1")]
    assert store.numbered("annex", ["1", "2"], reports=None, limit=9)[0][2] == "jar-2006:annex.1"
    assert len(store.numbered("", ["1", "2"], reports=None, limit=2)) == 2
    assert store.numberings("", reports=None) == [("jar-2006", "1", "2"), ("apa-2008", "1", "1")]
    assert store.numberings("annex", reports=["apa-2008"]) == []


def test_years_are_kept_as_they_are_given(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "s") as writer:
        writer.add_years([2006, 2004])
        writer.add_years([2006])
        writer.close()
    assert Store(tmp_path / "s").years() == {2004, 2006}


def test_reports_are_a_mapping_in_order(store: Store) -> None:
    assert list(store.reports) == [report.id for report in store.reports.values()] == ["jar-2006", "apa-2008"]
    assert "apa-2008" in store.reports
    assert store.reports.get("nowhere") is None
    with pytest.raises(KeyError):
        _ = store.reports["nowhere"]


# The file


def test_a_file_that_is_no_store_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    path = tmp_path / "passages.sqlite"
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(IndexStateError, match=r"passages\.sqlite is damaged; run: qa index --force"):
        Store(path)
    with pytest.raises(IndexStateError, match="run: qa index --force"):
        Store(tmp_path / "missing")
    assert not (tmp_path / "missing").exists()


def test_a_store_damaged_in_the_middle_gives_no_other_error_than_that_it_is_damaged(
    tmp_path: Path, store: Store
) -> None:
    path = tmp_path / "passages.sqlite"
    data = path.read_bytes()
    page = 4096
    for start in range(page, len(data), page):
        path.write_bytes(data[:start] + b"\xa5" * page + data[start + page :])
        with suppress(IndexStateError):
            damaged = Store(path)
            damaged.passages_of("jar-2006")
            damaged.search_words(["school"], among=None, limit=5)
            damaged.counts()


def test_a_store_in_a_folder_with_an_odd_name_opens(tmp_path: Path) -> None:
    folder = tmp_path / "a b?c#d%20&mode=rw"
    folder.mkdir()
    assert store_of(folder / "passages.sqlite", a_passage("1")).passage("jar-2006:1") == a_passage("1")


def test_reading_writes_nothing_beside_or_into_the_file(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "passages.sqlite"
    before = path.read_bytes()
    found(store, "school")
    store.passages_of("jar-2006")
    store.close()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_store_that_cannot_be_written_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        IndexStateError, match=r"cannot be written to .*; check the free space and permissions"
    ):
        StoreWriter(tmp_path / "no-folder/passages.sqlite")
