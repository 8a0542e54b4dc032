"""An encoder that needs no model, small reports, and what builds and opens libraries with them."""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qa.build import build_index
from qa.index import Index
from qa.library import CORPUS_FOLDER, INDEX_FOLDER, Library
from qa.store import content_words
from qa.types import (
    EncodedQuestion,
    EncodedText,
    FramedText,
    Kind,
    Page,
    Passage,
    ProgressCallback,
    Report,
    Span,
    Tokens,
)

if TYPE_CHECKING:
    from qa.types import Offsets, Vectors

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "corpus"

LIBRARIES_REPORT = """Inspection of libraries

Opening hours

1. The branch library opens on Saturdays. Readers value this. The council plans to open on Sundays.

2. The mobile library reaches eleven villages.

Staff

3. Librarians are well trained. Volunteers help with story time for young children.
"""
"""A report with two headings and three numbered paragraphs."""

ROADS_REPORT = """Inspection of roads

Winter

1. Gritting lorries clear the main roads before dawn.

2. Potholes are mended within ten days of being reported.
"""

REPEATING_REPORT = """Inspection of kitchens

Summary report

1. The kitchens of nearly all schools cook fresh meals every day.

2. Fruit is given out in the morning.

Main report

3. Suppliers were asked for their prices. The kitchens of nearly all schools cook fresh meals every day.

4. Meals of pupils who live far away are brought by van.

5. Fresh water stands on every table of the dining halls.
"""
"""A report whose summary repeats a sentence of its main part."""

_WORD_OR_MARK = re.compile(r"\w+|[^\w\s]")
_LETTERS_A_TOKEN = 6
_STEM_LETTERS = 5


