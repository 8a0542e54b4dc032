"""The public face: what can be asked of a library, and what it says to what cannot."""

from __future__ import annotations

import os
import re
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qa
from qa.errors import (
    CorpusError,
    IndexMissingError,
    IndexStateError,
    ModelError,
    NotFoundError,
    QaError,
    QuestionError,
)
from qa.index import Index
from qa.ingest.metadata import READABLE
from qa.library import Library
from qa.store.rows import passage_of
from qa.types import Answer, Kind, Passage, Progress
from tests.fakes import (
    LIBRARIES_REPORT,
    REPEATING_REPORT,
    ROADS_REPORT,
    KeywordEncoder,
    build,
    files_of,
    open_library,
    small_library,
)

QUESTION = "What mental health services are there for pupils, and who is left out?"
RECOMMENDATIONS = "jar-2006:recommendations"


def ids(answer: Answer) -> list[str]:
    return [cited.id for cited in answer.passages]


# Asking


def test_the_package_offers_the_library() -> None:
    assert qa.Library is Library
    with pytest.raises(AttributeError, match="no attribute 'Librarian'"):
        _ = qa.Librarian


def test_an_answer_is_ranked_cited_passages_word_for_word(library: Library) -> None:
    answer = library.ask(QUESTION)
    assert (answer.question, answer.answered) == (QUESTION, True)
    assert answer.elapsed_ms >= 0
    assert [cited.rank for cited in answer.passages] == list(range(1, 11))
    first = next(cited for cited in answer.passages if cited.id == "jar-2006:28")
    assert (first.id, first.paragraph, first.locator) == ("jar-2006:28", "28", "para 28")
    assert first.section == ("Main Report", "The impact of local services", "Being healthy")
    assert first.citation == (
        "Joint area review, Rutland (Ofsted, 2006), "
        "Main Report › The impact of local services › Being healthy, para 28"
    )
    assert first.text == library.show("jar-2006:28")[0].text
    assert first.highlights


def test_k_passages_are_given_if_there_are_as_many(library: Library) -> None:
    assert ids(library.ask(QUESTION, k=1)) == ids(library.ask(QUESTION, k=1000))[:1]
    assert len(library.ask(QUESTION, k=7).passages) == 7
    few = library.ask(QUESTION, k=1000, reports=["apa-2008"])
    assert 7 < len(few.passages) < 40


@pytest.mark.parametrize("k", [0, -1, 1001, 10_000])
def test_a_k_out_of_range_is_an_error_that_names_the_range(library: Library, k: int) -> None:
    with pytest.raises(QuestionError, match="give a number from 1 to 1,000"):
        library.ask(QUESTION, k=k)


@pytest.mark.parametrize("question", ["", " ", "\n\t \u00a0"])
def test_an_empty_question_is_an_error_that_says_what_to_type(library: Library, question: str) -> None:
    with pytest.raises(QuestionError, match="The question is empty; type a question in words"):
        library.ask(question)


@pytest.mark.parametrize(
    "question", ['" AND ( * :', "?", "NOT OR AND", "***", "what is the", "\x00\x1b", "—"]
)
def test_a_question_without_words_to_search_for_is_an_error(library: Library, question: str) -> None:
    with pytest.raises(QuestionError, match="has no words to search for; name what you want to know about"):
        library.ask(question)


def test_a_question_that_is_too_long_is_an_error_that_names_the_limit(library: Library) -> None:
    with pytest.raises(QuestionError, match=r"has 100,000 characters; ask in at most 2,000"):
        library.ask("health " * 14_285 + "pupil")
    assert library.ask(("health " * 300)[:2000]).answered


@settings(max_examples=100, deadline=None)
@given(question=st.text(max_size=60) | st.text('"*():^-+{}[] NEARANDORTschool', max_size=30))
def test_any_text_is_answered_or_refused_as_a_question(library: Library, question: str) -> None:
    try:
        answer = library.ask(question, k=3)
    except QuestionError:
        return
    assert answer.answered == bool(answer.passages)
    assert len(answer.passages) <= 3


def test_half_a_character_in_a_question_or_id_does_no_harm(library: Library) -> None:
    assert "jar-2006:28" in ids(library.ask(f"\ud83d {QUESTION} \udcff"))
    assert library.ask("And who is left out?", history=[f"\udcff{QUESTION}"]).answered
    with pytest.raises(NotFoundError, match="There is no report"):
        library.show("\udcff:28")
    with pytest.raises(NotFoundError, match="has no passage"):
        library.show("jar-2006:\udcff")


def test_operators_in_a_question_change_nothing(library: Library) -> None:
    plain = library.ask("mental health services", mode="bm25")
    assert ids(library.ask("mental AND health* NOT (services)", mode="bm25")) == ids(plain)


def test_a_follow_up_leans_on_the_question_before(library: Library) -> None:
    with pytest.raises(QuestionError, match="no words to search for"):
        library.ask("And who is?")
    assert library.ask("And who is?", history=[QUESTION]).answered


def test_the_earlier_question_is_mended_too_where_a_follow_up_leans_on_it(library: Library) -> None:
    query = library.ask("And who is left out?", history=["Are menatl health servces good?"]).query
    assert query is not None
    assert query.context == "Are mental health services good?"
    assert query.corrections == ()


EARLIER = "Are libraries open on Sundays?"


