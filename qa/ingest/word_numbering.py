"""Numbers and bullets as Word prints them: they stand in no paragraph, only the rules that make them do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple
from xml.etree.ElementTree import Element

from qa.ingest.word_styles import Styles, is_on, value, whole
from qa.types import Form

_LEVELS = 9
_LONGEST = 255
"""Characters Word prints before a paragraph at most; a rule is one, the paragraphs may be many."""

_BULLET = "•"
_SYMBOL_FONTS = re.compile(r"symbol|wingdings|webdings|zapf|marlett", re.IGNORECASE)
_LETTERS = frozenset({"lowerLetter", "upperLetter", "lowerRoman", "upperRoman"})
_IN_BRACKETS = re.compile(r"\(\d+\)")


class Printed(NamedTuple):
    """What Word prints before a paragraph: the mark, how the block is set with it, how deep its list is."""

    mark: str
    form: Form
    level: int


@dataclass(frozen=True, slots=True)
class _Level:
    """The rule of one level of a list."""

    start: int = 1
    kind: str = "decimal"
    text: str = ""
    restart: int | None = None
    style: str | None = None
    is_legal: bool = False
    is_symbol: bool = False

    def form(self, printed: str) -> Form:
        """Return how a paragraph is set: numbers open paragraphs, letters and bullets open items."""
        is_item = self.kind == "bullet" or self.kind in _LETTERS or bool(_IN_BRACKETS.fullmatch(printed))
        return Form.ITEM if is_item else Form.TEXT


class Numbering:
    """Counts the numbered paragraphs of one file, asked in reading order."""

    def __init__(self, root: Element | None, styles: Styles) -> None:
        self._styles = styles
        self._lists: dict[str, tuple[str, list[_Level]]] = {}
        self._overrides: dict[tuple[str, int], int] = {}
        self._counts: dict[str, list[int | None]] = {}
        self._begun: set[tuple[str, int]] = set()
        if root is not None:
            self._read(root)

    def next(self, paragraph: Element) -> Printed | None:
        """Count a paragraph; return what is printed before it, none if it is in no list."""
        place = self._place(paragraph)
        if place is None:
            return None
        number, depth = place
        counted, levels = self._lists[number]
        level = levels[depth]
        self._count(number, depth)
        printed = self._printed(counted, levels, depth)
        if not printed:
            return None
        forms = [rule.form("") for rule in levels[:depth]]
        nesting = max(forms.count(Form.ITEM) + 1, self._styles.list_level(paragraph))
        return Printed(printed, level.form(printed), nesting)

    def _read(self, root: Element) -> None:
        rules: dict[str, list[_Level]] = {}
        linked: dict[str, str] = {}
        aliases: dict[str, str] = {}
        for abstract in root.findall("abstractNum"):
            name = abstract.get("abstractNumId", "")
            rules[name] = _levels(abstract, [_Level() for _ in range(_LEVELS)])
            if (style := value(abstract, "styleLink")) is not None:
                linked[style] = name
            if (style := value(abstract, "numStyleLink")) is not None:
                aliases[name] = style
        for list_ in root.findall("num"):
            number, name = list_.get("numId", ""), value(list_, "abstractNumId") or ""
            name = linked.get(aliases.get(name, ""), name)
            levels = rules.get(name)
            if levels is None:
                continue
            for override in list_.findall("lvlOverride"):
                depth, start = whole(override.get("ilvl")), whole(value(override, "startOverride"))
                levels = _levels(override, levels)
                if start is not None and depth is not None and 0 <= depth < _LEVELS:
                    self._overrides[number, depth] = start
            self._lists[number] = (name, levels)
            self._counts[name] = [None] * _LEVELS

    def _place(self, paragraph: Element) -> tuple[str, int] | None:
        """Return the list a paragraph is in and how deep, by its own word or by that of its style."""
        number = value(paragraph, "pPr/numPr/numId")
        depth = whole(value(paragraph, "pPr/numPr/ilvl"))
        if number is None:
            styles = list(self._styles.chain(self._styles.paragraph_style(paragraph)))
            for style in styles:
                number = value(style, "pPr/numPr/numId")
                if number is not None:
                    depth = self._depth_of_style(number, styles, depth, style)
                    break
        if number is None or number not in self._lists:
            return None
        return number, min(max(depth or 0, 0), _LEVELS - 1)

    def _depth_of_style(
        self, number: str, styles: list[Element], own: int | None, style: Element
    ) -> int | None:
        if own is not None:
            return own
        names = [style.get("styleId") for style in styles]
        _, levels = self._lists.get(number, ("", []))
        bound = (depth for depth, level in enumerate(levels) if level.style and level.style in names)
        return next(bound, whole(value(style, "pPr/numPr/ilvl")))

    def _count(self, number: str, depth: int) -> None:
        name, levels = self._lists[number]
        counts = self._counts[name]
        # A level above that was not met yet counts as begun, so the first 1.1 is followed by 2 (Microsoft's
        # article Q110380).
        for above in range(depth):
            if counts[above] is None:
                counts[above] = self._start(number, above)
        now = counts[depth]
        if (number, depth) in self._overrides and (number, depth) not in self._begun:
            now = None
        self._begun.add((number, depth))
        counts[depth] = self._start(number, depth) if now is None else now + 1
        for below in range(depth + 1, _LEVELS):
            restart = levels[below].restart
            if restart is None or depth < restart:
                counts[below] = None

    def _start(self, number: str, depth: int) -> int:
        return self._overrides.get((number, depth), self._lists[number][1][depth].start)

    def _printed(self, name: str, levels: list[_Level], depth: int) -> str:
        level = levels[depth]
        if level.kind == "bullet":
            words = level.text.strip()
            private = any("\ue000" <= character <= "\uf8ff" for character in words)
            return _BULLET if private or level.is_symbol or not words else words
        if level.kind == "none":
            return ""

        def number(match: re.Match[str]) -> str:
            place = int(match[1]) - 1
            rule, count = levels[place], self._counts[name][place]
            return "" if count is None or place > depth else shown(count, _kind(rule, level))

        return " ".join(re.sub(r"%([1-9])", number, level.text).split())


def shown(number: int, kind: str) -> str:
    """Return a number as a format of Word's prints it; one that is not known prints figures."""
    return _FORMATS.get(kind, str)(number)


