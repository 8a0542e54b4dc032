"""A library of a million passages, of which some thousand are read by the model and the others made of these.

``python -m tests.benchmarks.million FOLDER --passages 1000000 --pdf-folder REPORTS`` grows some thousand
passages (`corpora`), reads them with the real model, and keeps the vectors of their tokens in
``FOLDER/sources``. Every passage of the library is then made of sentences of these under real headings; the
vectors of its tokens are those of its sentences with a little noise, and those of its windows are pooled from
those of its sentences. So texts and vectors are spread much as real ones are, at a fraction of the work. The
index that `qa` makes of them is measured as by `warm`: only encoding is replaced, everything else is what
every library goes through.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import qa.library
from qa.build import build_from_passages
from qa.ingest.corpus import find_reports, read_report
from qa.ingest.sentences import sentences
from qa.library import CORPUS_FOLDER, INDEX_FOLDER
from qa.types import (
    EncodedQuestion,
    EncodedText,
    Encoder,
    FramedText,
    Kind,
    Passage,
    Report,
    ReportOutline,
    Span,
    Tokens,
)
from tests.benchmarks.corpora import (
    PARAGRAPHS_A_REPORT,
    Material,
    composed,
    council_names,
    grow,
    material_of,
    read_material,
)
from tests.benchmarks.measuring import Record, Row, apart, memory, parser, run_command, say, show, timer
from tests.benchmarks.warm import COLUMNS, rows_for, sizes_in_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.types import Offsets, TokenIds, Vectors

SOURCES = "sources"
"""The folder, in the library's, of the passages that were read and of their vectors."""

_VECTORS, _PARTS, _MADE = "vectors.npy", "parts.npz", "made.json"
_GROUP = 256
_TOKEN_NOISE = 0.25
"""The length of the noise that is added to a token's unit vector: the cosine to what it was is some .97."""

_WINDOW_NOISE = 0.15
_NOISE_ROWS = 8_192
_MOST_FRAMES = 2_000
"""Frames whose vectors are kept: those of one report are asked for one after the other."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What the passages are made from; `passages` real ones, grown with a seed."""

    passages: int
    seed: int
    pdf_folder: Path | None = None


class Part(NamedTuple):
    """The tokens of a sentence or of a frame, with offsets into it, and the vector of the whole of it.

    `vectors` are of half or single precision; `whole` has as its length the number of tokens, so that the
    vector of a window is that of the sum of its parts.
    """

    ids: TokenIds
    vectors: NDArray[np.floating[Any]]
    offsets: Offsets
    whole: Vectors


class SentenceStore:
    """The tokens of the sentences of a folder of sources, found by their words."""

    def __init__(self, folder: Path) -> None:
        vectors = np.load(folder / _VECTORS, mmap_mode="r")
        with np.load(folder / _PARTS) as kept:
            texts, ends, ids, offsets, wholes = (
                kept[name] for name in ("texts", "ends", "ids", "offsets", "wholes")
            )
        starts = [0, *ends[:-1].tolist()]
        self._parts = {
            str(text): Part(ids[start:end], vectors[start:end], offsets[start:end], whole)
            for text, start, end, whole in zip(texts, starts, ends.tolist(), wholes, strict=True)
        }

    def __len__(self) -> int:
        return len(self._parts)

    def get(self, sentence: str) -> Part | None:
        """Return the tokens of a sentence, or none if it was never read."""
        return self._parts.get(sentence)


