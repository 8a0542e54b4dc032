"""Reader of web pages: bytes to blocks.

Knows how pages are built (what is shown, lists, tables, footnotes, a site's header and footer), not what
reports mean. Every walk over a page is a loop, so that no nesting is too deep for it.

A list that a page numbers 1, 2, 3 may hold the numbered paragraphs of the report or be a list within one. It
is taken for paragraphs, texts that begin with their number, if it stands in no other list, if no text that
ends in a colon leads in to it, and if it goes on with the count of another list or half of its items are
long. The items of any other list, and of every lettered or roman one, are list items.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from qa.errors import CorpusError
from qa.ingest.pieces import Piece, Words, holds_paragraphs, iso_date, write_pieces
from qa.ingest.text import clean, decode
from qa.types import Document, Dropped, Form

_FEWEST_WORDS = 60
"""A page with fewer words than this is an error page, or one that only links to a report."""

_FEW_WORDS = 250
"""A page whose title tells of an error is believed to be an error page up to this length."""

_LONGEST_NOTE = 400
_LONGEST_FURNITURE = 150
_LONGEST_TITLE = 80
_WIDEST_SPAN = 100

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption"
    " figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p pre section summary"
    " table tbody td tfoot th thead tr ul".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_STYLES = {"em": "em", "i": "em", "strong": "strong", "b": "strong"}
_NEVER_SHOWN = frozenset(
    "applet area audio base button canvas datalist embed head iframe input link map meta noframes noscript"
    " object option param script select source style svg template textarea title track video".split()
)
_LANDMARKS = {"banner": "header", "contentinfo": "footer", "navigation": "nav", "search": "nav"}
_FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:cookies?|breadcrumbs?|skip-?(?:link|nav|to)\w*|pagination|share-?links?)(?:$|[\s_-])",
    re.I,
)
_OFF_SCREEN = re.compile(
    r"(?:^|\s)(?:(?:govuk-)?visually-?hidden|sr-only|screen-reader-text|nonvisual)(?:$|\s)", re.I
)
_HIDING_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.I)
_LIST_STYLE = re.compile(
    r"list-style(?:-type)?\s*:[^;]*?\b(none|decimal|(?:lower|upper)-(?:alpha|latin|roman))", re.I
)
_LIST_STYLES = {
    "lower-alpha": "a", "lower-latin": "a", "upper-alpha": "A", "upper-latin": "A",
    "lower-roman": "i", "upper-roman": "I", "decimal": "1", "none": "none",
}  # fmt: skip
_OWN_NUMBER = re.compile(r"(?:\d{1,3}[.)]|\d{1,3}(?:\.\d{1,3})+[.)]?|\([a-z]{1,4}\))\s")
_NOTE_PLACE = re.compile(r"(?:^|_)(?:fn|ftn|edn|footnote|endnote|note)", re.I)
_NOTE_MARK = re.compile(
    r"[\[(]?\s*(?:(?:foot|end)?note\s+)?(?P<mark>\d{1,3}|[a-z]|[ivxlc]{1,6}|[*†‡§¶]{1,3})\s*[\])]?\.?", re.I
)
_BACK = re.compile(r"[↩⤴↑↵^\ufe0e\ufe0f\s]+|(?:back|return)(?: to .*)?", re.I)
_HOLDS_NOTE = frozenset("li p div td dd aside section blockquote".split())

_CHARSET = re.compile(
    rb"""<(?:meta|\?xml)\b[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]{1,40})""", re.I
)
_TEXT_ENCODING = re.compile(
    r"(?:windows|cp|x-cp)-?\d+|iso[-_]?8859[-_]\d+|latin-?1|us-ascii|koi8-[ru]|gbk?|gb2312|gb18030|big5"
    r"|euc-(?:jp|kr)|shift[-_]jis",
    re.I,
)
_ERROR_TITLE = re.compile(
    r"\bnot (?:be )?found\b|\b(?:cannot|can[’']t|could ?n[o’']t) find\b"
    r"|^(?:40[0134]|410|50[0234])\b|\baccess (?:is )?denied\b|\bforbidden\b|^error\b|\berror$|\berror \d{3}\b"
    r"|\b(?:server|page) error\b"
    r"|\b(?:under|undergoing|down for|scheduled|site) maintenance\b|^maintenance\b|\bunavailable\b"
    r"|\bno longer (?:exists|available)\b|^just a moment|^attention required|\bsign in\b|\blog ?in\b",
    re.I,
)
_TITLES = ("og:title", "dc.title", "dcterms.title")
_PUBLISHERS = ("publisher", "dc.publisher", "dcterms.publisher", "og:site_name", "author", "dc.creator")
_DATES = (
    "article:published_time", "dcterms.issued", "dc.date.issued", "dc.date", "dcterms.date", "date",
    "publication_date", "dcterms.created", "dc.date.created",
)  # fmt: skip


def read_html(data: bytes) -> Document:
    """Read a web page: its main content, without what the site puts around it.

    Parameters
    ----------
    data
        The file; a byte order mark, what the page says, or the bytes themselves tell its encoding.

    Raises
    ------
    CorpusError
        If it is no page, or one that holds no report: an error page, or a page of few words.
    """
    text, note = _decoded(data)
    tree = _parsed(text)
    page = _Page(tree)
    content = page.content()
    reader = _Reader(page)
    reader.read(content)
    notes = {target: (mark, page.note_words(target, mark)) for target, mark in page.notes.items()}
    writer = write_pieces(reader.pieces, notes)
    metadata = page.metadata()
    _refuse_without_report(page, len(writer.text.split()))
    return Document(
        text=writer.text,
        blocks=tuple(writer.blocks),
        metadata=metadata,
        dropped=(*page.outside(content), *reader.dropped),
        warnings=(note,) if note else (),
    )


def _decoded(data: bytes) -> tuple[str, str | None]:
    declared = _CHARSET.search(data[:4096])
    name = declared[1].decode("ascii", errors="replace") if declared else ""
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:  # bytes that are valid UTF-8 are UTF-8, whatever the page says of itself
            return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8"), None
        except UnicodeDecodeError:
            pass
        if _TEXT_ENCODING.fullmatch(name):
            latin = re.fullmatch(r"iso[-_]?8859[-_]1|latin-?1|us-ascii", name, re.I)
            try:
                return data.decode("cp1252" if latin else name.lower().removeprefix("x-")), None
            except (LookupError, UnicodeDecodeError):
                pass
    return decode(data)


def _parsed(text: str) -> Any:
    """Return the root of a page, or raise if it is beyond what the parser reads."""
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        tree = etree.fromstring(text.replace("\0", "").encode("utf-8", errors="replace"), parser)
    except etree.XMLSyntaxError as error:
        raise CorpusError("is no web page that can be read; fetch the report itself") from error
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        # What stands beyond the limit is cut off: a report must not lose its end in silence.
        raise CorpusError("is a web page that nests too deeply or is too long to be read; save it as a PDF")
    if tree is None:
        raise CorpusError("is a web page that holds no report; fetch the report itself")
    return tree


def _refuse_without_report(page: _Page, words: int) -> None:
    titles = [title for title in (page.title(), page.first_heading()) if title]
    if words < _FEWEST_WORDS or (words < _FEW_WORDS and any(map(_ERROR_TITLE.search, titles))):
        shown = "".join(character for character in (titles or [""])[0] if character.isprintable())
        shown = shown if len(shown) <= _LONGEST_TITLE else f"{shown[: _LONGEST_TITLE - 1]}…"
        named = f' ("{shown}")' if shown else ""
        raise CorpusError(f"is a web page that holds no report{named}; fetch the report itself")


class _Page:
    """What a page tells of its elements: which do not belong to a report, which are footnotes."""

    def __init__(self, tree: Any) -> None:
        self._tree = tree
        self._order = {element: place for place, element in enumerate(tree.iter())}
        self.calls: dict[Any, tuple[str, Any]] = {}
        self.notes: dict[Any, str] = {}
        self._back_links: set[Any] = set()
        self._can_be_note: dict[Any, bool] = {}
        self._find_notes()
        outermost = [ol for ol in tree.iter("ol") if next(ol.iterancestors("ol", "ul"), None) is None]
        self.next_start = {ol: _integer(after.get("start"), 1) for ol, after in pairwise(outermost)}

    def content(self) -> Any:
        """Return the element that holds the report."""
        body = self._tree.find(".//body")
        body = self._tree if body is None else body
        mains = [e for e in body.iter() if e.tag == "main" or e.get("role") == "main"]
        outermost = [e for e in mains if not any(above in mains for above in e.iterancestors())]
        if len(outermost) == 1 and self.words_of(outermost[0]):
            return outermost[0]
        articles = list(body.iter("article"))
        if len(articles) == 1 and _count(self.words_of(articles[0])) * 2 >= _count(self.words_of(body)):
            return articles[0]
        return body

    def outside(self, content: Any) -> tuple[Dropped, ...]:
        """Return the words that are shown before and after the content."""
        before, after = Words(), Words()
        into = [before]

        def enter(element: Any) -> bool:
            if element is content:
                into[0] = after
            if element is content or element in self.notes or self.is_silent(element) or _is_hidden(element):
                return False
            into[0].add(" " if element.tag in _BLOCKS else "")
            return True

        _walk(self._tree, enter, lambda element: None, lambda text: into[0].add(text))
        pairs = (("header", before), ("footer", after))
        return tuple(Dropped(reason, words.text) for reason, words in pairs if words)

    def words_of(self, element: Any) -> Words:
        """Return the words an element shows, in one run."""
        reader = _Reader(self, flat=True)
        reader.read(element)
        return reader.words

    def note_words(self, target: Any, mark: str) -> Words:
        """Return the words of a footnote without its mark and without the link back to where it is called."""
        words = self.words_of(target)
        if opening := re.match(rf"[\[(]?{re.escape(mark)}[\])]?[.:]?(?:\s+|$)", words.text):
            words.drop(opening.end())
        return words

    def is_silent(self, element: Any) -> bool:
        """Whether an element never shows words: code, controls, the link back from a footnote."""
        return element.tag in _NEVER_SHOWN or element in self._back_links

    def reason_to_leave_out(self, element: Any) -> str | None:
        """Return why an element's words are no part of the report, or none; ``"site"`` is the site's own."""
        if _is_hidden(element):
            return "hidden"
        tag = _LANDMARKS.get(element.get("role", ""), element.tag)
        if tag in {"header", "footer"}:
            inside = any(above.tag in {"main", "article", "section"} for above in element.iterancestors())
            return None if inside else tag
        if tag == "nav":
            return "site"
        if tag == "form":
            holds = next(element.iter("main", "article", "h1"), None) is not None
            return None if holds or _count(self._inside(element)) >= _FEWEST_WORDS else "site"
        if tag == "aside":
            linked = sum(len("".join(link.itertext()).split()) for link in element.iter("a"))
            return "site" if linked * 2 > len("".join(element.itertext()).split()) else None
        names = f"{element.get('class', '')} {element.get('id', '')}"
        if tag not in {"html", "body", "main", "article"} and _FURNITURE.search(names):
            return "site" if _count(self._inside(element)) <= _LONGEST_FURNITURE else None
        return None

    def title(self) -> str:
        return clean("".join(next(self._tree.iter("title"), _NOTHING).itertext()))

    def first_heading(self) -> str:
        return clean("".join(next(self._tree.iter("h1"), _NOTHING).itertext()))

    def metadata(self) -> dict[str, str]:
        """Return what the page says of itself, by the names `corpus.toml` uses."""
        said: dict[str, str] = {}
        for meta in self._tree.iter("meta"):
            name = (meta.get("name") or meta.get("property") or "").strip().lower()
            said.setdefault(name, clean(meta.get("content") or ""))
        headings = [clean("".join(heading.itertext())) for heading in self._tree.iter("h1")]
        titles = [
            headings[0] if len(headings) == 1 else "",
            *(said.get(n, "") for n in _TITLES),
            self.title(),
        ]
        publishers = [re.sub(r"[.,;:]?\s*\S+@\S+", "", said.get(name, "")) for name in _PUBLISHERS]
        times = [t.get("datetime", "") for t in self._tree.iter("time") if _is_publication(t)]
        dates = filter(
            None, (iso_date(value) for value in [*(said.get(name, "") for name in _DATES), *times])
        )
        found = {
            "title": next(filter(None, titles), ""),
            "publisher": next((name for name in publishers if name and "://" not in name), ""),
            "date": next(dates, ""),
        }
        return {name: value for name, value in found.items() if value}

    def _inside(self, element: Any) -> Words:
        words = Words()
        _walk(element, lambda e: e is element or not self.is_silent(e), lambda e: words.add(" "), words.add)
        return words

    def _find_notes(self) -> None:
        """Find the links that call a footnote further down, and the footnotes they call."""
        links = [link for link in self._tree.iter("a") if "#" in (link.get("href") or "")]
        if not links:
            return
        places: dict[str, Any] = {}
        for element in self._order:
            for name in (element.get("id"), element.get("name")):
                if name:
                    places.setdefault(name, element)
        for link in links:
            place = link.get("href").partition("#")[2]
            target = places.get(place)
            match = _NOTE_MARK.fullmatch(clean("".join(link.itertext())))
            if target is None or match is None:
                continue
            raised = (
                any(above.tag == "sup" for above in link.iterancestors()) or link.find(".//sup") is not None
            )
            if raised or _NOTE_PLACE.search(place) or link.get("role") == "doc-noteref":
                self._take_note(link, match["mark"], target)
        inside = {link for note in self.notes for link in note.iter("a")}
        for link in inside & set(links) - set(self.calls):
            label = clean("".join(link.itertext()))
            if _NOTE_MARK.fullmatch(label) or _BACK.fullmatch(label) or link.get("role") == "doc-backlink":
                self._back_links.add(link)

    def _take_note(self, link: Any, mark: str, target: Any) -> None:
        note = target
        while note.tag not in _HOLDS_NOTE and note.getparent() is not None and note.tag not in _HEADINGS:
            note = note.getparent()
        above = note.getparent()
        of_several = above.tag in {"div", "li"} and _NOTE_PLACE.search(above.get("id") or "")
        if note.tag == "td" or (note.tag == "p" and of_several):
            note = above
        if note.tag not in _HOLDS_NOTE | {"tr"} or self._order[note] < self._order[link]:
            return
        if note not in self._can_be_note:
            short = 1 < _count(self._inside(note)) <= _LONGEST_NOTE
            nested = short and any(other in self.notes for other in (*note.iterancestors(), *note.iter()))
            self._can_be_note[note] = short and not nested
        if not self._can_be_note[note]:
            return
        call, label = link, "".join(link.itertext())
        while (above := call.getparent()).tag in {"sup", "span", "b", "strong", "em", "i"}:
            if clean("".join(above.itertext())).strip("[]() ") != clean(label).strip("[]() "):
                break
            call = above
        self.notes.setdefault(note, mark)
        self.calls[call] = (mark, note)


class _Reader:
    """One walk over the content of a page; a flat one makes a single run of words of it."""

    def __init__(self, page: _Page, *, flat: bool = False) -> None:
        self.pieces: list[Piece] = []
        self.dropped: list[Dropped] = []
        self.words = Words()
        self._page = page
        self._flat = flat
        self._root: Any = None
        self._styles: list[str] = []
        self._heading = 0
        self._breaks = 0
        self._preformatted = 0
        self._term = ""
        self._lists: list[dict[Any, str]] = []
        self._paragraph_lists: list[bool] = []
        self._items: list[Piece] = []

    def read(self, root: Any) -> None:
        self._root = root
        _walk(root, self._enter, self._leave, self._say)
        self._flush()

    def _enter(self, element: Any) -> bool:
        page, tag = self._page, element.tag
        if element in page.calls:
            self.words.call(*page.calls[element])
            return False
        if page.is_silent(element) or (element in page.notes and element is not self._root):
            return False
        if element is not self._root and (reason := page.reason_to_leave_out(element)):
            self._drop(reason, element)
            return False
        if tag == "br":
            self._breaks += 1
            self.words.add(" ")
        elif tag in _STYLES:
            self._styles.append(_STYLES[tag])
        elif tag == "table" and not self._flat and _is_data(element):
            self._flush()
            self._take_table(element)
            return False
        elif tag in _BLOCKS:
            if tag == "dd" and self._term == "told":
                self.words.add(" " if self.words.text.endswith(":") else ": ")
                self._term = "awaits words"
            elif tag in {"dd", "dt"} or self._term != "awaits words":
                self._flush()
            self._open_block(element)
        return True

    def _open_block(self, element: Any) -> None:
        tag = element.tag
        self._heading = _HEADINGS.get(tag, self._heading)
        self._preformatted += tag == "pre"
        if tag in {"ul", "ol", "menu", "dir"}:
            markers = _markers(element)
            numbered = [mark for mark in markers.values() if mark.rstrip(".").isdigit()]
            items = ["".join(item.itertext()) for item in markers] if numbered else []
            next_number = f"{self._page.next_start.get(element, 0) - 1}."
            goes_on = bool(numbered) and (numbered[0] not in {"0.", "1."} or numbered[-1] == next_number)
            self._paragraph_lists.append(
                bool(numbered)
                and not self._lists
                and holds_paragraphs(items, goes_on=goes_on, after=self.pieces[-1:])
            )
            self._lists.append(markers)
        elif tag == "li":
            marker = self._lists[-1].get(element, "•") if self._lists else "•"
            paragraph = bool(self._paragraph_lists) and self._paragraph_lists[-1]
            depth = len(self._lists) - sum(self._paragraph_lists)
            if self._items and not self._items[-1].words:
                self._items[-1].words = Words(marker or "•")  # its first words are those of this item
            follows = bool(self.pieces) and self.pieces[-1].form is Form.ITEM and not paragraph
            follows = follows and (depth > 1 or element.getprevious() is not None)
            form = Form.TEXT if paragraph else Form.ITEM
            self._items.append(Piece(form, marker=marker, level=max(1, depth), gap=int(not follows)))
            if self._flat and element is not self._root and self.words:
                self.words.add(f" {marker} ")

    def _leave(self, element: Any) -> None:
        tag = element.tag
        if tag in _STYLES:
            self._styles.pop()
        elif tag == "dt":
            self._term = "told" if self.words and not self._flat else ""
            self.words.add(" " if self._flat else "")
        elif tag in _BLOCKS:
            self._flush()
            self._heading = 0 if tag in _HEADINGS else self._heading
            self._preformatted -= tag == "pre"
            if tag in {"ul", "ol", "menu", "dir"}:
                self._lists.pop()
                self._paragraph_lists.pop()
            elif tag == "li":
                self._items.pop()

    def _say(self, text: str) -> None:
        parts = re.split(r"\n[ \t\r]*\n", text) if self._preformatted and not self._flat else [text]
        for place, part in enumerate(parts):
            if place or (self._breaks > 1 and clean(part) and not self._heading):
                self._flush()
            if clean(part):
                self._breaks = 0
                self._term = ""
            self.words.add(part, self._styles)

    def _flush(self) -> None:
        """End the block that is open."""
        self._breaks = 0
        if self._flat:
            self.words.add(" ")
            return
        words, self.words, self._term = self.words, Words(), ""
        if not words:
            if words.calls and self.pieces:
                self.pieces[-1].words.calls += words.calls
            return
        item = self._items[-1] if self._items else None
        if item is None or item.words:
            piece = Piece(Form.TEXT, words, level=self._heading)
        else:
            piece = Piece(item.form, words, marker=item.marker, level=item.level, gap=item.gap)
            if self._heading or item.form is Form.TEXT or not item.marker:
                piece.form, piece.marker, piece.level = Form.TEXT, "", self._heading
                if item.marker and item.marker != "•":
                    words.lead(f"{item.marker} ")
            item.words = words
        self.pieces.append(piece)

    def _take_table(self, table: Any) -> None:
        """Make rows of a table; its caption, and words that stand in no cell, come before them."""
        rows: list[list[Any]] = []
        elements: list[Any] = []
        stray = Words()

        def enter(element: Any) -> bool:
            if element.tag == "caption":
                self.words = self._page.words_of(element)
                self._flush()
            elif element.tag in {"td", "th"}:
                if not rows:
                    rows.append([])
                    elements.append(table)
                rows[-1].append(element)
            elif element in self._page.notes or self._page.is_silent(element):
                return False
            elif _is_hidden(element):
                self._drop("hidden", element)
                return False
            else:
                if element.tag == "tr":
                    rows.append([])
                    elements.append(element)
                return True
            return False

        _walk(table, enter, lambda element: stray.add(" "), stray.add)
        self.words = stray
        self._flush()
        heads_so_far, first = True, True
        for element, cells, row in zip(elements, rows, self._grid(rows), strict=True):
            is_head = heads_so_far and _is_head(element, cells)
            heads_so_far = is_head
            if any(row):
                self.pieces.append(Piece(Form.ROW, cells=row, gap=int(first), is_head=is_head))
                first = False

    def _drop(self, reason: str, element: Any) -> None:
        if reason == "site":
            reason = "footer" if self.pieces else "header"
        if words := self._page.words_of(element):
            self.dropped.append(Dropped(reason, words.text))

    def _words_of_cell(self, cell: Any) -> Words:
        if _is_hidden(cell):
            self._drop("hidden", cell)
            return Words()
        reader = _Reader(self._page, flat=True)
        reader.read(cell)
        self.dropped += reader.dropped
        return reader.words

    def _grid(self, rows: list[list[Any]]) -> list[list[Words]]:
        """Return the words of the cells, each once, with empty ones where a cell reaches over others."""
        nothing = Words()
        allowed = 10_000 + 50 * sum(map(len, rows))  # a few cells that reach far must not fill the memory
        carried: Counter[int] = Counter()
        grid: list[list[Words]] = []
        for cells in rows:
            row: list[Words] = []
            if allowed <= 0:
                carried.clear()
            for cell in cells:
                while carried[len(row)]:
                    carried[len(row)] -= 1
                    row.append(nothing)
                wide, high = _integer(cell.get("colspan"), 1), _integer(cell.get("rowspan"), 1)
                wide = min(max(wide, 1), _WIDEST_SPAN) if allowed > 0 else 1
                for column in range(len(row), len(row) + wide):
                    carried[column] = (len(rows) if high == 0 else max(high, 1)) - 1 if allowed > 0 else 0
                row += [self._words_of_cell(cell), *[nothing] * (wide - 1)]
            for column in [column for column in carried if column >= len(row) and carried[column]]:
                carried[column] -= 1
            allowed -= len(row)
            grid.append(row)
        return grid


_NOTHING: Any = etree.Element("nothing")


def _walk(
    root: Any, enter: Callable[[Any], bool], leave: Callable[[Any], None], say: Callable[[str], None]
) -> None:
    """Go over an element in reading order; what `enter` declines is passed over, and so never left."""
    todo: list[tuple[str, Any]] = [("enter", root)]
    while todo:
        event, value = todo.pop()
        if event == "say":
            say(value)
        elif event == "leave":
            leave(value)
        elif enter(value):
            todo.append(("leave", value))
            for child in reversed(value):
                if child.tail:
                    todo.append(("say", child.tail))
                if isinstance(child.tag, str):
                    todo.append(("enter", child))
            if value.text:
                todo.append(("say", value.text))


def _count(words: Words) -> int:
    return len(words.text.split())


def _integer(written: str | None, default: int) -> int:
    match = re.match(r"\s*([+-]?\d{1,6})", written or "")
    return int(match[1]) if match else default


def _is_hidden(element: Any) -> bool:
    if element.get("hidden", "until-found").strip().lower() != "until-found":
        return True
    if element.tag == "dialog" and element.get("open") is None:
        return True
    return (
        element.get("aria-hidden", "").strip().lower() == "true"
        or _HIDING_STYLE.search(element.get("style", "")) is not None
        or _OFF_SCREEN.search(element.get("class", "")) is not None
    )


def _is_publication(time: Any) -> bool:
    told = time.get("itemprop") == "datePublished" or time.get("pubdate") is not None
    return told or any(above.tag == "header" for above in time.iterancestors())


def _is_data(table: Any) -> bool:
    """Whether a table holds data; else it only lays out the page, and what it holds are ordinary blocks."""
    if table.get("role") in {"presentation", "none"}:
        return False
    widest = max((sum(cell.tag in {"td", "th"} for cell in row) for row in table.iter("tr")), default=0)
    if widest < 2:
        return False
    return next(table.iter("th"), None) is not None or not any(
        element is not table for element in table.iter("table", *_HEADINGS)
    )


def _is_head(row: Any, cells: Sequence[Any]) -> bool:
    above = row.getparent()
    if above is not None and above.tag == "thead":
        return True
    shown = [cell for cell in cells if clean("".join(cell.itertext()))]
    return bool(shown) and all(c.tag == "th" and c.get("scope") not in {"row", "rowgroup"} for c in shown)


def _markers(element: Any) -> dict[Any, str]:
    """Return what a browser shows before each item of a list."""
    items = [child for child in element if child.tag == "li"]
    style = _LIST_STYLE.search(element.get("style", ""))
    kind = _LIST_STYLES[style[1].lower()] if style else element.get("type", "")
    if element.tag != "ol":
        return dict.fromkeys(items, "" if kind == "none" else "•")
    openings = [next(filter(str.strip, item.itertext()), "").strip() + " " for item in items]
    if kind == "none" or sum(map(bool, map(_OWN_NUMBER.match, openings))) * 2 > len(items):
        return dict.fromkeys(items, "")  # the text has the numbers, and the page's style hides the list's own
    step = -1 if element.get("reversed") is not None else 1
    number = _integer(element.get("start"), len(items) if step < 0 else 1)
    markers: dict[Any, str] = {}
    for item in items:
        number = _integer(item.get("value"), number)
        markers[item] = _shown_number(number, item.get("type") or kind)
        number += step
    return markers


def _shown_number(number: int, kind: str) -> str:
    if kind in {"a", "A"} and number > 0:
        letters = ""
        while number:
            number, place = divmod(number - 1, 26)
            letters = chr(ord("a") + place) + letters
        return f"({letters if kind == 'a' else letters.upper()})"
    if kind in {"i", "I"} and 0 < number < 100:
        ones = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
        tens = ("", "x", "xx", "xxx", "xl", "l", "lx", "lxx", "lxxx", "xc")
        roman = tens[number // 10] + ones[number % 10]
        return f"({roman if kind == 'i' else roman.upper()})"
    return f"{number}."
