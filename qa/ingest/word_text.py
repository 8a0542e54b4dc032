"""Elements of a Word file to words: what each says, and the pieces folded to a text with its emphasis."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from qa.ingest.text import clean
from qa.ingest.word_styles import whole
from qa.types import Emphasis

WRAPPERS = frozenset(
    "sdt sdtContent customXml smartTag ins moveTo hyperlink fldSimple dir bdo ruby rubyBase".split()
)
"""Elements that only hold others; what was deleted or moved away stands in others and is passed by."""

_BREAKS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_SYMBOLS = {
    "symbol": {
        0x2D: "−", 0xA3: "≤", 0xAE: "→", 0xB0: "°", 0xB1: "±", 0xB3: "≥", 0xB4: "×", 0xB8: "÷", 0xB9: "≠",
    },
    "wingdings": {
        0x6F: "□", 0xA7: "▪", 0xA8: "◻", 0xD8: "➢", 0xE0: "→", 0xE8: "➔", 0xFB: "✗", 0xFC: "✓", 0xFE: "☑",
    },
    "wingdings 2": {0x4F: "✗", 0x50: "✓", 0x52: "☑", 0xA3: "☐"},
}  # fmt: skip
"""Signs of fonts whose characters have no meaning of their own; any other one is shown as a bullet."""


@dataclass(slots=True)
class Words:
    """What stands in a paragraph or a cell: its words in pieces of one look, and what hangs on them.

    Attributes
    ----------
    pieces
        Words as they stand in the file, each with its emphasis (``"strong"``, ``"em"`` or none).
    hidden
        Words that do not show.
    calls
        The printed marks of the notes that are called.
    notes
        The notes called for the first time, each with its mark.
    boxes
        The text boxes anchored here.
    """

    pieces: list[tuple[str, str]] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    notes: list[tuple[str, Element]] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)

    @property
    def is_strong(self) -> bool:
        """Whether all the words are bold."""
        return all(style == "strong" for words, style in self.pieces if clean(words))


def folded(pieces: Iterable[tuple[str, str]]) -> tuple[str, list[Emphasis]]:
    """Return the text of pieces, white space folded over their borders, and its emphasised stretches."""
    words: list[str] = []
    spans: list[Emphasis] = []
    length = 0
    is_parted = False
    for piece, style in pieces:
        for chunk in re.findall(r"\s+|\S+", piece):
            if chunk.isspace():
                is_parted = length > 0
            elif word := clean(chunk):
                space = " " if is_parted else ""
                start, length = length + len(space), length + len(space) + len(word)
                words += [space, word]
                is_parted = False
                if spans and spans[-1].style == style and spans[-1].end == start - len(space):
                    spans[-1] = spans[-1]._replace(end=length)
                else:
                    spans.append(Emphasis(start, length, style))
    return "".join(words), [span for span in spans if span.style]


def shifted(spans: Iterable[Emphasis], by: int) -> list[Emphasis]:
    """Return emphasised stretches as they stand once words are put before them, or taken away if `by` < 0."""
    return [Emphasis(max(0, s.start + by), s.end + by, s.style) for s in spans if s.end + by > 0]


def said(element: Element, run: Element) -> str:
    """Return what an element of a run prints as text, white space as it stands; nothing if it is no text."""
    if element.tag == "t":
        text = (element.text or "").replace("\u2011", "-")
        if _PRIVATE.search(text):
            fonts = run.find("rPr/rFonts")
            font = "" if fonts is None else fonts.get("ascii") or fonts.get("hAnsi") or ""
            return _PRIVATE.sub(lambda sign: _symbol(ord(sign.group()), font), text)
        return text
    if element.tag == "sym":
        code = element.get("char", "")
        is_code = re.fullmatch(r"[0-9A-Fa-f]{1,4}", code) is not None
        return _symbol(int(code, 16), element.get("font", "")) if is_code else ""
    return _BREAKS.get(str(element.tag), "")


def run_parts(run: Element) -> Iterator[Element]:
    """Yield the elements of a run, of those that stand for one another the one to be used."""
    for element in run:
        if element.tag == "mc_AlternateContent":
            yield from run_parts(chosen(element))
        else:
            yield element


def inside(container: Element) -> Iterator[Element]:
    """Yield the paragraphs and tables of a container, those in wrappers too."""
    for element in container:
        if element.tag in WRAPPERS:
            yield from inside(element)
        elif element.tag == "mc_AlternateContent":
            yield from inside(chosen(element))
        else:
            yield element


def chosen(alternatives: Element) -> Element:
    """Return one of the copies that a newer and an older program each have of the same thing."""
    first = alternatives.find("mc_Choice")
    if first is None:
        first = alternatives.find("mc_Fallback")
    return Element("none") if first is None else first


def boxes(drawing: Element) -> list[Element]:
    """Return the text boxes of a drawing, each once; those within another are left to it."""
    if drawing.tag == "txbxContent":
        return [drawing]
    if drawing.tag == "mc_AlternateContent":
        drawing = chosen(drawing)
    return [box for element in drawing for box in boxes(element)]


def rows(table: Element) -> list[Element]:
    """Return the rows of a table but for those that were deleted."""
    return [row for row in inside(table) if row.tag == "tr" and row.find("trPr/del") is None]


def cells(row: Element) -> list[Element]:
    """Return the cells of a row."""
    return [cell for cell in inside(row) if cell.tag == "tc"]


def holds_words(cell: Element) -> bool:
    """Whether a cell may print anything."""
    return any(element.tag in {"t", "sym", "numPr"} for element in cell.iter())


def goes_on(cell: Element, merge: str) -> bool:
    """Whether a cell was merged into the one before it: ``"vMerge"`` above, ``"hMerge"`` to the left."""
    merged = cell.find(f"tcPr/{merge}")
    return merged is not None and merged.get("val") != "restart"


def span(columns: str | None, usual: int) -> int:
    """Return over how many columns something goes, of the 63 that a table can have."""
    told = whole(columns)
    return usual if told is None else min(max(told, usual), 63)


def _symbol(code: int, font: str) -> str:
    """Return a character of a symbol font as any other font has it."""
    is_private = 0xE000 <= code <= 0xF8FF
    # The fonts' own codes are moved into the private range, mostly by F000.
    sign = _SYMBOLS.get(font.lower(), {}).get(code & 0xFF)
    if sign:
        return sign
    is_character = code >= 0x20 and not is_private and not 0xD800 <= code <= 0xDFFF
    return chr(code) if is_character and not re.match(r"(?:wing|web)dings|symbol", font.lower()) else "•"