def context_of(library: Library, question: str, *history: str) -> str | None:
    query = library.ask(question, k=1, history=history).query
    assert query is not None
    return query.context


@pytest.mark.parametrize(
    "question",
    [
        "And for those who have left school?",
        "What about social care?",
        "Okay. And what about foster care?",
        "No, I meant the primary schools.",
        "How many of those were permanent?",
        "What did the first one recommend?",
        "Do families find it helpful?",
        "What happened then?",
    ],
)
def test_a_question_that_leans_is_searched_with_the_one_before(library: Library, question: str) -> None:
    assert context_of(library, question, EARLIER) == EARLIER


@pytest.mark.parametrize(
    "question",
    [
        "What mental health services are there?",
        "Who received the annual letter, and what do they do?",
        "Did the council publish more plans in its review?",
        "Are foster carers paid more than those elsewhere?",
        "Is it easy for families to find a nursery?",
        "What does the family one stop shop do?",
        "No young people smoke?",
        "Right and wrong: do schools teach children the difference?",
    ],
)
def test_a_question_that_stands_alone_is_not_mixed_with_the_one_before(
    library: Library, question: str
) -> None:
    assert context_of(library, question, EARLIER) is None
    alone = library.ask(question)
    assert ids(library.ask(question, history=[EARLIER])) == ids(alone)


def test_what_a_question_leans_on_comes_with_what_that_leans_on_itself(library: Library) -> None:
    first, second, third = "Are exclusions falling?", "And in primary schools?", "Why is that?"
    assert context_of(library, "What about boys?", EARLIER, first, second) == f"{first} {second}"
    assert context_of(library, "What about boys?", EARLIER, first) == first
    # Not further back than three questions.
    assert context_of(library, "What about boys?", first, second, third, third) == f"{second} {third} {third}"


def test_reports_and_section_narrow_the_answer(library: Library) -> None:
    assert {c.report.id for c in library.ask(QUESTION, reports=["apa-2008"]).passages} == {"apa-2008"}
    narrow = library.ask(QUESTION, reports=["jar-2006"], section="being healthy", k=50)
    assert ids(narrow)[0] == "jar-2006:28"
    assert all("Being healthy" in cited.section for cited in narrow.passages)


def test_reports_and_section_that_have_nothing_in_common_give_no_answer(library: Library) -> None:
    answer = library.ask(QUESTION, reports=["apa-2008"], section="annex")
    assert (answer.answered, answer.passages) == (False, ())


def test_an_unknown_report_is_an_error_that_lists_the_reports(library: Library) -> None:
    for reports in (["apa-2009"], ["jar-2006", "apa-2009"]):
        with pytest.raises(
            NotFoundError, match='There is no report "apa-2009"; there are jar-2006, apa-2008'
        ):
            library.ask(QUESTION, reports=reports)
    with pytest.raises(QuestionError, match="there are jar-2006, apa-2008"):
        library.ask(QUESTION, reports=[])


def test_an_unknown_section_is_an_error_that_lists_the_headings(library: Library) -> None:
    with pytest.raises(NotFoundError, match='No heading has the words "parking"; there are ') as caught:
        library.ask(QUESTION, section="parking")
    for heading in ("Being healthy", "Recommendations", "Capacity to improve"):
        assert heading in str(caught.value)


@pytest.mark.parametrize("section", ["", "?!", " * "])
def test_a_section_without_words_is_an_error(library: Library, section: str) -> None:
    with pytest.raises(QuestionError, match="give words of a heading"):
        library.ask(QUESTION, section=section)


def test_several_threads_may_ask_at_once(indexed_folder: Path) -> None:
    loaded: list[KeywordEncoder] = []

    def load() -> KeywordEncoder:
        loaded.append(KeywordEncoder())
        return loaded[-1]

    library = Library(indexed_folder, Index.open(indexed_folder / "index"), load)
    questions = [QUESTION, "Who chairs the board?", "How good are the schools?"] * 10
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(library.ask, questions))
    assert len(loaded) == 1
    assert [ids(answer) for answer in answers] == [ids(library.ask(question)) for question in questions]


# Showing


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("jar-2006:28", "jar-2006:28"),
        (" jar-2006:28 ", "jar-2006:28"),
        ("jar-2006 28", "jar-2006:28"),
        ("jar-2006 para 28", "jar-2006:28"),
        ("jar-2006, para 28", "jar-2006:28"),
        ("jar-2006 Paragraph 28", "jar-2006:28"),
        ("jar-2006: para. 28", "jar-2006:28"),
        ("jar-2006 annex 5", "jar-2006:annex.5"),
        ("jar-2006 Annex, para 5", "jar-2006:annex.5"),
        ("jar-2006:annex.5", "jar-2006:annex.5"),
        (f"{RECOMMENDATIONS}.1", f"{RECOMMENDATIONS}.1"),
    ],
)
def test_a_passage_is_shown_by_its_id_or_the_words_of_its_citation(
    library: Library, wanted: str, found: str
) -> None:
    (cited,) = library.show(wanted)
    assert (cited.id, cited.rank, cited.highlights, cited.score) == (found, 1, (), 0.0)


def test_every_passage_can_be_shown_by_its_id(library: Library) -> None:
    for passage in library.passages():
        assert library.show(passage.id)[0].passage == passage


