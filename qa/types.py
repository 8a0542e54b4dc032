"""The nouns of the project: what a report, a passage, a question's answer and an encoder are.

All values are frozen: a stage of the way from file to answer makes new ones and changes none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    TokenIds = NDArray[np.int32]
    Offsets = NDArray[np.int32]


class Span(NamedTuple):
    """A half-open range of character offsets."""

    start: int
    end: int


class Emphasis(NamedTuple):
    """A stretch of a text that is printed in italics (``em``) or bold (``strong``)."""

    start: int
    end: int
    style: str


class Page(NamedTuple):
    """A page of a file: its place among the pages, from 1, and the label printed on it, or none."""

    number: int
    label: str | None = None

    @property
    def shown(self) -> str:
        """What people look for: the printed label, else the place in the file."""
        return self.label or str(self.number)


class Form(StrEnum):
    """How a block is set on the page."""

    TEXT = "text"
    ITEM = "item"
    ROW = "row"
    NOTE = "note"


class Kind(StrEnum):
    """What a passage is in its report. The value is what people read."""

    NUMBERED = "numbered paragraph"
    UNNUMBERED = "unnumbered paragraph"
    BULLET = "bullet"
    TABLE_ROW = "table row"
    STATEMENT = "table statement"
    SCALE = "grading scale"
    GRADE = "grade line"
    FRONT_MATTER = "front matter"
    FOOTNOTE = "footnote"
    CLOSING = "closing"
    SALUTATION = "salutation"
    CONTENTS = "contents list"
    NOTICE = "copyright notice"
    PAGE_NUMBER = "page number"

    @property
    def ranked(self) -> bool:
        """Whether a passage of this kind can answer a question; others are only kept readable in place."""
        return self not in _NEVER_RANKED


_NEVER_RANKED = frozenset({Kind.SALUTATION, Kind.CONTENTS, Kind.NOTICE, Kind.PAGE_NUMBER})


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table row, with its place in the file."""

    text: str
    source: Span


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a report as its reader saw it, in reading order.

    A paragraph, a heading, a list item, a table row or a footnote; a footnote stands anywhere after the block
    that calls it.

    Attributes
    ----------
    form
        How it is set.
    text
        Its words, white space folded to single spaces (cells of a row parted by tabs), no emphasis marks.
    source
        Where it stands: character offsets into the text of the `Document`.
    gap
        Blank lines before it; 0 for a line that follows the one above.
    marker
        The printed bullet or number of a list item, the printed mark of a footnote, else empty.
    emphasis
        Emphasised stretches of `text`.
    cells
        The cells of a row, else empty.
    level
        Of a text, the heading level that a style or font tells (1 is the highest), 0 if it tells that this is
        no heading. Of an item, how deep its list is nested, from 1. None where the file does not tell.
    is_head
        Of a row, whether the file says that it holds the heads of the columns.
    page
        Where it begins, in a file that has pages.
    indent
        How far from the left edge of the page its first line begins, in points; none where there is no page.
    calls
        The marks of the footnotes that its words call, in order; they do not stand in `text`.
    """

    form: Form
    text: str
    source: Span
    gap: int = 0
    marker: str = ""
    emphasis: tuple[Emphasis, ...] = ()
    cells: tuple[Cell, ...] = ()
    level: int | None = None
    is_head: bool = False
    page: Page | None = None
    indent: float | None = None
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dropped:
    """Words of a file that are no part of the report: a running header or footer, words that do not show.

    `reason` is one of ``"header"``, ``"footer"``, ``"page number"``, ``"hidden"`` and ``"skipped"``: on a
    page that `corpus.toml` says to skip.
    """

    reason: str
    text: str
    page: Page | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A file as its reader read it.

    Attributes
    ----------
    text
        All the words of the blocks, in reading order; their sources are offsets into it.
    blocks
        The pieces, in reading order.
    metadata
        What the file says of itself, by the names `corpus.toml` uses; a publication date as ISO.
    pages
        How many pages it has; none where there are no pages.
    dropped
        What was left out.
    warnings
        What is not as it should be with the file, a sentence each.
    """

    text: str
    blocks: tuple[Block, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)
    pages: int | None = None
    dropped: tuple[Dropped, ...] = ()
    warnings: tuple[str, ...] = ()


