"""Web pages as blocks."""

from __future__ import annotations

import re
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.errors import CorpusError
from qa.ingest.html import read_html
from qa.types import Block, Document, Form

ENOUGH = "Enough words of running text stand here for a page to be a report. " * 6


def document(body: str, head: str = "") -> Document:
    page = f"<!doctype html><html><head>{head}</head><body>{body}<p>{ENOUGH}</p></body></html>"
    return read_html(page.encode())


def blocks(body: str) -> list[Block]:
    return list(document(body).blocks[:-1])


def shown(body: str) -> list[tuple[str, str]]:
    return [(block.marker, block.text) for block in blocks(body)]


def texts(body: str) -> list[str]:
    return [block.text for block in blocks(body)]


def test_a_page_is_headings_and_texts_and_tells_which_are_which() -> None:
    found = blocks("<h1>Roads</h1><p>Gritting\n  is <br>done.</p><div>Twice<h3>Winter</h3>a year</div>")
    assert [(block.text, block.level) for block in found] == [
        ("Roads", 1), ("Gritting is done.", 0), ("Twice", 0), ("Winter", 3), ("a year", 0),
    ]  # fmt: skip


def test_a_page_without_headings_tells_of_no_text_what_it_is() -> None:
    assert [block.level for block in blocks("<p>Roads</p><p>Gritting</p>")] == [None, None]


def test_a_bold_line_of_a_page_whose_title_alone_is_a_heading_may_be_one() -> None:
    found = blocks("<h1>Roads</h1><p><strong>Winter</strong></p><p>Text with <b>bold</b>.</p>")
    assert [block.level for block in found] == [1, None, 0]


def test_two_line_breaks_part_paragraphs_and_one_does_not() -> None:
    assert texts("<p>One<br>two<br> <br/>three</p>") == ["One two", "three"]


def test_blank_lines_part_the_paragraphs_of_preformatted_text() -> None:
    assert texts("<pre>One\ntwo\n \nthree</pre>") == ["One two", "three"]


def test_emphasis_is_kept_and_joined_over_a_space() -> None:
    (block,) = blocks("<p>A <em>very</em> <i>good</i> and <b>bold <i>idea</i></b>.</p>")
    assert block.text == "A very good and bold idea."
    assert [(block.text[e.start : e.end], e.style) for e in block.emphasis] == [
        ("very good", "em"), ("bold idea", "strong"), ("idea", "em"),
    ]  # fmt: skip


def test_sources_point_at_the_words() -> None:
    read = document("<h2>Roads</h2><ul><li>A <b>b</b></ul><table><tr><th>x<th>y<tr><td>1<td>2</table>")
    for block in read.blocks:
        assert read.text[block.source.start : block.source.end] == block.text
        for cell in block.cells:
            assert read.text[cell.source.start : cell.source.end] == cell.text


def test_list_items_have_the_bullet_and_the_depth_that_show() -> None:
    found = blocks(
        "<p>Good:</p><ul><li>roads<ul><li>main</li></ul></li><li><p>schools</p><p>More.</p></li></ul>"
    )
    assert [(b.form, b.marker, b.text, b.level, b.gap) for b in found] == [
        (Form.TEXT, "", "Good:", None, 1),
        (Form.ITEM, "•", "roads", 1, 1),
        (Form.ITEM, "•", "main", 2, 0),
        (Form.ITEM, "•", "schools", 1, 0),
        (Form.TEXT, "", "More.", None, 1),
    ]


@pytest.mark.parametrize(
    ("opening", "markers"),
    [
        ("<ol>", ["1.", "2.", "3."]),
        ("<ol type=a>", ["(a)", "(b)", "(c)"]),
        ("<ol type=A start=26>", ["(Z)", "(AA)", "(AB)"]),
        ("<ol type=i>", ["(i)", "(ii)", "(iii)"]),
        ("<ol style='list-style-type: upper-roman' start=9>", ["(IX)", "(X)", "(XI)"]),
        ("<ol reversed>", ["3.", "2.", "1."]),
        ("<ol start=nonsense>", ["1.", "2.", "3."]),
        ("<ol start=99999999999999999999>", ["999999.", "1000000.", "1000001."]),
    ],
)
def test_items_are_numbered_as_a_browser_shows_them(opening: str, markers: list[str]) -> None:
    found = shown(f"<p>It should:</p>{opening}<li>x</li><li>y</li><li>z</li></ol>")
    assert found[1:] == list(zip(markers, "xyz", strict=True))