def test_neighbours_are_shown_as_far_as_there_are_any(library: Library) -> None:
    assert [cited.id for cited in library.show("jar-2006:28", context=1)] == [
        "jar-2006:27", "jar-2006:28", "jar-2006:29",
    ]  # fmt: skip
    everything = library.show("jar-2006:28", context=10**30)
    assert [cited.passage.order for cited in everything] == list(range(len(everything)))
    assert {cited.report.id for cited in everything} == {"jar-2006"}
    assert len(everything) == sum(library.reports()[0].counts.values())


def test_a_negative_number_of_neighbours_is_an_error(library: Library) -> None:
    with pytest.raises(QuestionError, match="give --context 0 or more"):
        library.show("jar-2006:28", context=-1)


@pytest.mark.parametrize("wanted", ["", "28", ":", "nowhere:28", "JAR 28"])
def test_a_passage_of_an_unknown_report_is_an_error_that_lists_the_reports(
    library: Library, wanted: str
) -> None:
    with pytest.raises(NotFoundError, match=r"There is no report .*; there are jar-2006, apa-2008"):
        library.show(wanted)


def test_an_unknown_paragraph_is_an_error_that_says_which_there_are(library: Library) -> None:
    with pytest.raises(
        NotFoundError, match=r"its numbered paragraphs are jar-2006:1 to jar-2006:annex\.7"
    ) as caught:
        library.show("jar-2006:73")
    assert "ids like it are " in str(caught.value)


def test_an_unknown_passage_of_a_report_without_numbers_is_an_error_that_lists_some(library: Library) -> None:
    for wanted in ("apa-2008:28", "apa-2008:zzzzzzzzzzzzzzzzzzzzzzzzzzz", "apa-2008"):
        with pytest.raises(NotFoundError, match=r"apa-2008 has no passage .*; .* apa-2008:\S+"):
            library.show(wanted)


def test_the_section_of_a_passage_is_what_stands_under_its_heading(library: Library) -> None:
    passage = library.show("jar-2006:28")[0].passage
    around = library.section_of(passage)
    assert passage in around
    assert {each.section for each in around} == {passage.section}
    assert [each.number for each in around] == [str(number) for number in range(24, 30)]


def test_the_section_of_a_passage_outside_all_sections_is_its_neighbours_outside(library: Library) -> None:
    passage = library.show("apa-2008:front-matter.1")[0].passage
    around = library.section_of(passage)
    assert [each.order for each in around] == list(range(len(around)))
    assert {each.section for each in around} == {()}


