"""Word files: their numbers, lists, tables and notes, what does not show in them, and broken ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import docx
import pytest
from docx.document import Document as WordDocument
from docx.shared import Pt
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.errors import CorpusError
from qa.ingest.docx import read_docx
from qa.ingest.headings import find_contents
from qa.ingest.outline import outline
from qa.ingest.text import decode, read_text
from qa.types import Block, Document, Dropped, Emphasis, Form, Kind, Passage

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMESPACES = (
    f'xmlns:w="{W}" xmlns:r="{R}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)
CORPUS = Path(__file__).parents[2] / "corpus"


def package(members: Mapping[str, str | bytes]) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(ZipInfo(name), content, ZIP_DEFLATED)
    return buffer.getvalue()


def word_file(body: str, *, namespaces: str = NAMESPACES, **parts: str) -> bytes:
    """Return a Word file of a body and of parts, by their names without ``.xml``."""
    relations = "".join(
        f'<Relationship Id="{name}" Type="{R}/{re.sub("[0-9]", "", name)}" Target="{name}.xml"/>'
        for name in parts
    )
    members: dict[str, str | bytes] = {
        "word/document.xml": f"<w:document {namespaces}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        f'relationships">{relations}</Relationships>',
    }
    roots = {"header": "hdr", "footer": "ftr"}
    for name, content in parts.items():
        kind = re.sub("[0-9]", "", name)
        root = roots.get(kind, kind)
        members[f"word/{name}.xml"] = f"<w:{root} {namespaces}>{content}</w:{root}>"
    return package(members)


def read(body: str, **parts: str) -> Document:
    return read_docx(word_file(body, **parts))


def saved(document: WordDocument) -> bytes:
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def paragraph(words: str = "", *, style: str = "", number: str = "", look: str = "") -> str:
    """Return a paragraph; `number` is a list and how deep in it, as ``"1:0"``."""
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    if number:
        list_, _, depth = number.partition(":")
        properties += f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{list_}"/></w:numPr>'
    return f"<w:p><w:pPr>{properties}</w:pPr>{run(words, look) if words else ''}</w:p>"


def run(words: str, look: str = "") -> str:
    return f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{words}</w:t></w:r>'


def level(depth: int, kind: str, text: str, *, start: int = 1, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="{start}"/><w:numFmt w:val="{kind}"/>'
        f'{more}<w:lvlText w:val="{text}"/></w:lvl>'
    )


def numbering(*levels: str, overrides: Mapping[int, str] = {1: ""}) -> str:
    """Return one list, and the numbers it goes by with what each changes in it."""
    numbers = "".join(
        f'<w:num w:numId="{number}"><w:abstractNumId w:val="7"/>{change}</w:num>'
        for number, change in overrides.items()
    )
    return f'<w:abstractNum w:abstractNumId="7">{"".join(levels)}</w:abstractNum>{numbers}'


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def cell(*paragraphs: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{''.join(paragraphs) or paragraph()}</w:tc>"


def table(*rows: str, look: str = "") -> str:
    return f"<w:tbl><w:tblPr>{look}</w:tblPr>{''.join(rows)}</w:tbl>"


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks]


def printed(document: Document) -> list[str]:
    return [f"{block.marker} {block.text}".strip() for block in document.blocks]


def emphasised(block: Block) -> list[tuple[str, str]]:
    return [(block.text[e.start : e.end], e.style) for e in block.emphasis]


def refusal(data: bytes) -> str:
    with pytest.raises(CorpusError) as caught:
        read_docx(data)
    return str(caught.value)


HEADINGS = (
    "".join(
        f'<w:style w:type="paragraph" w:styleId="H{n}"><w:name w:val="heading {n}"/></w:style>'
        for n in (1, 2, 3)
    )
    + '<w:style w:type="paragraph" w:styleId="T"><w:name w:val="Title"/></w:style>'
)
DECIMAL = level(0, "decimal", "%1.")


# Paragraphs and headings


def test_paragraphs_and_headings_come_in_order_with_their_places_in_the_text() -> None:
    document = docx.Document()
    document.add_heading("Early help", 1)
    document.add_paragraph("Early help is good.")
    document.add_heading("Thresholds", 2)
    document.add_paragraph("Thresholds are clear.")
    found = read_docx(saved(document))
    assert [(b.text, b.level, b.gap) for b in found.blocks] == [
        ("Early help", 1, 1),
        ("Early help is good.", 0, 1),
        ("Thresholds", 2, 1),
        ("Thresholds are clear.", 0, 1),
    ]
    assert [found.text[slice(*block.source)] for block in found.blocks] == texts(found)
    assert found.pages is None


def test_without_headings_by_style_the_wording_decides() -> None:
    found = read(paragraph("Early help", look="<w:b/>") + paragraph("Early help is good."))
    assert [block.level for block in found.blocks] == [None, None]


def test_a_title_stands_above_all_headings() -> None:
    body = paragraph("Report", style="T") + paragraph("Context", style="H1") + paragraph("Area", style="H2")
    assert [block.level for block in read(body, styles=HEADINGS).blocks] == [1, 2, 3]


def test_a_title_alone_does_not_make_other_lines_no_headings() -> None:
    found = read(paragraph("Report", style="T") + paragraph("Context"), styles=HEADINGS)
    assert [block.level for block in found.blocks] == [1, None]


def test_a_style_based_on_a_heading_and_an_outline_level_make_headings() -> None:
    styles = HEADINGS + (
        '<w:style w:type="paragraph" w:styleId="Own"><w:name w:val="Own"/><w:basedOn w:val="H2"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Toc"><w:name w:val="TOC Heading"/><w:basedOn w:val="H1"/>'
        '<w:pPr><w:outlineLvl w:val="9"/></w:pPr></w:style>'
    )
    outlined = f'<w:p><w:pPr><w:outlineLvl w:val="2"/></w:pPr>{run("Depth")}</w:p>'
    found = read(paragraph("Own", style="Own") + outlined + paragraph("Contents", style="Toc"), styles=styles)
    assert [block.level for block in found.blocks] == [2, 3, 0]


def test_styles_based_on_each_other_in_a_ring_end() -> None:
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{a}"><w:basedOn w:val="{b}"/></w:style>'
        for a, b in ("AB", "BA")
    )
    assert texts(read(paragraph("Text.", style="A"), styles=styles)) == ["Text."]


def test_a_long_paragraph_in_a_style_of_headings_is_no_heading() -> None:
    body = paragraph("Context", style="H1") + paragraph("Early help is good. " * 20, style="H2")
    assert [block.level for block in read(body, styles=HEADINGS).blocks] == [1, 0]


def test_emphasis_is_kept_with_runs_merged_and_marks_none_in_headings() -> None:
    body = "<w:p>" + run("Early ", "<w:b/>") + run("help", "<w:b/>") + run(" is ") + run("good", "<w:i/>")
    found = read(body + run(".", '<w:b w:val="0"/>') + "</w:p>" + paragraph("A", style="H1", look="<w:b/>"),
                 styles=HEADINGS)  # fmt: skip
    assert emphasised(found.blocks[0]) == [("Early help", "strong"), ("good", "em")]
    assert found.blocks[1].emphasis == ()


def test_bold_in_a_style_of_bold_paragraphs_is_upright() -> None:
    styles = (
        '<w:style w:type="paragraph" w:styleId="P"><w:rPr><w:b/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="C"><w:rPr><w:b/></w:rPr></w:style>'
    )
    upright = run("upright", '<w:rStyle w:val="C"/>')
    body = f'<w:p><w:pPr><w:pStyle w:val="P"/></w:pPr>{run("Bold ")}{upright}</w:p>'
    assert emphasised(read(body, styles=styles).blocks[0]) == [("Bold", "strong")]


def test_tabs_breaks_hyphens_and_symbols_become_plain_characters() -> None:
    body = (
        "<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:cr/><w:t>multi</w:t>"
        "<w:noBreakHyphen/><w:t>agency</w:t><w:t> co\u00adop</w:t><w:softHyphen/><w:t>eration </w:t>"
        '<w:sym w:font="Wingdings" w:char="F0FC"/><w:sym w:font="Wingdings" w:char="F0AB"/></w:r></w:p>'
    )
    assert texts(read(body)) == ["a b c multi-agency cooperation ✓•"]


# Numbers and bullets


def test_numbered_paragraphs_begin_with_the_number_word_prints() -> None:
    rules = numbering(level(0, "decimal", "%1.", start=23))
    body = paragraph("Early help is good.", number="1:0") + paragraph("Plain.")
    found = read(body + paragraph("Care is good.", number="1:0", look="<w:b/>"), numbering=rules)
    assert [(block.form, block.text) for block in found.blocks] == [
        (Form.TEXT, "23. Early help is good."),
        (Form.TEXT, "Plain."),
        (Form.TEXT, "24. Care is good."),
    ]
    assert emphasised(found.blocks[2]) == [("Care is good.", "strong")]


def test_the_outline_finds_the_numbers_that_only_word_knows() -> None:
    words = "Early help is good because partners share what they know about families."
    found = read("".join(paragraph(words, number="1:0") for _ in range(3)), numbering=numbering(DECIMAL))
    passages = outline(found.blocks, report_id="x", text=found.text).passages
    assert [(p.kind, p.number, p.text) for p in passages] == [(Kind.NUMBERED, n, words) for n in "123"]


def test_levels_restart_when_a_higher_one_is_counted() -> None:
    rules = numbering(DECIMAL, level(1, "decimal", "%1.%2"), level(2, "lowerLetter", "(%3)"))
    places = ["0", "1", "1", "2", "2", "0", "1", "2"]
    found = read("".join(paragraph("x", number=f"1:{place}") for place in places), numbering=rules)
    assert printed(found) == ["1. x", "1.1 x", "1.2 x", "(a) x", "(b) x", "2. x", "2.1 x", "(a) x"]
    assert [block.level for block in found.blocks if block.form is Form.ITEM] == [1, 1, 1]


def test_a_level_that_never_restarts_counts_on() -> None:
    rules = numbering(DECIMAL, level(1, "decimal", "%2)", more='<w:lvlRestart w:val="0"/>'))
    found = read("".join(paragraph("x", number=f"1:{place}") for place in "01010"), numbering=rules)
    assert printed(found) == ["1. x", "1) x", "2. x", "2) x", "3. x"]


def test_a_deeper_number_before_any_higher_one_counts_that_one_too() -> None:
    rules = numbering(DECIMAL, level(1, "decimal", "%1.%2"))
    found = read("".join(paragraph("x", number=f"1:{place}") for place in "110"), numbering=rules)
    assert printed(found) == ["1.1 x", "1.2 x", "2. x"]


def test_a_list_that_starts_anew_does_and_one_that_does_not_goes_on() -> None:
    anew = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    rules = numbering(DECIMAL, overrides={1: "", 2: anew, 3: ""})
    found = read("".join(paragraph("x", number=f"{n}:0") for n in "11223"), numbering=rules)
    assert printed(found) == ["1. x", "2. x", "5. x", "6. x", "7. x"]


@pytest.mark.parametrize(
    ("kind", "text", "start", "mark", "form"),
    [
        ("lowerLetter", "(%1)", 28, "(bb)", Form.ITEM),
        ("upperLetter", "%1.", 3, "C.", Form.ITEM),
        ("lowerRoman", "%1.", 4, "iv.", Form.ITEM),
        ("upperRoman", "%1", 1999, "MCMXCIX", Form.ITEM),
        ("bullet", "\uf0b7", 1, "•", Form.ITEM),
        ("bullet", "–", 1, "–", Form.ITEM),
        ("bullet", "", 1, "•", Form.ITEM),
        ("decimal", "(%1)", 2, "(2)", Form.ITEM),
        ("decimal", "Recommendation %1:", 2, "Recommendation 2:", Form.TEXT),
        ("decimalZero", "%1", 7, "07", Form.TEXT),
        ("ordinal", "%1", 22, "22nd", Form.TEXT),
        ("none", "%1", 1, "", Form.TEXT),
        ("upperRoman", "%1", 99999999, "99999999", Form.ITEM),
    ],
)
def test_each_kind_of_number_is_printed_as_word_does(
    kind: str, text: str, start: int, mark: str, form: Form
) -> None:
    rules = numbering(level(0, kind, text, start=start))
    (block,) = read(paragraph("words", number="1:0"), numbering=rules).blocks
    shown = "words" if form is Form.ITEM else f"{mark} words".strip()
    assert (block.form, block.marker, block.text) == (form, mark if form is Form.ITEM else "", shown)


def test_bullets_are_nested_as_deep_as_their_list() -> None:
    rules = numbering(*(level(depth, "bullet", "\uf0b7") for depth in range(3)))
    found = read("".join(paragraph("x", number=f"1:{place}") for place in "0120"), numbering=rules)
    assert [(block.marker, block.level) for block in found.blocks] == [("•", 1), ("•", 2), ("•", 3), ("•", 1)]


def test_lists_by_style_are_numbered() -> None:
    document = docx.Document()
    document.add_paragraph("The council should:")
    document.add_paragraph("listen", style="List Bullet")
    document.add_paragraph("and learn", style="List Bullet 2")
    document.add_paragraph("First of all.", style="List Number")
    found = read_docx(saved(document)).blocks
    assert [(b.form, b.marker, b.level, b.text) for b in found] == [
        (Form.TEXT, "", None, "The council should:"),
        (Form.ITEM, "•", 1, "listen"),
        (Form.ITEM, "•", 2, "and learn"),
        (Form.TEXT, "", None, "1. First of all."),
    ]


def test_numbered_headings_keep_their_number_and_can_be_taken_out_of_their_list() -> None:
    bound = "".join(level(n, "decimal", ".".join(f"%{k + 1}" for k in range(n + 1)),
                          more=f'<w:pStyle w:val="H{n + 1}"/>') for n in range(2))  # fmt: skip
    in_list = '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    styles = HEADINGS.replace("</w:style>", in_list, 2)
    body = (
        paragraph("Context", style="H1")
        + paragraph("Area", style="H2")
        + paragraph("Annex", style="H1", number="0:0")
    )
    found = read(body, styles=styles, numbering=numbering(bound))
    assert [(b.text, b.level) for b in found.blocks] == [("1 Context", 1), ("1.1 Area", 2), ("Annex", 1)]


def test_a_list_takes_its_rules_from_a_style_of_lists() -> None:
    rules = (
        '<w:abstractNum w:abstractNumId="1"><w:styleLink w:val="L"/>'
        f"{level(0, 'decimal', '%1)')}</w:abstractNum>"
        '<w:abstractNum w:abstractNumId="2"><w:numStyleLink w:val="L"/></w:abstractNum>'
        '<w:num w:numId="5"><w:abstractNumId w:val="2"/></w:num>'
    )
    assert texts(read(paragraph("x", number="5:0") * 2, numbering=rules)) == ["1) x", "2) x"]


def test_a_list_may_change_a_rule_and_a_legal_one_has_figures_throughout() -> None:
    legal = level(1, "decimal", "%1.%2", more="<w:isLgl/>")
    change = f'<w:lvlOverride w:ilvl="0">{level(0, "upperRoman", "%1.", start=4)}</w:lvlOverride>'
    rules = numbering(DECIMAL, legal, overrides={1: change})
    found = read(paragraph("x", number="1:0") + paragraph("y", number="1:1"), numbering=rules)
    assert printed(found) == ["IV. x", "4.1 y"]


def test_empty_numbered_paragraphs_are_counted_and_hidden_ones_are_not() -> None:
    hidden = paragraph("h", number="1:0", look="<w:vanish/>")
    body = paragraph("x", number="1:0") + paragraph(number="1:0") + hidden + paragraph("y", number="1:0")
    assert texts(read(body, numbering=numbering(DECIMAL))) == ["1. x", "3. y"]


def test_typed_bullets_are_bullets_too() -> None:
    body = paragraph("•\tgood schools", look="<w:b/>") + paragraph("(a) better ones") + paragraph("–")
    found = read(body).blocks
    assert [(b.form, b.marker, b.text) for b in found] == [
        (Form.ITEM, "•", "good schools"),
        (Form.ITEM, "(a)", "better ones"),
        (Form.TEXT, "", "–"),
    ]
    assert found[0].emphasis == (Emphasis(0, 12, "strong"),)


# Whole reports


def as_word(blocks: list[Block]) -> bytes:
    """Return a Word file of the blocks of a plain report, its numbers and bullets left to Word to print."""
    body, lists, rows_ = "", 1, ""
    for block in [*blocks, None]:
        if rows_ and (block is None or block.form is not Form.ROW or block.gap):
            body, rows_ = body + table(rows_), ""
        if block is None:
            break
        match = re.match(r"(\d+)\. ", block.text)
        if block.form is Form.ROW:
            rows_ += row(*(cell(paragraph(escape(c.text))) for c in block.cells))
        elif block.form is Form.ITEM:
            body += paragraph(escape(block.text), number="1:0")
        elif match:
            lists += match[1] == "1"
            body += paragraph(escape(block.text[match.end() :]), number=f"{lists}:0")
        else:
            body += paragraph(escape(block.text))
    rules = numbering(level(0, "bullet", "\uf0b7"))
    definitions = "".join(
        f'<w:abstractNum w:abstractNumId="a{n}">{DECIMAL}</w:abstractNum>' for n in range(2, lists + 1)
    )
    numbers = "".join(
        f'<w:num w:numId="{n}"><w:abstractNumId w:val="a{n}"/></w:num>' for n in range(2, lists + 1)
    )
    return word_file(body, numbering=definitions + rules + numbers)


@pytest.mark.parametrize(
    "name", ["annual-performance-assessment-rutland-2008", "joint-area-review-rutland-2006"]
)
def test_a_report_kept_as_a_word_file_has_the_passages_it_has_as_plain_text(name: str) -> None:
    text, _ = decode((CORPUS / f"{name}.txt").read_bytes())
    blocks = read_text(text)
    found = read_docx(as_word(blocks))

    def cited(passages: tuple[Passage, ...]) -> list[tuple[object, ...]]:
        return [
            (p.kind, p.section, p.number, p.scope, re.sub("(?m)^[-\uf0b7] ", "• ", p.text))
            for p in passages
            # Which lines of the front matter stand close together is told by no Word file.
            if p.kind is not Kind.FRONT_MATTER
        ]

    plain = cited(outline(blocks, report_id="x", text=text).passages)
    assert cited(outline(found.blocks, report_id="x", text=found.text).passages) == plain


# Tables


def test_a_table_is_rows_with_heads_and_merged_cells_said_once() -> None:
    wide = '<w:gridSpan w:val="2"/>'
    body = table(
        row(cell(paragraph("Area")), cell(paragraph("Grade"), properties=wide), properties="<w:tblHeader/>"),
        row(
            cell(paragraph("Safety"), properties='<w:vMerge w:val="restart"/>'),
            cell(paragraph("Good"), paragraph("and improving")),
            cell(paragraph("2")),
        ),
        row(cell(properties="<w:vMerge/>"), cell(paragraph("Fair")), cell(paragraph("3"))),
    )
    found = read(body).blocks
    assert [([c.text for c in b.cells], b.is_head, b.gap) for b in found] == [
        (["Area", "Grade", ""], True, 1),
        (["Safety", "Good and improving", "2"], False, 0),
        (["", "Fair", "3"], False, 0),
    ]


@pytest.mark.parametrize(("look", "is_head"), [("<w:b/>", True), ("", False)])
def test_a_first_row_is_a_head_if_all_of_it_is_bold(look: str, is_head: bool) -> None:
    first = row(cell(paragraph("Area", look="<w:b/>")), cell(paragraph("Grade", look=look)))
    body = table(
        first,
        row(cell(paragraph("Safety")), cell(paragraph("2"))),
        look='<w:tblLook w:val="04A0" w:firstRow="1"/>',
    )
    assert [block.is_head for block in read(body).blocks] == [is_head, False]


def test_a_table_used_for_layout_is_no_table() -> None:
    inner = table(row(cell(paragraph("Grade")), cell(paragraph("2"))))
    body = table(
        row(cell(paragraph("Context", style="H1"), paragraph("Text."), inner)), row(cell(paragraph("End.")))
    )
    found = read(body, styles=HEADINGS).blocks
    assert [(b.form, b.text) for b in found] == [
        (Form.TEXT, "Context"),
        (Form.TEXT, "Text."),
        (Form.ROW, "Grade\t2"),
        (Form.TEXT, "End."),
    ]


def test_a_table_in_a_cell_is_said_in_order() -> None:
    inner = table(row(cell(paragraph("one")), cell(paragraph("two"))))
    found = read(table(row(cell(paragraph("a"), inner, paragraph("b")), cell(paragraph("c")))))
    assert texts(found) == ["a one two b\tc"]


def test_numbers_that_stand_in_cells_are_said() -> None:
    body = table(row(cell(paragraph(number="1:0")), cell(paragraph("Early help is good."))))
    assert texts(read(body, numbering=numbering(DECIMAL))) == ["1.\tEarly help is good."]


# Notes


def note(name: int, words: str, kind: str = "footnote") -> str:
    return f'<w:{kind} w:id="{name}"><w:p><w:r><w:{kind}Ref/></w:r>{run(words)}</w:p></w:{kind}>'


def call(name: int, kind: str = "footnote") -> str:
    return f'<w:r><w:{kind}Reference w:id="{name}"/></w:r>'


def test_a_note_follows_the_block_that_calls_it() -> None:
    body = f"<w:p>{run('Early help')}{call(8)}{run(' is good.')}{call(3)}</w:p>" + paragraph("End.")
    ends = f"<w:p>{run('Last.')}{call(2, 'endnote')}</w:p>"
    found = read(
        body + ends, footnotes=note(3, " Second.") + note(8, " First."), endnotes=note(2, "Third.", "endnote")
    )
    assert [(b.form, b.marker, b.text, b.calls) for b in found.blocks] == [
        (Form.TEXT, "", "Early help is good.", ("1", "2")),
        (Form.NOTE, "1", "First.", ()),
        (Form.NOTE, "2", "Second.", ()),
        (Form.TEXT, "", "End.", ()),
        (Form.TEXT, "", "Last.", ("i",)),
        (Form.NOTE, "i", "Third.", ()),
    ]


def test_a_note_with_a_mark_of_its_own_is_not_counted() -> None:
    own = '<w:r><w:footnoteReference w:customMarkFollows="1" w:id="1"/><w:t>*</w:t></w:r>'
    body = f"<w:p>{run('One')}{own}{run(' two')}{call(2)}</w:p>"
    found = read(body, footnotes=note(1, "* Starred.") + note(2, "Counted."))
    assert [(b.marker, b.text, b.calls) for b in found.blocks] == [
        ("", "One two", ("*", "1")),
        ("*", "Starred.", ()),
        ("1", "Counted.", ()),
    ]


def test_a_note_called_in_a_table_follows_its_row() -> None:
    body = table(
        row(cell(f"<w:p>{run('Grade')}{call(1)}</w:p>"), cell(paragraph("2"))),
        row(cell(paragraph("Other")), cell(paragraph("3"))),
    )
    found = read(body, footnotes=note(1, "Of four."))
    assert [(b.form, b.text, b.calls) for b in found.blocks] == [
        (Form.ROW, "Grade\t2", ("1",)),
        (Form.NOTE, "Of four.", ()),
        (Form.ROW, "Other\t3", ()),
    ]


def test_notes_are_numbered_as_the_settings_say() -> None:
    rules = '<w:footnotePr><w:numFmt w:val="lowerLetter"/><w:numStart w:val="3"/></w:footnotePr>'
    found = read(f"<w:p>{run('x')}{call(1)}</w:p>", footnotes=note(1, "Note."), settings=rules)
    assert found.blocks[0].calls == ("c",)


def test_a_note_that_calls_itself_ends() -> None:
    loop = f'<w:footnote w:id="1"><w:p>{run("Loop.")}{call(1)}</w:p></w:footnote>'
    assert texts(read(f"<w:p>{run('x')}{call(1)}</w:p>", footnotes=loop)) == ["x", "Loop."]


# Containers, changes and fields


def test_a_text_box_is_read_once_after_its_paragraph() -> None:
    box = f"<w:txbxContent>{paragraph('In a box.')}</w:txbxContent>"
    both = (
        f"<mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing>"
        f"</mc:Choice><mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback>"
        "</mc:AlternateContent>"
    )
    assert texts(read(f"<w:p><w:r>{both}</w:r>{run('Anchor.')}</w:p>")) == ["Anchor.", "In a box."]


def test_words_in_controls_links_and_insertions_are_kept_and_deleted_ones_are_not() -> None:
    body = (
        f"<w:sdt><w:sdtContent><w:p>{run('One')}<w:hyperlink>{run(' two')}</w:hyperlink>"
        f"<w:smartTag>{run(' three')}</w:smartTag><w:ins>{run(' four')}</w:ins>"
        f"<w:del>{run(' five')}<w:r><w:delText> six</w:delText></w:r></w:del>"
        f"<w:moveFrom>{run(' seven')}</w:moveFrom>"
        f"<w:sdt><w:sdtContent>{run(' eight')}</w:sdtContent></w:sdt></w:p></w:sdtContent></w:sdt>"
    )
    assert texts(read(body)) == ["One two three four eight"]


def test_a_paragraph_whose_end_was_deleted_goes_on_in_the_next() -> None:
    first = f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{run('Early ')}</w:p>"
    assert texts(read(first + paragraph("help.") + first)) == ["Early help.", "Early"]


def test_hidden_words_and_running_lines_are_dropped_and_said_so() -> None:
    section = '<w:sectPr><w:headerReference r:id="header1"/><w:footerReference r:id="footer1"/></w:sectPr>'
    body = paragraph("Shown.") + paragraph("Hidden.", look="<w:vanish/>")
    found = read(
        body + f"<w:p><w:pPr>{section}</w:pPr></w:p>" + section,
        header1=paragraph("Report"),
        footer1=paragraph("Ofsted"),
    )
    assert texts(found) == ["Shown."]
    assert set(found.dropped) == {
        Dropped("hidden", "Hidden."), Dropped("header", "Report"), Dropped("footer", "Ofsted")
    }  # fmt: skip
    assert len(found.dropped) == 3


def field(code: str, result: str) -> str:
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f"<w:r><w:instrText>{code}</w:instrText></w:r>"
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run(result)}'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def test_a_contents_list_is_known_by_its_entries() -> None:
    def entry(title: str, page: str) -> str:
        return f"{run(title)}<w:r><w:tab/></w:r>{field('PAGEREF x', page)}"

    opened = field('TOC \\o "1-3"', "").replace('<w:r><w:fldChar w:fldCharType="end"/></w:r>', "")
    body = (
        paragraph("Contents")
        + f"<w:p>{opened}{entry('Context', '3')}</w:p><w:p>{entry('Early help', '12')}</w:p>"
        + '<w:p><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )
    found = read(body + paragraph("Early help is good."))
    assert texts(found) == ["Contents", "Context 3", "Early help 12", "Early help is good."]
    assert find_contents(found.blocks).titles == ("Context", "Early help")


def test_a_field_that_never_ends_hides_nothing_after_its_paragraph() -> None:
    broken = f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>{run("code")}</w:p>'
    assert texts(read(broken + paragraph("Text."))) == ["Text."]


def test_what_the_file_says_of_itself_is_kept_unless_it_is_the_name_of_a_template() -> None:
    document = docx.Document()
    document.add_paragraph("Text.")
    document.core_properties.title = "Inspection of Rutland"
    assert read_docx(saved(document)).metadata == {"title": "Inspection of Rutland"}
    for title in ("", "Microsoft Word - a.doc", "Ofsted report template", "Document1"):
        document.core_properties.title = title
        assert read_docx(saved(document)).metadata == {}


def test_a_file_by_the_strict_standard_reads_the_same() -> None:
    strict = NAMESPACES.replace(W, "http://purl.oclc.org/ooxml/wordprocessingml/main")
    assert texts(read_docx(word_file(paragraph("Text."), namespaces=strict))) == ["Text."]


# Broken and hostile files


@cache
def good_file() -> bytes:
    document = docx.Document()
    document.core_properties.title = "Inspection"
    document.add_heading("Context", 1)
    document.add_paragraph("Early help is good.", style="List Number").add_run("Very.").bold = True
    document.add_paragraph("listen", style="List Bullet").paragraph_format.left_indent = Pt(9)
    grid = document.add_table(2, 2)
    grid.cell(0, 0).text, grid.cell(1, 1).text = "Area", "Good"
    document.sections[0].header.paragraphs[0].text = "Ofsted"
    return saved(document)


def members() -> dict[str, bytes]:
    with ZipFile(BytesIO(good_file())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"Plain words.", "is not a Word file"),
        (b"PK\x03\x04 and no more", "is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "is an old Word file (.doc) or encrypted"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "is encrypted; save it without a password",
        ),
        (package({"content.xml": "<a/>"}), "holds no word/document.xml"),
        (package({"word/document.xml": "<a><b></a>"}), "is damaged: word/document.xml"),
        (package({"word/document.xml": '<?xml version="1.0" encoding="odd"?><a/>'}), "is damaged"),
        (package({"word/document.xml": "<a/>"}), "has no body"),
    ],
)
def test_what_is_no_word_file_is_refused_with_a_sentence(data: bytes, said: str) -> None:
    assert said in refusal(data)


def test_a_file_cut_short_is_refused() -> None:
    assert refusal(good_file()[: len(good_file()) // 2]).startswith("is damaged")


@pytest.mark.parametrize("part", ["word/document.xml", "word/styles.xml", "docProps/core.xml"])
def test_entities_are_refused_before_they_are_read(part: str) -> None:
    doctype = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    content = members()
    content[part] = re.sub(rb"(<\?xml.*?\?>)?", rb"\1" + doctype, content[part], count=1)
    assert "holds external entities" in refusal(package(content))


def test_a_file_that_would_become_too_large_is_refused_unread() -> None:
    bomb = package({**members(), "word/media/image1.png": b"\0" * (60 * 2**20)})
    assert refusal(bomb).startswith("would become 6")


def test_a_member_that_lies_about_its_size_is_refused() -> None:
    data = package({"word/document.xml": b"<a>" + b" " * 2**22 + b"</a>"})
    lie = data.replace((2**22 + 7).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert lie != data
    assert refusal(lie).startswith("is damaged")


@pytest.mark.parametrize(
    "nest",
    [
        ("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>"),
        ("<w:sdt>", "</w:sdt>"),
        ("<w:p><w:r><w:pict><w:txbxContent>", "</w:txbxContent></w:pict></w:r></w:p>"),
        ("<w:p><w:hyperlink>", "</w:hyperlink></w:p>"),
        ("<mc:AlternateContent><mc:Choice>", "</mc:Choice></mc:AlternateContent>"),
    ],
)
def test_deep_nesting_is_read_or_refused_and_breaks_nothing(nest: tuple[str, str]) -> None:
    opening, closing = nest
    inner = paragraph("Deep.")
    tags = opening.count("<")
    fits = 248 // tags
    read(opening * fits + inner + closing * fits)
    assert "levels deep" in refusal(word_file(opening * 100_000 + inner + closing * 100_000))


def test_odd_numbers_in_a_file_break_nothing() -> None:
    rules = numbering(
        level(0, "decimal", "%1.%9", start=-5),
        '<w:lvl w:ilvl="99"/><w:lvl w:ilvl="x"/>',
        overrides={1: '<w:lvlOverride w:ilvl="77"><w:startOverride w:val="1"/></w:lvlOverride>'},
    )
    wide = cell(paragraph("a"), properties='<w:gridSpan w:val="999999999"/>')
    body = paragraph("x", number="1:0") + paragraph("y", number="1:999999999") + paragraph("z", number="9:٣")
    found = read(body + table(row(wide, cell(paragraph("b")))), numbering=rules)
    assert texts(found)[:3] == ["-5. x", "y", "z"]
    assert len(found.blocks[3].cells) == 64  # 63 columns are all that Word knows


def test_many_wide_cells_do_not_fill_the_memory() -> None:
    wide = '<w:gridSpan w:val="63"/>'
    first, other = cell(paragraph("a"), properties=wide), cell(paragraph("b"), properties=wide)
    (block,) = read(table(row(first, *[other] * 99))).blocks
    assert len(block.cells) == 63 + 99


# Anything at all

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)
PLACES_AND_BYTES = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4
)
PARAGRAPHS = st.lists(st.lists(WORDS, min_size=1, max_size=6).map(" ".join), max_size=8)


def words_of(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        yield from f"{block.marker} {block.text}".split()


@given(PARAGRAPHS)
@settings(max_examples=60, deadline=None)
def test_no_word_is_lost_and_all_stay_in_order(paragraphs: list[str]) -> None:
    escaped = [re.sub("[&<>]", lambda sign: f"&#{ord(sign.group())};", words) for words in paragraphs]
    found = read("".join(map(paragraph, escaped)))
    expected = " ".join(paragraphs).replace("\u2011", "-")
    assert "".join(words_of(found.blocks)) == "".join(expected.split())
    assert [found.text[slice(*block.source)] for block in found.blocks] == texts(found)


@given(PLACES_AND_BYTES)
@settings(max_examples=150, deadline=None)
def test_a_file_with_bytes_changed_is_read_or_refused(changes: list[tuple[float, int]]) -> None:
    read_or_refuse(changed(good_file(), changes))


@given(st.sampled_from(sorted(members())), PLACES_AND_BYTES)
@settings(max_examples=80, deadline=None)
def test_a_part_with_bytes_changed_is_read_or_refused(part: str, changes: list[tuple[float, int]]) -> None:
    content = members()
    read_or_refuse(package({**content, part: changed(content[part], changes)}))


def changed(data: bytes, changes: list[tuple[float, int]]) -> bytes:
    result = bytearray(data)
    for place, byte in changes:
        result[int(place * len(data))] = byte
    return bytes(result)


def read_or_refuse(data: bytes) -> None:
    with suppress(CorpusError):
        read_docx(data)
