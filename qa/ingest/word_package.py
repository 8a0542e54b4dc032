"""The package a Word file is: a zip archive of XML parts, opened as what a stranger sent.

Nothing is unpacked before its size is known, no entity is resolved, no address followed.
"""

from __future__ import annotations

import posixpath
import struct
import zlib
from io import BytesIO
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from qa.errors import CorpusError

_LARGEST = 300 * 2**20
"""Bytes all members of a file may have unpacked."""

_LARGEST_PART = 100 * 2**20
"""Bytes one part of XML may have; some twenty times as much memory holds it once it is parsed."""

_ALWAYS_FINE = 20 * 2**20
_LARGEST_RATIO = 200
_DEEPEST = 256
"""Elements that may stand in one another: every level costs the reader a call within a call."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_AGAIN = "save it anew with Word"

_PREFIXES = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships": "r_",
    "http://purl.oclc.org/ooxml/officeDocument/relationships": "r_",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m_",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m_",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc_",
    "http://schemas.openxmlformats.org/package/2006/relationships": "package_",
    "http://schemas.openxmlformats.org/officeDocument/2006/extended-properties": "app_",
    "http://purl.oclc.org/ooxml/officeDocument/extendedProperties": "app_",
    "http://purl.org/dc/elements/1.1/": "dc_",
}
"""What stands for a namespace in the names of elements and attributes; Word's own has nothing."""


class Relation(NamedTuple):
    """What a part says of another one: the last word of the kind it is (``"footer"``), and its name."""

    kind: str
    target: str


class WordPackage:
    """A Word file that is open.

    Raises
    ------
    CorpusError
        If the bytes are no Word file, or one that is damaged, encrypted or too large.
    """

    def __init__(self, data: bytes) -> None:
        if data.startswith(_OLE):
            if "EncryptedPackage".encode("utf-16-le") in data:
                raise CorpusError("is encrypted; save it without a password")
            raise CorpusError("is an old Word file (.doc) or encrypted; save it as .docx without a password")
        if not data:
            raise CorpusError("is empty; fetch it again")
        if not data.startswith(b"PK"):
            raise CorpusError(
                "is not a Word file, though its name says so; remove it or give it its right name"
            )
        try:
            self._archive = ZipFile(BytesIO(data))
        except _UNREADABLE as error:
            raise CorpusError("is damaged: it is cut short or no archive; fetch it again") from error
        self._members = {_plain(info.filename): info for info in self._archive.infolist()}
        _refuse_bomb(list(self._members.values()), len(data))
        self.main = self._main_part()

    def part(self, name: str) -> Element | None:
        """Return the root of a part, its names as `_PREFIXES` writes them; none if there is no such part.

        Raises
        ------
        CorpusError
            If the part is damaged, too large or nested too deep, or declares entities.
        """
        info = self._members.get(_plain(name))
        if info is None:
            return None
        data = self._read(info)
        parser = XMLParser(target=_Builder(info.filename))
        try:
            parser.feed(data)
            root: Element = parser.close()
        except (ParseError, LookupError, ValueError) as error:
            raise CorpusError(f"is damaged: {info.filename} cannot be read; {_AGAIN}") from error
        return root

    def related(self, name: str) -> dict[str, Relation]:
        """Return what a part says of others, by the id it calls them by."""
        folder, base = posixpath.split(name)
        root = self.part(posixpath.join(folder, "_rels", f"{base}.rels"))
        found: dict[str, Relation] = {}
        for relation in root.iter("package_Relationship") if root is not None else ():
            target = relation.get("Target", "")
            if relation.get("TargetMode") != "External" and target:
                kind = relation.get("Type", "").rpartition("/")[2]
                path = posixpath.normpath(posixpath.join("/", folder, target))
                found[relation.get("Id", "")] = Relation(kind, path)
        return found

    def _main_part(self) -> str:
        named = [
            relation.target for relation in self.related("").values() if relation.kind == "officeDocument"
        ]
        for name in [*named, "word/document.xml"]:
            if _plain(name) in self._members:
                return name.lstrip("/")
        raise CorpusError(f"is damaged or no Word file: it holds no word/document.xml; {_AGAIN}")

    def _read(self, info: ZipInfo) -> bytes:
        if info.flag_bits & 1:
            raise CorpusError("is encrypted; save it without a password")
        if info.file_size > _LARGEST_PART:
            raise CorpusError(f"holds {_megabytes(info.file_size)} of XML in {info.filename}; split it")
        try:
            # Bytes are asked for by number: unasked, a member that lies about its size unpacks whole.
            with self._archive.open(info) as member:
                return member.read(info.file_size) if info.file_size else b""
        except _UNREADABLE as error:
            raise CorpusError(f"is damaged: {info.filename} cannot be unpacked; fetch it again") from error


_UNREADABLE = (
    BadZipFile,
    EOFError,
    KeyError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What the archive's reader raises at bytes that are no archive, or one of a kind it does not know."""


class _Builder(TreeBuilder):
    """Builds a tree whose names are short, and stops at what no Word file holds."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self._part = part
        self._depth = 0
        self._short: dict[str, str] = {}

    def start(self, tag: str, attributes: dict[str, str], /) -> Element:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise CorpusError(f"is nested more than {_DEEPEST} levels deep in {self._part}; {_AGAIN}")
        return super().start(self._name(tag), {self._name(name): value for name, value in attributes.items()})

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(self._name(tag))

    def doctype(self, *_: str | None) -> None:
        """Refuse the declaration that entities are declared in, before any of them is met."""
        raise CorpusError(f"holds external entities or a document type in {self._part}; {_AGAIN}")

    def _name(self, tag: str) -> str:
        short = self._short.get(tag)
        if short is None:
            namespace, _, name = tag[1:].partition("}") if tag.startswith("{") else ("", "", tag)
            short = f"{_PREFIXES[namespace]}{name}" if namespace in _PREFIXES else tag
            self._short[tag] = short
        return short


def _plain(name: str) -> str:
    """Return a member's name as it is compared: Word minds neither case nor the slash some writers put."""
    return name.replace("\\", "/").lstrip("/").lower()


def _refuse_bomb(members: list[ZipInfo], size: int) -> None:
    total = sum(info.file_size for info in members)
    if total > _LARGEST or total > max(_ALWAYS_FINE, size * _LARGEST_RATIO):
        raise CorpusError(f"would become {_megabytes(total)} when unpacked; check where it comes from")
    if any(info.compress_type not in {ZIP_STORED, ZIP_DEFLATED} for info in members):
        raise CorpusError(f"is packed in a way that Word does not know; {_AGAIN}")


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MB"
