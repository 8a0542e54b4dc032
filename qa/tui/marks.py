"""The signs that stand beside words, in two sets: one for terminals that show more than ASCII."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.dom import DOMNode
from textual.scrollbar import ScrollBarRender


@dataclass(frozen=True, slots=True)
class Marks:
    """Signs beside words; none of them says what words near it do not say too."""

    strong: str = "●●●"
    possible: str = "●●○"
    unsure: str = "●○○"
    nothing: str = "○○○"
    current: str = "▌"
    current_in_focus: str = "█"
    marked: str = "✓"
    bullet: str = "•"
    leads_from: str = "↳"
    cut: str = "…"
    path: str = " › "
    quotes: tuple[str, str] = ("“", "”")
    done: str = "█"
    to_do: str = "░"

    def of(self, confidence: str) -> str:
        """Return the sign of how sure an answer is."""
        return {"strong": self.strong, "possible": self.possible, "none": self.nothing}.get(
            confidence, self.unsure
        )


UNICODE_MARKS = Marks()
ASCII_MARKS = Marks(
    strong="***",
    possible="**-",
    unsure="*--",
    nothing="---",
    current="|",
    current_in_focus="#",
    marked="+",
    bullet="*",
    leads_from="->",
    cut="...",
    path=" > ",
    quotes=('"', '"'),
    done="#",
    to_do="-",
)


def marks_of(node: DOMNode) -> Marks:
    """Return the signs of the app that `node` is in."""
    return ASCII_MARKS if node.app.has_class("-ascii") else UNICODE_MARKS


class AsciiScrollBar(ScrollBarRender):
    """A scroll bar that ends where a cell ends; the usual one draws parts of cells."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]
