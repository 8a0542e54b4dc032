"""The corpus folder: which reports it holds, what `corpus.toml` says of them, and each of them read."""

from __future__ import annotations

import hashlib
import re
import shutil
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa.errors import CorpusError
from qa.ingest.outline import outline, slug
from qa.ingest.text import decode, read_text
from qa.types import Report, ReportOutline

METADATA_FILE = "corpus.toml"
SUFFIXES = frozenset({".txt"})
"""Endings of the files that can be read."""

_NOT_REPORTS = frozenset({"evaluation"})
"""Folders of the corpus that hold no reports."""

_LONGEST_FILE_NAME = 1000
_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_KEYS = frozenset({"file", "title", "short_title", "publisher", "date", "kind", "licence", "source"})


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report on disk and what `corpus.toml` says of it (`metadata` is empty where it says nothing)."""

    id: str
    path: Path
    name: str
    metadata: dict[str, str]

    def read_bytes(self) -> bytes:
        """Return the bytes of the file.

        Raises
        ------
        CorpusError
            If it cannot be read.
        """
        try:
            return self.path.read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise CorpusError(f"{self.path} cannot be read ({reason}); restore or remove it") from error


def find_reports(corpus: Path) -> list[ReportFile]:
    """Return the reports of a corpus folder: those `corpus.toml` names in its order, then others by name.

    Raises
    ------
    CorpusError
        If there is no such folder, it holds no report, or `corpus.toml` is not as it should be.
    """
    if not corpus.is_dir():
        raise CorpusError(
            f"There is no folder {corpus}; make it and put reports (.txt) in it, "
            "or name the folder it is in with --library"
        )
    described = _read_metadata(corpus)
    reports = [
        ReportFile(report_id, corpus / metadata["file"], metadata["file"], metadata)
        for report_id, metadata in described.items()
    ]
    ids = set(described)
    named = {report.name for report in reports}
    for name, path in report_paths(corpus):
        if name not in named:
            report_id = _unused_id(slug(path.stem), ids)
            ids.add(report_id)
            reports.append(ReportFile(report_id, path, name, {}))
    if not reports:
        raise CorpusError(f"{corpus} holds no report; put files ending in .txt there, or run: qa index FILE")
    return reports


def unreadable_files(corpus: Path) -> list[Path]:
    """Return the files of a corpus folder that are of no format that can be read, its own files left out."""
    known = {METADATA_FILE, "glossary.toml", "calibration.json"}
    return [
        path
        for path in _files(corpus)
        if path.suffix.lower() not in SUFFIXES and path.name not in known and path.suffix.lower() != ".md"
    ]


def read_report(file: ReportFile) -> ReportOutline:
    """Read a report and cut it into passages.

    Raises
    ------
    CorpusError
        If the file is missing, empty or no text; the sentence names it.
    """
    data = file.read_bytes()
    try:
        text, note = decode(data)
    except CorpusError as error:
        raise CorpusError(f"{file.path} {error}") from error
    blocks = read_text(text)
    if not blocks:
        raise CorpusError(f"{file.path} is empty; replace it with the report, or remove it")
    outlined = outline(blocks, report_id=file.id, text=text)
    title = file.metadata.get("title") or outlined.title or file.path.stem
    report = Report(
        id=file.id,
        title=title,
        short_title=file.metadata.get("short_title") or title,
        path=file.name,
        sha256=sha256(data),
        publisher=file.metadata.get("publisher"),
        date=file.metadata.get("date"),
        kind=file.metadata.get("kind"),
        licence=file.metadata.get("licence"),
        source=file.metadata.get("source"),
    )
    warnings = [f"{file.name} {note}"] if note else []
    warnings += [f"{file.name}: {gap}" for gap in outlined.warnings]
    return ReportOutline(report, outlined.passages, tuple(warnings))


def sha256(data: bytes) -> str:
    """Return the hexadecimal sha256 of some bytes."""
    return hashlib.sha256(data).hexdigest()


def _files(corpus: Path) -> Iterator[Path]:
    for path in sorted(corpus.rglob("*")):
        inside = path.relative_to(corpus).parts
        if (
            path.is_file()
            and inside[0] not in _NOT_REPORTS
            and not any(part.startswith(".") for part in inside)
        ):
            yield path


def report_paths(corpus: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files of a corpus folder that can be read, by their names in it, in order."""
    for path in _files(corpus):
        if path.suffix.lower() in SUFFIXES:
            yield path.relative_to(corpus).as_posix(), path


def _unused_id(wanted: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    return next(f"{wanted}-{n}" for n in range(2, len(taken) + 3) if f"{wanted}-{n}" not in taken)


def _read_metadata(corpus: Path) -> dict[str, dict[str, str]]:
    path = corpus / METADATA_FILE
    try:
        source = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} cannot be read ({error}); mend or remove it") from error
    try:
        parsed = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        sentence = str(error).replace(
            "(at end of document)", f"(at line {len(source.splitlines())}, the last)"
        )
        raise CorpusError(f"{path} is not valid TOML: {sentence}; mend that line") from error
    except RecursionError as error:
        raise CorpusError(f"{path} is not valid TOML: it nests too deeply; write plain tables") from error
    return _Checked(path, source, parsed).reports(corpus)


