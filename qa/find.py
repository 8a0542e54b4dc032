"""Exhaustive word search: every passage that holds the words, in report order.

Words match whole words, exactly as they are typed; only letter case, accents and punctuation do not count.
Every passage is read, so nothing is missed and nothing is guessed. The language of a search:

========================== ==========================================================================
``looked after``           words next to each other: a phrase, the words one after the other
``"looked after"``         the same; in quotation marks AND, OR, NOT and brackets are plain words
``truan*``                 every word with this beginning, also in a phrase
``a AND b``, ``a "b c"``   both in the passage; AND may be left out beside a phrase in quotation marks
``a OR b``                 one of them, or both
``a NOT b``, ``NOT b``     not the one after NOT
``(a OR b) AND c``         without brackets NOT binds before AND, and AND before OR
========================== ==========================================================================

The operators are upper case. A search in several pieces, as a shell parts them, is one term a piece:
``["looked after", "OR", "care"]`` reads as ``"looked after" OR care``, ``["looked", "after"]`` as
``looked AND after``.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from qa.cite import citation, locator
from qa.errors import QuestionError
from qa.types import CitedPassage, Finding, Passage, Report, ReportCount, SectionCount, Span

LONGEST_SEARCH = 2_000
"""Characters in the longest search that is read."""

DEEPEST_BRACKETS = 50
"""How many brackets may stand within each other."""


class Word(NamedTuple):
    """A word to be found, folded; as the beginning of words if `begins`."""

    letters: str
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand one after the other, punctuation aside; often only one. `typed` is only for people."""

    words: tuple[Word, ...]
    typed: str = field(compare=False)

    def __str__(self) -> str:
        plain = _STARRED_WORD.fullmatch(self.typed) and self.typed not in _OPERATORS
        return self.typed if plain else f'"{self.typed}"'


@dataclass(frozen=True, slots=True)
class Not:
    """What a passage must not hold."""

    part: Expression

    def __str__(self) -> str:
        return f"NOT {_bracketed(self.part)}"


@dataclass(frozen=True, slots=True)
class And:
    """Two or more different parts that must all hold, none of them an `And`."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " AND ".join(_bracketed(part) if isinstance(part, Or) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """Two or more different parts of which one must hold, none of them an `Or`."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " OR ".join(str(part) for part in self.parts)


Expression = Phrase | Not | And | Or
"""A search as it was understood; ``str(expression)`` is a search that reads the same."""


def make_finding(
    query: str | Sequence[str], passages: Iterable[Passage], reports: Sequence[Report], *, total: int
) -> Finding:
    """Read passages through and return all that hold what is searched for.

    Parameters
    ----------
    query
        The search, whole or in the pieces a shell parts it into.
    passages
        The passages to search, in the order they are to be listed. What people read of each is searched,
        a table row with its column heads; headings are not.
    reports
        The reports they may stand in, in order.
    total
        How many passages there are, also outside the search.

    Raises
    ------
    QuestionError
        If the search cannot be read.
    """
    expression = parse(query)
    by_id = {report.id: report for report in reports}
    searched = 0
    found: list[Passage] = []
    for passage in passages:
        searched += 1
        if holds(expression, passage.shown):
            found.append(passage)
    in_reports = Counter(passage.report for passage in found)
    in_sections = Counter((passage.report, passage.section) for passage in found)
    return Finding(
        query=query if isinstance(query, str) else " ".join(query),
        expression=str(expression),
        passages=tuple(_cited(each, rank, expression, by_id) for rank, each in enumerate(found, start=1)),
        by_report=tuple(ReportCount(report, in_reports[report.id]) for report in reports),
        by_section=tuple(SectionCount(by_id[name], path, n) for (name, path), n in in_sections.items()),
        searched=searched,
        total=total,
    )


def parse(query: str | Sequence[str]) -> Expression:
    """Return what a search asks for; the language is described at the top of this module.

    Raises
    ------
    QuestionError
        If it has no words, too many characters, quotation marks or brackets without a partner, an operator
        without words beside it, or a ``*`` that ends no word.
    """
    pieces = [query] if isinstance(query, str) else list(query)
    whole = _QUOTATION_MARK.sub('"', " ".join(pieces))
    if not whole.strip():
        raise QuestionError("The search is empty; give the words to find")
    if len(whole) > LONGEST_SEARCH:
        raise QuestionError(
            f"The search has {len(whole):,} characters; search with at most {LONGEST_SEARCH:,}"
        )
    if whole.count('"') % 2:
        raise QuestionError("A quotation mark is not closed; put one on both sides of the phrase")
    symbols = _symbols(pieces)
    if not any(isinstance(symbol, Phrase) for symbol in symbols):
        raise QuestionError("The search has no words to find; give at least one word or number")
    return _Reader(symbols).read()


