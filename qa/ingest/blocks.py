"""Blocks put together by a reader, with the text they are cut from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from qa.types import Block, Cell, Emphasis, Form, Span

_BETWEEN_BLOCKS = "\n\n"
_BETWEEN_CELLS = "\t"


class BlockWriter:
    """Collects the blocks of a file whose text is not laid out in characters, and writes that text.

    White space of the words given is taken to be folded already, and no word to hold a line feed or a tab.
    """

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._pieces: list[str] = []
        self._length = 0

    @property
    def text(self) -> str:
        """The words of all blocks so far, which their sources are offsets into."""
        return "".join(self._pieces)

    def add(
        self, form: Form, text: str, *, emphasis: Iterable[Emphasis] = (), gap: int = 1, **look: Any
    ) -> Block | None:
        """Add a block that is no table row; one without words is none. `look` is as in `Block`."""
        if not text:
            return None
        source = self._write(text)
        block = Block(form, text, source, gap=gap, emphasis=tuple(emphasis), **look)
        self.blocks.append(block)
        return block

    def add_row(self, cells: Sequence[str], *, gap: int = 0, **look: Any) -> Block | None:
        """Add a table row; one whose cells are all empty is none."""
        if not any(cells):
            return None
        written: list[Cell] = []
        for place, words in enumerate(cells):
            written.append(Cell(words, self._write(words, _BETWEEN_CELLS if place else None)))
        filled = [cell for cell in written if cell.text]
        block = Block(
            Form.ROW,
            _BETWEEN_CELLS.join(cells).rstrip(_BETWEEN_CELLS),
            Span(filled[0].source.start, filled[-1].source.end),
            gap=gap,
            cells=tuple(written),
            **look,
        )
        self.blocks.append(block)
        return block

    def _write(self, words: str, joiner: str | None = None) -> Span:
        before = (_BETWEEN_BLOCKS if self._length else "") if joiner is None else joiner
        start = self._length + len(before)
        self._pieces += [before, words]
        self._length = start + len(words)
        return Span(start, self._length)
