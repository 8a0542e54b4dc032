"""A library of fixed passages whose slow steps can be held open, and what drives an app over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event

from textual.pilot import Pilot

from qa.cite import citation, locator
from qa.tui import QaApp
from qa.tui.reader import Paragraph
from qa.tui.screen import AskScreen
from qa.types import (
    Answer,
    CitedPassage,
    Emphasis,
    Kind,
    Passage,
    Progress,
    ProgressCallback,
    Report,
    ReportSummary,
    Span,
)

LONG_WORD = "x" * 10_000
HOSTILE = "[/b] [red]x[/] [@click=app.quit]y[/] \x1b[31mESC \u202eRTL \x00NUL \r CR 3\u20e3 漢字 \t tab"

REVIEW = Report(
    id="jar-2006",
    title="Joint area review: Rutland",
    short_title="Joint area review, Rutland",
    path="joint-area-review-rutland-2006.txt",
    sha256="0" * 64,
    publisher="Ofsted",
    date="2006",
)

_SAFE = ("Main Report", "Staying safe")
_RECOMMENDED = ("Grades and recommendations", "Recommendations")
_GRADES = ("Grades and recommendations", "Grades")


def passage(
    order: int,
    text: str,
    *,
    section: tuple[str, ...] = _SAFE,
    number: str | None = None,
    kind: Kind | None = None,
    position: int = 1,
    reading: str | None = None,
    lead_in: str | None = None,
    emphasis: tuple[Emphasis, ...] = (),
) -> Passage:
    """Return a passage of the review."""
    return Passage(
        id=f"jar-2006:{order}",
        report="jar-2006",
        order=order,
        kind=kind or (Kind.UNNUMBERED if number is None else Kind.NUMBERED),
        section=section,
        number=number,
        scope=None,
        position=position,
        text=text,
        reading=reading,
        lead_in=lead_in,
        emphasis=emphasis,
    )


PASSAGES = (
    passage(
        0,
        "Outcomes in this aspect are good and children appear to be safe. Most agencies ensure that staff "
        "are appropriately trained in child protection.",
        number="27",
    ),
    passage(
        1,
        "The Local Safeguarding Children Board has been established. It was set up under the Framework for "
        "the Inspection of Children's Services, and its procedures are followed by all agencies.",
        number="28",
        emphasis=(Emphasis(84, 135, "em"),),
    ),
    passage(
        2,
        "Access to the child protection register outside office hours is not robust. Checks are made by "
        "telephone, and there were occasions on which no answer was received. All looked after children have "
        "a qualified social worker.",
        number="29",
    ),
    passage(3, "Road safety is given high priority, and casualties are low.", number="30"),
    passage(4, "These judgements are summarised in the table of grades.", position=1),
    passage(5, "Young people report that they feel safe at school and in their communities.", number="31"),
    passage(
        6,
        "the council should instigate a comprehensive area wide needs analysis process",
        section=_RECOMMENDED,
        kind=Kind.BULLET,
        position=1,
        lead_in="For immediate action:",
    ),
    passage(
        7,
        "ensure young people aged 16 to 18 have access to appropriate mental health services.",
        section=_RECOMMENDED,
        kind=Kind.BULLET,
        position=2,
        lead_in="For immediate action:",
    ),
    passage(
        8,
        "the Local Safeguarding Children Board should ensure that access to the child protection register "
        "outside office hours is robust;",
        section=_RECOMMENDED,
        kind=Kind.BULLET,
        position=3,
        lead_in="For action over the next six months:",
    ),
    passage(
        9,
        "Staying safe\t3",
        section=_GRADES,
        kind=Kind.TABLE_ROW,
        reading="Staying safe: The impact of local services on outcomes 3",
        emphasis=(Emphasis(0, 12, "strong"),),
    ),
    passage(10, HOSTILE, section=("Hostile [/b]", "\x1b[2J"), number="[/1]"),
    passage(11, LONG_WORD, section=("Hostile [/b]", "\x1b[2J"), number="2"),
)

QUESTION = "Can social workers check the child protection register at night?"
SAID_TWICE = "Do young people feel safe at school?"
NOTHING = "What does the report say about penguins?"
HOSTILE_QUESTION = "hostile [/b] [red]?"


def cite(chosen: Passage, rank: int, highlights: tuple[Span, ...] = ()) -> CitedPassage:
    """Return `chosen` as a ranked passage of an answer."""
    return CitedPassage(rank, chosen, REVIEW, locator(chosen), citation(chosen, REVIEW), highlights, 1 / rank)


def _answers() -> dict[str, tuple[CitedPassage, ...]]:
    return {
        QUESTION: (
            cite(PASSAGES[2], 1, (Span(0, 76),)),
            cite(PASSAGES[8], 2, (Span(0, 20),)),
            cite(PASSAGES[1], 3),
            cite(PASSAGES[9], 4, (Span(0, 12),)),
            cite(PASSAGES[4], 5),
        ),
        SAID_TWICE: (replace(cite(PASSAGES[5], 1), also=(PASSAGES[0],)), cite(PASSAGES[3], 2)),
        NOTHING: (),
        HOSTILE_QUESTION: (cite(PASSAGES[10], 1, (Span(3, 9), Span(20, 99_999))), cite(PASSAGES[11], 2)),
    }


class FakeLibrary:
    """Answers from a table. Opening, loading and searching wait for their events, which are set at first."""

    def __init__(self) -> None:
        self.may_open = _set_event()
        self.may_prepare = _set_event()
        self.may_answer = _set_event()
        self.opening_error: Exception | None = None
        self.preparing_error: Exception | None = None
        self.asking_error: Exception | None = None
        self.section_error: Exception | None = None
        self.build: Sequence[Progress] = ()
        self.warnings: tuple[str, ...] = ()
        self.asked: list[tuple[str, int, tuple[str, ...]]] = []
        self.opened = 0

    def open(self, show_progress: ProgressCallback) -> FakeLibrary:
        """Open as an app asks for it."""
        self.opened += 1
        for progress in self.build:
            show_progress(progress)
        for _ in range(3_000):
            if self.may_open.wait(0.01):
                break
            for progress in self.build[-1:]:
                show_progress(progress)
        if self.opening_error is not None:
            raise self.opening_error
        return self

    def prepare(self) -> None:
        """Load the model."""
        assert self.may_prepare.wait(30)
        if self.preparing_error is not None:
            raise self.preparing_error

    def ask(
        self,
        question: str,
        *,
        k: int = 10,
        history: Sequence[str] = (),
        reports: Sequence[str] | None = None,
        section: str | None = None,
    ) -> Answer:
        """Answer from the table; a question that is not in it gets the answer to `QUESTION`."""
        assert self.may_answer.wait(30)
        self.asked.append((question, k, tuple(history)))
        if self.asking_error is not None:
            raise self.asking_error
        table = _answers()
        found = table.get(question, table[QUESTION])
        return Answer(question, bool(found), found, 1.0)

    def complete(self, text: str) -> tuple[str, ...]:
        """Complete the filter for a report only."""
        return ("report:review",) if "report:review".startswith(text) and text else ()

    def section_of(self, passage: Passage) -> tuple[Passage, ...]:
        """Return the passages of the section."""
        if self.section_error is not None:
            raise self.section_error
        return tuple(other for other in PASSAGES if other.section == passage.section)

    def reports(self) -> tuple[ReportSummary, ...]:
        """Return one report, two of whose passages are never ranked."""
        counts = {Kind.NUMBERED: 100, Kind.BULLET: 11, Kind.PAGE_NUMBER: 1, Kind.CONTENTS: 1}
        return (ReportSummary(REVIEW, counts),)


def _set_event() -> Event:
    event = Event()
    event.set()
    return event


async def wait_until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Let the app work until `condition` holds; fail when it does not within many turns."""
    for _ in range(2_000):
        if condition():
            await pilot.pause()
            return
        await pilot.pause(0.005)
    raise AssertionError(f"never became true; the status line says {screen_of(pilot).status.message!r}")


