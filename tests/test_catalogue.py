"""What a question names is told as by comparing every report with every other, but without doing so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.catalogue import Catalogue, Names, folded
from qa.errors import NotFoundError, QuestionError
from qa.query import complete, understand
from qa.store import Store, StoreWriter, content_words
from qa.types import Query, Report, ReportOutline
from tests.fakes import a_passage, a_report

COUNCILS = ("Barnet", "Kent", "Rutland", "Wigan")
KINDS = ("focused visit letter", "joint area review", "joint targeted area inspection", "monitoring visit")


def a_letter(place: int, *, kind: str | None = None) -> Report:
    """Return one of many inspection letters: several a council, one a year."""
    council, year = COUNCILS[place % len(COUNCILS)], 2003 + place // len(COUNCILS) % 20
    kind = kind or KINDS[place % len(KINDS)]
    return a_report(
        f"{council.lower()}-{year}-{place}",
        title=f"{kind.capitalize()} of services for children in {council}, {year}",
        short_title=f"{kind.capitalize()}, {council}",
        date=f"{year}-0{1 + place % 9}",
        kind=kind,
    )


def catalogue_of(path: Path, reports: Sequence[Report], *, paragraphs: int = 3) -> Catalogue:
    """Write reports, each with numbered paragraphs and an annex under headings, and open their catalogue."""
    outlines = []
    for report in reports:
        own = [
            a_passage(
                str(n), report=report.id, order=n, number=str(n + 1), section=("Report", f"Part {n % 2}")
            )
            for n in range(paragraphs)
        ]
        annex = a_passage(
            "annex.1", report=report.id, order=paragraphs, number="1", scope="Annex", section=("Annex",)
        )
        outlines.append(ReportOutline(report, (*own, annex)))
    with StoreWriter(path) as writer:
        for outline in outlines:
            writer.add_report(outline)
        writer.close()
    store = Store(path)
    return Catalogue(store.reports, store, content_words)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """Return the catalogue of more reports than are listed."""
    return catalogue_of(tmp_path_factory.mktemp("many") / "s", [a_letter(place) for place in range(400)])


def ask(catalogue: Catalogue, question: str, **options: str) -> Query:
    return understand(question, catalogue, **options)  # type: ignore[arg-type]


# Names


def names_by_hand(report: Report, reports: Sequence[Report]) -> set[str]:
    """Return what a report is called, told by comparing it with every other."""
    kind = folded(report.kind or "")
    others = [folded(other.kind or "").split() for other in reports if other.id != report.id]
    names = {folded(report.id), report.id, folded(report.title), folded(report.short_title)}
    names |= {folded(report.short_title.split(",")[0]), kind}
    for length in range(2, len(kind.split()) + 1):
        phrase = kind.split()[:length]
        if not any(other[:length] == phrase for other in others):
            names |= {" ".join(phrase)} | ({"".join(word[0] for word in phrase)} if length > 2 else set())
    if kind and not any(kind.split()[-1] in other for other in others):
        names.add(kind.split()[-1])
    return {name for name in names if len(name) > 2}


words = st.lists(
    st.sampled_from(["annual", "joint", "area", "review", "letter", "of", "Kent", "the", "visit’s", "2006"]),
    max_size=5,
).map(" ".join)
described = st.lists(st.tuples(words, words, words, st.sampled_from(["", ", "])), min_size=1, max_size=6)


@settings(max_examples=300, deadline=None)
@given(described=described, text=words, rest=st.sampled_from(["", " 3", ", para 3", ": 3", "s 3"]))
def test_reports_are_called_what_a_comparison_with_every_other_says(
    described: list[tuple[str, str, str, str]], text: str, rest: str
) -> None:
    reports = [
        a_report(
            f"{(title or 'r').split()[0].lower()}-{place}",
            title=title,
            short_title=f"{title}{between}{more}",
            kind=kind or None,
        )
        for place, (title, more, kind, between) in enumerate(described)
    ]
    names = Names(reports)
    by_hand = [names_by_hand(report, reports) for report in reports]
    for asked in (text, f"the {text} again", reports[-1].id, reports[0].title):
        held = {
            place
            for place, called in enumerate(by_hand)
            if any(f" {name} " in f" {folded(asked)} " for name in called)
        }
        assert names.in_text(asked) == held
        exact = [
            report.id for report, called in zip(reports, by_hand, strict=True) if folded(asked) in called
        ]
        assert names.called(asked, None) == next(iter(exact), None)
        for among in (None, {report.id for report in reports[1:]}):
            assert names.opening(asked + rest, among) == opening_by_hand(
                asked + rest, reports, by_hand, among
            )


def opening_by_hand(
    text: str, reports: Sequence[Report], by_hand: Sequence[set[str]], among: set[str] | None
) -> tuple[str, str] | None:
    for report, called in zip(reports, by_hand, strict=True):
        for name in sorted(called, key=len, reverse=True) if among is None or report.id in among else ():
            if opening := re.match(rf"{re.escape(name)}(?=[\s,:]|$)[\s,:]*", text, re.IGNORECASE):
                return report.id, text[opening.end() :]
    return None


def test_a_kind_that_only_one_report_has_names_it_by_its_first_words_initials_and_last_word() -> None:
    names = Names([a_letter(0), a_letter(4), a_report("other", kind="annual performance assessment")])
    for called in ("annual performance", "apa", "the assessment", "annual performance assessment"):
        assert names.in_text(f"what did {called} say") == {2}
    assert names.in_text("a focused visit") == set()
    assert names.in_text("the focused visit letter") == {0, 1}


# Questions to many reports


def test_a_report_is_named_by_its_id_among_many(many: Catalogue) -> None:
    title = "Monitoring visit of services for children in Wigan, 2005"
    assert many.reports["wigan-2005-11"].title == title
    assert "wigan-2005-11" in ask(many, f"How good is care in {title}?").favoured
    assert ask(many, "wigan-2005-11 para 2").located == ("wigan-2005-11:1",)
    assert ask(many, "para 2 of wigan-2005-11").located == ("wigan-2005-11:1",)
    assert ask(many, "wigan-2005-11 part 1").located == ("wigan-2005-11:1",)
    assert ask(many, "wigan-2005-11, annex para 1").located == ("wigan-2005-11:annex.1",)


def test_a_year_names_its_reports_and_so_do_the_earliest_and_the_latest(many: Catalogue) -> None:
    dated = [report.id for report in many.reports.values() if (report.date or "").startswith("2007")]
    assert list(ask(many, "How good was care in 2007?").favoured) == dated
    assert ask(many, "What did the earliest report say?").favoured == ("barnet-2003-0",)
    assert ask(many, "What did the latest report say?").favoured[0].split("-")[1] == "2022"


def test_a_number_finds_its_paragraph_in_every_report_in_their_order(many: Catalogue) -> None:
    assert ask(many, "paragraph 2").located == tuple(f"{report_id}:1" for report_id in many.reports)
    wanted = "report:kent-2003-1 report:barnet-2003-0"
    assert ask(many, f"paras 1-2 {wanted}").located == (
        "barnet-2003-0:0", "barnet-2003-0:1", "kent-2003-1:0", "kent-2003-1:1",
    )  # fmt: skip
    assert len(ask(many, "paras 1 to 3").located) == 1_000


def test_of_a_number_that_stands_twice_in_a_report_the_last_is_meant(tmp_path: Path) -> None:
    twice = [a_passage(local, order=order, number="7") for order, local in enumerate(["7", "7-2"])]
    with StoreWriter(tmp_path / "s") as writer:
        for outline in [ReportOutline(a_report(), tuple(twice))]:
            writer.add_report(outline)
        writer.close()
    store = Store(tmp_path / "s")
    assert ask(Catalogue(store.reports, store, content_words), "para 7").located == ("jar-2006:7-2",)


def test_reports_are_kept_by_year(many: Catalogue) -> None:
    early = ask(many, "How good is care?", before="2004").reports
    assert early is not None
    assert [report_id.split("-")[1] for report_id in early] == ["2003"] * len(early)
    assert ask(many, "How good is care? after:2021 report:kent-2022-77").reports == ("kent-2022-77",)


def test_a_question_reads_no_passage_whatever_it_is_compared_with(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path / "s", [a_letter(place) for place in range(50)])
    store = catalogue.contents
    assert isinstance(store, Store)
    seen: list[str] = []
    store._connection.set_trace_callback(seen.append)
    ask(catalogue, "How good is care in Wigan since the earlier letter of 2005?", section="part 1")
    complete("How good is care? section:p", catalogue)
    assert seen
    assert not [statement for statement in seen if "FROM passage" in statement]


# What is said of what does not exist


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("care report:wigan-2005", 'no report "wigan-2005"; there are 400, nearest to it wigan-2005-'),
        ("care before:1990", "from that time; there are 400, from 2003 to 2022"),
        ("para 99", "no paragraph 99; numbered are barnet-2003-0: 1 to 3; kent-2003-1: 1 to 3; "),
        ("annex para 9 report:kent-2003-1", "no annex paragraph 9; numbered are kent-2003-1: 1 to 1"),
        ("annex para 9", "; and those of 395 more reports"),
    ],
)
def test_of_many_reports_only_some_are_listed_and_their_number_told(
    many: Catalogue, question: str, said: str
) -> None:
    with pytest.raises(NotFoundError) as caught:
        ask(many, question)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 400


def test_naming_no_report_of_many_is_an_error_that_lists_the_first(many: Catalogue) -> None:
    with pytest.raises(QuestionError, match="there are 400, such as barnet-2003-0, kent-2003-1, "):
        many.known_reports([])


def test_of_many_headings_those_nearest_are_listed(tmp_path: Path) -> None:
    headings = [*(f"Matters of kind {n}" for n in range(200)), "Care leavers", "Attendance"]
    listed = [a_passage(str(n), order=n, section=(heading,)) for n, heading in enumerate(headings)]
    with StoreWriter(tmp_path / "s") as writer:
        for outline in [ReportOutline(a_report(), tuple(listed))]:
            writer.add_report(outline)
        writer.close()
    store = Store(tmp_path / "s")
    catalogue = Catalogue(store.reports, store, content_words)
    with pytest.raises(NotFoundError, match="there are 202, nearest to it Attendance; ") as caught:
        catalogue.check_section("atendance")
    assert len(str(caught.value)) < 400
    assert len(complete("section:matters", catalogue)) == 100
    assert complete("section:care", catalogue) == ('section:"Care leavers"',)


def test_no_heading_and_no_numbered_paragraph_are_said_to_be_none(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "s") as writer:
        for outline in [ReportOutline(a_report(date=None), (a_passage("1", section=()),))]:
            writer.add_report(outline)
        writer.close()
    store = Store(tmp_path / "s")
    catalogue = Catalogue(store.reports, store, content_words)
    for question, said in (
        ("care section:care", "there are none"),
        ("para 3", "numbered are no paragraphs"),
        ("care before:2007", "there are no dated reports"),
    ):
        with pytest.raises(NotFoundError, match=said):
            ask(catalogue, question)


@pytest.mark.parametrize("section", ["children’s", "children's services", "CHILDREN", "ser"])
def test_a_section_that_is_not_refused_is_found(tmp_path: Path, section: str) -> None:
    passage = a_passage("1", section=("Children’s services",))
    with StoreWriter(tmp_path / "s") as writer:
        for outline in [ReportOutline(a_report(), (passage,))]:
            writer.add_report(outline)
        writer.close()
    store = Store(tmp_path / "s")
    Catalogue(store.reports, store, content_words).check_section(section)
    assert store.ranked_numbers(reports=None, section=section) == [0]


def test_a_question_is_about_the_authority_it_names() -> None:
    authorities = ["Hampshire County Council", "Reading Borough Council", "London Borough of Barnet", None]
    names = Names(
        a_report(f"report-{place}", authority=authority) for place, authority in enumerate(authorities)
    )
    assert names.on_authorities("How is private fostering in Hampshire?") == ({0}, ["Hampshire"])
    assert names.on_authorities("barnet's carers and Hampshire County Council's") == (
        {0, 2},
        ["barnet", "Hampshire County Council"],
    )
    assert names.on_authorities("What is said of reading?") == (set(), [])
    assert names.on_authorities("What is said of Reading?") == ({1}, ["Reading"])
