"""Reader of Markdown: text to blocks; and blocks in the making, as the reader of web pages makes them too.

Knows how Markdown is written (CommonMark, its tables, footnotes and front matter), not what reports mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import unescape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from qa.errors import CorpusError
from qa.ingest.pieces import FOOTNOTE_CALL, Piece, Words, holds_paragraphs, iso_date, write_pieces
from qa.ingest.text import clean
from qa.types import Document, Form

if TYPE_CHECKING:
    from markdown_it.token import Token

_DEEPEST = 60
"""Lists and quotations in one another; more would be cut off by the parser."""


_LONGEST_FRONT_MATTER = 100
_FRONT_MATTER_LINE = re.compile(r"(?P<name>[A-Za-z][\w -]{0,40}):(?:\s+(?P<value>.*))?$")
_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)")
_NOTE = re.compile(r" {0,3}\[\^(?P<mark>[^\]\s]{1,80})\]:[ \t]*(?P<words>.*)")
_INNER_NOTE = re.compile(r"^(\s*(?:(?:[>*+-]|\d{1,9}[.)])\s*)+)\[\^(?=[^\]\s]+\]:)")
_STYLES = {"em_open": "em", "strong_open": "strong", "em_close": "em", "strong_close": "strong"}
_PARTING_TAGS = frozenset(
    "address article aside blockquote br caption center dd details div dl dt figcaption figure footer form"
    " h1 h2 h3 h4 h5 h6 header hr legend li main nav ol p pre section summary table tbody td tfoot th thead"
    " tr ul".split()
)
_OTHER_TAGS = frozenset(
    "a abbr acronym b base bdi bdo big body button cite code col colgroup data del dfn em fieldset font head"
    " html i iframe img input ins kbd label link map mark meta noscript object option picture q rp rt ruby s"
    " samp script select small source span strike strong style sub sup svg template textarea time title tt u"
    " var video wbr".split()
)
_TAG = re.compile(r"<!--|</?(?P<name>[A-Za-z][\w:-]*)(?:\s[^<>]*|/)?>|<[!?][^<>]*>")
_WORDLESS_TAGS = frozenset("script style template".split())


def read_markdown(text: str) -> Document:
    """Read a text in Markdown; HTML in it is read for its words only and never rendered.

    Parameters
    ----------
    text
        The decoded file.

    Raises
    ------
    CorpusError
        If lists and quotations nest too deeply for the parser.
    """
    from markdown_it import MarkdownIt

    lines = [line.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029") for line in text.splitlines()]
    metadata, body = _front_matter(lines)
    lines, definitions = _definitions(body)
    parser = MarkdownIt("commonmark", {"maxNesting": _DEEPEST * 2}).enable("table")
    notes = {mark: (mark.partition(" ")[0], Words()) for mark in definitions}
    try:
        for mark, source in definitions.items():
            reader = _Reader(notes)
            reader.read(parser.parse(source))
            for piece in reader.pieces:
                for words in (piece.words, *piece.cells):
                    notes[mark][1].append(words)
        reader = _Reader(notes)
        reader.read(parser.parse("\n".join(lines)))
    except RecursionError as error:
        raise CorpusError(_TOO_DEEP) from error
    writer = write_pieces(reader.pieces, notes)
    return Document(text=writer.text, blocks=tuple(writer.blocks), metadata=metadata)


_TOO_DEEP = "nests lists and quotations too deeply to be read; write them one beside the other"


class _Reader:
    """One walk over the tokens of a text."""

    def __init__(self, notes: Mapping[str, Any]) -> None:
        self.pieces: list[Piece] = []
        self._notes = notes
        self._lists: list[bool] = []
        self._items: list[Piece] = []
        self._heading = 0
        self._in_head = False
        self._cells: list[Words] | None = None
        self._gap = 1

    def read(self, tokens: Sequence[Token]) -> None:
        """Read the tokens of the whole text."""
        starts = [place for place, t in enumerate(tokens) if t.type == "ordered_list_open" and not t.level]
        following = dict(pairwise(starts))
        for place, token in enumerate(tokens):
            if token.level >= _DEEPEST:
                raise CorpusError(_TOO_DEEP)
            if token.type.endswith("_list_open"):
                self._lists.append(
                    token.type == "ordered_list_open"
                    and not self._lists
                    and self._holds_paragraphs(tokens, place, following.get(place))
                )
            elif token.type.endswith("_list_close"):
                self._lists.pop()
            elif token.type == "list_item_open":
                self._open_item(token)
            elif token.type == "list_item_close":
                self._items.pop()
            elif token.type == "heading_open":
                self._heading = int(token.tag[1:])
            elif token.type == "heading_close":
                self._heading = 0
            elif token.type in {"thead_open", "thead_close"}:
                self._in_head = token.type == "thead_open"
                self._gap = int(self._in_head)
            elif token.type == "tr_open":
                self._cells = []
            elif token.type == "tr_close":
                self._close_row()
            elif token.type == "inline":
                self._take_inline(token)
            elif token.type in {"fence", "code_block", "html_block"}:
                self._take_verbatim(token)

    def _holds_paragraphs(self, tokens: Sequence[Token], start: int, later: int | None) -> bool:
        """Whether the list at `start` does, where the next outermost one is at `later`."""
        items: list[str] = []
        numbers: list[str] = []
        level = tokens[start].level
        for place in range(start, len(tokens)):
            token = tokens[place]
            if token.type == "list_item_open" and token.level == level + 1:
                items.append("")
                numbers.append(token.info)
            elif token.type == "inline" and items:
                items[-1] += f" {token.content}"
            elif token.type == "ordered_list_close" and token.level == level:
                break
        next_number = tokens[later + 1].info if later else ""  # a list opens with an item
        goes_on = int(numbers[0]) > 1 or (next_number.isdigit() and int(next_number) == int(numbers[-1]) + 1)
        return holds_paragraphs(items, goes_on=goes_on, after=self.pieces[-1:])

    def _open_item(self, token: Token) -> None:
        marker = token.info + token.markup if token.info else "•"
        paragraph = self._lists[-1]
        if self._items and not self._items[-1].words:
            self._items[-1].words = Words(marker)  # its first words are those of this item
        above = self._items[-1:] or self.pieces[-1:]
        follows = bool(above) and above[0].form is Form.ITEM
        self._items.append(
            Piece(
                Form.TEXT if paragraph else Form.ITEM,
                marker=marker,
                level=max(1, len(self._lists) - sum(self._lists)),
                gap=0 if follows and not paragraph else 1,
            )
        )

    def _take_inline(self, token: Token) -> None:
        words, styles = Words(), list[str]()
        for child in token.children or ():
            if child.type.endswith("_open") and child.type in _STYLES:
                styles.append(_STYLES[child.type])
            elif child.type in _STYLES:
                styles.remove(_STYLES[child.type])
            elif child.type in {"softbreak", "hardbreak"}:
                words.add(" ")
            elif child.type == "html_inline":
                words.add(_without_tags(child.content))
            elif child.type == "text":
                self._take_text(words, child.content, styles)
            elif child.type == "code_inline":
                words.add(child.content, styles)
        self._add(words)

    def _take_text(self, words: Words, text: str, styles: Sequence[str]) -> None:
        done = 0
        for match in FOOTNOTE_CALL.finditer(text):
            if match["mark"] in self._notes:
                words.add(text[done : match.start()], styles)
                words.call(match["mark"], match["mark"])
                done = match.end()
        words.add(text[done:], styles)

    def _take_verbatim(self, token: Token) -> None:
        content = _without_tags(token.content) if token.type == "html_block" else token.content
        for paragraph in re.split(r"\n[ \t]*\n", content):
            self._add(Words(paragraph))

    def _add(self, words: Words) -> None:
        if self._cells is not None:
            self._cells.append(words)
            return
        if not words:
            if words.calls and self.pieces:
                self.pieces[-1].words.calls += words.calls
            return
        item = self._items[-1] if self._items else None
        piece = Piece(Form.TEXT, words, level=self._heading)
        if item is not None and not item.words:
            item.words = words
            if item.form is Form.ITEM and not self._heading:
                piece = Piece(Form.ITEM, words, marker=item.marker, level=item.level, gap=item.gap)
            elif item.marker != "•":
                words.lead(f"{item.marker} ")
        self.pieces.append(piece)

    def _close_row(self) -> None:
        cells, self._cells = self._cells or [], None
        if any(cells):
            self.pieces.append(Piece(Form.ROW, cells=cells, gap=self._gap, is_head=self._in_head))
            self._gap = 0


def _without_tags(markup: str) -> str:
    """Return the words of a piece of HTML; what only looks like a tag ("<redacted>") is one of them."""
    pieces: list[str] = []
    done = 0
    never_closed: set[str] = set()  # each is looked for once, so that many of them take no longer than one
    while match := _TAG.search(markup, done):
        pieces.append(unescape(markup[done : match.start()]))
        done = match.end()
        name = (match["name"] or "").lower()
        closing = "-->" if match.group() == "<!--" else f"</{name}>" if name in _WORDLESS_TAGS else ""
        if name in _PARTING_TAGS:
            pieces.append(" ")
        elif name and name not in _OTHER_TAGS:
            pieces.append(match.group())
        elif closing and closing not in never_closed and not match.group().startswith("</"):
            end = markup.find(closing, done)
            done = end + len(closing) if end >= 0 else done
            never_closed |= {closing} if end < 0 else set()
    return "".join([*pieces, unescape(markup[done:])])


def _front_matter(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """Part the front matter, if there is one, from the lines of the text."""
    if not lines or lines[0].removeprefix("\ufeff").rstrip() != "---":
        return {}, lines
    ends = (
        place
        for place, line in enumerate(lines[1:_LONGEST_FRONT_MATTER], 1)
        if line.rstrip() in {"---", "..."}
    )
    end = next(ends, 0)
    inside = [line for line in lines[1:end] if line.strip()]
    if not inside or not _FRONT_MATTER_LINE.match(inside[0]):
        return {}, lines
    if not all(_FRONT_MATTER_LINE.match(line) or line[0] in " \t-#" for line in inside):
        return {}, lines
    said: dict[str, str] = {}
    for line in inside:
        if (match := _FRONT_MATTER_LINE.match(line)) and match["value"]:
            value = clean(match["value"])
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
            said.setdefault(match["name"].strip().lower(), value[1:-1] if quoted else value)
    found = {name: said.get(name, "") for name in ("title", "publisher")}
    found["date"] = iso_date(said.get("date", "")) or ""
    return {name: value for name, value in found.items() if value}, lines[end + 1 :]


def _definitions(lines: list[str]) -> tuple[list[str], dict[str, str]]:
    """Part the definitions of footnotes, by mark, from the lines of the text."""
    kept: list[str] = []
    found: dict[str, list[str]] = {}
    fence = ""
    note: list[str] | None = None
    for place, line in enumerate(lines):
        if match := _FENCE.match(line):
            if not fence and ("`" not in match["info"] or match["fence"][0] == "~"):
                fence = match["fence"]
            elif fence and match["fence"].startswith(fence) and not match["info"].strip():
                fence = ""
                kept.append(line)
                continue
        match = None if fence else _NOTE.match(line)
        if match:
            mark = match["mark"]
            # A second definition, which nothing can call, is kept as well.
            note = found.setdefault(f"{mark} {place}" if mark in found else mark, [match["words"]])
            kept.append("")
        elif note is not None and not fence and _belongs_to_note(lines, place):
            note.append(line.strip())
        else:
            note = None
            # Within a list or quotation the parser would take it for the address of a link, and drop it.
            kept.append(line if fence else _INNER_NOTE.sub(r"\1\\[^", line))
    return kept, {mark: "\n".join(words) for mark, words in found.items()}


def _belongs_to_note(lines: Sequence[str], place: int) -> bool:
    """Whether a line goes on with the footnote above it: no blank line between, or set in."""
    line, above = lines[place], lines[place - 1]
    if line.strip() and above.strip():
        return not re.match(r" {0,3}(?:#{1,6}(?:\s|$)|>|[-*+]\s|\d{1,9}[.)]\s|\|)", line)
    if not line.strip():
        following = next((later for later in lines[place + 1 : place + 3] if later.strip()), "")
        return following.startswith(("    ", "\t"))
    return line.startswith(("    ", "\t"))