class PageRange(NamedTuple):
    """Pages of a file from one to another, both counted from 1 and both meant."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Overrides:
    """What `corpus.toml` says on how a report is to be read, where reading it by itself goes wrong.

    Attributes
    ----------
    skip_pages
        Pages that are no part of it.
    headings
        Lines that are headings, word for word, white space folded to single spaces.
    first_paragraph
        The printed number of its first paragraph, or none if that need not be told.
    """

    skip_pages: tuple[PageRange, ...] = ()
    headings: tuple[str, ...] = ()
    first_paragraph: int | None = None

    def skips(self, page: int) -> bool:
        """Whether a page of the file, counted from 1, is to be skipped."""
        return any(first <= page <= last for first, last in self.skip_pages)


@dataclass(frozen=True, slots=True)
class Report:
    """One published document.

    `date` is as much of an ISO date as is known: ``"2006"``, ``"2008-12"``, ``"2008-12-17"`` or none.
    `path` is relative to the corpus folder, with forward slashes. `authority` is the council or body that was
    inspected, `inspected` when, in words.
    """

    id: str
    title: str
    short_title: str
    path: str
    sha256: str
    publisher: str | None = None
    date: str | None = None
    kind: str | None = None
    licence: str | None = None
    source: str | None = None
    authority: str | None = None
    inspected: str | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit that is cited: a numbered or unnumbered paragraph, a bullet, a table row or a table statement.

    Attributes
    ----------
    id
        ``report:locator``; stays the same when the report is edited elsewhere.
    report
        The id of its report.
    order
        Its place in the report, from 0.
    kind
        What it is.
    section
        The headings above it, outermost first.
    number
        The printed paragraph number, or none; never inferred from position.
    scope
        Where `number` starts again, the part it counts in (``"Annex"``); none for a report's own numbering.
    position
        Its rank among the passages of its kind in its section, from 1.
    text
        Its words as printed.
    reading
        For a table row: what people read and what is embedded, with the column heads. Else none.
    lead_in
        The words as printed that introduce it (``"For immediate action:"``), or none.
    emphasis
        Emphasised stretches of `text`.
    source
        The pieces of the text that was read which `text` is made of, in order: character offsets, a byte
        order mark not counted.
    page
        Where it begins, in a file that has pages.
    marker
        The printed mark of a footnote, or none.
    notes
        The ids of the footnotes that its words call, in order.
    """

    id: str
    report: str
    order: int
    kind: Kind
    section: tuple[str, ...]
    number: str | None
    scope: str | None
    position: int
    text: str
    reading: str | None = None
    lead_in: str | None = None
    emphasis: tuple[Emphasis, ...] = ()
    source: tuple[Span, ...] = ()
    page: Page | None = None
    marker: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """What people read: the reading of a table row, else the text."""
        return self.text if self.reading is None else self.reading


