"""Text that would act on a terminal, a layout or a parser, a library full of it, and a look at the screen."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.pilot import Pilot

from qa.cite import citation, locator
from qa.errors import NotFoundError, QaError
from qa.types import (
    Answer,
    CitedPassage,
    Emphasis,
    Finding,
    Kind,
    Page,
    Passage,
    Report,
    ReportCount,
    ReportSummary,
    SectionCount,
    Span,
)
from tests.tui.fakes import FakeLibrary

COLOUR = (18, 52, 86)
"""A colour that only markup of hostile text asks for."""

MARKUP = {
    "closing tag": "[/b] [/] [[ ]] [",
    "colour": "[#123456 on #123456]x[/]",
    "action": "[@click=app.quit]press[/]",
    "link": "[link=https://example.org]link[/link] [link='x']y[/]",
    "markdown": "# h *b* [t](http://x) `c` <b>&amp;</b> | a |",
    "full text search": 'NEAR( "a" * col: AND OR NOT ^b',
    "sql": "'; DROP TABLE passages; --",
    "path": "../../etc/passwd ~ ~nobody-known/x C:\\x \\\\host\\x",
    "shell": "$(touch x) `touch x` ; | && > x %s %n {} {0} ${HOME}",
    "formula": '=1+1 @SUM(1) +1 -1 =HYPERLINK("http://x")',
}
CONTROLS = {
    "colours of a terminal": "\x1b[31mred\x1b[0m",
    "screen": "\x1b[2J\x1b[H\x1b[?1049l",
    "clipboard of a terminal": "\x1b]52;c;aGk=\x07",
    "link of a terminal": "\x1b]8;;https://example.org\x1b\\x\x1b]8;;\x1b\\",
    "title": "\x1b]0;owned\x07",
    "device": "\x1bP1$qm\x1b\\ \x1b_x\x1b\\ \x1b^y\x1b\\",
    "eight bits": "\x9b31m \x9d0;x\x9c \x90q\x9c \x84 \x8d",
    "NUL": "a\x00b",
    "backspace and bell": "a\x08b\x07c\x7fd",
    "line ends": "a\rb\x0bc\x0cd\x85e\u2028f\u2029g\x1ch\x1di\x1ej",
    "direction": "\u202ertl\u202c \u2066i\u2069 \u200fr \u061ca \u2068",
    "byte order mark": "a\ufeffb",
    "annotation": "\ufff9a\ufffab\ufffb",
    "half characters": "a\ud800b\udfff",
}
WIDTHS = {
    "zero width": "ze\u200bro jo\u200dined no\u200cn",
    "combining": "a" + "\u0301" * 300 + "b",
    "only combining": "\u0301" * 40,
    "wide": "漢字かな漢字かな漢字かな漢字かな漢字かな",
    "one wide": "漢",
    "emoji": "👩\u200d👩\u200d👧\u200d👦 ☺\ufe0f ☺\ufe0e 👍🏽 🇬🇧🇫🇷 🏳\ufe0f\u200d🌈 1\ufe0f\u20e3",
    "right to left": "שלום עולם مرحبا",
    "private": "\ue000\uf8ff\U000f0000 \u0378\U000e0fff",
    "tags": "a\U000e0041\U000e007f\U000e0001b",
    "letters of parts": "\u1100\u1161\u11a8 क्षि \u0e33\u0eb3",
    "fillers": "a\u115f\u1160\u3164\uffa0b",
    "soft": "so\xadft non\xa0breaking \u3000wide",
    "long word": "x" * 10_000,
    "wide word": "漢" * 700,
}
STRINGS = MARKUP | CONTROLS | WIDTHS

_BAD = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)

_OWN_META = frozenset({"option", "offset", "offsets"})


def seen(text: str) -> str:
    """Return what must stand on the screen for `text`: one character for one, or white space for white."""
    return _BAD.sub("\ufffd", text.replace("\n", " ").replace("\t", " "))


def flowing(pilot: Pilot[None]) -> str:
    """Return the letters of the screen without white space, bars and margins, row after row."""
    drawn = ("".join(segment.text for segment in strip) for strip in strips(pilot))
    return re.sub(r"[\s▌█│▎]", "", "".join(drawn))


def strips(pilot: Pilot[None]) -> list[list[Segment]]:
    """Return the rows as they go to the terminal."""
    return [list(strip) for strip in pilot.app.screen._compositor.render_strips()]


def wrong(pilot: Pilot[None]) -> list[str]:
    """Return what is wrong with the rows on the screen: controls, styles or actions out of text, widths."""
    found: list[str] = []
    width, height = pilot.app.size
    rows = strips(pilot)
    if len(rows) != height:
        found.append(f"{len(rows)} rows on a screen of {height}")
    for y, strip in enumerate(rows):
        taken = sum(cell_len(segment.text) for segment in strip)
        if taken != width:
            text = "".join(segment.text for segment in strip)
            found.append(f"row {y} takes {taken} of {width} columns: {text!a:.90}")
        for segment in strip:
            if _BAD.search(segment.text) or any(unicodedata.category(c) == "Cc" for c in segment.text):
                found.append(f"row {y} holds controls: {segment.text!a:.90}")
            style = segment.style
            if style is None:
                continue
            if style.link:
                found.append(f"row {y} holds a link: {style.link!a:.90}")
            for key, value in style.meta.items():
                if key not in _OWN_META and "quit" in str(value):
                    found.append(f"row {y} holds {key}={value!a:.90}")
            for colour in (style.color, style.bgcolor):
                if colour is not None and colour.triplet == COLOUR:
                    found.append(f"row {y} has a colour out of a text: {segment.text!a:.90}")
    return found


def hostile_report(text: str = STRINGS["action"]) -> Report:
    """Return a report everything about which is hostile."""
    return Report(
        id="jar-2006",
        title=text,
        short_title=text,
        path=f"{text}.txt",
        sha256="0" * 64,
        publisher=text,
        date="2006",
        authority=text,
    )


def hostile_passages(text: str) -> tuple[Passage, ...]:
    """Return a section of passages of every kind in which every part is `text`."""

    def one(order: int, kind: Kind, **parts: object) -> Passage:
        return Passage(
            id=f"jar-2006:{order}",
            report="jar-2006",
            order=order,
            kind=kind,
            section=(text, f"{text} 2"),
            scope=None,
            position=order + 1,
            page=Page(order + 1, text),
            **{"text": f"begin {text} end", "number": None} | parts,  # type: ignore[arg-type]
        )

    return (
        one(0, Kind.NUMBERED, number=text, emphasis=(Emphasis(0, 99_999, "em"), Emphasis(3, 4, text)),
            notes=("jar-2006:4",)),
        one(1, Kind.UNNUMBERED),
        one(2, Kind.BULLET, lead_in=f"{text}:"),
        one(3, Kind.TABLE_ROW, text=f"{text}\t3", reading=f"{text}: {text} 3"),
        one(4, Kind.FOOTNOTE, marker=text),
        one(5, Kind.NUMBERED, number="2."),
    )  # fmt: skip


class HostileLibrary(FakeLibrary):
    """Everything it says is made of one text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.speak_of(text)

    def speak_of(self, text: str) -> None:
        """Let everything be made of this text from now on."""
        self.of = text
        self.report = hostile_report(text)
        self.passages = hostile_passages(text)
        self.warnings = (f"{text}.",)
        self.unread = (f"{text} not read.",)

    @property
    def identity(self) -> Mapping[str, str]:
        return {"version": self.of, "model": self.of, "index": self.of}

    def cite(self, passage: Passage, rank: int) -> CitedPassage:
        return CitedPassage(
            rank,
            passage,
            self.report,
            locator(passage),
            citation(passage, self.report),
            (Span(2, 9), Span(5, 99_999)),
            1.0,
            notes=(self.passages[4],) if passage.notes else (),
            also=(self.passages[5],) if rank == 1 else (),
        )

    def _cited(self) -> tuple[CitedPassage, ...]:
        return tuple(self.cite(passage, rank) for rank, passage in enumerate(self.passages, start=1))

    def ask(
        self,
        question: str,
        *,
        k: int = 10,
        history: Sequence[str] = (),
        reports: Sequence[str] | None = None,
        section: str | None = None,
        mode: str = "full",
    ) -> Answer:
        assert self.may_answer.wait(30)
        self.asked.append((question, k, tuple(history)))
        if "fail" in question:
            raise (QaError if "ours" in question else ValueError)(self.of)
        return Answer(
            question,
            "nothing" not in question,
            self._cited(),
            1.0,
            notes=(self.of, f"{self.of} 2"),
            confidence="possible",
            reason=self.of,
            searched=self.of,
        )

    def similar(
        self,
        passage_id: str,
        *,
        k: int = 10,
        reports: Sequence[str] | None = None,
        section: str | None = None,
    ) -> Answer:
        return Answer(self.of, True, self._cited(), 1.0, confidence="unjudged", reason=self.of)

    def find(
        self, query: str | Sequence[str], *, reports: Sequence[str] | None = None, section: str | None = None
    ) -> Finding:
        counts = (ReportCount(self.report, 6),)
        by_section = (SectionCount(self.report, (self.of,), 6),)
        return Finding(str(query), self.of, self._cited(), counts, by_section, 6, 6)

    def show(self, passage_id: str, *, context: int = 0) -> tuple[CitedPassage, ...]:
        for each in self.passages:
            if passage_id in (each.id, f"jar-2006 {each.number}"):
                around = self.passages[max(0, each.order - context) : each.order + context + 1]
                return tuple(self.cite(near, rank) for rank, near in enumerate(around, start=1))
        raise NotFoundError(f'There is no passage "{passage_id}"; there is {self.of}')

    def complete(self, text: str) -> tuple[str, ...]:
        return (f"{text}{self.of}", f'section:"{self.of}"')

    def section_of(self, passage: Passage) -> tuple[Passage, ...]:
        return tuple(self.passages)

    def reports(self) -> tuple[ReportSummary, ...]:
        return (ReportSummary(self.report, {Kind.NUMBERED: 2, Kind.BULLET: 1}),)