def test_what_stands_under_one_heading_is_read_once_and_little_else(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    passage = library.show("jar-2006:28")[0].passage
    section = library.section_of(passage)
    read: list[str] = []

    def counted(*row: str) -> Passage:
        read.append(row[0])
        return passage_of(*row)

    monkeypatch.setattr("qa.store.reader.passage_of", counted)
    assert all(library.section_of(each) is section for each in section)
    assert read == []
    library.show("jar-2006:40", context=1)
    assert len(read) <= 4


def test_of_sections_read_no_more_are_kept_than_may_be(
    indexed_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.places._MOST_KEPT", 8)
    library = open_library(indexed_folder)
    passages = list(library.passages())
    for passage in passages + passages[::-1]:
        assert passage in library.section_of(passage)
        assert sum(map(len, library._places._sections._kept.values())) <= 8


def test_a_section_goes_on_where_a_passage_in_it_is_never_ranked(library: Library) -> None:
    """Also on both sides of a contents list or notice: as every passage of the report tells."""
    for report in ("jar-2006", "apa-2008"):
        everything = [cited.passage for cited in library.show(_first_of(library, report), context=1000)]
        for place, passage in enumerate(everything):
            first = last = place
            while first > 0 and everything[first - 1].section == passage.section:
                first -= 1
            while last + 1 < len(everything) and everything[last + 1].section == passage.section:
                last += 1
            assert library.section_of(passage) == tuple(everything[first : last + 1])


def _first_of(library: Library, report: str) -> str:
    return next(passage.id for passage in library.passages() if passage.report == report)


def test_the_section_of_a_passage_that_is_gone_is_an_error_that_says_what_to_do(
    library: Library, small_folder: Path
) -> None:
    passage = library.show("jar-2006:28")[0].passage
    with pytest.raises(NotFoundError, match="jar-2006:28 is not in the index any more; ask again"):
        open_library(small_folder).section_of(passage)


# Reports


def test_reports_come_in_the_order_of_corpus_toml_with_their_counts(library: Library) -> None:
    review, letter = library.reports()
    assert (review.report.id, letter.report.id) == ("jar-2006", "apa-2008")
    assert (review.report.publisher, letter.report.date) == ("Ofsted", "2008-12-17")
    assert review.counts[Kind.NUMBERED] == 79
    assert Kind.NUMBERED not in letter.counts
    assert sum(review.counts.values()) == len(library.show("jar-2006:1", context=1000))


def test_the_passages_are_those_that_can_be_ranked(library: Library) -> None:
    passages = list(library.passages())
    assert {passage.report for passage in passages} == {"jar-2006", "apa-2008"}
    assert all(passage.kind.ranked for passage in passages)


# Opening and building


def test_a_folder_without_an_index_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError, match=r"There is no index in .*; run: qa index"):
        Library.open(small_library(tmp_path / "library"))


@pytest.mark.usefixtures("keyword_model")
def test_a_library_is_built_opened_and_asked(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    seen: list[Progress] = []
    built = Library.build(folder, progress=seen.append)
    assert {progress.stage for progress in seen} == {
        "reading",
        "preparing the model",
        "encoding",
        "finishing",
    }
    opened = Library.open(str(folder))
    assert (built.path, opened.path) == (folder, folder)
    assert built.warnings == opened.warnings == ()
    for library in (built, opened):
        assert ids(library.ask("Who mends potholes?", k=1)) == ["roads:2"]
        library.close()


@pytest.mark.usefixtures("keyword_model")
def test_a_model_that_is_named_once_is_kept(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    Library.build(folder, model="other")
    Library.build(folder)
    assert Index.open(folder / "index").manifest.model == "other"


@pytest.mark.usefixtures("keyword_model")
def test_a_file_that_cannot_be_read_as_a_report_is_left_out_and_said(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    (folder / "corpus/plan.odt").write_bytes(b"PK")
    (folder / "corpus/README.md").write_text("Notes")
    (warning,) = Library.build(folder).warnings
    assert warning.endswith(f"plan.odt is left out: only {READABLE} files can be read")


@pytest.mark.usefixtures("keyword_model")
@pytest.mark.parametrize(
    ("change", "warning"),
    [
        (
            lambda corpus: (corpus / "new.txt").write_text(ROADS_REPORT),
            "The index is not up to date (added: new); run: qa index",
        ),
        (
            lambda corpus: (corpus / "roads.txt").write_text(LIBRARIES_REPORT),
            "The index is not up to date (changed: roads); run: qa index",
        ),
        (
            lambda corpus: (corpus / "roads.txt").unlink(),
            "The index is not up to date (removed: roads); run: qa index",
        ),
    ],
    ids=["added", "changed", "removed"],
)
def test_an_index_older_than_its_reports_answers_with_a_warning(
    small_folder: Path, change: object, warning: str
) -> None:
    assert callable(change)
    assert Library.is_current(small_folder)
    change(small_folder / "corpus")
    library = Library.open(small_folder)
    assert library.warnings == (warning,)
    assert ids(library.ask("Who mends potholes?", k=1)) == ["roads:2"]
    assert not Library.is_current(small_folder)


@pytest.mark.usefixtures("keyword_model")
def test_an_index_is_current_only_if_whole_and_made_with_the_model_named(small_folder: Path) -> None:
    assert Library.is_current(small_folder, model="other name, same weights")
    manifest = Index.open(small_folder / "index").manifest
    (small_folder / "index" / manifest.build / "windows.codes").write_bytes(b"")
    assert not Library.is_current(small_folder)
    assert not Library.is_current(small_folder / "nowhere")


def test_an_index_is_not_current_if_the_model_named_is_not_here(small_folder: Path) -> None:
    assert not Library.is_current(small_folder, model="/no/such/model")


def test_an_index_made_with_other_weights_is_refused_at_the_first_question(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ChangedEncoder(KeywordEncoder):
        def __init__(self, name: str | None = None, *, fingerprint: str | None = None) -> None:
            super().__init__(name, weights="second")

    monkeypatch.setattr("qa.library.SentenceEncoder", ChangedEncoder)
    library = Library.open(small_folder)
    with pytest.raises(
        IndexStateError, match=r"made with other weights of keywords .*; run: qa index --force"
    ):
        library.ask("Who mends potholes?")


def test_a_model_that_is_gone_is_an_error_at_the_first_question_and_not_before(small_folder: Path) -> None:
    build(small_folder, KeywordEncoder(name="/no/such/model"))
    library = Library.open(small_folder)
    assert library.show("roads:2")
    with pytest.raises(ModelError, match="There is no model /no/such/model on this machine"):
        library.prepare()


@pytest.mark.parametrize("name", ["a b", "ünïcödé", "per%20cent", "question?", "hash#", "it's", "-dash"])
def test_a_library_may_stand_in_a_folder_with_any_name(tmp_path: Path, name: str) -> None:
    folder = small_library(tmp_path / name)
    build(folder)
    assert ids(open_library(folder).ask("Who mends potholes?", k=1)) == ["roads:2"]


# Adding


def test_reports_are_copied_into_the_corpus(tmp_path: Path) -> None:
    outside = tmp_path / "outside" / "deep"
    outside.mkdir(parents=True)
    (outside / "roads.txt").write_text(ROADS_REPORT)
    (outside / "notes.odt").write_text("left out")
    (tmp_path / "one.TXT").write_text(LIBRARIES_REPORT)
    added = Library.add(tmp_path / "library", [tmp_path / "outside", str(tmp_path / "one.TXT")])
    corpus = tmp_path / "library/corpus"
    assert added == [corpus / "roads.txt", corpus / "one.TXT"]
    assert files_of(corpus) == {"one.TXT": LIBRARIES_REPORT.encode(), "roads.txt": ROADS_REPORT.encode()}


def test_a_report_that_is_there_already_is_not_copied_again(small_folder: Path, tmp_path: Path) -> None:
    inside = small_folder / "corpus/roads.txt"
    copied = Path(shutil.copy(inside, tmp_path / "roads.txt"))
    assert Library.add(small_folder, [inside, copied]) == [inside, inside]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.txt", r"There is no file .*missing\.txt; check the path"),
        ("report.odt", rf"report\.odt cannot be read; files must end in {re.escape(READABLE)}"),
        ("empty", rf"empty holds no report; files must end in {re.escape(READABLE)}"),
        (".hidden.txt", r"\.hidden\.txt is a hidden file; give it a name that does not begin with"),
        ("folder.txt/pipe.txt", r"pipe\.txt cannot be read"),
        ("roads.txt", r"roads\.txt exists and differs from .*; rename one of them"),
    ],
)
def test_what_cannot_be_added_is_an_error_that_says_what_to_do(
    small_folder: Path, tmp_path: Path, name: str, sentence: str
) -> None:
    (tmp_path / "report.odt").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / ".hidden.txt").write_text("a report")
    (tmp_path / "folder.txt").mkdir()
    os.mkfifo(tmp_path / "folder.txt/pipe.txt")
    (tmp_path / "roads.txt").write_text("another report")
    before = files_of(small_folder)
    with pytest.raises(CorpusError, match=sentence):
        Library.add(small_folder, [tmp_path / name])
    assert files_of(small_folder) == before


def test_files_of_one_name_from_different_folders_are_all_kept(tmp_path: Path) -> None:
    texts = {
        "a/report.txt": "One.",
        "b/report.txt": "Two.",
        "c/report.txt": "One.",
        "d/b/report.txt": "Four.",
    }
    for name, text in texts.items():
        (tmp_path / "given" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "given" / name).write_text(text)
    kept = {"report.txt": b"One.", "b-report.txt": b"Two.", "d-b-report.txt": b"Four."}
    for _ in range(2):
        added = Library.add(tmp_path / "library", [tmp_path / "given"])
        assert [path.name for path in added] == ["report.txt", "b-report.txt", "report.txt", "d-b-report.txt"]
        assert files_of(tmp_path / "library/corpus") == kept
    named = [tmp_path / "given" / name for name in texts]
    Library.add(tmp_path / "another", named)
    assert files_of(tmp_path / "another/corpus") == kept


def test_hidden_files_and_links_that_lead_round_are_left_out(tmp_path: Path) -> None:
    given = tmp_path / "given"
    (given / ".git").mkdir(parents=True)
    (given / ".git/old.txt").write_text("Hidden.")
    (given / ".draft.txt").write_text("Hidden.")
    (given / "README.txt").write_text("About the others.")
    (given / "round").symlink_to(given)
    (given / "self.txt").symlink_to(given / "self.txt")
    os.mkfifo(given / "pipe.txt")
    (given / "roads.txt").write_text(ROADS_REPORT)
    (given / "nowhere.txt").symlink_to(tmp_path / "gone.txt")
    failed: list[str] = []
    added = Library.add(tmp_path / "library", [given], on_failure=failed.append)
    assert [path.name for path in added] == ["roads.txt"]
    assert len(failed) == 2
    assert failed[0].startswith(f"{given}/nowhere.txt cannot be copied to ")
    assert failed[1].startswith(f"{given}/self.txt cannot be copied to ")
    assert files_of(tmp_path / "library/corpus") == {"roads.txt": ROADS_REPORT.encode()}


def test_what_cannot_be_added_is_told_and_the_rest_is_added(tmp_path: Path) -> None:
    (tmp_path / "roads.txt").write_text(ROADS_REPORT)
    failed: list[str] = []
    sources = [tmp_path / "gone.txt", tmp_path / "roads.txt", tmp_path / "gone.odt"]
    added = Library.add(tmp_path / "library", sources, on_failure=failed.append)
    assert [path.name for path in added] == ["roads.txt"]
    assert failed == [
        f"There is no file {tmp_path}/gone.txt; check the path",
        f"There is no file {tmp_path}/gone.odt; check the path",
    ]


def test_a_name_may_hold_bytes_that_are_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9 \x1b.txt")
    (tmp_path / name).write_text(ROADS_REPORT)
    Library.add(tmp_path / "library", [tmp_path / name])
    build(tmp_path / "library")
    library = open_library(tmp_path / "library")
    assert library.reports()[0].report.path == name
    assert library.warnings == ()


def test_a_report_that_is_copied_only_in_part_is_not_left_in_the_corpus(
    small_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy_half(source: Path, target: Path) -> None:
        data = source.read_bytes()
        target.write_bytes(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    (tmp_path / "new.txt").write_text(ROADS_REPORT)
    monkeypatch.setattr("shutil.copyfile", copy_half)
    before = files_of(small_folder)
    with pytest.raises(
        CorpusError, match=r"cannot be copied .* \(No space left on device\); check both paths"
    ):
        Library.add(small_folder, [tmp_path / "new.txt"])
    assert files_of(small_folder) == before


def test_a_report_cannot_be_added_where_a_file_stands_in_the_place_of_the_corpus(tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text(ROADS_REPORT)
    (tmp_path / "corpus").write_text("a file")
    with pytest.raises(CorpusError, match="cannot be copied"):
        Library.add(tmp_path, [tmp_path / "new.txt"])


def test_every_error_can_be_caught_as_one() -> None:
    for error in (CorpusError, IndexStateError, IndexMissingError, ModelError, QuestionError, NotFoundError):
        assert issubclass(error, QaError)
    assert issubclass(QuestionError, ValueError)


# The same said twice


@pytest.fixture
def repeating(tmp_path: Path) -> Library:
    """Return a library of a report whose summary repeats its main part, and of another that says so too."""
    other = "Inspection of hospitals\n\n1. The kitchens of nearly all schools cook fresh meals every day.\n"
    folder = small_library(tmp_path / "repeating", kitchens=REPEATING_REPORT, hospitals=other)
    build(folder)
    return open_library(folder)


MEALS = "Do nearly all schools cook fresh meals every day in their kitchens?"


def test_what_a_summary_repeats_is_shown_once_the_main_text_first(repeating: Library) -> None:
    answer = repeating.ask(MEALS, k=3, reports=["kitchens"])
    first = answer.passages[0]
    assert (first.rank, first.id) == (1, "kitchens:3")
    assert [passage.id for passage in first.also] == ["kitchens:1"]
    assert "kitchens:1" not in ids(answer)
    assert first.text[slice(*first.highlights[0])].startswith("The kitchens of nearly all schools")


def test_another_report_that_says_the_same_is_shown_by_itself(repeating: Library) -> None:
    assert ids(repeating.ask(MEALS, k=2)) == ["kitchens:3", "hospitals:inspection-of-hospitals.1"]


def test_k_counts_what_is_shown_and_changes_nothing_else(repeating: Library) -> None:
    many = repeating.ask(MEALS, reports=["kitchens"])
    for k in (1, 2, 3):
        few = repeating.ask(MEALS, k=k, reports=["kitchens"])
        assert few.passages == many.passages[:k]
        assert len(few.passages) == k
        assert (few.confidence, few.reason) == (many.confidence, many.reason)


def test_enough_is_looked_at_to_show_k_passages_where_much_is_repeated(tmp_path: Path) -> None:
    said = "The kitchens of nearly all schools cook fresh meals every day."
    repeated = "".join(f"{n}. {said} Meal {n} was tasted.\n\n" for n in range(1, 61))
    different = "".join(f"{n}. Fresh meals of kind {n} are cooked.\n\n" for n in range(61, 81))
    folder = small_library(tmp_path / "l", kitchens=f"Inspection\n\nMeals\n\n{repeated}{different}")
    build(folder)
    library = open_library(folder)
    assert len(library.ask(MEALS, k=15).passages) == 15
    assert ids(library.ask(MEALS, k=2)) == ids(library.ask(MEALS, k=1000))[:2]


@pytest.mark.parametrize("mode", ["bm25", "dense", "hybrid"])
def test_the_modes_to_compare_with_show_every_passage(repeating: Library, mode: str) -> None:
    answer = repeating.ask(MEALS, reports=["kitchens"], mode=mode)
    assert {"kitchens:1", "kitchens:3"} <= set(ids(answer))
    assert not any(cited.also for cited in answer.passages)


def test_what_is_asked_for_by_name_or_searched_word_for_word_is_all_shown(repeating: Library) -> None:
    assert ids(repeating.ask("kitchens paragraphs 1-3")) == ["kitchens:1", "kitchens:2", "kitchens:3"]
    found = repeating.find("fresh meals", reports=["kitchens"])
    assert [cited.id for cited in found.passages] == ["kitchens:1", "kitchens:3"]


# By words alone


def _no_model() -> KeywordEncoder:
    raise AssertionError("a model was loaded")


@pytest.fixture
def wordy(indexed_folder: Path) -> Library:
    """Return the library of the two real reports, which has no model."""
    return Library(indexed_folder, Index.open(indexed_folder / "index"), _no_model)


def test_an_answer_by_words_needs_no_model_and_judges_nothing(wordy: Library) -> None:
    answer = wordy.ask(QUESTION, mode="words")
    assert (answer.answered, answer.confidence, answer.confidence_score) == (True, "unjudged", None)
    assert answer.reason == "Found by their words alone; whether they answer was not judged."
    assert answer.searched == "2 reports, 149 passages"
    assert len(answer.passages) == 10
    assert "jar-2006:28" in ids(answer)
    with pytest.raises(AssertionError, match="a model was loaded"):
        wordy.ask(QUESTION)


def test_an_answer_by_words_comes_while_the_model_is_being_loaded(indexed_folder: Path) -> None:
    loading, go_on = threading.Event(), threading.Event()

    def load() -> KeywordEncoder:
        loading.set()
        assert go_on.wait(60)
        return KeywordEncoder()

    library = Library(indexed_folder, Index.open(indexed_folder / "index"), load)
    with ThreadPoolExecutor(2) as threads:
        try:
            prepared = threads.submit(library.prepare)
            assert loading.wait(60)
            asked = threads.submit(library.ask, QUESTION, mode="words")
            assert asked.result(timeout=60).passages
            assert not prepared.done()
        finally:
            go_on.set()
        prepared.result(timeout=60)
    assert library.ask(QUESTION).confidence != "unjudged"


def test_where_no_passage_holds_a_word_an_answer_by_words_says_so(wordy: Library) -> None:
    answer = wordy.ask("Xylophones?", mode="words")
    assert (answer.answered, answer.passages, answer.confidence) == (False, (), "unjudged")
    assert answer.reason == "No passage that was searched holds any of these words."


def test_an_answer_by_words_is_in_a_total_order_and_k_changes_nothing_else(wordy: Library) -> None:
    answer = wordy.ask(QUESTION, mode="words", k=40)
    places = [(-cited.score, cited.report.id != "jar-2006", cited.passage.order) for cited in answer.passages]
    assert places == sorted(places)
    assert [cited.rank for cited in answer.passages] == list(range(1, 41))
    assert wordy.ask(QUESTION, mode="words", k=3).passages == answer.passages[:3]
    assert wordy.ask(QUESTION, mode="words", k=40).passages == answer.passages


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        "brest feeding raets",
        "kids in care",
        'report:apa-2008 section:"being healthy" breast feeding',
        '"Clayton File"',
        "Is it better or worse in 2008 than in 2006?",
        "What does the 2008 letter say of schools?",
    ],
)
def test_a_question_is_understood_alike_by_words_and_in_full(
    library: Library, wordy: Library, question: str
) -> None:
    by_words, in_full = wordy.ask(question, mode="words"), library.ask(question)
    assert by_words.query == in_full.query
    assert by_words.notes == in_full.notes
    assert by_words.searched == in_full.searched
    assert by_words.query is not None
    assert by_words.passages
    for cited in by_words.passages:
        assert by_words.query.reports is None or cited.report.id in by_words.query.reports
        assert all(phrase in cited.shown for phrase in by_words.query.phrases)


def test_other_meanings_and_mended_words_are_searched_by_words_too(wordy: Library) -> None:
    (first,) = wordy.ask("brest feeding raets", mode="words", k=1).passages
    assert "breast-feeding" in first.text
    # "kids in care" stands in no report; what it means does.
    found = wordy.ask("kids in care", mode="words").passages
    assert any("looked after" in cited.text for cited in found[:3])


def test_a_report_that_is_named_is_favoured_by_words_too(wordy: Library) -> None:
    plain = wordy.ask("What is said of schools?", mode="words")
    favoured = wordy.ask("What is said of schools in the 2008 letter?", mode="words")
    assert plain.passages[0].report.id == "jar-2006"
    assert favoured.passages[0].report.id == "apa-2008"


def test_a_follow_up_leans_on_the_question_before_by_words_too(wordy: Library) -> None:
    with pytest.raises(QuestionError, match="no words to search for"):
        wordy.ask("And who is?", mode="words")
    assert wordy.ask("And who is?", mode="words", history=[QUESTION]).passages


@pytest.mark.parametrize("question", ["para 28", "jar-2006 paragraphs 28-30", "APA being healthy"])
def test_what_is_asked_for_by_name_is_the_same_by_words(
    library: Library, wordy: Library, question: str
) -> None:
    by_words = wordy.ask(question, mode="words")
    assert replace(by_words, elapsed_ms=0.0) == replace(library.ask(question), elapsed_ms=0.0)
    assert by_words.confidence == "strong"


def test_the_sentence_with_most_of_the_rare_words_is_marked(wordy: Library) -> None:
    (cited,) = wordy.ask("Are there dental checks and immunisations?", mode="words", k=1).passages
    ((start, end),) = cited.highlights
    assert cited.text[start:end].startswith("There are generally good health outcomes")
    assert cited.explanation is not None
    assert set(cited.explanation.matched) == {"dental", "checks", "immunisations"}
    # A word that stands in a heading alone marks nothing.
    headed = wordy.ask("section:annex annex", mode="words").passages
    assert headed
    assert not any(cited.highlights for cited in headed if "annex" not in cited.text.casefold())


@settings(max_examples=60, deadline=None)
@given(question=st.text(max_size=60) | st.text('"*():^-+{}[] NEARANDORTschool', max_size=30))
def test_any_text_is_searched_by_words_or_refused_as_a_question(library: Library, question: str) -> None:
    try:
        answer = library.ask(question, k=3, mode="words")
    except QuestionError:
        return
    assert answer.answered == bool(answer.passages)
    for cited in answer.passages:
        assert all(0 <= start < end <= len(cited.text) for start, end in cited.highlights)


def test_what_is_said_twice_is_shown_once_by_words_too(repeating: Library) -> None:
    answer = repeating.ask(MEALS, k=3, reports=["kitchens"], mode="words")
    assert (answer.passages[0].id, [each.id for each in answer.passages[0].also]) == (
        "kitchens:3",
        ["kitchens:1"],
    )
    assert "kitchens:1" not in ids(answer)


@pytest.mark.parametrize("question", [QUESTION, "para 28"])
def test_an_unknown_mode_is_an_error_whatever_is_asked(library: Library, question: str) -> None:
    with pytest.raises(QuestionError, match='There is no mode "magic"; there are words, bm25, dense,'):
        library.ask(question, mode="magic")


# Passages like one


def test_passages_like_one_speak_of_the_same_in_any_report(tmp_path: Path) -> None:
    folder = small_library(
        tmp_path / "library",
        north="Inspection of the north\n\nWinter\n\n1. Gritting lorries clear the main roads before dawn.\n\n"
        "2. Librarians are well trained.\n\n3. Lorries for gritting are old; roads freeze before dawn.\n",
        south="Inspection of the south\n\nCold\n\n"
        "1. Before dawn the roads are cleared by gritting lorries.\n\n"
        "2. Story time is for young children.\n",
    )
    build(folder)
    library = open_library(folder)
    answer = library.similar("north:1", k=2)
    assert ids(answer) == ["south:1", "north:3"]
    assert answer.question == "Passages like Inspection of the north, para 1 [north:1]"
    assert (answer.answered, answer.confidence, answer.confidence_score) == (True, "unjudged", None)
    assert answer.reason == "These speak of the same, by their words and meaning; nothing was judged."
    assert answer.searched == "2 reports, 7 passages"
    assert ids(library.similar("north para 1", k=2, reports=["north"])) == ["north:3", "north:2"]
    assert "north:1" not in ids(library.similar("north:1", k=1000))
    first = answer.passages[0]
    assert first.text[slice(*first.highlights[0])] == "Before dawn the roads are cleared by gritting lorries."


def test_what_says_nothing_else_in_the_same_report_is_not_among_the_passages_like_one(
    tmp_path: Path,
) -> None:
    said, more = "The kitchens of nearly all schools cook fresh meals every day.", "Fruit is given out daily."
    folder = small_library(
        tmp_path / "library",
        kitchens=f"Inspection\n\nMeals\n\n1. {said}\n\n2. {said} {more}\n\n3. {said}\n\n"
        "4. The kitchens of some schools cook meals on Mondays.\n\n"
        "5. The kitchens of some schools cook meals on Mondays.\n",
        hospitals=f"Inspection of hospitals\n\nMeals\n\n1. {said}\n",
    )
    build(folder)
    library = open_library(folder)
    # The same in another report is no repetition: who said it, and when, matters.
    assert ids(library.similar("kitchens:1", k=2)) == ["hospitals:meals.1", "kitchens:4"]
    assert [passage.id for passage in library.similar("kitchens:1").passages[1].also] == ["kitchens:5"]
    assert ids(library.similar("kitchens:2", k=2)) == ["hospitals:meals.1", "kitchens:4"]
    repeated = {"kitchens:1", "kitchens:2", "kitchens:3"}
    assert not repeated & set(ids(library.similar("kitchens:1", k=50)))


def test_enough_passages_like_one_are_found_where_much_is_repeated(tmp_path: Path) -> None:
    said = "The kitchens of nearly all schools cook fresh meals every day."
    repeated = "".join(f"{n}. {said}\n\n" for n in range(1, 61))
    different = "".join(f"{n}. Fresh meals of kind {n} are cooked in schools.\n\n" for n in range(61, 81))
    folder = small_library(tmp_path / "l", kitchens=f"Inspection\n\nMeals\n\n{repeated}{different}")
    build(folder)
    assert len(open_library(folder).similar("kitchens:1", k=15).passages) == 15


def test_passages_like_one_that_does_not_exist_are_an_error(library: Library) -> None:
    with pytest.raises(NotFoundError, match=r"its numbered paragraphs are jar-2006:1 to jar-2006:annex\.7"):
        library.similar("jar-2006:73")
    with pytest.raises(NotFoundError, match=r"There is no report .*; there are jar-2006, apa-2008"):
        library.similar("nowhere:28")
    with pytest.raises(NotFoundError, match='There is no report "apa-2009"'):
        library.similar("jar-2006:28", reports=["apa-2009"])
    with pytest.raises(QuestionError, match="give a number from 1 to 1,000"):
        library.similar("jar-2006:28", k=0)


def test_there_are_passages_like_any_passage(library: Library) -> None:
    for passage in library.show("apa-2008:front-matter.1", context=1000):
        answer = library.similar(passage.id, k=3)
        assert answer.answered == bool(answer.passages)
        assert passage.id not in ids(answer)


def test_where_there_is_no_other_passage_none_is_like_it(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library", roads="Inspection\n\n1. Potholes are mended.\n")
    build(folder)
    library = open_library(folder)
    (only,) = [passage for passage in library.passages() if "Potholes" in passage.text]
    answer = library.similar(only.id)
    assert (answer.answered, answer.passages) == (False, ())
    assert answer.reason == "No other passage that was searched speaks of the same."


# Completing filters


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("Are schools safe? rep", ("Are schools safe? report:",)),
        ("re", ()),
        ("Are reports", ()),
        ("report:", ("report:jar-2006", "report:apa-2008")),
        ("schools report:AP", ("schools report:apa-2008",)),
        ("report:jar-2006", ()),
        ("before:", ("before:2008",)),
        ("after:20", ("after:2006",)),
        ("colour:", ()),
        ("report:jar-2006 schools", ()),
        ("", ()),
    ],
)
def test_a_filter_that_is_being_typed_is_completed(
    library: Library, typed: str, completed: tuple[str, ...]
) -> None:
    assert library.complete(typed) == completed


def test_headings_are_completed_as_they_are_written_and_then_found(library: Library) -> None:
    completed = library.complete('Are pupils safe? section:"stay')
    assert completed
    assert all(text.startswith('Are pupils safe? section:"Stay') for text in completed)
    assert library.complete("section:stay") == tuple(
        text.removeprefix("Are pupils safe? ") for text in completed
    )
    answer = library.ask(completed[0])
    assert answer.passages
    assert all(any("staying" in part.casefold() for part in cited.section) for cited in answer.passages)


@pytest.mark.usefixtures("keyword_model")
def test_an_answer_has_the_footnotes_that_its_passages_call(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    (folder / "corpus" / "ponds.md").write_text(
        "# Ponds\n\n1. The ponds froze over in nine winters.[^1]\n\n2. The reeds were cut.\n\n"
        "[^1]: Since 1990.\n"
    )
    answer = Library.build(folder).ask("How many winters did the ponds freeze over?")
    (passage,) = [each for each in answer.passages if "froze" in each.text]
    assert passage.text == "The ponds froze over in nine winters."
    assert [(note.marker, note.text) for note in passage.notes] == [("1", "Since 1990.")]
