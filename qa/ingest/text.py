"""Reader of plain text: bytes to blocks.

Knows how plain text is set (line breaks, bullets, tabs, asterisks for emphasis), not what reports mean.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from qa.errors import CorpusError
from qa.ingest.hyphens import Hyphens
from qa.types import Block, Cell, Emphasis, Form, Span

# A printed bullet: a mark followed by space, or one that can be nothing else (private use: a symbol font's).
_BULLET = re.compile(
    r"\s*(?:([-–—•*·▪◦●■□◼◾‣⁃►➔➢➤✓✔])\s+|([•▪◦●■◼◾‣⁃►➔➢➤\ue000-\uf8ff])\s*|(o)(?:\t|\s{2,})"
    r"|(\((?:[a-z]|[ivx]{2,4})\))\s+)(?=\S)"
)
_NUMBERED = re.compile(r"\s*\*{0,2}(?:\d{1,3}(?:\.\d{1,3})*[.)]?|\d{1,3}\([a-z]\))\*{0,2}\s+(?=\S)")
_BARE_MARK = re.compile(r"\s*(?:\*{0,2}\d{1,3}(?:\.\d{1,3})*\.\*{0,2}|[•▪◦●■□◼◾‣⁃►➔➢➤✓✔\ue000-\uf8ff])\s*")
_NUMBER_THEN_TAB = re.compile(r"\s*\*{0,2}\d{1,3}(?:\.\d{1,3})*[.)]?\*{0,2}\t+")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_EMPHASIS = re.compile(
    r"(?<![\w*])(?P<mark>\*{1,3})(?=[^\s*])(?P<words>(?:(?!\*).)*?[^\s*])(?P=mark)(?![\w*])",
)
_STYLES = {1: "em", 2: "strong", 3: "strong"}

_WRAPPED_AT_MOST = 130
"""A file whose long lines are no longer than this is taken to be broken at line ends."""


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    start: int
    gap: int

    @property
    def indent(self) -> int:
        return len(self.text) - len(self.text.lstrip())


def decode(data: bytes) -> tuple[str, str | None]:
    """Decode the bytes of a text file.

    Returns
    -------
    tuple of str and (str or None)
        The text without its byte order mark, and a sentence if the bytes are not the UTF-8 they should be.

    Raises
    ------
    CorpusError
        If the bytes are not text.
    """
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace"), None
    if _is_binary(data):
        raise CorpusError("is not a text file, though its name says so; remove it or give it its right name")
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError as error:
        place = f"byte {error.start:,}"
    try:
        return data.decode("cp1252"), f"is not valid UTF-8 (at {place}) and was read as Windows-1252"
    except UnicodeDecodeError:
        return (
            data.decode("utf-8", errors="replace"),
            f"is not valid UTF-8 (at {place}) and the bytes that cannot be read are shown as \ufffd",
        )


def read_text(text: str) -> list[Block]:
    """Cut a decoded text into blocks: paragraphs with broken lines joined, list items and table rows."""
    lines = _lines(text)
    width = _wrap_width(lines)
    hyphens = Hyphens(line.text for line in lines)
    groups: list[list[_Line]] = []
    for line in lines:
        if groups and _continues(groups[-1], line, width):
            groups[-1].append(line)
        else:
            groups.append([line])
    blocks: list[Block] = []
    for group in groups:
        follows_row = bool(blocks) and blocks[-1].form is Form.ROW and group[0].gap == 0
        blocks.append(_block(group, hyphens, follows_row=follows_row))
    return blocks


def clean(text: str) -> str:
    """Fold white space of any kind to single spaces and drop invisible characters."""
    return " ".join(_INVISIBLE.sub("", text).split())


def without_emphasis(text: str) -> tuple[str, tuple[Emphasis, ...]]:
    """Return a text without the asterisks that mark emphasis, and where the emphasis is."""
    pieces: list[str] = []
    spans: list[Emphasis] = []
    done = length = 0
    for match in _EMPHASIS.finditer(text):
        before, words = text[done : match.start()], match["words"]
        length += len(before)
        spans.append(Emphasis(length, length + len(words), _STYLES[len(match["mark"])]))
        length += len(words)
        pieces += [before, words]
        done = match.end()
    return "".join([*pieces, text[done:]]), tuple(spans)


def _is_binary(data: bytes) -> bool:
    sample = data[:65536]
    odd = sum(byte < 32 and byte not in b"\t\n\r\x0b\x0c\x1b" for byte in sample)
    return b"\0" in sample or odd * 20 > len(sample)


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    start, gap = 0, 0
    for raw in text.splitlines(keepends=True):
        content = raw.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
        if clean(content):
            lines.append(_Line(content, start, gap))
            gap = 0
        else:
            gap += 1
        if raw.endswith("\f"):
            gap += 2
        start += len(raw)
    return lines


def _wrap_width(lines: list[_Line]) -> int | None:
    """Return the line length a file is broken at, or none if its paragraphs stand on one line each."""
    lengths = sorted(len(line.text.rstrip()) for line in lines if "\t" not in line.text.strip())
    long = [length for length in lengths if length > 40]
    if len(long) < 3:
        return None
    widest = long[int(len(long) * 0.95)]
    return widest if widest <= _WRAPPED_AT_MOST else None


def _continues(group: list[_Line], line: _Line, width: int | None) -> bool:
    """Whether a line belongs to the paragraph or item above it."""
    above = group[-1]
    if _is_row(line.text):
        return False
    if _BARE_MARK.fullmatch(above.text) and line.gap <= 1:
        return True
    if line.gap or _NUMBERED.match(line.text) or "\t" in above.text.strip(" "):
        return False
    first_word = line.text.split()[0]
    above_is_full = width is not None and len(above.text.rstrip()) + 1 + len(first_word) > width * 0.9
    in_item = _BULLET.match(group[0].text) is not None
    if _BULLET.match(line.text):
        broken_at_dash = first_word in "-–—" and not above.text.rstrip().endswith((".", ":", ";"))
        return above_is_full and broken_at_dash and not in_item
    return first_word[0].islower() or (in_item and line.indent > group[0].indent) or above_is_full


def _is_row(text: str) -> bool:
    bullet = _BULLET.match(text) or _NUMBER_THEN_TAB.match(text)
    return "\t" in (text[bullet.end() :] if bullet else text).strip()


def _block(group: list[_Line], hyphens: Hyphens, *, follows_row: bool) -> Block:
    first = group[0]
    raw = first.text
    for line in group[1:]:
        raw = hyphens.joined(raw.rstrip(), line.text.strip())
    start, end = first.start, group[-1].start + len(group[-1].text.rstrip())
    if len(group) == 1 and (_is_row(raw) or (follows_row and "\t" in raw)):
        return _row(first)
    marker = ""
    if bullet := _BULLET.match(raw):
        marker = next(filter(None, bullet.groups()))
        start += bullet.end()
        raw = raw[bullet.end() :]
    else:
        start += first.indent
    text, emphasis = without_emphasis(clean(raw))
    return Block(
        form=Form.ITEM if marker else Form.TEXT,
        text=text,
        source=Span(start, end),
        gap=first.gap,
        marker=marker,
        emphasis=emphasis,
    )


def _row(line: _Line) -> Block:
    cells: list[Cell] = []
    start = line.start
    for raw in line.text.split("\t"):
        bullet = _BULLET.match(raw)
        words = raw[bullet.end() :] if bullet else raw
        text, _ = without_emphasis(clean(words))
        inner = start + len(raw) - len(words.lstrip())
        cells.append(Cell(text, Span(inner, max(inner, start + len(raw.rstrip())))))
        start += len(raw) + 1
    filled = [cell for cell in cells if cell.text]
    return Block(
        form=Form.ROW,
        text="\t".join(cell.text for cell in cells).rstrip("\t"),
        source=Span(filled[0].source.start, filled[-1].source.end),
        gap=line.gap,
        cells=tuple(cells),
    )
