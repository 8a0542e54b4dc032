"""One report read for people to look at; needs no index and no model."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from qa.cite import listed, page_as_dict
from qa.errors import CorpusError, NotFoundError
from qa.ingest.corpus import CORPUS_FOLDER, ReportFile, find_reports, id_of, read_whole
from qa.ingest.formats import SUFFIXES
from qa.ingest.metadata import READABLE, is_inside
from qa.types import Dropped, Kind, Passage, Report

_MOST_LISTED = 30
"""Reports that are listed where another was asked for; of more, the nearest are."""

_DIGITS = re.compile(r"\d+")
_ANY_WORDS = frozenset({"page number", "skipped"})
"""Reasons for which all that was dropped is one group, for its words differ from page to page."""


class DroppedGroup(NamedTuple):
    """Like words that were left out for one reason: how often, on how many pages, and the first of them."""

    reason: str
    times: int
    pages: int
    text: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """How a file was read.

    Attributes
    ----------
    path
        The file.
    format
        Its format in words.
    report
        What is known of the report; `corpus.toml` goes before what the file says.
    pages
        How many pages it has; none where there are no pages.
    metadata
        What the file and `corpus.toml` say of the report, by the names `corpus.toml` uses.
    passages
        Its passages, in order.
    warnings
        What is not as it should be with the file, a sentence each.
    gaps, repeats
        Printed paragraph numbers that are missing, and those that stand more than once, a sentence each.
    dropped
        What was left out.
    """

    path: Path
    format: str
    report: Report
    pages: int | None
    metadata: Mapping[str, str] = field(default_factory=dict)
    passages: tuple[Passage, ...] = ()
    warnings: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    repeats: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()

    @property
    def counts(self) -> dict[Kind, int]:
        """How many passages of each kind there are, in the order they first appear."""
        return dict(Counter(passage.kind for passage in self.passages))

    @property
    def dropped_groups(self) -> tuple[DroppedGroup, ...]:
        """What was left out, like words together: numbers aside, a running header is one."""
        groups: dict[tuple[str, str], list[Dropped]] = {}
        for each in self.dropped:
            words = "" if each.reason in _ANY_WORDS else _DIGITS.sub("0", " ".join(each.text.split()))
            groups.setdefault((each.reason, words), []).append(each)
        return tuple(
            DroppedGroup(
                reason, len(group), len({each.page.number for each in group if each.page}), group[0].text
            )
            for (reason, _), group in groups.items()
        )


def inspect(
    given: str | Path,
    *,
    library: Path = Path(),
    on_page: Callable[[int, int], None] | None = None,
) -> Inspection:
    """Read one file, or a report of a library, without an index and without a model.

    Parameters
    ----------
    given
        A file, or the id of a report in the library. Of a file in the library's ``corpus/``, what
        `corpus.toml` says is used.
    library
        The folder that holds ``corpus/``; it need not exist for a file.
    on_page
        Called with how many pages are read and how many there are.

    Raises
    ------
    CorpusError
        If there is no such file, or it cannot be read.
    NotFoundError
        If there is no such report; the sentence lists those there are.
    """
    file = _file(str(given), library / CORPUS_FOLDER)
    reading = read_whole(file, on_page=on_page)
    described = {key: value for key, value in file.metadata.items() if key != "file"}
    return Inspection(
        path=file.path,
        format=reading.format,
        report=reading.report,
        pages=reading.document.pages,
        metadata=dict(reading.document.metadata) | described,
        passages=reading.outlined.passages,
        warnings=reading.document.warnings,
        gaps=reading.outlined.warnings,
        repeats=tuple(_repeats(reading.outlined.passages)),
        dropped=reading.document.dropped,
    )


def inspection_as_dict(inspection: Inspection) -> dict[str, Any]:
    """Return how a file was read as the documented ``--json`` object."""
    return {
        "file": str(inspection.path),
        "format": inspection.format,
        "title": inspection.report.title,
        "pages": inspection.pages,
        "metadata": dict(inspection.metadata),
        "passages": [
            {
                "id": passage.id,
                "section": list(passage.section),
                "paragraph": passage.number,
                "page": page_as_dict(passage.page),
                "kind": passage.kind.value,
                "text": passage.text,
            }
            for passage in inspection.passages
        ],
        "warnings": [*inspection.warnings, *inspection.gaps, *inspection.repeats],
        "dropped": [
            {"reason": each.reason, "page": page_as_dict(each.page), "text": each.text}
            for each in inspection.dropped
        ],
    }


def _file(given: str, corpus: Path) -> ReportFile:
    path = Path(given)
    try:
        is_file, is_folder = path.is_file(), path.is_dir()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CorpusError(f"{path} cannot be read ({reason}); check the path") from error
    if is_folder:
        raise CorpusError(f"{path} is a folder; name one file in it")
    if is_file:
        if path.suffix.lower() not in SUFFIXES:
            raise CorpusError(f"{path} cannot be read; files must end in {READABLE}")
        if corpus.is_dir() and is_inside(path, corpus):
            for report in find_reports(corpus):
                if report.path.samefile(path):
                    return report
        return ReportFile(id_of(path), path, path.name)
    reports = {report.id: report for report in find_reports(corpus)} if corpus.is_dir() else {}
    if given in reports:
        return reports[given]
    if not reports or len(path.parts) > 1 or path.suffix.lower() in SUFFIXES:
        raise CorpusError(f"There is no file {path}; check the path")
    raise NotFoundError(f'There is no file and no report "{given}"; the reports are {_named(given, reports)}')


def _named(wanted: str, ids: Iterable[str]) -> str:
    names = list(ids)
    if len(names) <= _MOST_LISTED:
        return listed(names)
    near = difflib.get_close_matches(wanted, names, n=5, cutoff=0.0)
    return f"{len(names)}, the nearest by name {listed(near)}"


def _repeats(passages: Sequence[Passage]) -> Iterable[str]:
    """Yield a sentence for each printed number that stands more than once in its part of the report."""
    counts = Counter((passage.scope, passage.number) for passage in passages if passage.number is not None)
    for (scope, number), count in counts.items():
        if count > 1:
            yield f"{f'{scope}: ' if scope else ''}paragraph {number} is there {count} times"
