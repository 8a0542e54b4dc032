"""What `corpus.toml` says of the reports: checked, with the line of whatever is wrong in it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qa.errors import CorpusError
from qa.ingest.formats import SUFFIXES
from qa.types import Overrides, PageRange

METADATA_FILE = "corpus.toml"
READABLE = ", ".join(sorted(SUFFIXES))
"""The endings of files that can be read, in words."""

_LONGEST_FILE_NAME = 1000
_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_PAGES = re.compile(r"(\d{1,6})(?:\s*[-–]\s*(\d{1,6}))?")
_WORDS = frozenset(
    {
        "file", "title", "short_title", "publisher", "date", "kind", "licence", "source", "authority",
        "inspected",
    }
)  # fmt: skip
_OVERRIDES = frozenset({"skip_pages", "headings", "first_paragraph"})


@dataclass(frozen=True, slots=True)
class Described:
    """What `corpus.toml` says of one report: the words, and how it is to be read otherwise than by itself."""

    metadata: dict[str, str] = field(default_factory=dict)
    overrides: Overrides = field(default_factory=Overrides)

    @property
    def file(self) -> str:
        """The name of the file in the corpus folder."""
        return self.metadata["file"]


def read_metadata(corpus: Path) -> dict[str, Described]:
    """Return what `corpus.toml` says of each report, by id, in its order; nothing if there is no such file.

    Raises
    ------
    CorpusError
        If it is not as it should be; the sentence names the line.
    """
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


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a file is below a folder, wherever links lead; not so if they lead round in a circle."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False


def is_date(value: str) -> bool:
    """Whether a text is as much of an ISO date as may be known: ``2006``, ``2008-12`` or ``2008-12-17``."""
    return _DATE.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class _Checked:
    """`corpus.toml` parsed; tells the line of whatever is wrong in it."""

    path: Path
    source: str
    parsed: dict[str, Any]

    def reports(self, corpus: Path) -> dict[str, Described]:
        for key in self.parsed:
            if key != "reports":
                raise self._fault(f'"{key}" is not known here; write [reports.ID] tables only', [key])
        tables = self.parsed.get("reports", {})
        if not isinstance(tables, dict):
            raise self._fault('"reports" must hold tables: [reports.ID]', ["reports"])
        described: dict[str, Described] = {}
        files: dict[str, str] = {}
        for report_id, table in tables.items():
            described[report_id] = self._report(corpus, report_id, table)
            file = described[report_id].file
            if file in files:
                raise self._fault(
                    f"{file} is named for both {files[file]} and {report_id}", [report_id, "file"]
                )
            files[file] = report_id
        return described

    def _report(self, corpus: Path, report_id: str, table: object) -> Described:
        if not _ID.fullmatch(report_id):
            raise self._fault(f'the id "{report_id}" may hold only a–z, 0–9 and hyphens', [report_id])
        if not isinstance(table, dict):
            raise self._fault(f'"{report_id}" must be a table: [reports.{report_id}]', [report_id])
        metadata: dict[str, str] = {}
        for key, value in table.items():
            if key not in _WORDS | _OVERRIDES:
                raise self._fault(
                    f'"{key}" is not a known key; known are {", ".join(sorted(_WORDS | _OVERRIDES))}',
                    [report_id, key],
                )
            if key in _OVERRIDES:
                continue
            if key == "date":
                value = str(value)
                if not is_date(value):
                    raise self._fault(
                        f'the date "{value}" should be 2006, 2008-12 or 2008-12-17', [report_id, key]
                    )
            if not isinstance(value, str) or not value.strip():
                raise self._fault(f'"{key}" must be words in quotation marks', [report_id, key])
            metadata[key] = value.strip()
        file = metadata.get("file")
        if file is None:
            raise self._fault(f'"{report_id}" does not say which file it is; add file = "…"', [report_id])
        self._check_file(corpus, file, report_id)
        return Described(metadata, self._overrides(report_id, table))

    def _check_file(self, corpus: Path, file: str, report_id: str) -> None:
        path = corpus / file
        if "\0" in file or len(file.encode()) > _LONGEST_FILE_NAME:
            raise self._fault("the file name is not one that a file can have", [report_id, "file"])
        if not is_inside(path, corpus):
            raise self._fault(f'"{file}" is outside the corpus folder', [report_id, "file"])
        if not path.is_file():
            raise self._fault(f"{file} is not in {corpus}; add it or remove its entry", [report_id, "file"])
        if path.suffix.lower() not in SUFFIXES:
            raise self._fault(f"{file} cannot be read; files must end in {READABLE}", [report_id, "file"])

    def _overrides(self, report_id: str, table: dict[str, object]) -> Overrides:
        skipped = _page_ranges(table.get("skip_pages", ()))
        if skipped is None:
            raise self._fault(
                '"skip_pages" must name pages of the file, counted from 1: "1-3, 40" or [1, 2, 3, 40]',
                [report_id, "skip_pages"],
            )
        headings = table.get("headings", [])
        if not isinstance(headings, list) or not all(
            isinstance(heading, str) and heading.strip() for heading in headings
        ):
            raise self._fault(
                '"headings" must be a list of lines in quotation marks: ["Main findings"]',
                [report_id, "headings"],
            )
        first = table.get("first_paragraph")
        if first is not None and (type(first) is not int or first < 1):
            raise self._fault(
                '"first_paragraph" must be the printed number of the first paragraph, such as 5',
                [report_id, "first_paragraph"],
            )
        return Overrides(skipped, tuple(" ".join(heading.split()) for heading in headings), first)

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


def _page_ranges(value: object) -> tuple[PageRange, ...] | None:
    """Return the pages that a text or a list names; none if it is neither."""
    if isinstance(value, str):
        parts = [_PAGES.fullmatch(part.strip()) for part in value.split(",")]
        found = [PageRange(int(part[1]), int(part[2] or part[1])) for part in parts if part]
        if len(found) < len(parts):
            return None
    elif isinstance(value, list | tuple) and all(type(page) is int for page in value):
        found = [PageRange(page, page) for page in value]
    else:
        return None
    return tuple(found) if all(1 <= first <= last for first, last in found) else None
