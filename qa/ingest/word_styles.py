"""Styles of a Word file: what a paragraph or a run looks like once all that it inherits is counted in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_LIST = re.compile(r"list (?:bullet|number) ([2-5])", re.IGNORECASE)
_OFF = frozenset({"0", "false", "off"})
_LONGEST_CHAIN = 32
"""Styles that may be based on one another; they are walked for every paragraph."""

_NO_HEADING = 9
"""The outline level of body text."""


class Styles:
    """The styles of a file, asked by the id that paragraphs, runs and tables name them by."""

    def __init__(self, root: Element | None) -> None:
        self._styles: dict[str, Element] = {}
        self._looks: dict[tuple[str, str | None], bool] = {}
        self.usual: str | None = None
        for style in root.iter("style") if root is not None else ():
            self._styles.setdefault(style.get("styleId", ""), style)
            if style.get("type") == "paragraph" and style.get("default", "0") not in _OFF:
                self.usual = style.get("styleId")

    def chain(self, name: str | None) -> Iterator[Element]:
        """Yield a style and those it is based on, the nearest first."""
        seen: set[str] = set()
        while name is not None and name not in seen and len(seen) < _LONGEST_CHAIN:
            style = self._styles.get(name)
            if style is None:
                return
            seen.add(name)
            yield style
            name = value(style, "basedOn")

    def paragraph_style(self, paragraph: Element) -> str | None:
        """Return the id of the style a paragraph has, be it the usual one."""
        return value(paragraph, "pPr/pStyle") or self.usual

    def heading_level(self, paragraph: Element) -> int | None:
        """Return the level of a heading, 1 the highest, or none; that of a title is 0."""
        own = whole(value(paragraph, "pPr/outlineLvl"))
        if own is not None:
            return own + 1 if 0 <= own < _NO_HEADING else None
        for style in self.chain(self.paragraph_style(paragraph)):
            name = value(style, "name") or ""
            if match := _HEADING.fullmatch(name):
                return int(match[1])
            if name.lower() == "title":
                return 0
            outline = whole(value(style, "pPr/outlineLvl"))
            if outline is not None:
                return outline + 1 if 0 <= outline < _NO_HEADING else None
        return None

    def list_level(self, paragraph: Element) -> int:
        """Return how deep a list is nested that the name of its style ("List Bullet 2") tells of."""
        names = (value(style, "name") or "" for style in self.chain(self.paragraph_style(paragraph)))
        return next((int(match[1]) for name in names if (match := _LIST.fullmatch(name))), 1)

    def shows(self, look: str, run: Element, paragraph_style: str | None) -> bool:
        """Whether a run is set in a look: ``"b"``, ``"i"`` or ``"vanish"``.

        Styles toggle: what is bold in a style of the run is upright in a paragraph whose style is bold too
        (ECMA-376-1, 17.7.3).
        """
        own = run.find(f"rPr/{look}")
        if own is not None:
            return is_on(own)
        return self.style_shows(look, value(run, "rPr/rStyle")) != self.style_shows(look, paragraph_style)

    def style_shows(self, look: str, name: str | None) -> bool:
        """Whether the nearest style that says anything of a look says yes."""
        shows = self._looks.get((look, name))
        if shows is None:
            found = (style.find(f"rPr/{look}") for style in self.chain(name))
            shows = next((is_on(element) for element in found if element is not None), False)
            self._looks[look, name] = shows
        return shows

    def bold_first_row(self, name: str | None) -> bool:
        """Whether a style of tables sets their first row in bold."""
        for style in self.chain(name):
            for part in style.iter("tblStylePr"):
                bold = part.find("rPr/b")
                if part.get("type") == "firstRow" and bold is not None:
                    return is_on(bold)
        return False


def value(element: Element, path: str) -> str | None:
    """Return what the element at a path says, or none."""
    found = element.find(path)
    return None if found is None else found.get("val")


def whole(text: str | None) -> int | None:
    """Return the whole number a text is, if it is a plain one of at most nine digits."""
    return int(text) if text and re.fullmatch(r"-?[0-9]{1,9}", text) else None


def is_on(element: Element | None) -> bool:
    """Whether a switch is there and not turned off."""
    return element is not None and element.get("val", "1").lower() not in _OFF
