"""The reports of a build: read anew, taken over from the index before, or left out."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from qa.errors import UnreadableReportError
from qa.index import Index, IndexedReport, LeftOut
from qa.ingest.corpus import ReportFile, cannot_be_read, read_report, sha256
from qa.types import FileOutcome, Kind, ReportOutline


class Found(NamedTuple):
    """A report to index, and whether the index before has it just so."""

    read: ReportOutline
    indexed: IndexedReport | None = None
    unchanged: bool = False


class _Seen(NamedTuple):
    """Size and time of a file, before it is read: what is written to it later then shows."""

    bytes: int = 0
    modified_ns: int = 0


def find(
    file: ReportFile,
    earlier: Index | None,
    present: Mapping[str, str],
    *,
    on_page: Callable[[int, int], None] | None = None,
) -> Found | LeftOut:
    """Read a report, or take it over as it was read for the index before.

    Parameters
    ----------
    file
        The report.
    earlier
        The index before, or none.
    present
        The names of the files that are in the index already, by the sha256 of their content.
    on_page
        Called with how many pages of it are read and how many there are.

    Returns
    -------
    Found or LeftOut
        The report; or why it is left out, because it cannot be read or is there under another name.

    Raises
    ------
    CorpusError
        If it is not there any more.
    """
    seen = _Seen()
    described = sha256(
        json.dumps([file.name, file.metadata, dataclasses.asdict(file.overrides)], sort_keys=True).encode()
    )
    found = ""
    try:
        seen = _seen(file.path)
        found = sha256(file.read_bytes())
        if found in present:
            return _left_out(file, found, seen, described, "is left out", same_as=present[found])
        if earlier is not None:
            before = earlier.reports.get(file.id)
            if before and (before.described_sha256, before.sha256) == (described, found):
                unchanged = dataclasses.replace(before, bytes=seen.bytes, modified_ns=seen.modified_ns)
                outline = dataclasses.replace(
                    earlier.store.outline(file.id),
                    warnings=before.warnings,
                    format=before.format,
                    pages=before.pages,
                )
                return Found(outline, unchanged, True)
            failed = earlier.left_out.get(file.id)
            if (
                failed
                and not failed.same_as
                and (failed.described_sha256, failed.sha256) == (described, found)
            ):
                return dataclasses.replace(failed, bytes=seen.bytes, modified_ns=seen.modified_ns)
        read = read_report(file, on_page=on_page)
    except UnreadableReportError as error:
        return _left_out(file, found, seen, described, error.reason)
    return Found(read, _indexed(read, seen, described))


def outcome(found: Found | LeftOut) -> FileOutcome:
    """Return what became of a file, for people."""
    if isinstance(found, LeftOut):
        why = f"{found.file} is left out: it has the same content as {found.same_as}"
        return FileOutcome(
            found.file,
            warnings=(why,) if found.same_as else (),
            reason=found.reason,
            same_as=found.same_as or None,
        )
    report, passages = found.read.report, found.read.passages
    numbered = sum(passage.kind is Kind.NUMBERED for passage in passages)
    return FileOutcome(
        report.path,
        found.read.format,
        found.read.pages,
        numbered,
        len(passages) - numbered,
        found.read.warnings,
    )


def _seen(path: Path) -> _Seen:
    try:
        status = path.stat()
    except OSError as error:
        raise cannot_be_read(path, error) from error
    return _Seen(status.st_size, status.st_mtime_ns)


def _left_out(
    file: ReportFile,
    found: str,
    seen: _Seen,
    described: str,
    reason: str,
    *,
    same_as: str = "",
) -> LeftOut:
    return LeftOut(
        id=file.id,
        file=file.name,
        sha256=found,
        bytes=seen.bytes,
        modified_ns=seen.modified_ns,
        described_sha256=described,
        reason=reason,
        same_as=same_as,
    )


def _indexed(read: ReportOutline, seen: _Seen, described: str) -> IndexedReport:
    return IndexedReport(
        id=read.report.id,
        file=read.report.path,
        sha256=read.report.sha256,
        bytes=seen.bytes,
        modified_ns=seen.modified_ns,
        passages=len(read.passages),
        format=read.format,
        pages=read.pages,
        described_sha256=described,
        warnings=read.warnings,
    )