@dataclass(frozen=True, slots=True)
class _Checked:
    """`corpus.toml` parsed; tells the line of whatever is wrong in it."""

    path: Path
    source: str
    parsed: dict[str, Any]

    def reports(self, corpus: Path) -> dict[str, dict[str, str]]:
        for key in self.parsed:
            if key != "reports":
                raise self._fault(f'"{key}" is not known here; write [reports.ID] tables only', [key])
        tables = self.parsed.get("reports", {})
        if not isinstance(tables, dict):
            raise self._fault('"reports" must hold tables: [reports.ID]', ["reports"])
        described: dict[str, dict[str, str]] = {}
        files: dict[str, str] = {}
        for report_id, table in tables.items():
            described[report_id] = self._report(corpus, report_id, table)
            file = described[report_id]["file"]
            if file in files:
                raise self._fault(
                    f"{file} is named for both {files[file]} and {report_id}", [report_id, "file"]
                )
            files[file] = report_id
        return described

    def _report(self, corpus: Path, report_id: str, table: object) -> dict[str, str]:
        if not _ID.fullmatch(report_id):
            raise self._fault(f'the id "{report_id}" may hold only a–z, 0–9 and hyphens', [report_id])
        if not isinstance(table, dict):
            raise self._fault(f'"{report_id}" must be a table: [reports.{report_id}]', [report_id])
        metadata: dict[str, str] = {}
        for key, value in table.items():
            if key not in _KEYS:
                raise self._fault(
                    f'"{key}" is not a known key; known are {", ".join(sorted(_KEYS))}', [report_id, key]
                )
            if key == "date":
                value = str(value)
                if not _DATE.fullmatch(value):
                    raise self._fault(
                        f'the date "{value}" should be 2006, 2008-12 or 2008-12-17', [report_id, key]
                    )
            if not isinstance(value, str) or not value.strip():
                raise self._fault(f'"{key}" must be words in quotation marks', [report_id, key])
            metadata[key] = value.strip()
        file = metadata.get("file")
        if file is None:
            raise self._fault(f'"{report_id}" does not say which file it is; add file = "…"', [report_id])
        path = corpus / file
        if "\0" in file or len(file.encode()) > _LONGEST_FILE_NAME:
            raise self._fault("the file name is not one that a file can have", [report_id, "file"])
        if not path.resolve().is_relative_to(corpus.resolve()):
            raise self._fault(f'"{file}" is outside the corpus folder', [report_id, "file"])
        if not path.is_file():
            raise self._fault(f"{file} is not in {corpus}; add it or remove its entry", [report_id, "file"])
        if path.suffix.lower() not in SUFFIXES:
            raise self._fault(f"{file} cannot be read; files must end in .txt", [report_id, "file"])
        return metadata

    def _fault(self, sentence: str, keys: list[str]) -> CorpusError:
        return CorpusError(f"{self.path}, line {self._line(keys)}: {sentence}")

    def _line(self, keys: list[str]) -> int:
        """Return the line a key stands on: the last key's first line at or after the first key's."""
        lines = self.source.splitlines()
        at = 0
        for key in keys:
            pattern = re.compile(rf"^\s*(\[+[^#]*[.\s\"'])?[\"']?{re.escape(key)}(?![\w-])")
            at = next((n for n in range(at, len(lines)) if pattern.match(lines[n])), at)
        return at + 1


def add_reports(corpus: Path, sources: Sequence[Path]) -> list[Path]:
    """Copy report files, or the reports in folders, into a corpus folder.

    Returns
    -------
    list of Path
        The files in the corpus, also those that were there already.

    Raises
    ------
    CorpusError
        If a file does not exist, cannot be read, or would take the place of a different one.
    """
    return [_copy(source, corpus) for given in sources for source in _reports_at(given)]


def _reports_at(source: Path) -> list[Path]:
    if source.is_dir():
        found = sorted(
            path for path in source.rglob("*") if path.is_file() and path.suffix.lower() in SUFFIXES
        )
        if not found:
            raise CorpusError(f"{source} holds no report; files must end in {', '.join(sorted(SUFFIXES))}")
        return found
    if not source.exists():
        raise CorpusError(f"There is no file {source}; check the path")
    if source.suffix.lower() not in SUFFIXES:
        raise CorpusError(f"{source} cannot be read; files must end in {', '.join(sorted(SUFFIXES))}")
    return [source]


def _copy(source: Path, corpus: Path) -> Path:
    if source.resolve().is_relative_to(corpus.resolve()):
        return source
    target, partial = corpus / source.name, corpus / f".{source.name}.partial"
    try:
        if target.exists():
            if sha256(target.read_bytes()) != sha256(source.read_bytes()):
                raise CorpusError(f"{target} exists and differs from {source}; rename one of them")
            return target
        corpus.mkdir(parents=True, exist_ok=True)
        # Under a hidden name until it is whole: half a report must never be taken for one.
        shutil.copyfile(source, partial)
        partial.replace(target)
    except OSError as error:
        raise CorpusError(
            f"{source} cannot be copied to {corpus} ({error.strerror}); check both paths"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()
    return target
