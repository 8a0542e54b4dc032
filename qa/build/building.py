"""Builds and renews an index directory.

Only reports that are new or changed are read and encoded; of the others all is copied from the index before.
Reports are taken one after the other, so that memory does not grow with them. A build is made in a sibling
folder and becomes current when the manifest is replaced, in one atomic step; until then the old one answers.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from qa import __version__
from qa.build.directory import locked, new_folder, publish
from qa.build.frames import framed, sentences_of
from qa.build.pool import in_order
from qa.build.reading import Found, find, outcome
from qa.confidence import years_of
from qa.encoder.runtime import usable_cores
from qa.errors import CorpusError, IndexStateError
from qa.index import (
    FORMAT,
    PASSAGES,
    VOCABULARY,
    Index,
    IndexedReport,
    LeftOut,
    Manifest,
    describe,
    metadata_sha256,
)
from qa.ingest.corpus import find_reports, sha256
from qa.ingest.sentences import WINDOW_SENTENCES, sentences
from qa.store import Statistics, StoreWriter, sentences_row
from qa.types import (
    BuildReport,
    Encoder,
    FileOutcome,
    Passage,
    Progress,
    ProgressCallback,
    Report,
    ReportOutline,
    Span,
)
from qa.vectors import Search, TokenCodec, TokenWriter, WindowWriter
from qa.vocabulary import VocabularyBuilder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qa.types import Vectors

_MANY_PAGES = 200
"""The pages of a report that has more are counted as they are read: it takes long."""

_GROUP = 256
"""Passages of a report that are encoded at a time."""

_MOST_READ_PRECISELY = 2_000
"""Passages that are read with the model's own weights, which takes a minute, and kept as they are; of more,
all are read with 8-bit weights, and their tokens are compressed."""

_LEARNT_FROM = 150
"""Passages that the compression of tokens is learnt from."""

_LEARNT_AT_A_TIME = 25
"""These are read in groups of so many, whatever the cores, so that the same is learnt on every machine."""

_TUNED_WITH = 200
"""Sentences, asked as questions, that a search in lists is tuned with."""


_MOST_NAMED = 5
"""Files that are named where none can be read."""


class _Added(NamedTuple):
    """A report that is in the store: the numbers of its passages, and how many of them can be ranked."""

    id: str
    numbers: Span
    ranked: int
    unchanged: bool


def build_index(
    corpus: Path,
    directory: Path,
    encoder: Encoder,
    *,
    anew: bool = False,
    progress: ProgressCallback | None = None,
) -> BuildReport:
    """Make an index of every report of a corpus folder and put it in the place of the old one.

    A file that cannot be read is left out, and so is one with the same content as another; the manifest says
    which. It is not read again until it has changed.

    What the old one holds of reports that have not changed is taken over, if it was made by this version with
    the same model. The outcome is the same as without: see docs/performance.md for the one exception.

    Parameters
    ----------
    corpus
        The folder with the reports.
    directory
        The index directory; made if missing.
    encoder
        Makes the vectors.
    anew
        Whether nothing is taken over.
    progress
        Called with how far the build is.

    Returns
    -------
    BuildReport
        What became of each file.

    Raises
    ------
    CorpusError, IndexStateError, ModelError
        The old index is left as it was. A `CorpusError` if no report can be read at all, one vanishes in the
        middle, or `corpus.toml` is not as it should be.
    """
    told = metadata_sha256(corpus)
    files = find_reports(corpus)
    show = progress or _show_nothing
    with (
        locked(directory),
        _earlier(directory, encoder, anew=anew) as earlier,
        new_folder(directory) as folder,
        StoreWriter(folder / PASSAGES) as store,
    ):
        build = _Build(folder, store, encoder, earlier, show)
        outcomes: list[FileOutcome] = []
        present: dict[str, str] = {}
        for done, file in enumerate(files):
            show(Progress("reading", done, len(files)))
            found = find(file, earlier, present, on_page=partial(_show_pages, show))
            outcomes.append(outcome(found))
            if isinstance(found, LeftOut):
                build.leave_out(found)
            else:
                present[found.read.report.sha256] = file.name
                build.add(found)
        show(Progress("reading", len(files), len(files)))
        if not present:
            raise _nothing_read(corpus, outcomes)
        manifest = build.finish(told)
        publish(manifest, folder, directory)
    return BuildReport(tuple(outcomes))


def build_from_passages(
    outlines: Iterable[ReportOutline],
    directory: Path,
    encoder: Encoder,
    *,
    made_from: str | None = None,
    progress: ProgressCallback | None = None,
) -> None:
    """Make an index of passages that come from no report file, such as a public collection to measure with.

    Nothing is done if the directory has such an index already, made from the same with the same model.

    Parameters
    ----------
    outlines
        Reports with their passages; ids must be unique.
    directory, encoder, progress
        As in `build_index`.
    made_from
        Names what the reports are made from; none for their own sha256, which needs all of them at once.

    Raises
    ------
    IndexStateError, ModelError
        The old index is left as it was.
    """
    if made_from is None:
        outlines = list(outlines)
        made_from = "".join(read.report.sha256 for read in outlines)
    told = sha256(made_from.encode())
    if _is_made_from(directory, told, encoder):
        return
    with locked(directory), new_folder(directory) as folder, StoreWriter(folder / PASSAGES) as store:
        build = _Build(folder, store, encoder, None, progress or _show_nothing)
        for read in outlines:
            build.add(Found(read))
        publish(build.finish(told), folder, directory)


class _Held(NamedTuple):
    """What an index holds of a passage: its sentences as they are stored, its tokens in code, its windows."""

    number: int
    sentences: bytes
    codes: NDArray[np.uint8]
    windows: Vectors


class _Piece(NamedTuple):
    """What was made of some passages of a report, in order, or taken over."""

    report: str
    passages: list[_Held]
    counted: Statistics
    encoded: bool
    last: bool


class _Build:
    """A build under way: every report is added first, and then read by the model or taken over."""

    def __init__(
        self,
        folder: Path,
        store: StoreWriter,
        encoder: Encoder,
        earlier: Index | None,
        progress: ProgressCallback,
    ) -> None:
        self._folder = folder
        self._store = store
        self._encoder = encoder
        self._earlier = earlier
        self._progress = progress
        self._added: list[_Added] = []
        self._indexed: list[IndexedReport] = []
        self._left_out: list[LeftOut] = []

    def add(self, found: Found) -> None:
        """Take up the next report."""
        numbers = self._store.add_report(found.read)
        self._store.add_years(years_of(found.read))
        ranked = sum(passage.kind.ranked for passage in found.read.passages)
        self._added.append(_Added(found.read.report.id, numbers, ranked, found.unchanged))
        if found.indexed is not None:
            self._indexed.append(found.indexed)

    def leave_out(self, file: LeftOut) -> None:
        """Write down that a file is not in the index, and why."""
        self._left_out.append(file)

    def finish(self, told: str) -> Manifest:
        """Encode what must be, finish all files and return the manifest."""
        encoder, ranked = self._encoder, sum(each.ranked for each in self._added)
        quick = ranked > _MOST_READ_PRECISELY
        earlier = self._earlier if self._earlier and self._earlier.manifest.quick == quick else None
        self._progress(Progress("preparing the model", 0, 1))
        workers = usable_cores() if quick else 1
        codec = self._codec(earlier, quick=quick, workers=workers)
        contents = _Contents(self._folder, self._store, encoder, codec, quick=quick)
        self._encode_or_copy(contents, earlier, workers=workers)
        self._progress(Progress("finishing", 0, 1))
        windows, search = contents.finish(self._questions)
        self._store.close()
        self._progress(Progress("finishing", 1, 1))
        return Manifest(
            format=FORMAT,
            version=__version__,
            build=f"build-{uuid.uuid4().hex[:12]}",
            model=encoder.name,
            model_sha256=encoder.fingerprint,
            dimension=encoder.dimension,
            max_tokens=encoder.max_tokens,
            window_sentences=WINDOW_SENTENCES,
            quick=quick,
            metadata_sha256=told,
            passages=self._store.passages,
            windows=windows,
            search=search,
            reports=tuple(self._indexed),
            left_out=tuple(self._left_out),
            files={path.name: describe(path) for path in sorted(self._folder.iterdir())},
        )

    def _encode_or_copy(self, contents: _Contents, earlier: Index | None, *, workers: int) -> None:
        encoded = [each for each in self._added if not (earlier and each.unchanged)]
        done, total = 0, sum(each.ranked for each in encoded)
        self._progress(Progress("encoding", 0, total))
        pieces = (
            piece
            for each in self._added
            for piece in (
                contents.copied(earlier, each.id, each.numbers)
                if earlier and each.unchanged
                else contents.encoded(each.id, each.numbers)
            )
        )
        for piece in in_order(pieces, workers=workers):
            contents.write(piece)
            if piece.encoded:
                done += len(piece.passages)
                self._progress(Progress("encoding", done, total))

    def _codec(self, earlier: Index | None, *, quick: bool, workers: int) -> TokenCodec:
        """Return how tokens are stored: as in the index before, or as is learnt from some passages."""
        if earlier is not None:
            return earlier.tokens.codec
        if not quick:
            (asked,) = self._encoder.encode_questions(["ready"])
            return TokenCodec.plain(asked.tokens.vectors.shape[1])
        some = self._store.some_ranked(_LEARNT_FROM)
        jobs = (
            partial(self._tokens_of, some[start : start + _LEARNT_AT_A_TIME])
            for start in range(0, len(some), _LEARNT_AT_A_TIME)
        )
        return TokenCodec.learnt(np.concatenate(list(in_order(jobs, workers=workers))))

    def _tokens_of(self, passages: Sequence[tuple[Report, Passage]]) -> Vectors:
        encoded = self._encoder.encode_passages(framed(passages, self._encoder), quick=True)
        return np.concatenate([each.tokens.vectors for each in encoded])

    def _questions(self) -> Vectors:
        """Return vectors of sentences of the reports, each read by itself as a question is."""
        texts: list[str] = []
        for _, passage in self._store.some_ranked(_TUNED_WITH):
            spans = sentences(passage.shown)
            texts += [passage.shown[span.start : span.end] for span in spans[len(spans) // 2 :][:1]]
        return np.stack([each.vector for each in self._encoder.encode_questions(texts)])


class _Contents:
    """What the passages of an index are found by, written report by report, in order."""

    def __init__(
        self, folder: Path, store: StoreWriter, encoder: Encoder, codec: TokenCodec, *, quick: bool
    ) -> None:
        self._folder = folder
        self._store = store
        self._encoder = encoder
        self._codec = codec
        self._quick = quick
        self._tokens = TokenWriter(folder, codec)
        self._windows = WindowWriter(folder, encoder.dimension)
        self._words = VocabularyBuilder()
        self._token_counts = np.zeros(0, dtype=np.int64)
        self._with_tokens = 0
        self._of_report: list[Statistics] = []

    def copied(self, earlier: Index, report_id: str, numbers: Span) -> Iterator[Callable[[], _Piece]]:
        """Yield what takes over a report from the index before."""

        def copy() -> _Piece:
            before = earlier.store.first_number(report_id) - numbers.start
            rows = earlier.store.sentence_rows(Span(numbers.start + before, numbers.end + before))
            held = [
                _Held(
                    number,
                    rows[number + before],
                    earlier.tokens.codes(number + before),
                    earlier.windows.vectors(number + before),
                )
                for number in range(*numbers)
                if number + before in rows
            ]
            return _Piece(report_id, held, earlier.store.statistics(report_id), encoded=False, last=True)

        yield copy

    def encoded(self, report_id: str, numbers: Span) -> Iterator[Callable[[], _Piece]]:
        """Yield what encodes the passages of a report that can be ranked, a group at a time."""
        report, passages = self._store.outline(report_id)
        ranked = [each for each in enumerate(passages, start=numbers.start) if each[1].kind.ranked]
        # Only passages of one report are encoded together, so that others do not matter to their vectors.
        for start in range(0, max(1, len(ranked)), _GROUP):
            last = start + _GROUP >= len(ranked)
            yield partial(self._encode, report, ranked[start : start + _GROUP], last=last)

    def _encode(self, report: Report, group: Sequence[tuple[int, Passage]], *, last: bool) -> _Piece:
        texts = framed([(report, passage) for _, passage in group], self._encoder)
        encoded = self._encoder.encode_passages(texts, quick=self._quick)
        codes = self._codec.encode_each([each.tokens.vectors for each in encoded])
        held: list[_Held] = []
        counts: Counter[int] = Counter()
        words = VocabularyBuilder()
        for (number, passage), text, each, code in zip(group, texts, encoded, codes, strict=True):
            sentences = sentences_row(sentences_of(number, passage, text, each.tokens))
            held.append(_Held(number, sentences, code, each.windows))
            counts.update(np.unique(each.tokens.ids).tolist())
            words.add(passage)
        ids = np.array(sorted(counts), dtype=np.int32)
        token_counts = np.array([counts[token] for token in ids.tolist()], dtype=np.int32)
        with_tokens = sum(bool(len(each.tokens.ids)) for each in encoded)
        counted = Statistics(words.to_json(), ids, token_counts, with_tokens)
        return _Piece(report.id, held, counted, encoded=True, last=last)

    def write(self, piece: _Piece) -> None:
        """Add what was made of passages; their numbers rise from piece to piece."""
        for each in piece.passages:
            self._windows.add(each.number, each.windows)
            self._store.add_sentences(each.number, each.sentences)
            self._tokens.add(each.number, each.codes)
        self._of_report.append(piece.counted)
        if piece.last:
            self._count(piece.report, _together(self._of_report))
            self._of_report.clear()

    def finish(self, questions: Callable[[], Vectors]) -> tuple[int, Search]:
        """Finish the files of vectors and words; return how many windows there are and how they are searched.

        `questions` gives vectors to tune the search with, where it is to be tuned.
        """
        passages = self._store.passages
        self._tokens.close(passages=passages, with_tokens=self._with_tokens, counts=self._token_counts)
        search = self._windows.close(passages=passages, questions=questions)
        vocabulary = self._words.finish(ordinary_words=self._encoder.ordinary_words())
        (self._folder / VOCABULARY).write_text(
            json.dumps(vocabulary.to_dict(), ensure_ascii=False), encoding="utf-8"
        )
        return self._windows.count, search

    def _count(self, report_id: str, counted: Statistics) -> None:
        """Count what is known of a report together with the others."""
        self._store.add_statistics(report_id, counted)
        self._words.add_json(counted.words)
        self._with_tokens += counted.with_tokens
        if len(counted.token_ids):
            missing = int(counted.token_ids[-1]) + 1 - len(self._token_counts)
            self._token_counts = np.pad(self._token_counts, (0, max(0, missing)))
            self._token_counts[counted.token_ids] += counted.token_counts


def _together(parts: Sequence[Statistics]) -> Statistics:
    """Return what was counted of the parts of a report."""
    if len(parts) == 1:
        return parts[0]
    words = VocabularyBuilder()
    counts: Counter[int] = Counter()
    for part in parts:
        words.add_json(part.words)
        counts.update(dict(zip(part.token_ids.tolist(), part.token_counts.tolist(), strict=True)))
    ids = np.array(sorted(counts), dtype=np.int32)
    token_counts = np.array([counts[token] for token in ids.tolist()], dtype=np.int32)
    return Statistics(words.to_json(), ids, token_counts, sum(part.with_tokens for part in parts))


def _nothing_read(corpus: Path, outcomes: Sequence[FileOutcome]) -> CorpusError:
    sentences = [f"{corpus / file.file} {file.reason}" for file in outcomes]
    if len(sentences) == 1:
        return CorpusError(sentences[0])
    more = f"; and {len(sentences) - _MOST_NAMED} more" if len(sentences) > _MOST_NAMED else ""
    return CorpusError(f"No report in {corpus} can be read: {'; '.join(sentences[:_MOST_NAMED])}{more}")


def _show_pages(show: ProgressCallback, done: int, pages: int) -> None:
    if pages > _MANY_PAGES:
        show(Progress("reading pages", done, pages))


def _show_nothing(_: Progress) -> None:
    pass


def _is_made_from(directory: Path, told: str, encoder: Encoder) -> bool:
    try:
        manifest = Manifest.read(directory)
        Index.open(directory).close()
    except IndexStateError:
        return False
    found = (manifest.version, manifest.metadata_sha256, manifest.model_sha256)
    return found == (__version__, told, encoder.fingerprint)


@contextmanager
def _earlier(directory: Path, encoder: Encoder, *, anew: bool) -> Iterator[Index | None]:
    """Open the index there is, if what it holds can be taken over; every byte of it is checked."""
    index = None
    try:
        if not anew:
            index = Index.open(directory, check_all=True)
    except IndexStateError:
        # There is none, or none that can be used: everything is made anew.
        pass
    try:
        made = index and (
            index.manifest.version,
            index.manifest.model_sha256,
            index.manifest.window_sentences,
        )
        yield index if made == (__version__, encoder.fingerprint, WINDOW_SENTENCES) else None
    finally:
        if index is not None:
            index.close()