class KeywordEncoder:
    """Vectors of the stems in a text: texts that share words are near, and nothing else is.

    Like a real model it puts no more than `max_tokens` of a text into one vector.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        download: bool = False,
        fingerprint: str | None = None,
        max_tokens: int = 256,
        dimension: int = 256,
        weights: str = "first",
    ) -> None:
        self._name = name or "keywords"
        self._max_tokens = max_tokens
        self._dimension = dimension
        self._weights = weights
        self.encoded: list[str] = []
        """Every window it was given, with its frame."""
        self.read: list[FramedText] = []
        """Every passage it was given."""

    @property
    def name(self) -> str:
        return self._name

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self._weights.encode()).hexdigest()

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def max_tokens(self) -> int:
        return self._max_tokens

    def token_offsets(self, texts: Sequence[str]) -> list[Offsets]:
        return [np.array(_offsets(text), dtype=np.int32).reshape(-1, 2) for text in texts]

    def encode_passages(self, passages: Sequence[FramedText], *, quick: bool = False) -> list[EncodedText]:
        return [self._read_passage(passage) for passage in passages]

    def encode_questions(self, texts: Sequence[str]) -> list[EncodedQuestion]:
        return [EncodedQuestion(self._vector(text), self._read_tokens(text)) for text in texts]

    def ordinary_words(self) -> frozenset[str]:
        return frozenset()

    @property
    def warnings(self) -> tuple[str, ...]:
        return ()

    def _read_passage(self, passage: FramedText) -> EncodedText:
        windows = [passage.frame + passage.text[span.start : span.end] for span in passage.windows]
        self.encoded += windows
        self.read.append(passage)
        ids, vectors, offsets = self._read_tokens(passage.frame + passage.text)
        stacked = [self._vector(window) for window in windows]
        return EncodedText(Tokens(ids, vectors, offsets - len(passage.frame)), np.stack(stacked))

    def _read_tokens(self, text: str) -> Tokens:
        offsets = _offsets(text)
        words = [text[start:end].casefold() for start, end in offsets]
        return Tokens(
            np.array([zlib.crc32(word.encode()) % 30_000 for word in words], dtype=np.int32),
            np.stack([self._vector(word) for word in words])
            if words
            else np.empty((0, self._dimension), np.float32),
            np.array(offsets, dtype=np.int32).reshape(-1, 2),
        )

    def _vector(self, text: str) -> Vectors:
        vector = np.zeros(self._dimension, dtype=np.float32)
        read = "".join(_tokens(text)[: self._max_tokens])
        for word in content_words(read):
            vector[zlib.crc32(word[:_STEM_LETTERS].encode()) % self._dimension] += 1
        if not vector.any():
            vector[0] = 1
        return vector / np.linalg.norm(vector)


def copy_corpus(folder: Path) -> Path:
    """Make a library folder with the two real reports and no index."""
    (folder / CORPUS_FOLDER).mkdir(parents=True)
    for path in CORPUS.iterdir():
        if path.is_file():
            copied = Path(shutil.copy2(path, folder / CORPUS_FOLDER))
            copied.chmod(0o644)
    return folder


def small_library(folder: Path, **reports: str) -> Path:
    """Make a library folder with reports of a few lines, by name, and no index."""
    corpus = folder / CORPUS_FOLDER
    corpus.mkdir(parents=True)
    for name, text in (reports or {"libraries": LIBRARIES_REPORT, "roads": ROADS_REPORT}).items():
        (corpus / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


def build(
    folder: Path,
    encoder: KeywordEncoder | None = None,
    *,
    anew: bool = False,
    progress: ProgressCallback | None = None,
) -> list[str]:
    """Index a library folder with the keyword encoder; return what the readers say."""
    corpus, index = folder / CORPUS_FOLDER, folder / INDEX_FOLDER
    built = build_index(corpus, index, encoder or KeywordEncoder(), anew=anew, progress=progress)
    return list(built.warnings)


def open_library(folder: Path, encoder: KeywordEncoder | None = None) -> Library:
    """Open a library folder that was indexed with the keyword encoder."""
    chosen = encoder or KeywordEncoder()
    return Library(folder, Index.open(folder / INDEX_FOLDER), lambda: chosen)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder and their bytes, lock files left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def keyword_qa(*arguments: str | Path) -> list[str]:
    """Return the command line of `qa` with the keyword encoder, in a process of its own."""
    return [sys.executable, "-m", "tests.keyword_qa", *map(str, arguments)]


def a_report(report_id: str = "jar-2006", **fields: str | None) -> Report:
    """Return a report, as much of it described as asked for."""
    described: dict[str, str | None] = {
        "title": "Joint area review: Rutland",
        "short_title": "Joint area review, Rutland",
        "path": f"{report_id}.txt",
        "sha256": "0" * 64,
        "publisher": "Ofsted",
        "date": "2006",
    }
    return Report(id=report_id, **(described | fields))  # type: ignore[arg-type]


def a_passage(
    local_id: str,
    text: str = "Provision is good.",
    *,
    report: str = "jar-2006",
    order: int = 0,
    kind: Kind = Kind.UNNUMBERED,
    section: tuple[str, ...] = ("Main Report", "Staying safe"),
    number: str | None = None,
    scope: str | None = None,
    position: int = 1,
    reading: str | None = None,
    lead_in: str | None = None,
    page: Page | None = None,
    marker: str | None = None,
    notes: tuple[str, ...] = (),
) -> Passage:
    """Return a passage."""
    return Passage(
        id=f"{report}:{local_id}",
        report=report,
        order=order,
        kind=Kind.NUMBERED if number is not None else kind,
        section=section,
        number=number,
        scope=scope,
        position=position,
        text=text,
        reading=reading,
        lead_in=lead_in,
        source=(Span(0, len(text)),),
        page=page,
        marker=marker,
        notes=notes,
    )


def _tokens(text: str) -> list[str]:
    """Cut words into pieces of a few letters, as models do; the space before a word stays with its first."""
    begins = {match.start() for match in _WORD_OR_MARK.finditer(text)}
    return [(" " if start in begins else "") + text[start:end] for start, end in _offsets(text)]


def _offsets(text: str) -> list[tuple[int, int]]:
    return [
        (start, min(start + _LETTERS_A_TOKEN, match.end()))
        for match in _WORD_OR_MARK.finditer(text)
        for start in range(match.start(), match.end(), _LETTERS_A_TOKEN)
    ]
