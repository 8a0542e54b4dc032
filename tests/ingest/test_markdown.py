"""Markdown as blocks."""

from __future__ import annotations

import re
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.errors import CorpusError
from qa.ingest.markdown import read_markdown
from qa.ingest.outline import outline
from qa.types import Block, Form, Kind


def blocks(text: str) -> list[Block]:
    return list(read_markdown(textwrap.dedent(text).lstrip("\n")).blocks)


def shown(text: str) -> list[tuple[str, str]]:
    return [(block.marker, block.text) for block in blocks(text)]


def test_headings_have_levels_and_broken_lines_are_joined() -> None:
    found = blocks(
        """
        Roads
        =====

        Gritting lorries clear\x20\x20
        the main roads
        before dawn.

        ### Winter ###
        """
    )
    assert [(block.text, block.level) for block in found] == [
        ("Roads", 1),
        ("Gritting lorries clear the main roads before dawn.", 0),
        ("Winter", 3),
    ]


def test_a_text_without_headings_tells_of_no_line_what_it_is() -> None:
    assert [block.level for block in blocks("Roads\n\nGood.")] == [None, None]


def test_emphasis_is_kept_and_its_marks_are_not() -> None:
    (block,) = blocks("A *very* __good__ `code` ***idea***, 2 * 3 * 4 and snake_case_name.")
    assert block.text == "A very good code idea, 2 * 3 * 4 and snake_case_name."
    assert [(block.text[e.start : e.end], e.style) for e in block.emphasis] == [
        ("very", "em"),
        ("good", "strong"),
        ("idea", "em"),
        ("idea", "strong"),
    ]


def test_the_words_of_a_link_stay_and_its_address_and_pictures_go() -> None:
    assert shown(
        'See [the *report*](https://x.org "t"), ![a picture](x.png)[here][1].\n\n[1]: https://y.org'
    ) == [("", "See the report, here.")]


def test_numbers_of_items_are_those_that_are_printed() -> None:
    assert shown("It should:\n\n7. mend\n7. paint\n12. sweep\n") == [
        ("", "It should:"),
        ("7.", "mend"),
        ("7.", "paint"),
        ("12.", "sweep"),
    ]


def test_numbered_paragraphs_keep_their_numbers_whatever_stands_between() -> None:
    long = "The council has made good progress since it was last inspected, as all of its partners say."
    assert shown(f"1. {long}\n2. It has:\n\n- one\n- two\n\n3. {long}\n\n## Roads\n\n4. Short.\n") == [
        ("", f"1. {long}"),
        ("", "2. It has:"),
        ("•", "one"),
        ("•", "two"),
        ("", f"3. {long}"),
        ("", "Roads"),
        ("", "4. Short."),
    ]


def test_items_know_how_deep_they_stand() -> None:
    found = blocks("Good:\n\n- roads\n  - main\n    1) first\n- schools\n\n  More.\n")
    assert [(b.form, b.marker, b.text, b.level, b.gap) for b in found[1:]] == [
        (Form.ITEM, "•", "roads", 1, 1),
        (Form.ITEM, "•", "main", 2, 0),
        (Form.ITEM, "1)", "first", 3, 0),
        (Form.ITEM, "•", "schools", 1, 0),
        (Form.TEXT, "", "More.", None, 1),
    ]


def test_lettered_paragraphs_are_items() -> None:
    assert shown("It should:\n\n(a) mend\n\n(b) *paint*") == [
        ("", "It should:"),
        ("(a)", "mend"),
        ("(b)", "paint"),
    ]


def test_tables_have_heads() -> None:
    found = blocks("| Area | Grade |\n|---|---|\n| Roads | **good** |\n| | fair |\n")
    assert [([cell.text for cell in row.cells], row.is_head, row.gap) for row in found] == [
        (["Area", "Grade"], True, 1),
        (["Roads", "good"], False, 0),
        (["", "fair"], False, 0),
    ]
    assert [found[1].text[e.start : e.end] for e in found[1].emphasis] == ["good"]


def test_footnotes_stand_after_the_text_that_calls_them() -> None:
    found = blocks(
        """
        It is good[^1] and fair[^b].[^none]

        Next[^1].

        [^1]: The *source*
        goes on.

            And on.

        [^b]: Other[^c].
        [^c]: Third.
        [^d]: Never called.
        [^1]: Said anew.

        End.
        """
    )
    assert [(b.form, b.marker, b.text, b.calls) for b in found] == [
        (Form.TEXT, "", "It is good and fair.[^none]", ("1", "b")),
        (Form.NOTE, "1", "The source goes on. And on.", ()),
        (Form.NOTE, "b", "Other.", ("c",)),
        (Form.NOTE, "c", "Third.", ()),
        (Form.TEXT, "", "Next.", ("1",)),
        (Form.TEXT, "", "End.", ()),
        (Form.NOTE, "d", "Never called.", ()),
        (Form.NOTE, "1", "Said anew.", ()),
    ]
    assert [(e.start, e.end, e.style) for e in found[1].emphasis] == [(4, 10, "em")]


