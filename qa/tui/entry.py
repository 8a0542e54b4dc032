"""One entry of the thread as it is drawn: a label, a heading that wraps beside it, and a few lines below."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

INDENT = 4
_HEADING_LINES = 2


class LaidOut(Visual):
    """Lines that are laid out for a width, and again only for another one."""

    _laid_out: tuple[int, list[Content]] = (0, [])

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        """Draw the lines that fit `width`."""
        if width <= 0:
            return []
        strips = Content("\n").join(self.lines(width)).render_strips(width, height, style, options)
        return strips if height is None else strips[:height]

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """Take all the width there is."""
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        """Return how many lines there are at `width`."""
        return len(self.lines(width)) if width > 0 else 0

    def lines(self, width: int) -> list[Content]:
        """Return the lines as they are drawn at `width`."""
        if self._laid_out[0] != width:
            self._laid_out = (width, self._lay_out(width))
        return self._laid_out[1]

    def _lay_out(self, width: int) -> list[Content]:
        """Return the lines, none wider than `width`, which is 1 at least."""
        raise NotImplementedError


class Entry(LaidOut):
    """A label in the margin, a heading, at most `most_lines` lines of a body, and a note in full.

    The body is cut where lines end, not after a number of characters, so that every width shows what fits.
    With a body that is cut goes a heading of two lines: a longer one loses words in its middle, for the
    report stands at its beginning and the place at its end.
    """

    def __init__(
        self,
        label: Content,
        heading: Content,
        body: Content,
        *,
        note: Content | None = None,
        most_lines: int | None = None,
        cut: str = "…",
    ) -> None:
        self._note = note
        self._label = label
        self._heading = heading
        self._body = body
        self._most_lines = most_lines
        self._cut = cut

    def _lay_out(self, width: int) -> list[Content]:
        indent = max(INDENT, self._label.cell_length + 1)
        inner_width = max(1, width - indent)
        lines = self._heading.wrap(inner_width)
        if self._most_lines is not None and len(lines) > _HEADING_LINES:
            lines = self._without_its_middle(inner_width)
        body = self._body.wrap(inner_width) if self._body else []
        if self._most_lines is not None and len(body) > self._most_lines:
            body = body[: self._most_lines]
            body[-1] = cut_short(body[-1], inner_width, self._cut)
        if self._note:
            body = [*body, *self._note.wrap(inner_width)]
        margins = [
            self._label.pad_right(indent - self._label.cell_length),
            *[Content(" " * indent)] * (len(lines) + len(body) - 1),
        ]
        return [
            (margin + line).truncate(width) for margin, line in zip(margins, [*lines, *body], strict=True)
        ]

    def _without_its_middle(self, width: int) -> list[Content]:
        """Return the heading in two lines: its first words, and as many of its last as fit."""
        text = self._heading.plain
        start = max(0, len(text) - width)
        if start and text[start - 1] != " " and " " in text[start:]:
            start = text.index(" ", start) + 1
        first = cut_short(self._heading.wrap(width)[0], width, self._cut)
        return [first, self._heading[start:]]


class Entries(LaidOut):
    """Entries one below the other, in one widget: many widgets take long to be laid out."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries

    def _lay_out(self, width: int) -> list[Content]:
        return [line for entry in self._entries for line in entry.lines(width)]


def cut_short(line: Content, width: int, sign: str) -> Content:
    """Return `line` with `sign` after its last whole word, both within `width`."""
    room = width - len(sign)
    if line.cell_length > room:
        shorter = line.truncate(room)
        end = shorter.plain.rfind(" ")
        line = shorter[:end] if end > room // 2 else shorter
    return line.rstrip().append(sign)