MONKEY_KEYS = (
    *"abcdefghijklmnopqrstuvwxyzYRKJ0123456789 /?[]{}",
    *(f"f{number}" for number in range(1, 13)),
    *(f"ctrl+{letter}" for letter in "abdefghijklmnoprstuvwxy"),
    *("enter", "escape", "tab", "shift+tab", "up", "down", "left", "right", "home", "end", "pageup"),
    *("pagedown", "delete", "backspace", "insert", "shift+up", "shift+down", "left_square_bracket"),
    *("right_square_bracket", "left_curly_bracket", "right_curly_bracket", "slash", "question_mark"),
)
"""Every kind of key but those that quit or step back to the shell."""

MONKEY_SIZES = (
    (1, 1), (2, 1), (1, 9), (3, 3), (10, 3), (20, 5), (30, 8), (39, 10), (40, 12), (60, 15), (60, 20),
    (79, 23), (80, 24), (81, 25), (100, 30), (120, 16), (132, 43), (160, 50), (200, 10), (200, 60),
)  # fmt: skip


async def press_at_random(pilot: Pilot[None], seed: int, *, presses: int) -> None:
    """Press keys, resize and paste as a seed says, and often go back to the Ask screen."""
    chance = random.Random(seed)
    for _ in range(presses):
        what = chance.random()
        if what < 0.02:
            await pilot.resize_terminal(*chance.choice(MONKEY_SIZES))
        elif what < 0.05:
            pilot.app.post_message(events.Paste(chance.choice([*STRINGS.values()])[:200]))
        else:
            # All the waiting of `pilot.press` would make this take minutes.
            pilot.app.post_message(key_event(chance.choice(MONKEY_KEYS)))
        if chance.random() < 0.1:
            await pilot.pause()


def key_event(key: str) -> events.Key:
    """Return the event of a key as a terminal sends it."""
    return events.Key(key, key if len(key) == 1 else " " if key == "space" else None)
