"""Rows of a table to what people read: a row with its column heads, or the statements in its cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from qa.types import Block, Cell, Span

_GRADE_WORD = re.compile(
    r"(?:\d{1,2}|[A-E]|n/?a|yes|no|met|not met|partly met|outstanding|excellent|very good|good|satisfactory"
    r"|adequate|fair|poor|inadequate|requires improvement(?: to be good)?|improving|declining|[-–—]"
    r"|\d[\d.,]*\s?%?)",
    re.IGNORECASE,
)
_NO_AREA = frozenset(
    "a an all and at by for from in it most no not of on one some the there these this to".split()
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table of judgements: as printed, as it reads with its heads, and these as printed."""

    text: str
    reading: str
    heads: str
    source: tuple[Span, ...]


@dataclass(slots=True)
class Statement:
    """One cell that says something: its area and column, the heads as printed, its words and their place."""

    area: str | None
    column: str | None
    heads: str
    text: str
    source: list[Span] = field(default_factory=list)


def read_rows(rows: Sequence[Block], *, prose: Counter[str]) -> list[Row]:
    """Return the rows of the tables that follow each other in `rows`; column heads are no rows of their own.

    Parameters
    ----------
    rows
        Blocks of form row, in order.
    prose
        How often each word stands in the report, to tell a name from a word capitalised in a column head.
    """
    read: list[Row] = []
    for table in _tables(rows):
        heads, body = _heads(table)
        printed = "\t".join(heads)
        heads = [_sentence_case(head, prose) for head in heads]
        read += [Row(block.text, _reading(block.cells, heads), printed, (block.source,)) for block in body]
    return read


def is_statements(rows: Sequence[Block]) -> bool:
    """Whether a table's cells hold sentences, its first column too: strengths beside weaknesses."""
    _, body = _heads(rows)
    first = [block.cells[0].text for block in body if block.cells[0].text and not _is_area_row(block.cells)]
    return bool(first) and sum(map(_is_sentence, first)) * 2 > len(first)


def read_statements(rows: Sequence[Block], *, text: str, labels: Iterable[str]) -> list[Statement]:
    """Return the statements of a table, row by row.

    Parameters
    ----------
    rows
        Blocks of form row, in order.
    text
        The decoded file, to place a statement that follows the area's name in its cell.
    labels
        Names known from headings and other tables, which an area may bear.
    """
    heads, body = _heads(rows)
    known = {label.casefold(): label for label in labels}
    area: str | None = None
    open_in_column: dict[int, Statement] = {}
    statements: list[Statement] = []
    for block in body:
        if [cell.text for cell in block.cells] == heads:
            continue
        cells = {column: cell for column, cell in enumerate(block.cells) if cell.text}
        if _is_area_row(block.cells):
            area = next(iter(cells.values())).text
            open_in_column.clear()
            continue
        if named := _area_at_start([cell.text for cell in cells.values()], known):
            area = named
            known.setdefault(named.casefold(), named)
            open_in_column.clear()
        for column, cell in cells.items():
            words, source = cell.text, cell.source
            if named:
                words, source = _after(words, source, len(named.split()), text)
            above = open_in_column.get(column)
            if above and not _ends(above.text) and words[0].islower():
                above.text += f" {words}"
                above.source.append(source)
                continue
            head = heads[column] if column < len(heads) else ""
            open_in_column[column] = Statement(area, head or None, "\t".join(heads), words, [source])
            statements.append(open_in_column[column])
    return statements


def first_cells(rows: Iterable[Block]) -> list[str]:
    """Return the labels in the first column of the rows."""
    return [block.cells[0].text for block in rows if block.cells and block.cells[0].text]


def _tables(rows: Sequence[Block]) -> list[list[Block]]:
    tables: list[list[Block]] = []
    for index, block in enumerate(rows):
        starts = not tables or (block.gap and _is_head(block, rows[index + 1 : index + 6]))
        if starts:
            tables.append([])
        tables[-1].append(block)
    return tables


def _heads(rows: Sequence[Block]) -> tuple[list[str], Sequence[Block]]:
    if len(rows) > 1 and _is_head(rows[0], rows[1:]):
        return [cell.text for cell in rows[0].cells], rows[1:]
    return [], rows


def _is_head(row: Block, below: Sequence[Block]) -> bool:
    filled = [cell.text for cell in row.cells if cell.text]
    if not below or _is_area_row(row.cells) or any(_is_sentence(text) or is_grade(text) for text in filled):
        return False
    if not row.cells[0].text:
        return bool(filled)
    values = [cell.text for block in below for cell in block.cells[1:] if cell.text]
    if not values or {cell.text for cell in row.cells[1:]} & set(values):
        return False
    telling = sum(is_grade(value) or _is_sentence(value) for value in values)
    return telling * 2 > len(values) or len(set(values)) * 2 <= len(values)


def _is_area_row(cells: Sequence[Cell]) -> bool:
    filled = [cell.text.casefold() for cell in cells if cell.text]
    return (
        len(filled) > 1 and len(set(filled)) == 1 and not is_grade(filled[0]) and not _is_sentence(filled[0])
    )


def is_grade(text: str) -> bool:
    """Whether a cell holds nothing but a grade, a figure or an answer such as ``met``."""
    return _GRADE_WORD.fullmatch(text) is not None


def _is_sentence(text: str) -> bool:
    return len(text.split()) > 3 and (_ends(text) or len(text.split()) > 12)


def _ends(text: str) -> bool:
    return text.rstrip("\"'”’)]").endswith((".", "!", "?", ";"))


def _reading(cells: Sequence[Cell], heads: Sequence[str]) -> str:
    label, *values = [cell.text for cell in cells] or [""]
    read: list[str] = []
    for column, value in enumerate(values, start=1):
        head = heads[column] if column < len(heads) else ""
        if value:
            read.append(f"{head}: {value}" if head else value)
    return " — ".join(filter(None, [label, "; ".join(read)]))


def _sentence_case(head: str, prose: Counter[str]) -> str:
    """Return a column head with inner capitals lowered where the report's prose has the word so."""
    words = head.split()
    if not any(word.islower() for word in words):
        return head
    return " ".join(
        word.lower() if place and word.istitle() and prose[word.lower()] > prose[word] else word
        for place, word in enumerate(words)
    )


def _area_at_start(cells: Sequence[str], known: dict[str, str]) -> str | None:
    """Return the area that all cells of a row begin with: a known name, or the words they share.

    What follows the name is a statement, so it begins with a capital.
    """
    split = [cell.split() for cell in cells]
    shortest = min(map(len, split), default=0)
    for length in range(shortest - 1, 0, -1):
        openings = {" ".join(words[:length]) for words in split}
        if len({opening.casefold() for opening in openings}) > 1 or not all(
            words[length][0].isupper() or words[length][0].isdigit() for words in split
        ):
            continue
        opening = min(openings)
        if opening.casefold() in known:
            return opening
        if len(cells) > 1 and not all(word.casefold() in _NO_AREA for word in opening.split()):
            return opening
    return None


def _after(words: str, source: Span, skipped: int, text: str) -> tuple[str, Span]:
    """Return a cell's words and place without its first `skipped` words."""
    match = re.compile(rf"(?:\S+\s+){{{skipped}}}").match(text, source.start, source.end)
    start = match.end() if match else source.start
    return " ".join(words.split()[skipped:]), Span(start, source.end)