def holds(expression: Expression, text: str) -> bool:
    """Whether a text holds what is searched for."""
    # Most texts do not even have the letters, and need not be cut into words to tell.
    if _PLAIN.fullmatch(text) and not _may_hold(expression, text.lower()):
        return False
    return _holds(expression, words_in(text))


def marks(expression: Expression, text: str) -> tuple[Span, ...]:
    """Return where the words of a search stand in a text, in order; those after NOT are not marked.

    Matches that overlap are one span.
    """
    words = words_in(text)
    places = [Span(*match.span()) for match in _WORD.finditer(text)]
    spans = sorted(
        Span(places[start].start, places[start + len(phrase.words) - 1].end)
        for phrase in dict.fromkeys(_wanted(expression))
        for start in _starts(phrase, words)
    )
    merged: list[Span] = []
    for span in spans:
        if merged and span.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return tuple(merged)


def words_in(text: str) -> list[str]:
    """Return the words of a text, folded: runs of letters and digits, without letter case and accents.

    Hyphens and apostrophes part words, so that "looked-after" and "looked after" are the same two words.
    """
    if text.isascii():
        return _WORD.findall(text.lower())
    return [word.lower() if word.isascii() else fold(word) for word in _WORD.findall(text)]


def fold(word: str) -> str:
    """Return a word without letter case, accents, soft hyphens and other marks that are no letters."""
    if word.isascii():
        return word.lower()
    letters = unicodedata.normalize("NFD", unicodedata.normalize("NFD", word).casefold())
    return unicodedata.normalize("NFC", "".join(filter(_is_letter, letters)))


# Accents that stand after their letter, and marks without width, belong to the word they stand in.
_SILENT = "\u00ad\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200d\u2060\u20d0-\u20ff\ufe20-\ufe2f\ufeff"
_WORD = re.compile(rf"[^\W_]+(?:[{_SILENT}][^\W_]*)*")
_NO_LETTER = re.compile(f"[{_SILENT}]")
_STARRED_WORD = re.compile(rf"{_WORD.pattern}\*?")
_STAR_IN_A_WORD = re.compile(r"\*[^\W_]")
_QUOTATION_MARK = re.compile("[“”„‟«»＂]")
_PLAIN = re.compile(r"[\x00-\x7f‘’“”–—…•£]*")
"""A text whose words are, folded, the same letters in lower case."""

_OPERATORS = frozenset({"AND", "OR", "NOT"})
_SYMBOL = re.compile(r'"[^"]*"|[()]|[^\s"()]+')


def _is_letter(character: str) -> bool:
    return not unicodedata.combining(character) and not _NO_LETTER.match(character)


def _holds(expression: Expression, words: Sequence[str]) -> bool:
    match expression:
        case Phrase():
            return next(_starts(expression, words), None) is not None
        case Not(part):
            return not _holds(part, words)
        case And(parts):
            return all(_holds(part, words) for part in parts)
        case Or(parts):
            return any(_holds(part, words) for part in parts)


def _may_hold(expression: Expression, letters: str) -> bool:
    """Whether letters have all that the words searched for are made of, wherever it stands."""
    match expression:
        case Phrase(words):
            return all(word.letters in letters for word in words)
        case Not():
            return True
        case And(parts):
            return all(_may_hold(part, letters) for part in parts)
        case Or(parts):
            return any(_may_hold(part, letters) for part in parts)


def _starts(phrase: Phrase, words: Sequence[str]) -> Iterator[int]:
    first, *rest = phrase.words
    if first.begins:
        starts = [place for place, word in enumerate(words) if word.startswith(first.letters)]
    elif first.letters in words:
        starts = [place for place, word in enumerate(words) if word == first.letters]
    else:
        return
    last = len(words) - len(rest)
    for start in starts:
        if start < last and all(
            _matches(word, words[start + after]) for after, word in enumerate(rest, start=1)
        ):
            yield start


def _matches(word: Word, found: str) -> bool:
    return found.startswith(word.letters) if word.begins else found == word.letters


def _wanted(expression: Expression) -> Iterator[Phrase]:
    match expression:
        case Phrase():
            yield expression
        case And(parts) | Or(parts):
            for part in parts:
                yield from _wanted(part)