class ComposingEncoder:
    """An encoder that knows the sentences of passages already, and reads with a real one what it does not.

    Parameters
    ----------
    real
        The encoder whose name and fingerprint it bears, so that what it made is asked with that one.
    store
        The sentences that were read before.
    seed
        Decides the noise.
    """

    def __init__(self, real: Encoder, store: SentenceStore, *, seed: int) -> None:
        self._real = real
        self._store = store
        self._random = np.random.default_rng(seed)
        self._token_noise = self._noise(_TOKEN_NOISE)
        self._window_noise = self._noise(_WINDOW_NOISE)
        self._frames: dict[str, Part] = {}
        self.read_by_the_model = 0
        self.seconds = 0.0

    @property
    def name(self) -> str:
        """As in `Encoder`, like all that follows."""
        return self._real.name

    @property
    def fingerprint(self) -> str:
        return self._real.fingerprint

    @property
    def dimension(self) -> int:
        return self._real.dimension

    @property
    def max_tokens(self) -> int:
        return self._real.max_tokens

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._real.warnings

    def token_offsets(self, texts: Sequence[str]) -> list[Offsets]:
        return self._real.token_offsets(texts)

    def encode_questions(self, texts: Sequence[str]) -> list[EncodedQuestion]:
        return self._real.encode_questions(texts)

    def ordinary_words(self) -> frozenset[str]:
        return self._real.ordinary_words()

    def encode_passages(self, passages: Sequence[FramedText], *, quick: bool = False) -> list[EncodedText]:
        started = time.perf_counter()
        self._read_frames([passage.frame for passage in passages if passage.frame])
        found = [self._composed(passage, quick=quick) for passage in passages]
        self.seconds += time.perf_counter() - started
        return found

    def _composed(self, passage: FramedText, *, quick: bool) -> EncodedText:
        parts = [self._store.get(passage.text[start:end]) for start, end in passage.sentences]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            self.read_by_the_model += 1
            return self._real.encode_passages([passage], quick=quick)[0]
        frame = self._frames[passage.frame] if passage.frame else _nothing(self.dimension)
        vectors = np.concatenate([frame.vectors, *(part.vectors for part in known)], dtype=np.float32)
        _disturb(vectors, self._token_noise, self._random)
        offsets = [frame.offsets - len(passage.frame)]
        offsets += [part.offsets + span.start for part, span in zip(known, passage.sentences, strict=True)]
        tokens = Tokens(
            np.concatenate([frame.ids, *(part.ids for part in known)]), vectors, np.concatenate(offsets)
        )
        return EncodedText(tokens, self._pooled(passage, frame, known))

    def _pooled(self, passage: FramedText, frame: Part, known: Sequence[Part]) -> Vectors:
        """Return the vectors of the windows, each of the frame and some sentences."""
        first = {span.start: place for place, span in enumerate(passage.sentences)}
        last = {span.end: place + 1 for place, span in enumerate(passage.sentences)}
        sums = np.zeros((len(known) + 1, self.dimension), dtype=np.float32)
        np.cumsum([part.whole for part in known], axis=0, out=sums[1:])
        begin = [first[span.start] for span in passage.windows]
        end = [last[span.end] for span in passage.windows]
        windows: Vectors = frame.whole + sums[end] - sums[begin]
        _to_unit_length(windows)
        _disturb(windows, self._window_noise, self._random)
        return windows

    def _read_frames(self, frames: Sequence[str]) -> None:
        unknown = [frame for frame in dict.fromkeys(frames) if frame not in self._frames]
        if len(self._frames) + len(unknown) > _MOST_FRAMES:
            self._frames.clear()
            unknown = list(dict.fromkeys(frames))
        whole = [(Span(0, len(frame)),) for frame in unknown]
        read = self._real.encode_passages(
            [FramedText("", frame, *2 * (spans,)) for frame, spans in zip(unknown, whole, strict=True)],
            quick=True,
        )
        for frame, encoded in zip(unknown, read, strict=True):
            self._frames[frame] = Part(*encoded.tokens, encoded.windows[0] * len(encoded.tokens.ids))

    def _noise(self, length: float) -> Vectors:
        shape = (_NOISE_ROWS, self.dimension)
        return self._random.standard_normal(shape, dtype=np.float32) * np.float32(
            length / np.sqrt(self.dimension)
        )


def read_sources(folder: Path, sources: Sources) -> Material:
    """Grow the sources in a folder and read them with the model, unless that was done; return them."""
    made = json.loads(json.dumps(asdict(sources), default=str))
    done = folder / _MADE
    if not done.exists() or json.loads(done.read_text(encoding="utf-8")) != made:
        shutil.rmtree(folder, ignore_errors=True)
        grow(folder, read_material(sources.pdf_folder), passages=sources.passages, seed=sources.seed)
    read = [read_report(file) for file in find_reports(folder / CORPUS_FOLDER)]
    if not done.exists():
        say(f"reading {sum(len(one.passages) for one in read):,} passages with the model")
        _write_store(folder, read, _real_encoder())
        done.write_text(json.dumps(made), encoding="utf-8")
    return material_of(read)


def synthetic_reports(material: Material, *, passages: int, seed: int) -> Iterator[ReportOutline]:
    """Yield reports with so many passages together, of sentences that were read, under real headings."""
    names = council_names(seed)
    for number, start in enumerate(range(0, passages, PARAGRAPHS_A_REPORT), start=1):
        random = Random(f"synthetic report {number} of seed {seed}")
        count = min(PARAGRAPHS_A_REPORT, passages - start)
        year = random.randint(2001, 2025)
        title = f"Inspection of services for children in {names[number % len(names)]}"
        report = Report(
            id=f"made-{number:05}",
            title=f"{title} {year}",
            short_title=title,
            path=f"made-{number:05}.txt",
            sha256=hashlib.sha256(f"{number} {seed} {count} {title}".encode()).hexdigest(),
            date=str(year),
        )
        made = enumerate(composed(material, random, count=count))
        yield ReportOutline(
            report,
            tuple(_passage(report, place, each.section, " ".join(each.sentences)) for place, each in made),
        )