def test_a_value_changes_the_number_of_an_item_and_of_those_after_it() -> None:
    assert shown("<p>So:</p><ol><li>x</li><li value=5>y</li><li>z</li></ol>")[1:] == [
        ("1.", "x"), ("5.", "y"), ("6.", "z"),
    ]  # fmt: skip


def test_long_items_are_numbered_paragraphs_wherever_the_count_goes_on() -> None:
    long = "The council has made good progress since it was last inspected, as all of its many partners say. "
    body = (
        f"<h2>Context</h2><ol><li>{long}</li><li>{long} It has:<ul><li>one</li></ul></li></ol>"
        f"<h2>Roads</h2><ol start=3><li>Short.</li></ol><p>It should:</p><ol><li>{long}</li></ol>"
    )
    read = document(body)
    numbered = [block.text[:9] for block in read.blocks if block.text[0].isdigit()]
    assert numbered == ["1. The co", "2. The co", "3. Short."]
    assert [(b.form, b.marker) for b in read.blocks if b.marker] == [(Form.ITEM, "•"), (Form.ITEM, "1.")]


def test_a_short_list_that_another_goes_on_with_holds_paragraphs() -> None:
    assert texts("<ol><li>One.</li></ol><h2>Roads</h2><ol start=2><li>Two.</li></ol>") == [
        "1. One.",
        "Roads",
        "2. Two.",
    ]


def test_numbers_that_stand_in_the_text_of_the_items_are_not_doubled() -> None:
    assert shown("<ol class=legislative-list><li>1.1 Roads</li><li>(a) good</li></ol>") == [
        ("", "1.1 Roads"), ("(a)", "good"),
    ]  # fmt: skip


def test_cells_that_reach_over_others_leave_them_empty() -> None:
    found = blocks(
        "<table><caption>Grades</caption><thead><tr><td>Area<td colspan=2>Grade</thead>"
        "<tr><td rowspan=2>Roads<td>1<td>good<tr><td>2<td>fair</table>"
    )
    assert found[0].form is Form.TEXT
    assert found[0].text == "Grades"
    assert [[cell.text for cell in row.cells] for row in found[1:]] == [
        ["Area", "Grade", ""], ["Roads", "1", "good"], ["", "2", "fair"],
    ]  # fmt: skip
    assert [(row.is_head, row.gap) for row in found[1:]] == [(True, 1), (False, 0), (False, 0)]


def test_a_row_with_a_head_of_its_own_is_no_head() -> None:
    found = blocks("<table><tr><th>Area<th>Grade<tr><th scope=row>Roads<td>good</table>")
    assert [row.is_head for row in found] == [True, False]


def test_a_table_that_lays_out_the_page_is_ordinary_blocks() -> None:
    body = "<table role=presentation><tr><td><p>Left</p><td><p>Right</p></table>"
    assert [block.form for block in blocks(body)] == [Form.TEXT, Form.TEXT]
    assert [b.form for b in blocks("<table><tr><td>One<tr><td>Two</table>")] == [Form.TEXT, Form.TEXT]
    nested = "<table><tr><td>Menu<td><table><tr><td>a<td>b</table></table>"
    assert [(b.form, b.text) for b in blocks(nested)] == [(Form.TEXT, "Menu"), (Form.ROW, "a\tb")]


def test_cells_that_reach_far_do_not_fill_the_memory() -> None:
    read = document("<table>" + "<tr><td>x<td colspan=1000 rowspan=9999>x" * 3000 + "</table>")
    assert sum(len(block.cells) for block in read.blocks) < 1_000_000
    assert sum(cell.text == "x" for block in read.blocks for cell in block.cells) == 6000