def _kind(rule: _Level, printing: _Level) -> str:
    """Return the format of one number among those printed together: legal lists have figures throughout."""
    return "decimal" if printing.is_legal and rule.kind != "none" else rule.kind


def _levels(parent: Element, base: list[_Level]) -> list[_Level]:
    levels = list(base)
    for rule in parent.findall("lvl"):
        depth = whole(rule.get("ilvl"))
        if depth is None or not 0 <= depth < _LEVELS:
            continue
        fonts = rule.find("rPr/rFonts")
        font = "" if fonts is None else fonts.get("ascii") or fonts.get("hAnsi") or ""
        start = whole(value(rule, "start"))
        levels[depth] = _Level(
            # The standard's start is 0 where none is given, Word's own is no other.
            start=0 if start is None else start,
            kind=_format(rule),
            text=(value(rule, "lvlText") or "")[:_LONGEST],
            restart=whole(value(rule, "lvlRestart")),
            style=value(rule, "pStyle"),
            is_legal=is_on(rule.find("isLgl")),
            is_symbol=bool(_SYMBOL_FONTS.search(font)),
        )
    return levels


def _format(rule: Element) -> str:
    """Return the format of a level; a newer one stands in a choice beside the one for older programs."""
    for element in rule.iter("numFmt"):
        if (kind := element.get("val")) and kind != "custom":
            return kind
    return "decimal"


def _letters(number: int) -> str:
    """Return a, b, … z, aa, bb, … as Word goes on after z; it ends at thirty letters."""
    if not 1 <= number <= 780:
        return str(number)
    return "abcdefghijklmnopqrstuvwxyz"[(number - 1) % 26] * ((number - 1) // 26 + 1)


def _roman(number: int) -> str:
    if not 1 <= number <= 3999:
        return str(number)
    numeral = ""
    for size, sign in _ROMAN:
        numeral += sign * (number // size)
        number %= size
    return numeral


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
    (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_FORMATS: dict[str, Callable[[int], str]] = {
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "decimalZero": lambda number: f"{number:02}",
    "ordinal": _ordinal,
    "none": lambda _: "",
}
