"""The corpus folder: which reports it holds, and each of them read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from qa.errors import CorpusError, NoReportsError, UnreadableReportError
from qa.ingest.formats import SUFFIXES, format_of, read_document
from qa.ingest.metadata import METADATA_FILE, READABLE, is_date, read_metadata
from qa.ingest.outline import Outlined, outline, slug
from qa.ingest.overrides import overridden
from qa.types import Document, Overrides, Report, ReportOutline

CORPUS_FOLDER = "corpus"
"""The folder of a library that holds its reports."""

_NOT_REPORTS = frozenset({"evaluation"})
"""Folders of the corpus that hold no reports."""

_NO_REPORT = "readme"
"""What a file is called that speaks of the others; it is a report only if `corpus.toml` says so."""


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report on disk and what `corpus.toml` says of it (nothing, if it does not name it)."""

    id: str
    path: Path
    name: str
    metadata: dict[str, str] = field(default_factory=dict)
    overrides: Overrides = field(default_factory=Overrides)

    def read_bytes(self) -> bytes:
        """Return the bytes of the file.

        Raises
        ------
        UnreadableReportError
            If it cannot be read.
        CorpusError
            If it is not there any more.
        """
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise cannot_be_read(self.path, error) from error


@dataclass(frozen=True, slots=True)
class Reading:
    """A report file as it was read: what its reader found, what the outline made of it, and what is wrong."""

    report: Report
    format: str
    document: Document
    outlined: Outlined
    warnings: tuple[str, ...]


def cannot_be_read(path: Path, error: OSError) -> CorpusError:
    """Return what to raise for a file of the corpus that the system does not let us read."""
    reason = f"cannot be read ({error.strerror or type(error).__name__}); restore or remove it"
    # One that has gone since it was listed tells of a corpus that is being changed: no time to index it.
    if isinstance(error, FileNotFoundError):
        return CorpusError(f"{path} {reason}")
    return UnreadableReportError(path, reason)


def find_reports(corpus: Path) -> list[ReportFile]:
    """Return the reports of a corpus folder: those `corpus.toml` names in its order, then others by name.

    Raises
    ------
    NoReportsError
        If there is no such folder, or it holds no report.
    CorpusError
        If `corpus.toml` is not as it should be.
    """
    if not corpus.is_dir():
        raise NoReportsError(
            f"There is no folder {corpus}; make it and put reports ({READABLE}) in it, "
            "or name the folder it is in with --library"
        )
    described = read_metadata(corpus)
    reports = [
        ReportFile(report_id, corpus / told.file, told.file, told.metadata, told.overrides)
        for report_id, told in described.items()
    ]
    ids = set(described)
    named = {report.name for report in reports}
    for name, path in _report_paths(corpus):
        if name not in named:
            report_id = _unused_id(id_of(path), ids)
            ids.add(report_id)
            reports.append(ReportFile(report_id, path, name))
    if not reports:
        raise NoReportsError(
            f"{corpus} holds no report; put files ending in {READABLE} there, or run: qa index FILE"
        )
    return reports


def unreadable_files(corpus: Path) -> list[Path]:
    """Return the files of a corpus folder that are of no format that can be read, its own files left out."""
    known = {METADATA_FILE, "glossary.toml", "calibration.json"}
    return [
        path
        for path in _files(corpus)
        if path.suffix.lower() not in SUFFIXES
        and path.name not in known
        and path.stem.casefold() != _NO_REPORT
    ]


def id_of(path: Path) -> str:
    """Return the id of a report that `corpus.toml` does not name: one that could be written there."""
    return slug(path.stem.replace("_", "-"))


def read_report(file: ReportFile, *, on_page: Callable[[int, int], None] | None = None) -> ReportOutline:
    """Read a report and cut it into passages.

    Parameters
    ----------
    file
        The report.
    on_page
        Called with how many pages are read and how many there are.

    Raises
    ------
    UnreadableReportError
        If the file cannot be read, is empty or is not what its name says; the sentence names it.
    CorpusError
        If it is missing.
    """
    reading = read_whole(file, on_page=on_page)
    return ReportOutline(
        reading.report,
        reading.outlined.passages,
        reading.warnings,
        format=reading.format,
        pages=reading.document.pages,
    )


def read_whole(file: ReportFile, *, on_page: Callable[[int, int], None] | None = None) -> Reading:
    """Read a report, keeping also what is no part of it.

    Parameters
    ----------
    file
        The report.
    on_page
        Called with how many pages are read and how many there are.

    Raises
    ------
    UnreadableReportError, CorpusError
        As in `read_report`.
    """
    data = file.read_bytes()
    try:
        document = read_document(data, file.path.name, on_page=on_page)
        told = format_of(data, file.path.name)
    except CorpusError as error:
        raise UnreadableReportError(file.path, str(error)) from error
    document = overridden(document, file.overrides)
    if not document.blocks:
        raise UnreadableReportError(
            file.path, f"has no words on the pages that are left; mend skip_pages in {METADATA_FILE}"
        )
    outlined = outline(
        document.blocks,
        report_id=file.id,
        text=document.text,
        first_paragraph=file.overrides.first_paragraph,
    )
    warnings = [
        f"{file.name} {warning}" if warning[:1].islower() else f"{file.name}: {warning}"
        for warning in document.warnings
    ]
    warnings += [f"{file.name}: {gap}" for gap in outlined.warnings]
    return Reading(_report(file, document, outlined, data), told.value, document, outlined, tuple(warnings))


def _report(file: ReportFile, document: Document, outlined: Outlined, data: bytes) -> Report:
    """Return what is known of a report: `corpus.toml` goes before what the file says of itself."""
    known = {key: " ".join(value.split()) for key, value in document.metadata.items() if value.strip()}
    if "date" in known and not is_date(known["date"]):
        del known["date"]
    known |= file.metadata
    title = known.get("title") or outlined.title or file.path.stem
    return Report(
        id=file.id,
        title=title,
        short_title=known.get("short_title") or title,
        path=file.name,
        sha256=sha256(data),
        publisher=known.get("publisher"),
        date=known.get("date"),
        kind=known.get("kind"),
        licence=known.get("licence"),
        source=known.get("source"),
        authority=known.get("authority"),
        inspected=known.get("inspected"),
    )


def sha256(data: bytes) -> str:
    """Return the hexadecimal sha256 of some bytes."""
    return hashlib.sha256(data).hexdigest()


def is_report_name(name: str) -> bool:
    """Whether a file of this name is taken for a report."""
    path = Path(name)
    return path.suffix.lower() in SUFFIXES and path.stem.casefold() != _NO_REPORT


def report_names(corpus: Path) -> dict[str, Path]:
    """Return the files of a corpus folder that are taken for reports, by their names in it, in order."""
    return dict(_report_paths(corpus))


def _files(corpus: Path) -> Iterator[Path]:
    for path in sorted(corpus.rglob("*")):
        inside = path.relative_to(corpus).parts
        if (
            path.is_file()
            and inside[0] not in _NOT_REPORTS
            and not any(part.startswith(".") for part in inside)
        ):
            yield path


def _report_paths(corpus: Path) -> Iterator[tuple[str, Path]]:
    for path in _files(corpus):
        if is_report_name(path.name):
            yield path.relative_to(corpus).as_posix(), path


def _unused_id(wanted: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    return next(f"{wanted}-{n}" for n in range(2, len(taken) + 3) if f"{wanted}-{n}" not in taken)
