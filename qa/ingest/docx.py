"""Reader of Word files (.docx): bytes to blocks.

Knows how Word keeps paragraphs, numbers, tables, notes and what does not show, not what reports mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element

from qa.errors import CorpusError
from qa.ingest import word_text as word
from qa.ingest.blocks import BlockWriter
from qa.ingest.text import clean
from qa.ingest.word_numbering import Numbering, Printed, shown
from qa.ingest.word_package import WordPackage
from qa.ingest.word_styles import Styles, is_on, value, whole
from qa.ingest.word_text import Words, folded, shifted
from qa.types import Block, Document, Dropped, Emphasis, Form

_NOTE_PARTS = {"footnoteReference": "footnote", "endnoteReference": "endnote"}
_NOTE_FORMATS = {"footnote": "decimal", "endnote": "lowerRoman"}
_CHICAGO = "*†‡§"
_DEEPEST_FIELD = 50
"""Fields that may stand in one another; Word allows some twenty."""

_LONGEST_MARK = 10
"""Elements of a run that a note's mark of its author's own can be made of."""

_LONGEST_HEADING = 40
"""Words: beyond, a style of headings was used for the looks of its number, on a paragraph."""

_WIDEST_ROW = 63
"""Columns of a table; Word knows no more."""

_TYPED_BULLET = re.compile(r"([•▪◦●■□◼◾‣⁃►➔➢➤✓✔]) ?|([-–—*·]|\((?:[a-z]|[ivx]{2,4})\)) ")
_NO_TITLE = re.compile(
    r"(?:microsoft word|word document|document ?\d*|untitled|title|\[.*\]|normal|blank)\b.*"
    r"|.*\btemplate\b.*|.*\.(?:dot[xm]?|doc[xm]?|rtf)",
    re.IGNORECASE,
)


def read_docx(data: bytes) -> Document:
    """Read a Word file.

    Paragraphs, list items and rows come in reading order, a text box after the paragraph it is anchored in
    and a note after the block that calls it. Numbers and bullets are those that Word prints.

    Parameters
    ----------
    data
        The bytes of the file.

    Raises
    ------
    CorpusError
        If the bytes are no Word file, or one that is damaged, encrypted, too large or nested too deep; the
        sentence goes on from the name of the file.
    """
    package = WordPackage(data)
    root = package.part(package.main)
    body = None if root is None else root.find("body")
    if body is None:
        raise CorpusError("is damaged: its document has no body; save it anew with Word")
    return _Reader(package, body).document()


class _Reader:
    """One walk over a file, keeping what is open: fields, and words whose paragraph goes on in the next."""

    def __init__(self, package: WordPackage, body: Element) -> None:
        self._package = package
        self._body = body
        self._relations = package.related(package.main)
        self._styles = Styles(self._named_part("styles"))
        self._numbering = Numbering(self._named_part("numbering"), self._styles)
        self._notes = {
            (kind, note.get("id", "")): note
            for kind in _NOTE_FORMATS
            for note in _elements(self._named_part(f"{kind}s"), kind)
        }
        self._note_rules = {kind: self._note_rule(kind) for kind in _NOTE_FORMATS}
        self._note_count = dict.fromkeys(_NOTE_FORMATS, 0)
        self._writer = BlockWriter()
        self._titles: set[int] = set()
        self._dropped: list[Dropped] = []
        self._warnings: list[str] = []
        self._in_code: list[bool] = []
        self._carried: Words | None = None
        self._is_aside = False

    def document(self) -> Document:
        self._story(self._body)
        self._drop_running_lines()
        for kind, (_, _, restart) in self._note_rules.items():
            if restart == "eachPage" and self._note_count[kind]:
                self._warnings.append(
                    f"numbers its {kind}s anew on each page, which a file without pages cannot tell; "
                    "they are numbered throughout"
                )
        return Document(
            self._writer.text,
            tuple(self._levelled()),
            metadata=self._metadata(),
            dropped=tuple(self._dropped),
            warnings=tuple(dict.fromkeys(self._warnings)),
        )

    def _named_part(self, kind: str) -> Element | None:
        names = [relation.target for relation in self._relations.values() if relation.kind == kind]
        return self._package.part(names[0] if names else f"word/{kind}.xml")

    # Blocks

    def _story(self, container: Element) -> None:
        """Read what holds paragraphs and tables to its end: the body, a text box, a cell used for layout."""
        for element in word.inside(container):
            if element.tag == "p":
                self._paragraph(element)
            elif element.tag == "tbl":
                self._flush()
                self._table(element)
            elif element.tag == "altChunk":
                self._warnings.append("holds another file inside it, which was not read")
        self._flush()

    def _paragraph(self, paragraph: Element) -> None:
        words = self._carried or Words()
        self._carried = None
        self._read_words(paragraph, words)
        if paragraph.find("pPr/rPr/del") is not None:
            # With the mark that ends it deleted, a paragraph goes on in the next one.
            self._carried = words
        else:
            self._write(words, paragraph)
        if paragraph.find("pPr/sectPr") is not None:
            for kind, (_, _, restart) in self._note_rules.items():
                self._note_count[kind] *= restart != "eachSect"

    def _flush(self) -> None:
        words, self._carried = self._carried, None
        if words is not None:
            self._write(words, None)

    def _write(self, words: Words, paragraph: Element | None) -> None:
        """Make a block of a paragraph's words, and of what hangs on them."""
        text, emphasis = folded(words.pieces)
        printed = None if paragraph is None else self._count(paragraph, words, text)
        level = None if paragraph is None else self._styles.heading_level(paragraph)
        if text and level is not None and len(text.split()) <= _LONGEST_HEADING:
            if level == 0:
                self._titles.add(len(self._writer.blocks))
            if printed and any(map(str.isalnum, printed.mark)):
                text = f"{printed.mark} {text}"
            self._writer.add(Form.TEXT, text, level=level or 1, calls=tuple(words.calls))
        else:
            self._write_text(words, text, emphasis, printed)
        self._write_notes(words)
        for box in words.boxes:
            self._story(box)

    def _write_text(self, words: Words, text: str, emphasis: list[Emphasis], printed: Printed | None) -> None:
        calls = tuple(words.calls)
        typed = _TYPED_BULLET.match(text) if printed is None else None
        if typed and typed.end() < len(text):
            marker = typed[1] or typed[2]
            emphasis = shifted(emphasis, -typed.end())
            text = text[typed.end() :]
            self._writer.add(Form.ITEM, text, emphasis=emphasis, marker=marker, level=1, calls=calls)
        elif printed and printed.form is Form.ITEM:
            marker = printed.mark
            self._writer.add(
                Form.ITEM, text, emphasis=emphasis, marker=marker, level=printed.level, calls=calls
            )
        elif printed and text:
            opening = f"{printed.mark} "
            emphasis = shifted(emphasis, len(opening))
            self._writer.add(Form.TEXT, opening + text, emphasis=emphasis, calls=calls)
        else:
            self._writer.add(Form.TEXT, text, emphasis=emphasis, calls=calls)

    def _write_notes(self, words: Words) -> None:
        self._drop("hidden", clean("".join(words.hidden)))
        for marker, note in words.notes:
            said = self._aside(note)
            text, emphasis = folded(said.pieces)
            if text.startswith(f"{marker} ") and not marker.isalnum():
                # A mark of the author's own is typed before the note too.
                emphasis, text = shifted(emphasis, -len(marker) - 1), text[len(marker) + 1 :]
            self._writer.add(Form.NOTE, text, emphasis=emphasis, marker=marker)
            self._drop("hidden", clean("".join(said.hidden)))

    def _count(self, paragraph: Element, words: Words, text: str) -> Printed | None:
        """Count a paragraph of a list, unless none of it shows."""
        if not text and (words.hidden or is_on(paragraph.find("pPr/rPr/vanish"))):
            return None
        return self._numbering.next(paragraph)

    # Tables

    def _table(self, table: Element) -> None:
        rows = [(row, word.cells(row)) for row in word.rows(table)]
        columns = {place for _, cells in rows for place, cell in enumerate(cells) if word.holds_words(cell)}
        if len(columns) <= 1:
            for _, cells in rows:
                for cell in cells:
                    self._story(cell)
            return
        may_head = True
        for place, (row, cells) in enumerate(rows):
            whole_row = Words()
            texts = [""] * word.span(value(row, "trPr/gridBefore"), 0)
            for cell in cells:
                texts.append(self._cell(cell, whole_row))
                texts += [""] * min(word.span(value(cell, "tcPr/gridSpan"), 1) - 1, _WIDEST_ROW - len(texts))
            texts += [""] * min(word.span(value(row, "trPr/gridAfter"), 0), _WIDEST_ROW - len(texts))
            bold_first = place == 0 and len(rows) > 1 and self._has_bold_first_row(table, whole_row)
            may_head = may_head and (is_on(row.find("trPr/tblHeader")) or bold_first)
            self._writer.add_row(texts, gap=0 if place else 1, is_head=may_head, calls=tuple(whole_row.calls))
            self._write_notes(whole_row)

    def _cell(self, cell: Element, row: Words) -> str:
        """Return the words of a cell as they show, and add to its row what hangs on them."""
        words = Words()
        self._gather(cell, words)
        text, _ = folded(words.pieces)
        row.hidden += words.hidden
        row.calls += words.calls
        row.notes += words.notes
        if any(word.goes_on(cell, merge) for merge in ("vMerge", "hMerge")):
            # Word shows nothing of a cell that another one was merged over.
            row.hidden.append(f" {text}")
            return ""
        row.pieces += words.pieces
        return text

    def _has_bold_first_row(self, table: Element, first: Words) -> bool:
        look = table.find("tblPr/tblLook")
        if look is None:
            return False
        bits = look.get("val", "")
        coded = bool(int(bits, 16) & 0x20) if re.fullmatch(r"[0-9A-Fa-f]{1,8}", bits) else False
        told = look.get("firstRow")
        if not (coded if told is None else told in {"1", "true", "on"}):
            return False
        return first.is_strong or self._styles.bold_first_row(value(table, "tblPr/tblStyle"))

    def _gather(self, container: Element, words: Words) -> None:
        """Add all words of a container, one paragraph after the other, to words that are no blocks."""
        for element in word.inside(container):
            if element.tag == "p":
                start = len(words.pieces)
                self._read_words(element, words)
                printed = None if self._is_aside else self._numbering.next(element)
                if printed and any(map(str.isalnum, printed.mark)):
                    style = words.pieces[start][1] if start < len(words.pieces) else ""
                    words.pieces.insert(start, (f"{printed.mark} ", style))
                if element.find("pPr/rPr/del") is None:
                    words.pieces.append(("\n", ""))
                boxes, words.boxes = words.boxes, []
                for box in boxes:
                    self._gather(box, words)
            elif element.tag == "tbl":
                for row in word.rows(element):
                    for cell in word.cells(row):
                        self._gather(cell, words)

    # Words

    def _read_words(self, paragraph: Element, words: Words) -> None:
        self._inline(paragraph, words, self._styles.paragraph_style(paragraph))
        # A field whose code does not end with its paragraph is a broken one: what follows shows.
        self._in_code = [is_code for is_code in self._in_code if not is_code]
        words.hidden += ["\n"] if words.hidden else []

    def _inline(self, parent: Element, words: Words, style: str | None) -> None:
        for element in parent:
            if element.tag == "r":
                self._run(element, words, style)
            elif element.tag in word.WRAPPERS:
                self._inline(element, words, style)
            elif element.tag == "mc_AlternateContent":
                self._inline(word.chosen(element), words, style)
            elif element.tag in {"m_oMath", "m_oMathPara"}:
                words.pieces += [(sign.text or "", "") for sign in element.iter("m_t")]

    def _run(self, run: Element, words: Words, style: str | None) -> None:
        shows = self._styles.shows
        look = "strong" if shows("b", run, style) else "em" if shows("i", run, style) else ""
        is_hidden = shows("vanish", run, style)
        elements = list(word.run_parts(run))
        for place, element in enumerate(elements):
            if element.tag == "fldChar":
                self._field(element.get("fldCharType"))
                continue
            if any(self._in_code):
                continue
            if element.tag in _NOTE_PARTS and not is_hidden and not self._is_aside:
                own_mark = element.get("customMarkFollows") in {"1", "true", "on"}
                after = elements[place + 1 : place + 1 + _LONGEST_MARK] if own_mark else []
                mark = clean("".join(word.said(part, run) for part in after))
                self._call(_NOTE_PARTS[str(element.tag)], element.get("id", ""), mark, words)
                if mark:
                    return
            elif element.tag == "ruby":
                self._inline(element, words, style)
            elif element.tag in {"drawing", "pict", "object"}:
                if is_hidden:
                    words.hidden += [sign.text or "" for sign in element.iter("t")]
                else:
                    words.boxes += word.boxes(element)
            elif said := word.said(element, run):
                if is_hidden:
                    words.hidden.append(said)
                else:
                    words.pieces.append((said, look))

    def _field(self, place: str | None) -> None:
        """Keep account of where in a field the words stand: its code never shows, its result does."""
        if place == "begin":
            self._in_code += [True] if len(self._in_code) < _DEEPEST_FIELD else []
        elif self._in_code and place == "separate":
            self._in_code[-1] = False
        elif self._in_code and place == "end":
            self._in_code.pop()

    # Notes, and what does not show

    def _call(self, kind: str, name: str, mark: str, words: Words) -> None:
        if not mark:
            number_format, start, _ = self._note_rules[kind]
            number = start + self._note_count[kind]
            self._note_count[kind] += 1
            mark = _chicago(number) if number_format == "chicago" else shown(number, number_format)
        words.calls.append(mark)
        # A note is written once, even if it is called twice.
        note = self._notes.pop((kind, name), None)
        if note is not None:
            words.notes.append((mark, note))

    def _note_rule(self, kind: str) -> tuple[str, int, str]:
        """Return how notes are numbered: the format, the first number, where it starts again."""
        section = self._body.find("sectPr")
        told = [
            part.find(f"{kind}Pr") for part in (section, self._named_part("settings")) if part is not None
        ]
        rules = [rule for rule in told if rule is not None]

        def first(name: str) -> str | None:
            return next((said for rule in rules if (said := value(rule, name)) is not None), None)

        start = whole(first("numStart"))
        return (
            first("numFmt") or _NOTE_FORMATS[kind],
            1 if start is None else start,
            first("numRestart") or "",
        )

    def _aside(self, container: Element) -> Words:
        """Return the words of what stands beside the report's text: a note, a header."""
        words = Words()
        kept = self._in_code, self._is_aside
        self._in_code, self._is_aside = [], True
        self._gather(container, words)
        self._in_code, self._is_aside = kept
        return words

    def _drop(self, reason: str, text: str) -> None:
        if text:
            self._dropped.append(Dropped(reason, text))

    def _drop_running_lines(self) -> None:
        """Put the headers and footers of all sections among what is left out, each once."""
        parts = [
            (reason, self._relations[name].target)
            for section in self._body.iter("sectPr")
            for reason in ("header", "footer")
            for reference in section.findall(f"{reason}Reference")
            if (name := reference.get("r_id", "")) in self._relations
        ]
        found: dict[tuple[str, str], None] = {}
        for reason, target in dict.fromkeys(parts):
            root = self._package.part(target)
            if root is not None:
                text, _ = folded(self._aside(root).pieces)
                found[reason, text] = None
        for reason, text in found:
            self._drop(reason, text)

    # The file as a whole

    def _levelled(self) -> Iterator[Block]:
        """Yield the blocks with their heading levels: a title, where there is one, stands above all."""
        blocks = self._writer.blocks
        has_headings = any(
            block.level and block.form is Form.TEXT and place not in self._titles
            for place, block in enumerate(blocks)
        )
        for place, block in enumerate(blocks):
            if block.form is not Form.TEXT or place in self._titles:
                yield block
            elif block.level:
                yield replace(block, level=block.level + bool(self._titles))
            else:
                yield replace(block, level=0 if has_headings else None)

    def _metadata(self) -> dict[str, str]:
        said: dict[str, str] = {}
        for relation in self._package.related("").values():
            if relation.kind in {"core-properties", "extended-properties"}:
                for element in _elements(self._package.part(relation.target)):
                    said.setdefault(str(element.tag), clean(element.text or ""))
        title, company = said.get("dc_title", ""), said.get("app_Company", "")
        template = said.get("app_Template", "").rpartition(".")[0]
        found = {}
        if title and title != template and not _NO_TITLE.fullmatch(title):
            found["title"] = title
        if company and "microsoft" not in company.lower():
            found["publisher"] = company
        return found


def _chicago(number: int) -> str:
    """Return the mark of a note in the order of signs that printers use: *, †, ‡, §, **, ††."""
    place = max(number, 1) - 1
    return _CHICAGO[place % 4] * min(place // 4 + 1, 8)


def _elements(root: Element | None, tag: str | None = None) -> Iterator[Element]:
    """Yield the elements of a part that may be missing."""
    return iter(()) if root is None else root.iter(tag)