@pytest.mark.parametrize(
    ("call", "note"),
    [
        (
            '<sup id="fnref:1"><a href="#fn:1">[footnote 1]</a></sup>',
            '<div class="footnotes"><ol><li id="fn:1"><p>The source. <a href="#fnref:1">↩</a></p></ol></div>',
        ),
        (
            '<a href="#_ftn1" name="_ftnref1"><span>[1]</span></a>',
            '<div id="ftn1"><p><a href="#_ftnref1" name="_ftn1"><span>[1]</span></a> The source.</p></div>',
        ),
        ('<sup>[<a href="#n1">1</a>]</sup>', '<p id="n1"><b>1</b>. The source.</p>'),
        ('<sup><a href="#n1">1</a></sup>', '<p><a name="n1"></a>1. The source.</p>'),
    ],
)
def test_a_footnote_stands_after_the_text_that_calls_it(call: str, note: str) -> None:
    found = blocks(f"<p>It is good{call}, they say.</p><p>Next.</p>{note}")
    assert [(b.form, b.text, b.marker, b.calls) for b in found] == [
        (Form.TEXT, "It is good, they say.", "", ("1",)),
        (Form.NOTE, "The source.", "1", ()),
        (Form.TEXT, "Next.", "", ()),
    ]


def test_a_footnote_called_twice_stands_once() -> None:
    call = '<sup><a href="#n1">1</a></sup>'
    found = blocks(f"<p>One{call}</p><table><tr><td>a<td>b{call}</table><p id=n1>1 Note.</p>")
    assert [(b.text, b.calls) for b in found] == [("One", ("1",)), ("Note.", ()), ("a\tb", ("1",))]


def test_a_link_within_the_page_is_no_call_of_a_footnote() -> None:
    body = '<p>See <a href="#part">1</a> and <a href="#part">part two</a>.</p><h2 id=part>Part</h2><p>Text'
    assert texts(body) == ["See 1 and part two.", "Part", "Text"]


def test_a_raised_number_that_links_nowhere_stays_in_the_text() -> None:
    assert texts("<p>12 m<sup>2</sup><sup><a href='#gone'>1</a></sup></p>") == ["12 m21"]


def test_terms_and_their_descriptions_stand_together() -> None:
    body = "<dl><dt>From:</dt><dd>Ofsted</dd><dt>Grade</dt><dd><p>Good</p><p>since May</dd><dt>Alone</dl>"
    assert texts(body) == ["From: Ofsted", "Grade: Good", "since May", "Alone"]


def test_what_the_site_puts_around_a_report_is_left_out_and_told() -> None:
    body = (
        "<header>The site</header><nav>Menu</nav><div class='breadcrumbs'>Home</div>"
        "<div id='cookie-banner'>We use cookies<button>Accept</button></div>"
        "<form><label>Search</label></form>"
        f"<main><header><h1>Roads</h1></header><nav>Contents</nav><p>{ENOUGH}</p>"
        "<p hidden>Secret</p><p>Shown<span style='display: none'>not</span></p>"
        "<aside><a href=/>Related</a></aside>"
        "<script>alert('x')</script><style>p {}</style><template><p>t</p></template>"
        "<img alt='A picture'></main>"
        "<footer>© Crown copyright</footer>"
    )
    read = document(body)
    assert [block.text for block in read.blocks] == ["Roads", ENOUGH.strip(), "Shown"]
    assert [(d.reason, d.text) for d in read.dropped] == [
        ("header", "The site Menu Home We use cookies Search"),
        ("footer", f"© Crown copyright {ENOUGH}".strip()),
        ("footer", "Contents"),
        ("hidden", "Secret"),
        ("hidden", "not"),
        ("footer", "Related"),
    ]


def test_a_page_that_is_one_form_is_read() -> None:
    assert texts("<form id=aspnetForm><div><h1>Roads</h1><p>Good.</p></div><input value=x></form>") == [
        "Roads",
        "Good.",
    ]