def screen_of(pilot: Pilot[None]) -> AskScreen:
    """Return the Ask screen of the app under test."""
    assert isinstance(pilot.app, QaApp)
    return pilot.app.ask_screen


async def until_ready(pilot: Pilot[None]) -> None:
    """Wait for the library and its model."""
    await wait_until(pilot, lambda: "Ready." in screen_of(pilot).status.message)


async def ask(pilot: Pilot[None], question: str) -> None:
    """Put a question into the box and press Enter, as a paste does."""
    box = screen_of(pilot).question_box
    box.value = question
    box.focus()
    await pilot.pause()
    await pilot.press("enter")


async def ask_and_wait(pilot: Pilot[None], question: str = QUESTION) -> None:
    """Ask and wait until the passages and the section of the first one are shown."""
    screen = screen_of(pilot)
    asked_before = len(screen.thread.turns)
    await ask(pilot, question)
    await wait_until(
        pilot,
        lambda: (
            len(screen.thread.turns) > asked_before
            and screen.thread.turns[-1].answer is not None
            and section_shown(pilot)
        ),
    )


def chosen_ids(pilot: Pilot[None]) -> list[str]:
    """The ids of the paragraphs the reader marks."""
    return [
        paragraph.passage.id
        for paragraph in screen_of(pilot).reader.query(Paragraph)
        if paragraph.has_class("-chosen")
    ]


def section_shown(pilot: Pilot[None]) -> bool:
    """Whether the reader shows the highlighted passage, or nothing is highlighted."""
    cited = screen_of(pilot).thread.current
    return cited is None or chosen_ids(pilot) == [cited.id]


def rows(pilot: Pilot[None]) -> list[str]:
    """What stands on the screen, row by row."""
    return [
        "".join(segment.text for segment in strip).rstrip()
        for strip in pilot.app.screen._compositor.render_strips()
    ]


def on_screen(pilot: Pilot[None], text: str) -> bool:
    """Whether `text` stands on one row of the screen."""
    return any(text in row for row in rows(pilot))
