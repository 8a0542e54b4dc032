"""A library of fixed passages whose slow steps can be held open, and what drives an app over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

from textual.pilot import Pilot

from qa.cite import citation, locator
from qa.errors import IndexStateError, NotFoundError
from qa.tui import QaApp
from qa.tui.ask_screen import AskScreen
from qa.tui.conversation import Turn
from qa.tui.reader import Paragraph
from qa.types import (
    Answer,
    CitedPassage,
    Emphasis,
    Finding,
    Kind,
    Passage,
    Progress,
    ProgressCallback,
    Query,
    Report,
    ReportCount,
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
NEAREST = "What does the report say about walruses?"
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
        self.unread: tuple[str, ...] = ()
        self.asked: list[tuple[str, int, tuple[str, ...]]] = []
        self.asked_by_words: list[str] = []
        self.scopes: list[tuple[tuple[str, ...] | None, str | None]] = []
        self.found: list[tuple[str, tuple[str, ...] | None]] = []
        self.sections: list[str | None] = []
        """The sections that words and likenesses were searched in."""
        self.may_show = _set_event()
        self.passages: Sequence[Passage] = PASSAGES
        self.shelf = FakeShelf(self)
        self.closed = 0
        self.refused = 0

    def prepare(self) -> None:
        """Load the model."""
        assert self.may_prepare.wait(30)
        self._check_open()
        if self.preparing_error is not None:
            raise self.preparing_error

    def close(self) -> None:
        """Count, and refuse from now on."""
        self.closed += 1

    def _check_open(self) -> None:
        if self.closed:
            self.refused += 1
            raise IndexStateError("The library was closed; open it again")

    @property
    def identity(self) -> Mapping[str, str]:
        """What answers."""
        return {"version": "0.1.0", "model": "a model", "index": "a build"}

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
        """Answer from the table; a question that is not in it gets the answer to `QUESTION`.

        By words alone the passages come in the opposite order. Asked again with earlier questions, a question
        leans on the last one if it begins with "And".
        """
        self._check_open()
        table = _answers()
        found = table.get(question, table[QUESTION])
        if mode == "words":
            self.asked_by_words.append(question)
            return Answer(question, bool(found), found[::-1], 1.0, confidence="unjudged")
        assert self.may_answer.wait(30)
        self.asked.append((question, k, tuple(history)))
        self.scopes.append((None if reports is None else tuple(reports), section))
        if self.asking_error is not None:
            raise self.asking_error
        if question == NEAREST:
            return Answer(
                question, False, table[QUESTION], 1.0, confidence="none", searched="1 report, 111 passages"
            )
        if question.startswith("And ") and history:
            note = f"Understood as following on from “{history[-1]}”; to ask afresh, name what you mean."
            query = Query(question, question, context=history[-1])
            return Answer(question, True, found, 1.0, query=query, notes=(note,))
        return Answer(question, bool(found), found, 1.0)

    def similar(
        self,
        passage_id: str,
        *,
        k: int = 10,
        reports: Sequence[str] | None = None,
        section: str | None = None,
    ) -> Answer:
        """Return two passages for every other."""
        self._check_open()
        self.sections.append(section)
        return Answer(
            f"More like {passage_id}",
            True,
            (cite(PASSAGES[5], 1), cite(PASSAGES[3], 2)),
            1.0,
            confidence="unjudged",
        )

    def find(
        self, query: str | Sequence[str], *, reports: Sequence[str] | None = None, section: str | None = None
    ) -> Finding:
        """Return the passages that hold what is searched for."""
        self._check_open()
        assert isinstance(query, str)
        self.found.append((query, None if reports is None else tuple(reports)))
        self.sections.append(section)
        found = [each for each in self.passages if query in each.text]
        return Finding(
            query,
            query,
            tuple(
                cite(each, rank, (Span(each.text.index(query), each.text.index(query) + len(query)),))
                for rank, each in enumerate(found, start=1)
            ),
            (ReportCount(REVIEW, len(found)),),
            (),
            len(self.passages),
            len(self.passages),
        )

    def show(self, passage_id: str, *, context: int = 0) -> tuple[CitedPassage, ...]:
        """Return a passage by its id, or by the report and its number."""
        assert self.may_show.wait(30)
        self._check_open()
        wanted = passage_id.removeprefix("jar-2006 ")
        for each in self.passages:
            if passage_id == each.id or wanted == each.number:
                around = self.passages[max(0, each.order - context) : each.order + context + 1]
                return tuple(cite(near, rank) for rank, near in enumerate(around, start=1))
        raise NotFoundError(f'jar-2006 has no passage "{passage_id}"; its numbered paragraphs are 27 to 31')

    def complete(self, text: str) -> tuple[str, ...]:
        """Complete the filter for a report only."""
        self._check_open()
        return ("report:review",) if "report:review".startswith(text) and text else ()

    def section_of(self, passage: Passage) -> tuple[Passage, ...]:
        """Return the passages of the section."""
        self._check_open()
        if self.section_error is not None:
            raise self.section_error
        return tuple(other for other in self.passages if other.section == passage.section)

    def reports(self) -> tuple[ReportSummary, ...]:
        """Return one report, two of whose passages are never ranked."""
        counts = {Kind.NUMBERED: 100, Kind.BULLET: 11, Kind.PAGE_NUMBER: 1, Kind.CONTENTS: 1}
        return (ReportSummary(REVIEW, counts),)


class FakeShelf:
    """Opens and builds the fake library."""

    path = Path("library")

    def __init__(self, library: FakeLibrary) -> None:
        self._library = library
        self.next = library
        self.missing: Exception | None = None
        self.building_error: Exception | None = None
        self.built: list[bool] = []
        self.added: list[Path] = []
        self.opened = 0

    def open(self) -> FakeLibrary:
        """Open as an app asks for it."""
        self.opened += 1
        if self.missing is not None:
            raise self.missing
        assert self._library.may_open.wait(30)
        if self._library.opening_error is not None:
            raise self._library.opening_error
        return self._library

    def build(self, *, anew: bool = False, progress: ProgressCallback | None = None) -> FakeLibrary:
        """Tell the progress of a build again and again until it may end."""
        self.built.append(anew)
        assert progress is not None
        for step in self._library.build:
            progress(step)
        for _ in range(3_000):
            if self._library.may_open.wait(0.01):
                break
            for step in self._library.build[-1:]:
                progress(step)
        if self.building_error is not None:
            raise self.building_error
        return self.next

    def add(
        self, sources: Sequence[str | Path], *, on_failure: Callable[[str], None] | None = None
    ) -> Sequence[Path]:
        """Take everything but what is called missing."""
        assert on_failure is not None
        for source in map(Path, sources):
            if "missing" in source.name:
                on_failure(f"{source} does not exist")
            else:
                self.added.append(source)
        return self.added


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


def turns_of(pilot: Pilot[None]) -> tuple[Turn, ...]:
    """Return the turns of the conversation."""
    return screen_of(pilot).conversation.turns


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
    asked_before = len(turns_of(pilot))
    await ask(pilot, question)
    await wait_until(
        pilot,
        lambda: (
            len(turns_of(pilot)) > asked_before
            and turns_of(pilot)[-1].answer is not None
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