@dataclass(frozen=True, slots=True)
class ReportOutline:
    """A report read: its passages in order, what the reader says of the file, its format and pages."""

    report: Report
    passages: tuple[Passage, ...]
    warnings: tuple[str, ...] = ()
    format: str = ""
    pages: int | None = None


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file of the corpus when it was indexed.

    Attributes
    ----------
    file
        Its name in the corpus folder.
    format
        Its format in words; empty if it was not read.
    pages
        How many pages it has; none where there are no pages or it was not read.
    numbered, others
        How many numbered paragraphs it has, and how many other passages.
    warnings
        What is not as it should be with it, a sentence each.
    reason
        Why it is not in the index, in words that follow its name; none if it is.
    same_as
        The file whose content it has, if that is why.
    """

    file: str
    format: str = ""
    pages: int | None = None
    numbered: int = 0
    others: int = 0
    warnings: tuple[str, ...] = ()
    reason: str | None = None
    same_as: str | None = None


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What became of each file of the corpus when it was indexed."""

    files: tuple[FileOutcome, ...]

    @property
    def failed(self) -> tuple[FileOutcome, ...]:
        """The files that could not be read."""
        return tuple(file for file in self.files if file.reason is not None and file.same_as is None)

    @property
    def is_clean(self) -> bool:
        """Whether every file is in the index and nothing is to be said of any."""
        return not any(file.warnings or file.reason for file in self.files)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is not as it should be with the others, a sentence each."""
        return tuple(warning for file in self.files for warning in file.warnings)


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """One line of the list of reports: the report and how many passages of each kind it has."""

    report: Report
    counts: dict[Kind, int]

    @property
    def ranked(self) -> int:
        """How many of its passages can answer a question."""
        return sum(count for kind, count in self.counts.items() if kind.ranked)


class Sentence(NamedTuple):
    """One sentence of a passage: the unit that is marked.

    `passage` is the number of the passage in its index; `start` and `end` are offsets into its text. `tokens`
    are those of the passage that stand in it, and `length` is the length of the sum of their vectors. A table
    row is one sentence, as it reads.
    """

    passage: int
    start: int
    end: int
    tokens: Span
    length: float


@dataclass(frozen=True, slots=True)
class Expansion:
    """Words searched beside words that were typed: `typed` means `meaning`, said by `source`.

    `source` is a report's id if the report defines the abbreviation itself, or ``"glossary"``.
    """

    typed: str
    meaning: str
    source: str


@dataclass(frozen=True, slots=True)
class Correction:
    """A typed word that stands in no report and the word of the reports searched in its place."""

    typed: str
    searched: str


@dataclass(frozen=True, slots=True)
class Query:
    """A question understood.

    Attributes
    ----------
    question
        As it was typed.
    words
        What is searched: scope words taken out, spelling mended.
    phrases
        Words in quotation marks: a passage must hold them literally.
    reports
        Ids of the only reports searched; none for all.
    section
        Words of a heading the passages must stand under; none for any.
    expansions, corrections
        What is searched beside and in place of the typed words.
    favoured
        Ids of reports the question names in plain words; their passages come first, none is excluded.
    about, authorities
        Ids of the reports on authorities that the question names, and these names as typed; passages of other
        reports come after theirs, and the names are not searched for: hardly a passage names its authority.
    compares
        Whether the question compares reports, so that each must be heard.
    context
        The earlier question this one leans on, or none.
    located
        Ids of the passages that the question names by number or heading, in order; these are the answer.
    unknown
        Words of the question that stand in no report, in no form.
    """

    question: str
    words: str
    phrases: tuple[str, ...] = ()
    reports: tuple[str, ...] | None = None
    section: str | None = None
    expansions: tuple[Expansion, ...] = ()
    corrections: tuple[Correction, ...] = ()
    favoured: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    compares: bool = False
    context: str | None = None
    located: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a passage stands where it does.

    Attributes
    ----------
    meaning_rank, words_rank
        Its rank by meaning (dense) and by words (BM25), from 1; none where that retriever did not propose it.
    parts
        What each part adds to the score: ``close reading``, ``meaning``, ``words``, ``report named``.
    matched
        Words of the question that stand in the passage or its headings, in some form.
    reranked_by, rank_before
        The model that put it in its place, and the rank it had before; none if it was not reranked.
    """

    meaning_rank: int | None
    words_rank: int | None
    parts: dict[str, float]
    matched: tuple[str, ...]
    reranked_by: str | None = None
    rank_before: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage a retriever proposes; a higher score is better, within one retriever's list only.

    `sentences` are those of the passage, each with the cosine of its vector to the question's. `also` are
    passages of the same report that give the same answer and are not candidates of their own, best first.
    """

    passage: Passage
    score: float
    highlights: tuple[Span, ...] = ()
    explanation: Explanation | None = None
    sentences: tuple[tuple[Span, float], ...] = ()
    also: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class CitedPassage:
    """One ranked passage of an answer.

    `citation` and `locator` name its place for people; `highlights` are offsets into ``passage.text``
    of the sentences that match the question best; `score` orders this answer only. `also` are passages of the
    same report that say the same and are not listed themselves, best first. `notes` are the footnotes that
    its words call, where a passage is shown by itself.
    """

    rank: int
    passage: Passage
    report: Report
    locator: str
    citation: str
    highlights: tuple[Span, ...]
    score: float
    explanation: Explanation | None = None
    also: tuple[Passage, ...] = ()
    notes: tuple[Passage, ...] = ()

    @property
    def id(self) -> str:
        """The id of the passage."""
        return self.passage.id

    @property
    def text(self) -> str:
        """The words of the passage as printed."""
        return self.passage.text

    @property
    def reading(self) -> str | None:
        """A table row with its column heads; none for any other passage."""
        return self.passage.reading

    @property
    def shown(self) -> str:
        """What people read: the reading of a table row, else the text."""
        return self.passage.shown

    @property
    def shown_highlights(self) -> tuple[Span, ...]:
        """The highlights as offsets into what is shown; the reading of a row is marked as a whole."""
        if self.reading is None or not self.highlights:
            return self.highlights
        return (Span(0, len(self.reading)),)

    @property
    def section(self) -> tuple[str, ...]:
        """The headings above the passage, outermost first."""
        return self.passage.section

    @property
    def paragraph(self) -> str | None:
        """The printed paragraph number, or none."""
        return self.passage.number


@dataclass(frozen=True, slots=True)
class Answer:
    """What the reports hold on a question.

    Attributes
    ----------
    question
        As it was typed.
    answered
        Whether the passages are thought to answer it. If not, they are the nearest ones and no answer.
    passages
        The ranked passages, best first.
    elapsed_ms
        How long the search took, in milliseconds.
    query
        How the question was understood.
    notes
        The same in sentences, where it is not just as typed.
    confidence
        ``"strong"``, ``"possible"`` or ``"none"``; ``"uncalibrated"`` where no calibration fits the model:
        then nothing that was found is refused; ``"unjudged"`` where nothing was weighed.
    reason
        Why, in a sentence or two.
    confidence_score
        How probable an answer is, 0 to 1; none where nothing was judged or no calibration fits the model.
    searched
        What was searched, such as ``"2 reports, 149 passages"``.
    """

    question: str
    answered: bool
    passages: tuple[CitedPassage, ...]
    elapsed_ms: float
    query: Query | None = None
    notes: tuple[str, ...] = ()
    confidence: str = "possible"
    reason: str = ""
    confidence_score: float | None = None
    searched: str = ""


class Tokens(NamedTuple):
    """The tokens of a text as a model reads them, special ones left out.

    `ids` has shape ``(count,)``, int32; `vectors` has shape ``(count, dimension)``, float32, unit length;
    `offsets` has shape ``(count, 2)``, int32, the characters of the text each token stands for.
    """

    ids: TokenIds
    vectors: Vectors
    offsets: Offsets


@dataclass(frozen=True, slots=True)
class FramedText:
    """A passage as an encoder reads it, and the parts of it that get a vector each.

    `frame` is read before `text` and helps to understand it: its report and headings. `windows` get a vector
    each, which also stands for the frame; between `sentences` a long text may be parted. Both are offsets
    into `text`.
    """

    frame: str
    text: str
    windows: tuple[Span, ...]
    sentences: tuple[Span, ...]


class EncodedText(NamedTuple):
    """A passage encoded.

    `tokens` are those of frame and text, with offsets into the text: the frame's are negative. `windows` has
    shape ``(count, dimension)``, float32, unit length.
    """

    tokens: Tokens
    windows: Vectors


class EncodedQuestion(NamedTuple):
    """A question encoded: a vector of the whole, shape ``(dimension,)``, unit length, and its tokens."""

    vector: Vectors
    tokens: Tokens


class Encoder(Protocol):
    """Text to vectors. All vectors have unit length, so that an inner product is a cosine."""

    @property
    def name(self) -> str:
        """The model's name or path, as it can be given again."""

    @property
    def fingerprint(self) -> str:
        """sha256 of all that decides what a vector is (weights, settings, tokenizer), hexadecimal."""

    @property
    def dimension(self) -> int:
        """The length of a text's vector."""

    @property
    def max_tokens(self) -> int:
        """How many tokens a vector stands for at most, special tokens not counted."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is not as it should be with the model but stops nothing."""

    def token_offsets(self, texts: Sequence[str]) -> list[Offsets]:
        """The tokens of each whole text: the characters each stands for, shape ``(count, 2)``, int32."""

    def encode_passages(self, passages: Sequence[FramedText], *, quick: bool = False) -> list[EncodedText]:
        """Encode passages, each token in the light of the others; quickly with some loss of precision."""

    def encode_questions(self, texts: Sequence[str]) -> list[EncodedQuestion]:
        """Encode questions; of one longer than the model reads only the first tokens."""

    def ordinary_words(self) -> frozenset[str]:
        """Words of general English that the model knows, in lower case; none if it cannot tell."""


class Progress(NamedTuple):
    """How far something is: `done` of `total` steps of one stage.

    A build has the stages ``"reading"`` (and, in a report of many pages, ``"reading pages"``),
    ``"preparing the model"``, ``"encoding"`` and ``"finishing"``.
    """

    stage: str
    done: int
    total: int


ProgressCallback = Callable[[Progress], None]


class ReportCount(NamedTuple):
    """How many passages of a report hold what was searched for; 0 if it was searched in vain."""

    report: Report
    passages: int


class SectionCount(NamedTuple):
    """How many passages right under a heading hold what was searched for, at least one."""

    report: Report
    section: tuple[str, ...]
    passages: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Every passage that holds what was searched for.

    Attributes
    ----------
    query
        The search as it was typed.
    expression
        The search as it was understood.
    passages
        The passages in report order, ranked from 1 in that order; their highlights are the words that were
        searched for.
    by_report
        The reports that were searched, in order.
    by_section
        The sections that hold one of the passages, in report order.
    searched
        How many passages were searched.
    total
        How many passages there are in all reports.
    """

    query: str
    expression: str
    passages: tuple[CitedPassage, ...]
    by_report: tuple[ReportCount, ...]
    by_section: tuple[SectionCount, ...]
    searched: int
    total: int