def test_a_page_says_its_title_publisher_and_date() -> None:
    head = (
        '<title>Roads - GOV.UK</title><meta name="DC.Publisher" content="Ofsted. enquiries@ofsted.gov.uk">'
        '<meta property="article:published_time" content="2019-05-01T00:30:00+01:00">'
    )
    assert document("<h1>Roads in winter</h1>", head).metadata == {
        "title": "Roads in winter", "publisher": "Ofsted", "date": "2019-05-01",
    }  # fmt: skip
    assert document("", "<title>Roads</title>").metadata == {"title": "Roads"}
    assert document("<header><time datetime='2020-02-30'>x</time></header>").metadata == {}
    assert document("<header><time datetime='2020-02'>x</time></header>").metadata == {"date": "2020-02"}


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ("<p>café</p>".encode(), "café"),
        (b"\xef\xbb\xbf" + "<p>café</p>".encode(), "café"),
        ("<p>café</p>".encode("utf-16"), "café"),
        ("<meta charset='windows-1250'><p>Łódź</p>".encode("cp1250"), "Łódź"),
        (
            "<meta http-equiv=x content='text/html; charset=iso-8859-1'><p>‘café’</p>".encode("cp1252"),
            "‘café’",
        ),
        ("<meta charset=nonsense><p>café</p>".encode("cp1252"), "café"),
        (b"<p>caf&eacute;&#146;s</p>", "café’s"),
    ],
)
def test_the_encoding_is_the_one_the_page_has(data: bytes, word: str) -> None:
    utf_16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    read = read_html(data + f"<p>{ENOUGH}</p>".encode("utf-16-le" if utf_16 else "ascii"))
    assert read.blocks[0].text == word
    assert bool(read.warnings) is (b"nonsense" in data)


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        (
            "<title>Page not found – GOV.UK</title><p>" + ENOUGH,
            'is a web page that holds no report ("Page not found – GOV.UK"); fetch the report itself',
        ),
        ("<h1>Access denied</h1><p>" + ENOUGH, 'holds no report ("Access denied")'),
        ("<title>Report</title><p>Download the report</p>", 'holds no report ("Report")'),
        ("<p>Nothing here</p>", "is a web page that holds no report; fetch the report itself"),
        ("<title>" + "Long " * 50 + "</title>", "…"),
        ("<!-- nothing -->", "holds no report"),
        ("", "holds no report"),
        ("<div>" * 5000 + ENOUGH, "nests too deeply"),
    ],
)
def test_a_page_that_holds_no_report_is_refused(page: str, sentence: str) -> None:
    with pytest.raises(CorpusError, match=re.escape(sentence)):
        read_html(page.encode())


def test_a_long_report_may_speak_of_errors_in_its_title() -> None:
    page = "<title>Report on children who are not found: access denied</title><p>" + ENOUGH * 10
    assert read_html(page.encode()).blocks


def test_nothing_outside_the_page_is_read() -> None:
    page = (
        f'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/hostname">]><p>Before &x; after</p><p>{ENOUGH}</p>'
    )
    assert "Before &x; after" in read_html(page.encode()).text


TAGS = "p div span em b h2 ul ol li table tr td th section dl dt dd blockquote pre sup a br".split()
WORDS = st.from_regex(r"[a-z]{3,8}", fullmatch=True).map(lambda word: f"zz{word}")
TREES = st.recursive(
    WORDS.map(lambda word: f" {word} "),
    lambda inner: st.builds(
        lambda tag, children: f"<{tag}>{''.join(children)}</{tag}>",
        st.sampled_from(TAGS),
        st.lists(inner, max_size=4),
    ),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(TREES)
def test_no_word_that_a_page_shows_is_lost(tree: str) -> None:
    read = document(tree)
    found = re.findall(r"zz[a-z]+", read.text)
    assert sorted(found) == sorted(re.findall(r"zz[a-z]+", tree))


PIECES = st.lists(
    st.sampled_from(
        [
            *(f"<{tag}>" for tag in TAGS),
            *(f"</{tag}>" for tag in TAGS),
            "<sup><a href='#n'>1</a></sup>",
            "<p id=n>",
            "<li id=n>",
            "<a href='#r'>",
            "<td rowspan=0 colspan=3>",
            "<th rowspan=7>",
            "<ol start=-3 reversed>",
            "<div hidden>",
            "<main>",
            "<nav>",
            "<form>",
            "<aside>",
            "<!--",
            "-->",
            "<![CDATA[",
            "&#0;",
            "&#xD800;",
            "\0",
            "<?x",
            "<table",
            "word ",
            "words: ",
            "1. ",
            "(a) ",
            "• ",
            "<h1>",
            "<thead>",
            "<caption>",
            "<script>",
            "</script>",
        ]
    ),
    max_size=40,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(PIECES | st.text(max_size=60).map(escape), st.binary(max_size=20))
def test_any_markup_is_read_or_refused_with_a_sentence(markup: str, junk: bytes) -> None:
    try:
        read = read_html(f"<body>{markup}<p>{ENOUGH}".encode(errors="replace") + junk)
    except CorpusError:
        return
    for block in read.blocks:
        assert read.text[block.source.start : block.source.end].split() == block.text.split()
        assert "\n" not in block.text
