"""What people type is led to what reports say: abbreviations, everyday words, misspellings, unknown words."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.errors import CorpusError
from qa.ingest.corpus import find_reports, read_report
from qa.types import Correction, Expansion, Passage
from qa.vocabulary import (
    Definition,
    Entry,
    EntryKind,
    Vocabulary,
    VocabularyBuilder,
    harvest,
    read_glossary,
)
from qa.vocabulary.rows import SortedRows
from qa.vocabulary.words import ReportWords
from tests.fakes import CORPUS, a_passage

SHIPPED_GLOSSARY = CORPUS / "glossary.toml"

REPORT = (
    "Most looked after children attend special schools and the nursery in Rutland. The breast feeding "
    "rates are high. Few pupils are permanently excluded; permanent exclusions are rare; attendance is "
    "good. The primary care trust (PCT) works with the child and adolescent mental health service "
    "(CAMHS). Few young people are not in education, employment or training (NEETs). The council sends it "
    "to parents and carers. Pupils with learning difficulties and/or disabilities (LDD) achieve well. "
    "Community safety is improving. The Leicestershire committee meets in Oakham."
)

GLOSSARY = (
    Entry(EntryKind.ABBREVIATION, "LAC", ("looked after children",)),
    Entry(EntryKind.ABBREVIATION, "SEND", ("learning difficulties and disabilities",), needs_capitals=True),
    Entry(EntryKind.ABBREVIATION, "IT", ("information technology",)),
    Entry(EntryKind.ABBREVIATION, "CPR", ("child protection register", "care plan review")),
    Entry(EntryKind.ABBREVIATION, "DSG", ("dedicated grant",)),
    Entry(EntryKind.EVERYDAY, "kids in care", ("looked after children",)),
    Entry(EntryKind.EVERYDAY, "in care", ("looked after children", "LAC")),
    Entry(EntryKind.EVERYDAY, "mums and dads", ("parents and carers",)),
    Entry(EntryKind.EVERYDAY, "expelled", ("permanent exclusion", "permanently excluded")),
    Entry(EntryKind.EVERYDAY, "skiving", ("attendance",)),
)


@pytest.fixture(scope="module")
def passages() -> tuple[Passage, ...]:
    return tuple(passage for file in find_reports(CORPUS) for passage in read_report(file).passages)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.build([a_passage("1", REPORT)], glossary=GLOSSARY)


@pytest.fixture(scope="module")
def real(passages: tuple[Passage, ...]) -> Vocabulary:
    return Vocabulary.build(passages, glossary=read_glossary(SHIPPED_GLOSSARY))


def defined(text: str) -> dict[str, str]:
    return {each.short: each.long for each in harvest([a_passage("1", text)])}


def meanings(vocabulary: Vocabulary, words: str) -> list[str]:
    return [expansion.meaning for expansion in vocabulary.expand(words)]


def mended(vocabulary: Vocabulary, words: str) -> list[str]:
    return [correction.searched for correction in vocabulary.correct(words.split())]


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("the primary care trust (PCT) leads", "PCT", "primary care trust"),
        ("The PCT (primary care trust) leads", "PCT", "primary care trust"),
        (
            "a child and adolescent mental health service (CAMHS)",
            "CAMHS",
            "child and adolescent mental health service",
        ),
        ("two primary mental health workers (PMHWs)", "PMHW", "primary mental health workers"),
        (
            "young people not in education, employment or training (NEETs)",
            "NEET",
            "not in education, employment or training",
        ),
        (
            "NEET (not in education, employment or training) figures",
            "NEET",
            "not in education, employment or training",
        ),
        ("good work-based learning (WBL)", "WBL", "work-based learning"),
        ("the local safeguarding children board (the ‘LSCB’)", "LSCB", "local safeguarding children board"),
        (
            "the area child protection committee (ACPC – now a board)",
            "ACPC",
            "area child protection committee",
        ),
        ("the “local strategic partnership” (LSP)", "LSP", "local strategic partnership"),
        ("the Children and Young People's Plan 2006-2007 (CYPP)", "CYPP", "Children and Young People's Plan"),
        ("children and young people's services (CYP) directorate", "CYP", "children and young people"),
        (
            "the Office for Standards in Education (Ofsted), the",
            "Ofsted",
            "Office for Standards in Education",
        ),
        ("accident and emergency (A&E)", "A&E", "accident and emergency"),
    ],
)
def test_a_report_defines_its_abbreviations_in_brackets(text: str, short: str, long: str) -> None:
    assert defined(text) == {short: long}


@pytest.mark.parametrize(
    "text",
    [
        "aligned to the five (ECM) outcomes",
        "the Commission for Social Care (in brief), the Healthcare Commission (CHAI), the",
        "the county town (Oakham) is small",
        "the council (Rutland) is small",
        "pupils gained five good grades (GCSE) or more (2005)",
        "Rutland County Council (Rutland)",
        "services are good (3)",
        "(PCT)",
        "inspection. Primary care. Trust (PCT)",
    ],
)
def test_brackets_that_define_nothing_are_no_definition(text: str) -> None:
    assert defined(text) == {}


def test_an_abbreviation_is_defined_once_for_each_meaning() -> None:
    first = a_passage("1", "the Child Protection Register (CPR)")
    again = a_passage("2", "a child protection register (CPR)")
    other = a_passage("3", "a care plan review (CPR)", report="apa-2008")
    assert harvest([first, again, other]) == (
        Definition("CPR", "Child Protection Register", "jar-2006"),
        Definition("CPR", "care plan review", "apa-2008"),
    )


def test_the_two_reports_define_these_abbreviations(passages: tuple[Passage, ...]) -> None:
    found = {each.short: each.long for each in harvest(passages)}
    assert found == {
        "CSCI": "Commission for Social Care Inspection",
        "Ofsted": "Office for Standards in Education",
        "ALI": "Adult Learning Inspectorate",
        "FSS": "Formula Spending Share",
        "FE": "further education",
        "LSC": "Learning and Skills Council",
        "PCT": "primary care trust",
        "CYPSP": "Children's and Young People's Strategic Partnership",
        "LSP": "Local Strategic Partnership",
        "CYPP": "Children and Young People's Plan",
        "LDD": "learning difficulties/or and disabilities",
        "CAMHS": "child and adolescent mental health service",
        "ACPC": "Area Child Protection Committee",
        "LSB": "Local Safeguarding Board",
        "CYP": "children and young people",
        "ECM": "Every Child Matters",
        "WBL": "work based learning",
        "LPSA": "local public service agreement",
        "PMHW": "primary mental health workers",
        "CPR": "Child Protection Register",
        "YOS": "Youth Offending Services",
        "IFP": "increasing flexibility programme",
        "ROVA": "Rutland's Opportunities for Vocational Achievement",
        "APA": "annual performance assessment",
    }


@given(st.text(st.sampled_from("ABab sof.,;()'’&–-1") | st.characters(exclude_categories=["Cs"])))
def test_a_definition_stands_in_the_text_word_for_word(text: str) -> None:
    for definition in harvest([a_passage("1", text)]):
        assert definition.long in text
        assert definition.short in text


def test_an_abbreviation_finds_its_words_and_the_report_that_says_so(vocabulary: Vocabulary) -> None:
    assert vocabulary.expand("what about CAMHS?") == (
        Expansion("CAMHS", "child and adolescent mental health service", "jar-2006"),
    )
    assert vocabulary.expand("how many lac are there") == (
        Expansion("lac", "looked after children", "glossary"),
    )


def test_the_words_find_their_abbreviation(vocabulary: Vocabulary) -> None:
    assert vocabulary.expand("Child & Adolescent Mental Health Services") == (
        Expansion("Child & Adolescent Mental Health Services", "CAMHS", "jar-2006"),
    )


@pytest.mark.parametrize("typed", ["NEETs", "NEET", "neets", "NEET's"])
def test_singular_and_plural_are_the_same_abbreviation(vocabulary: Vocabulary, typed: str) -> None:
    assert meanings(vocabulary, typed) == ["not in education, employment or training"]


def test_the_longest_phrase_counts(vocabulary: Vocabulary) -> None:
    assert vocabulary.expand("Kids in care") == (
        Expansion("Kids in care", "looked after children", "glossary"),
    )


def test_small_joining_words_and_plurals_do_not_hide_a_phrase(vocabulary: Vocabulary) -> None:
    assert meanings(vocabulary, "the mum & the dad") == ["parents and carers"]


def test_a_phrase_is_found_only_as_whole_words(vocabulary: Vocabulary) -> None:
    assert meanings(vocabulary, "within careful plans") == []


def test_an_abbreviation_that_is_also_a_word_needs_its_capitals(vocabulary: Vocabulary) -> None:
    assert meanings(vocabulary, "please send me") == []
    assert meanings(vocabulary, "SEND") == ["learning difficulties and disabilities"]


def test_an_abbreviation_that_the_reports_use_as_a_word_needs_its_capitals() -> None:
    entry = Entry(EntryKind.ABBREVIATION, "AIM", ("attendance improvement measure",))
    vocabulary = Vocabulary.build([a_passage("1", "They aim at attendance improvement.")], glossary=[entry])
    assert meanings(vocabulary, "what is their aim") == []
    assert meanings(vocabulary, "AIM") == ["attendance improvement measure"]


def test_an_abbreviation_is_not_offered_because_a_report_has_the_word(vocabulary: Vocabulary) -> None:
    assert "it" in REPORT.split()
    assert meanings(vocabulary, "information technology") == []


def test_a_meaning_that_no_report_could_hold_is_left_out(vocabulary: Vocabulary) -> None:
    assert meanings(vocabulary, "DSG") == []
    assert meanings(vocabulary, "in care") == ["looked after children"]  # and not "LAC"


def test_a_meaning_that_was_typed_as_well_is_left_out(vocabulary: Vocabulary) -> None:
    assert meanings(vocabulary, "primary care trust (PCT)") == []


def test_an_expansion_appears_once_and_in_order(vocabulary: Vocabulary) -> None:
    assert [each.typed for each in vocabulary.expand("expelled LAC, kids in care, NEETs, LAC")] == [
        "expelled",
        "expelled",
        "LAC",
        "NEETs",
    ]


def test_at_most_six_expansions_and_each_phrase_has_one() -> None:
    words = [f"{letter}word" for letter in "abcdefgh"]
    everyday = [
        Entry(EntryKind.EVERYDAY, typed, tuple(words[:4]) if typed == "one" else (words[place + 3],))
        for place, typed in enumerate(["one", "two", "three", "four", "five"])
    ]
    vocabulary = Vocabulary.build([a_passage("1", " ".join(words))], glossary=everyday)
    found = vocabulary.expand("one two three four five")
    assert [each.typed for each in found] == ["one", "one", "two", "three", "four", "five"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("specail", "special"),
        ("nursrey", "nursery"),
        ("rutalnd", "Rutland"),
        ("raets", "rates"),
        ("brest", "breast"),
    ],
)
def test_a_misspelt_word_is_mended(vocabulary: Vocabulary, real: Vocabulary, typed: str, meant: str) -> None:
    assert vocabulary.correct([typed]) == (Correction(typed, meant),)
    assert real.correct([typed]) == (Correction(typed, meant),)


def test_a_misspelt_everyday_word_is_mended_so_that_it_can_be_translated(vocabulary: Vocabulary) -> None:
    assert mended(vocabulary, "expeled") == ["expelled"]


@pytest.mark.parametrize(
    "typed",
    [
        "school",  # another form stands in a report
        "carers'",
        "improve",
        "skiving",  # in the glossary
        "2009",
        "rat",  # too short to tell
        "what about PCTS",  # an abbreviation
        "in Oldham",  # a name
        "zebra",
        "don't",
    ],
)
def test_a_word_that_may_be_meant_is_left_alone(vocabulary: Vocabulary, typed: str) -> None:
    assert vocabulary.correct(typed.split()) == ()


def test_a_misspelt_name_is_mended_only_if_it_is_very_close(vocabulary: Vocabulary) -> None:
    assert mended(vocabulary, "nurseries in Rutalnd") == ["Rutland"]
    assert mended(vocabulary, "oldham") == []


def test_a_misspelt_ending_is_mended_but_a_related_word_is_left_alone() -> None:
    vocabulary = Vocabulary.build([a_passage("1", "attendance management committee provide improvement")])
    assert mended(vocabulary, "attendence managment commitee improvment") == [
        "attendance",
        "management",
        "committee",
        "improvement",
    ]
    assert mended(vocabulary, "provider providers attend attends improve improver managing committed") == []


def test_an_ordinary_word_is_not_taken_for_a_misspelling() -> None:
    passage = a_passage("1", "Meals have a broad menu.")
    assert mended(Vocabulary.build([passage], ordinary_words=["other"]), "bread boards") == ["broad"]
    assert mended(Vocabulary.build([passage], ordinary_words=["bread"]), "bread breads") == []


def test_two_equally_good_words_mend_nothing() -> None:
    assert mended(Vocabulary.build([a_passage("1", "sharing sparing")]), "saring") == []


def test_the_more_frequent_word_is_meant() -> None:
    passages = [a_passage("1", "sharing sparing"), a_passage("2", "sharing")]
    assert mended(Vocabulary.build(passages), "saring") == ["sharing"]


def test_a_slip_of_the_hand_is_likelier_than_another_letter() -> None:
    passages = [a_passage("1", "making"), a_passage("2", "making"), a_passage("3", "mapping")]
    assert mended(Vocabulary.build(passages, ordinary_words=["other"]), "maping") == ["mapping"]


def test_nine_misspellings_in_ten_are_mended_rightly(real: Vocabulary, passages: tuple[Passage, ...]) -> None:
    chance = random.Random(20060501)
    words = sorted(
        {word for each in passages for word in each.text.split() if word.isalpha() and len(word) > 4}
    )
    tried = right = 0
    while tried < 300:
        meant = chance.choice(words).casefold()
        typed = chance.choice([swapped, dropped, doubled])(meant, chance)
        if typed == meant or not (real.unknown([typed]) or real.correct([typed])):
            continue  # the letters swapped are the same, or it makes another word of the reports
        tried += 1
        right += [each.searched.casefold() for each in real.correct([typed])] == [meant]
    assert right / tried >= 0.9


def test_a_word_in_no_report_is_unknown_and_so_is_a_year(vocabulary: Vocabulary) -> None:
    assert vocabulary.unknown("How did Wigan do on swimming in 2015, 5 times?".split()) == (
        "Wigan",
        "swimming",
        "2015",
    )


def test_forms_translations_and_misspellings_of_known_words_are_not_unknown(vocabulary: Vocabulary) -> None:
    asked = "Don't the children's nurseries exclude kids in care, DSG, NEETs, specail needs?".split()
    assert vocabulary.unknown(asked) == ("DSG", "needs")


def test_an_index_can_keep_a_vocabulary(vocabulary: Vocabulary) -> None:
    kept = json.loads(json.dumps(vocabulary.to_dict()))
    again = Vocabulary.from_dict(kept)
    question = "specail kids in care, CAMHS in Wigan"
    assert again.to_dict() == vocabulary.to_dict()
    assert again.definitions == vocabulary.definitions
    assert again.expand(question) == vocabulary.expand(question)
    assert again.correct(question.split()) == vocabulary.correct(question.split())
    assert again.unknown(question.split()) == vocabulary.unknown(question.split())


rows = st.lists(st.text("ab: é", min_size=1, max_size=5), max_size=12)


@given(rows=rows, looked_up=st.text("ab: é", min_size=1, max_size=5))
def test_rows_are_found_by_how_they_begin(rows: list[str], looked_up: str) -> None:
    kept = SortedRows.read(SortedRows.of(rows).text)
    assert list(kept) == sorted(set(rows))
    assert list(kept.beginning(looked_up)) == [row for row in kept if row.startswith(looked_up)]
    assert (looked_up in kept) == (looked_up in rows)
    assert bool(kept) == bool(rows)


def test_words_are_known_by_their_forms_and_their_root() -> None:
    words = ReportWords.of({"It": 2, "it": 5, "IT": 1, "Oakham": 3, "plan": 1, "planned": 2, "flies": 1})
    assert words.count("it") == 8
    assert (words.as_written("it"), words.as_written("oakham")) == ("it", "Oakham")
    assert words.as_written("elsewhere") == "elsewhere"
    assert words.is_written("IT")
    assert not words.is_lower_case("OAKHAM")
    assert "plan" in words
    assert "pla" not in words
    assert list(words.relatives("planning")) == ["plan", "planned"]
    assert words.of_length(4) == ["plan"]
    assert words.of_length(9) == []


def test_a_vocabulary_is_gathered_one_passage_at_a_time() -> None:
    passages = [a_passage(str(n), f"{REPORT} Word{n} (WORD)") for n in range(3)]
    builder = VocabularyBuilder()
    for passage in passages:
        builder.add(passage)
    built = Vocabulary.build(iter(passages), ordinary_words=["pupils", "zebra"])
    assert builder.finish(ordinary_words=["zebra", "pupils"]).to_dict() == built.to_dict()
    assert built.definitions == harvest(passages)


def test_an_abbreviation_that_is_defined_anew_in_a_glossary_means_it_once() -> None:
    passages = [a_passage("1", "the care plan review (CPR)"), a_passage("2", "a child plan record (CPR)")]
    entry = Entry(EntryKind.ABBREVIATION, "CPR", ("child plan records", "care review", "plan"))
    vocabulary = Vocabulary.build(passages, glossary=[entry])
    assert meanings(vocabulary, "CPR") == ["care plan review", "child plan record", "care review", "plan"]


def test_an_edited_glossary_counts_without_reading_the_reports_again(vocabulary: Vocabulary) -> None:
    edited = vocabulary.with_glossary([Entry(EntryKind.EVERYDAY, "little ones", ("children",))])
    assert meanings(edited, "the little ones") == ["children"]
    assert meanings(edited, "kids in care") == []
    assert meanings(edited, "PCT") == ["primary care trust"]


def test_an_empty_vocabulary_knows_nothing_and_changes_nothing() -> None:
    empty = Vocabulary.build([])
    assert empty.expand("kids in care") == ()
    assert empty.correct(["specail"]) == ()
    assert empty.unknown(["specail"]) == ("specail",)
    assert not empty.expand("")
    assert not empty.correct([])
    assert not empty.unknown([])


@settings(max_examples=200)
@given(words=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=8))
def test_any_question_can_be_read(vocabulary: Vocabulary, words: list[str]) -> None:
    question = " ".join(words)
    assert all(each.typed in question for each in vocabulary.expand(question))
    assert all(each.typed in question for each in vocabulary.correct(words))
    assert all(word in question for word in vocabulary.unknown(words))


def test_no_glossary_file_is_an_empty_glossary(tmp_path: Path) -> None:
    assert read_glossary(tmp_path / "glossary.toml") == ()


def test_a_glossary_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "glossary.toml"
    path.write_text(
        'needs_capitals = ["IT"]\n[abbreviations]\nIT = "information technology"\n'
        '"A&E" = ["emergency", "ward"]\n'
        '[everyday]\n"kids in care" = ["looked after children"]\n',
        encoding="utf-8",
    )
    assert read_glossary(path) == (
        Entry(EntryKind.ABBREVIATION, "IT", ("information technology",), needs_capitals=True),
        Entry(EntryKind.ABBREVIATION, "A&E", ("emergency", "ward")),
        Entry(EntryKind.EVERYDAY, "kids in care", ("looked after children",)),
    )


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("[abbreviations]\nLAC = looked after", 2, "not valid TOML"),
        ('[abbreviations]\nA = ["b"]\nA = ["c"]', 3, "not valid TOML"),
        ("[abbreviations]\n# note\nLAC = 5", 3, '"LAC" must be followed by words'),
        ("[abbreviations]\nLAC = []", 2, '"LAC" must be followed by words'),
        ('[everyday]\n"kids in care" = ["looked after", 5]', 2, '"kids in care" has a meaning'),
        ('[everyday]\n"kids" = [" "]', 2, '"kids" has a meaning'),
        ('[everyday]\n"!" = ["b"]', 2, "holds no word"),
        ('[everyday]\nkids = ["kids"]', 2, "mean itself"),
        ('[abbreviations]\nLAC = ["a"]\n[everyday]\nLAC = 5', 4, '"LAC" must be followed'),
        ('[abbreviation]\nLAC = ["a"]', 1, '"abbreviation" is not known here'),
        ("\neveryday = 5", 2, '"everyday" must be a heading'),
        ('needs_capitals = "IT"', 1, "must be a list"),
        ('\nneeds_capitals = ["IT"]', 2, '"IT" in needs_capitals has no entry'),
        ('[abbreviations]\nneeds_capitals = ["IT"]', 2, "must stand above"),
    ],
)
def test_a_bad_glossary_is_refused_and_the_line_named(
    tmp_path: Path, source: str, line: int, said: str
) -> None:
    path = tmp_path / "glossary.toml"
    path.write_text(source, encoding="utf-8")
    with pytest.raises(CorpusError, match=rf"line {line}\b") as refused:
        read_glossary(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_glossary_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "glossary.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(CorpusError, match="cannot be read"):
        read_glossary(path)


def test_the_glossary_that_is_shipped_can_be_read_and_serves_the_reports(real: Vocabulary) -> None:
    assert len(read_glossary(SHIPPED_GLOSSARY)) > 300
    assert meanings(real, "kids in care")[0] == "looked after children"
    assert meanings(real, "kicked out of school")[0] == "permanent exclusion"
    assert meanings(real, "YOT") == ["youth offending team", "youth offending service", "YOS"]
    assert "LDD" in meanings(real, "SEND")
    assert meanings(real, "it is a pep talk, please send the salt") == []


def test_the_vocabulary_needs_no_model_no_index_and_no_screen() -> None:
    heavy = "sqlite3 faiss torch textual numpy qa.store qa.index qa.library"
    script = (
        f"import sys, qa.vocabulary; sys.exit(' '.join(set({heavy.split()!r}) & set(sys.modules)) or None)"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


def swapped(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def dropped(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word))
    return word[:place] + word[place + 1 :]


def doubled(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word))
    return word[:place] + word[place] + word[place:]