def _cited(
    passage: Passage, rank: int, expression: Expression, reports: Mapping[str, Report]
) -> CitedPassage:
    report = reports[passage.report]
    return CitedPassage(
        rank=rank,
        passage=passage,
        report=report,
        locator=locator(passage),
        citation=citation(passage, report),
        highlights=marks(expression, passage.text),
        score=0.0,
    )


def _symbols(pieces: Sequence[str]) -> list[Phrase | str]:
    """Return the phrases, operators and brackets of a search, in order."""
    # The pieces are read as one text, so that quotation marks may reach over them, but a phrase without
    # quotation marks ends where its piece ends.
    symbols: list[Phrase | str] = []
    run: list[str] = []

    def end_run() -> None:
        typed = " ".join(run)
        run.clear()
        if words := _query_words(typed):
            symbols.append(Phrase(tuple(words), typed))

    offset = 0
    starts = []
    for piece in pieces:
        starts.append(offset)
        offset += len(piece) + 1
    for match in _SYMBOL.finditer(_QUOTATION_MARK.sub('"', " ".join(pieces))):
        symbol = match.group()
        while starts and starts[0] <= match.start():
            del starts[0]
            end_run()
        if symbol in _OPERATORS or symbol in "()":
            end_run()
            symbols.append(symbol)
        elif symbol.startswith('"'):
            end_run()
            run += symbol[1:-1].split()
            if not _query_words(" ".join(run)):
                raise QuestionError("There is no word between two quotation marks; give the phrase to find")
            end_run()
        else:
            run.append(symbol)
    end_run()
    return symbols


def _query_words(text: str) -> list[Word]:
    if "*" in _STARRED_WORD.sub("", text) or _STAR_IN_A_WORD.search(text):
        raise QuestionError(f'"{text}" cannot be found; * only ends the beginning of a word, as in truan*')
    return [
        Word(fold(word.removesuffix("*")), begins=word.endswith("*")) for word in _STARRED_WORD.findall(text)
    ]


class _Reader:
    """Reads symbols by recursive descent: OR of AND of NOT of phrases and brackets."""

    def __init__(self, symbols: Sequence[Phrase | str]) -> None:
        self._symbols = symbols
        self._place = 0
        self._depth = 0

    def read(self) -> Expression:
        expression = self._either()
        if self._next == ")":
            raise QuestionError("A bracket is closed that was not opened; put one on both sides")
        return expression

    @property
    def _next(self) -> Phrase | str | None:
        return self._symbols[self._place] if self._place < len(self._symbols) else None

    def _take(self, symbol: str) -> bool:
        taken = self._next == symbol
        self._place += taken
        return taken

    def _either(self) -> Expression:
        parts = [self._both()]
        while self._take("OR"):
            parts.append(self._both())
        return _joined(Or, parts)

    def _both(self) -> Expression:
        parts = [self._single()]
        while self._take("AND") or self._next not in {None, "OR", ")"}:
            parts.append(self._single())
        return _joined(And, parts)

    def _single(self) -> Expression:
        negated = False
        while self._take("NOT"):
            negated = not negated
        part = self._phrase_or_brackets()
        if not negated:
            return part
        return part.part if isinstance(part, Not) else Not(part)

    def _phrase_or_brackets(self) -> Expression:
        symbol, before = self._next, self._symbols[self._place - 1] if self._place else None
        self._place += 1
        if isinstance(symbol, Phrase):
            return symbol
        if symbol == "(":
            self._depth += 1
            if self._depth > DEEPEST_BRACKETS:
                raise QuestionError(
                    f"More than {DEEPEST_BRACKETS} brackets stand within each other; use fewer"
                )
            inner = self._either()
            if not self._take(")"):
                raise QuestionError("A bracket is not closed; put one on both sides")
            self._depth -= 1
            return inner
        if before == "(":
            raise QuestionError("There are no words after an opening bracket; give the words to find")
        if before in _OPERATORS:
            raise QuestionError(f"There are no words after {before}; give some, or write it in lower case")
        if symbol == ")":
            raise QuestionError("A bracket is closed that was not opened; put one on both sides")
        raise QuestionError(f"There are no words before {symbol}; give some, or write it in lower case")


def _joined(kind: type[And] | type[Or], parts: Sequence[Expression]) -> Expression:
    flat: list[Expression] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) else [part]
    once = tuple(dict.fromkeys(flat))
    return once[0] if len(once) == 1 else kind(once)


def _bracketed(expression: Expression) -> str:
    return f"({expression})" if isinstance(expression, And | Or) else str(expression)