def test_code_is_text_and_holds_no_footnotes() -> None:
    assert shown("```\n[^1]: one\n# two\n\nthree\n```\n\n    four\n") == [
        ("", "[^1]: one # two"),
        ("", "three"),
        ("", "four"),
    ]


def test_html_is_read_for_its_words_only() -> None:
    text = (
        "<div>One<br>two &amp; <b>th</b>ree</div>\n\n<script>\nalert(1)\n\nx()</script>\n\n"
        "A <i>b</i><br>c <redacted> <5\n"
    )
    assert shown(text) == [("", "One two & three"), ("", "A b c <redacted> <5")]


def test_front_matter_says_what_the_report_is() -> None:
    read = read_markdown(
        "---\ntitle: \"Roads: a report\"\ndate: 2019-05-01\npublisher: 'Ofsted'\ntags:\n  - x\n---\n\nText.\n"
    )
    assert read.metadata == {"title": "Roads: a report", "date": "2019-05-01", "publisher": "Ofsted"}
    assert [block.text for block in read.blocks] == ["Text."]
    assert read_markdown("---\ndate: May 2019\n---\n").metadata == {}


def test_a_rule_at_the_beginning_is_no_front_matter() -> None:
    assert shown("---\n\nText.\n\n---\n\nMore.") == [("", "Text."), ("", "More.")]


def test_lists_that_nest_without_end_are_refused() -> None:
    for text in ("- " * 500 + "x", ">" * 5000 + "x"):
        with pytest.raises(CorpusError, match="too deeply"):
            read_markdown(text)


LINES = st.lists(
    st.sampled_from(
        [
            "",
            "    ",
            "# ",
            "- ",
            "  - ",
            "1. ",
            "3) ",
            "> ",
            "| a | b |",
            "|---|---|",
            "```",
            "~~~",
            "---",
            "===",
            "[^1]: ",
            "[^1]",
            "*",
            "**",
            "_",
            "`",
            "<div>",
            "</div>",
            "<!--",
            "-->",
            "<script>",
            "[a](b)",
            "![",
            "\\",
            "&#0;",
            "\t",
        ]
    )
    | st.text(max_size=12),
    max_size=40,
).map(lambda parts: "\n".join(parts) if len(parts) % 2 else "".join(parts))


@settings(max_examples=300, deadline=None)
@given(LINES)
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        read = read_markdown(text)
    except CorpusError:
        return
    for block in read.blocks:
        assert read.text[block.source.start : block.source.end].split() == block.text.split()
        assert "\n" not in block.text


WORDY = st.lists(
    st.tuples(
        st.sampled_from(
            ["", "    ", "# ", "- ", "  - ", "1. ", "   ", "3) ", "> ", "[^1]: ", "- [^2]: ", "*", "| ", "\t"]
        ),
        st.from_regex(r"zz[a-z]{3,6}", fullmatch=True),
        st.sampled_from(["\n", "\n\n", " [^1]\n", "*\n", " | x |\n|---|---|\n"]),
    ),
    max_size=12,
).map(lambda parts: "".join("".join(part) for part in parts))


@settings(max_examples=300, deadline=None)
@given(WORDY)
def test_no_word_of_a_text_is_lost(text: str) -> None:
    assert sorted(re.findall("zz[a-z]+", read_markdown(text).text)) == sorted(re.findall("zz[a-z]+", text))


def test_short_sentences_that_are_numbered_are_paragraphs_and_items_under_a_lead_in_are_not() -> None:
    document = read_markdown(
        "# Roads\n\n## Leadership\n\n1. Leaders know the roads.\n\n2. Plans are up to date[^a].\n\n"
        "## Next\n\nThe council should:\n\n1. mend the bridges;\n2. count the holes.\n\n"
        "## Findings\n\n3. Morale is good.\n\n[^a]: In March.\n"
    )
    outlined = outline(document.blocks, report_id="roads", text=document.text)
    assert [passage.number for passage in outlined.passages if passage.number] == ["1", "2", "3"]
    assert [passage.section for passage in outlined.passages if passage.kind is Kind.BULLET] == [
        ("Next", "The council should"),
        ("Next", "The council should"),
    ]
