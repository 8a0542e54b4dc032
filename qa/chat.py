"""Questions and answers line by line, for screen readers, braille displays and scripts.

Lines are only ever added below the last one: nothing is redrawn, coloured or framed, a paragraph is one line,
and a terminal or reader wraps it as it likes. Where lines come from and go to is injected.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from qa.cite import (
    PATH_SEPARATOR,
    also_in_words,
    found_in_words,
    listed,
    notes_in_words,
    on_one_line,
    plural,
    quotation,
    sureness_in_words,
)
from qa.errors import FileExistsAlreadyError, NotFoundError, QaError, QuestionError
from qa.export import (
    ExportFormat,
    export_conversation,
    export_passages,
    format_of,
    suggested_name,
    write_export,
)
from qa.protocols import Asker
from qa.types import Answer, CitedPassage, Kind, Passage, ReportSummary

ENDED = 0
INTERRUPTED = 130
"""How a conversation ends: it was left or its lines are all read; it was broken off at the prompt."""

REMEMBERED = 5
"""Earlier questions that a question may lean on."""

KEPT = 500
"""Answers that are kept to be written to a file."""

HELP = (
    "Type a question and press Enter. A line that is one of these does something else:",
    "c 1: the citation of passage 1",
    "C 1: the words of passage 1 in quotation marks, and its citation",
    "o 1: the section that passage 1 stands in; it is marked with >",
    "m 1: more like passage 1",
    "n: the nearest passages, where nothing answers",
    "a: ask the last question afresh, without the earlier ones",
    "+: more, where not all passages found are printed",
    "f WORDS: every passage that holds the words",
    "g 28: go to paragraph 28 of the report spoken of last; of another: g apa-2008 3",
    "r: the reports",
    "s jar-2006: search this report only; several: s jar-2006 apa-2008; all again: s all; say which: s",
    "t 1: mark passage 1, or take its mark away; t: the marked passages",
    "w FILE: write questions and answers to a file; the marked passages: w tray FILE",
    "w! FILE: the same, and replace a file that is there",
    "?: this help",
    "q: leave",
    "The number of a passage is the one it was last printed with.",
    "To ask a question that looks like one of these, begin the line with a space.",
)

_NUMBER = re.compile(r"-?\d{1,9}")
_NUMBERED = {"c", "C", "o", "m"}
_AT_ONCE = 20
"""Passages that are printed before it is asked whether to go on."""

_MOST_NAMES = 10
"""Reports that are named in one line."""


def run_plain_chat(
    open_library: Callable[[], Asker],
    *,
    lines: Iterable[str],
    write: Callable[[str], None],
    interactive: bool,
    on_asked: Callable[[str], None] = lambda _: None,
    reports: Sequence[str] | None = None,
    k: int = 5,
    now: Callable[[], datetime] = datetime.now,
) -> int:
    """Answer the questions on some lines, and follow the commands among them (`HELP`), until they end.

    Parameters
    ----------
    open_library
        Opens the library; it is closed at the end.
    lines
        What is typed, a line each, such as a text stream.
    write
        Takes pieces of text to be put out at once, as the ``write`` of a stream and its ``flush`` do; all but
        the prompt end with a line feed.
    interactive
        Whether somebody types: there is a prompt then, and a greeting.
    on_asked
        Called with each question before it is answered, to remember it.
    reports
        Ids of the only reports searched at first; none for all.
    k
        How many passages an answer has at most.
    now
        Tells the time, which is written into exports.

    Returns
    -------
    int
        `ENDED`, or `INTERRUPTED` if it was interrupted while no question was being answered.

    Raises
    ------
    QaError
        If the library cannot be opened, or one of `reports` does not exist. What goes wrong with a question
        is put out as a line.
    OSError
        If `write` raises it: nobody listens any more.
    """
    library = open_library()
    try:
        chat = _Chat(library, write=write, on_asked=on_asked, k=k, now=now, interactive=interactive)
        chat.search_only(reports)
        return chat.run(lines)
    finally:
        library.close()


class _Chat:
    """One conversation: what was asked, what was printed last, and what is marked."""

    def __init__(
        self,
        library: Asker,
        *,
        write: Callable[[str], None],
        on_asked: Callable[[str], None],
        k: int,
        now: Callable[[], datetime],
        interactive: bool,
    ) -> None:
        self._library = library
        self._write = write
        self._on_asked = on_asked
        self._k = k
        self._now = now
        self._interactive = interactive
        self._scope: tuple[str, ...] | None = None
        self._question: str | None = None
        self._answer: Answer | None = None
        self._answers: deque[Answer] = deque(maxlen=KEPT)
        self._answered = 0
        self._history: deque[str] = deque(maxlen=REMEMBERED)
        self._printed: tuple[CitedPassage, ...] = ()
        self._rest: tuple[CitedPassage, ...] = ()
        self._report: str | None = None
        self._tray: dict[str, CitedPassage] = {}

    def run(self, lines: Iterable[str]) -> int:
        """Take line after line; return how it ended."""
        if self._interactive:
            count = plural(len(self._library.reports()), "report")
            self._say(f"{count}. Type a question, or ? for help.")
        coming = iter(lines)
        while True:
            at_prompt = True
            try:
                if self._interactive:
                    self._write("> ")
                line = next(coming, None)
                at_prompt = False
                if line is None:
                    self._end_of_typing()
                    return ENDED
                if line.rstrip() == "q":
                    return ENDED
                self._take(line)
            except KeyboardInterrupt:
                self._end_of_typing()
                if at_prompt:
                    return INTERRUPTED
                self._say("Stopped.")
            except QaError as error:
                self._say(f"Error: {error}")

    def search_only(self, reports: Sequence[str] | None) -> None:
        """Search only some reports from now on, or all."""
        known = [summary.report.id for summary in self._library.reports()]
        for report_id in reports or ():
            if report_id not in known:
                raise NotFoundError(f'There is no report "{report_id}"; there are {_some(known)}')
        self._scope = tuple(each for each in known if each in reports) if reports else None
        self._report = None

    def _take(self, line: str) -> None:
        word, rest = (*line.split(maxsplit=1), "", "")[:2]
        rest = rest.strip()
        number = int(rest) if _NUMBER.fullmatch(rest) else None
        match word:
            case "":
                return
            case _ if line[0].isspace():
                self._ask(line.strip())
            case "c" if number is not None:
                self._say(self._passage(number).citation)
            case "C" if number is not None:
                self._say(quotation(self._passage(number)))
            case "o" if number is not None:
                self._print_section(self._passage(number))
            case "m" if number is not None:
                self._print_similar(self._passage(number))
            case "t" if number is not None:
                self._mark(self._passage(number))
            case "t" if not rest:
                self._print_tray()
            case "n" if not rest:
                self._print_nearest()
            case "a" if not rest:
                self._ask_afresh()
            case "+" if not rest:
                self._go_on()
            case "f" if rest:
                self._find(rest)
            case "g" if any(sign.isdigit() for sign in rest.split(" ")[-1]):
                self._go_to(rest)
            case "r" if not rest:
                self._print_reports()
            case "s":
                self._choose_reports(rest.split())
            case "w" | "w!":
                self._write_file(rest, replace=word == "w!")
            case "?" if not rest:
                for sentence in HELP:
                    self._say(sentence)
            case _ if word in _NUMBERED and not rest:
                raise QuestionError(f"{word} needs the number of a passage, such as {word} 1")
            case _ if not rest and len(word) == 1:
                raise QuestionError(f"There is no command {word}, or it needs more; type ? for help")
            case _:
                self._ask(line.strip())

    # Questions

    def _ask(self, question: str, *, afresh: bool = False) -> None:
        if not afresh:
            try:
                self._on_asked(question)
            except QaError as error:  # it cannot be remembered, but it can be answered
                self._say(f"Error: {error}")
        self._question, self._answer = question, None
        history = () if afresh else tuple(self._history)
        answer = self._library.ask(question, k=self._k, history=history, reports=self._scope)
        if afresh:
            self._history.clear()
        self._history.append(question)
        self._answer = answer
        self._answers.append(answer)
        self._answered += 1
        self._show(())
        self._say(sureness_in_words(answer))
        if not answer.answered and answer.searched:
            self._say(f"Searched: {answer.searched}.")
        for note in answer.notes:
            self._say(note)
        if answer.query is not None and answer.query.context is not None:
            self._say("To ask it afresh, without the earlier question, type a.")
        if answer.answered:
            self._say(f"{plural(len(answer.passages), 'passage')}.")
            self._show(answer.passages)
        elif answer.passages:
            self._say("For the nearest passages, type n.")
        self._say("")

    def _ask_afresh(self) -> None:
        if self._question is None:
            raise QuestionError("No question was asked yet; type one in words")
        self._ask(self._question, afresh=True)

    def _print_nearest(self) -> None:
        answer = self._answer
        if answer is None:
            raise QuestionError("There is no answer to the last question; type one in words")
        if answer.answered:
            raise QuestionError("The last question was answered; its passages are those printed below it")
        if not answer.passages:
            raise QuestionError("There are no passages that are near; ask in other words")
        self._say("Nearest, not an answer:")
        self._show(answer.passages)
        self._say("")

    def _print_similar(self, cited: CitedPassage) -> None:
        answer = self._library.similar(cited.id, k=self._k, reports=self._scope)
        found = plural(len(answer.passages), "passage") if answer.passages else "No passage"
        self._say(f"{found} like {cited.citation}")
        self._show(answer.passages)
        self._say("")

    def _find(self, words: str) -> None:
        finding = self._library.find(words, reports=self._scope)
        self._say(f"{found_in_words(finding)}.")
        for report, count in finding.by_report:
            if count:
                self._say(f"{report.short_title} [{report.id}]: {plural(count, 'passage')}.")
        self._show(finding.passages)
        self._say("")

    def _go_to(self, place: str) -> None:
        report, *rest = re.split("[ :]", place, maxsplit=1)
        known = [summary.report.id for summary in self._library.reports()]
        if report in known and not rest:
            raise QuestionError(f"Say to which paragraph, such as g {report} 3")
        if report not in known:
            place = f"{self._report_spoken_of(known)} {place}"
        self._show(self._library.show(place))
        self._say("")

    def _report_spoken_of(self, known: Sequence[str]) -> str:
        if self._report is not None:
            return self._report
        searched = self._scope or known
        if len(searched) == 1:
            return searched[0]
        raise QuestionError(f"Say in which report, such as g {known[0]} 3; there are {_some(known)}")

    # Reports

    def _print_reports(self) -> None:
        for summary in self._library.reports():
            searched = "" if self._scope is None or summary.report.id in self._scope else " Not searched."
            self._say(f"{_report_in_words(summary)}{searched}")

    def _choose_reports(self, names: list[str]) -> None:
        if names == ["all"]:
            self.search_only(None)
        elif names:
            try:
                self.search_only(names)
            except NotFoundError as error:
                raise NotFoundError(f"{error}; to ask this as a question, begin with a space") from error
        count = plural(len(self._library.reports()), "report")
        self._say(f"Searched: {f'all, {count}' if self._scope is None else f'only {listed(self._scope)}'}.")

    # Passages that were printed

    def _show(self, passages: Sequence[CitedPassage]) -> None:
        """Print passages, whose numbers count from now on."""
        self._printed = self._rest = tuple(passages)
        if passages:
            self._report = passages[0].report.id
            self._print_some()

    def _print_some(self) -> None:
        first = len(self._printed) - len(self._rest) + 1
        at_once = _AT_ONCE if self._interactive else len(self._rest)
        for number, cited in enumerate(self._rest[:at_once], start=first):
            self._print_passage(number, cited)
        self._rest = self._rest[at_once:]
        if self._rest:
            self._say(f"{len(self._rest)} more; to go on, type +.")

    def _go_on(self) -> None:
        if not self._rest:
            raise QuestionError("There is nothing more; all that was found is printed")
        self._print_some()
        self._say("")

    def _print_passage(self, number: int, cited: CitedPassage) -> None:
        self._say(f"{number}. {cited.citation}")
        self._say(cited.shown)
        for line in (also_in_words(cited), *notes_in_words(cited)):
            if line:
                self._say(line)

    def _print_section(self, cited: CitedPassage) -> None:
        passages = self._library.section_of(cited.passage)
        place = PATH_SEPARATOR.join(cited.section) or "under no heading"
        self._say(f"{cited.report.short_title}, {place}: {plural(len(passages), 'passage')}.")
        lead_in, before = None, ""
        for passage in passages:
            lead_in, introduced = passage.lead_in, lead_in
            if lead_in and lead_in != introduced and not before.endswith(lead_in):
                self._say(lead_in)
            before = passage.text
            self._say(f"{'> ' if passage.id == cited.id else ''}{_mark_of(passage)}{passage.shown}")
        self._say("")

    def _passage(self, number: int) -> CitedPassage:
        if not self._printed:
            refused = self._answer is not None and not self._answer.answered and self._answer.passages
            other = "; for the nearest, type n" if refused else "; ask a question first"
            raise QuestionError(f"No passages are printed to choose from{other}")
        if not 1 <= number <= len(self._printed):
            there_are = (
                f"there are 1 to {len(self._printed)}" if len(self._printed) > 1 else "there is only 1"
            )
            raise QuestionError(f"There is no passage {number}; {there_are}")
        chosen = self._printed[number - 1]
        self._report = chosen.report.id
        return chosen

    # What is kept

    def _mark(self, cited: CitedPassage) -> None:
        marked = self._tray.pop(cited.id, None) is None
        if marked:
            self._tray[cited.id] = cited
        holds = plural(len(self._tray), "passage")
        self._say(f"{'Marked' if marked else 'No longer marked'}: {cited.citation}; {holds} marked in all.")

    def _print_tray(self) -> None:
        self._say(f"{plural(len(self._tray), 'passage') if self._tray else 'No passage is'} marked.")
        # Without numbers: those of the passages printed before go on counting, to mark more of them.
        for cited in self._tray.values():
            self._say(f"{cited.citation} [{cited.id}]")

    def _write_file(self, rest: str, *, replace: bool) -> None:
        first, *others = rest.split(maxsplit=1)[:2] if rest else [""]
        of_tray = first == "tray"
        name = others[0] if of_tray and others else "" if of_tray else rest
        if not name:
            what = "tray" if of_tray else "conversation"
            example = suggested_name(what, ExportFormat.MARKDOWN, at=self._now())
            raise QuestionError(f"Say to which file, such as w {'tray ' if of_tray else ''}{example}")
        path = Path(name)
        form = format_of(path)
        if of_tray:
            if not self._tray:
                raise QuestionError("No passage is marked; to mark passage 1, type t 1")
            data = export_passages(tuple(self._tray.values()), form, at=self._now())
        else:
            kept, left_out = tuple(self._answers), self._answered - len(self._answers)
            if not kept:
                raise QuestionError("There is nothing to write yet; ask a question first")
            data = export_conversation(kept, form, left_out=left_out, at=self._now())
        try:
            written = write_export(data, path, replace=replace)
        except FileExistsAlreadyError as error:
            raise FileExistsAlreadyError(
                f"{name} is there already; to replace it, type: w! {rest}"
            ) from error
        self._say(f"Written: {written}")

    def _say(self, line: str) -> None:
        self._write(f"{on_one_line(line)}\n")

    def _end_of_typing(self) -> None:
        """Go to a new line where the cursor stands behind the prompt, or behind the ``^C`` of a terminal."""
        if self._interactive:
            self._write("\n")


def _some(names: Sequence[str]) -> str:
    return listed(names) if len(names) <= _MOST_NAMES else f"{len(names)}; to list them, type r"


def _report_in_words(summary: ReportSummary) -> str:
    report = summary.report
    origin = ", ".join(filter(None, [report.publisher, report.date]))
    counted = plural(summary.ranked, "passage")
    return f"{report.id}: {report.title}{f' ({origin})' if origin else ''}, {counted}."


def _mark_of(passage: Passage) -> str:
    """Return what stands before the words of a passage in its section: its printed number or mark."""
    if passage.kind is Kind.FOOTNOTE:
        return f"Note {passage.marker}: " if passage.marker else "Note: "
    if passage.number is not None:
        return f"{passage.number}. "
    return "- " if passage.kind is Kind.BULLET else ""