def build(folder: Path, sources: Sources, *, passages: int) -> Row:
    """Build the index of a library of so many passages in this process; return what that took."""
    material = read_sources(folder / SOURCES, sources)
    store = SentenceStore(folder / SOURCES)
    encoder = ComposingEncoder(_real_encoder(), store, seed=sources.seed)
    with timer() as taken:
        reports = synthetic_reports(material, passages=passages, seed=sources.seed)
        made_from = f"{passages} passages of {sources}"
        build_from_passages(reports, folder / INDEX_FOLDER, encoder, made_from=made_from)
    if not encoder.seconds:
        return {"not_measured": "the index was there already"}
    return {
        "seconds": taken.seconds,
        "passages_a_second": passages / taken.seconds,
        "share_of_making_vectors": encoder.seconds / taken.seconds,
        "milliseconds_of_making_vectors_a_passage": encoder.seconds / passages * 1000,
        "passages_read_by_the_model": encoder.read_by_the_model,
        "sentences_known": len(store),
        "peak": memory().peak,
    }


def main(arguments: Sequence[str] | None = None, *, run: Callable[..., Any] = apart) -> None:
    """Build the library, ask it questions and print the figures of both."""
    options = parser(__doc__)
    options.add_argument("folder", type=Path, metavar="FOLDER", help="the library folder to make")
    options.add_argument("--passages", type=int, default=1_000_000, metavar="N", help="default: %(default)s")
    options.add_argument("--sources", type=int, default=3_000, metavar="N", help="passages read by the model")
    options.add_argument("--seed", type=int, default=1, help="decides what is chosen")
    options.add_argument("--pdf-folder", type=Path, metavar="FOLDER", help="PDFs of more reports")
    options.add_argument("--questions", type=int, default=300, metavar="N", help="how many (default: 300)")
    given = options.parse_args(arguments)
    sources = Sources(given.sources, given.seed, given.pdf_folder)
    figures = run(build, given.folder, sources, passages=given.passages)
    rows = rows_for([given.folder], questions=given.questions, seed=given.seed, run=run)
    settings = {
        "passages": given.passages,
        "sources": given.sources,
        "seed": given.seed,
        "pdfs": given.pdf_folder is not None,
        "questions": given.questions,
    }
    building = {f"building_{name}": value for name, value in figures.items()}
    show(Record("million", settings, rows, building | sizes_in_words(rows)), COLUMNS, as_json=given.json)


def _real_encoder() -> Encoder:
    # Looked up as the library does it, so that a test can put another encoder in its place.
    made: Encoder = vars(qa.library)["SentenceEncoder"]()
    return made


def _write_store(folder: Path, reports: Sequence[ReportOutline], encoder: Encoder) -> None:
    """Read passages and keep each of their sentences once; frames are read by themselves."""
    framed = [
        FramedText("", passage.text, spans, spans)
        for one in reports
        for passage in one.passages
        if passage.number is not None and (spans := tuple(sentences(passage.text)))
    ]
    kept: dict[str, Part] = {}
    for start in range(0, len(framed), _GROUP):
        group = framed[start : start + _GROUP]
        for passage, encoded in zip(group, encoder.encode_passages(group), strict=True):
            for span, whole in zip(passage.sentences, encoded.windows, strict=True):
                kept.setdefault(passage.text[span.start : span.end], _part(encoded.tokens, span, whole))
    parts = kept.values()
    np.save(folder / _VECTORS, np.concatenate([part.vectors for part in parts]))
    np.savez(
        folder / _PARTS,
        texts=np.array(list(kept)),
        ends=np.cumsum([len(part.ids) for part in parts]),
        ids=np.concatenate([part.ids for part in parts]),
        offsets=np.concatenate([part.offsets for part in parts]),
        wholes=np.stack([part.whole for part in parts]),
    )


def _part(tokens: Tokens, span: Span, whole: Vectors) -> Part:
    inside = (tokens.offsets[:, 0] >= span.start) & (tokens.offsets[:, 1] <= span.end)
    offsets: Offsets = tokens.offsets[inside] - np.int32(span.start)
    ids = tokens.ids[inside]
    return Part(ids, tokens.vectors[inside].astype(np.float16), offsets, whole * np.float32(len(ids)))


def _nothing(dimension: int) -> Part:
    ids, offsets = np.empty(0, np.int32), np.empty((0, 2), np.int32)
    return Part(ids, np.empty((0, dimension), np.float32), offsets, np.zeros(dimension, np.float32))


def _disturb(vectors: Vectors, noise: Vectors, random: np.random.Generator) -> None:
    """Add noise to unit vectors, from a random row of it on, and bring them to unit length again."""
    at = int(random.integers(len(noise)))
    for start in range(0, len(vectors), len(noise)):
        part = vectors[start : start + len(noise)]
        before = len(noise) - at
        part[:before] += noise[at : at + len(part)]
        part[before:] += noise[: max(0, len(part) - before)]
    _to_unit_length(vectors)


def _to_unit_length(vectors: Vectors) -> None:
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    vectors /= np.maximum(lengths, 1e-12)[:, np.newaxis]


def _passage(report: Report, place: int, section: tuple[str, ...], text: str) -> Passage:
    return Passage(
        id=f"{report.id}:{place + 1}",
        report=report.id,
        order=place,
        kind=Kind.NUMBERED,
        section=section,
        number=str(place + 1),
        scope=None,
        position=place + 1,
        text=text,
        source=(Span(0, len(text)),),
    )


if __name__ == "__main__":
    run_command(main)
