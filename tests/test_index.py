"""An index directory: what its manifest says, what makes it stale or refused, what a failed build leaves."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

import qa
import qa.index
from qa.build import build_index
from qa.errors import CorpusError, IndexMissingError, IndexStateError
from qa.index import FORMAT, Index, Manifest, describe, stale_reasons
from qa.ingest.corpus import ReportFile, read_report
from qa.types import Progress, ReportOutline, Span
from tests.fakes import (
    ROADS_REPORT,
    ROOT,
    KeywordEncoder,
    build,
    copy_corpus,
    files_of,
    keyword_qa,
    open_library,
    small_library,
)

if TYPE_CHECKING:
    from qa.types import EncodedText, FramedText

BUILD_FILES = (
    "passages.sqlite",
    "windows.codes",
    "window-starts.npy",
    "tokens.codes",
    "token-codec.faiss",
    "token-starts.npy",
    "token-counts.npy",
    "vocabulary.json",
)


def manifest_of(folder: Path) -> Manifest:
    return Manifest.read(folder / "index")


def answers(folder: Path) -> bool:
    """Whether the library of a few lines still finds what it should."""
    library = open_library(folder)
    try:
        return library.ask("Who mends potholes?").passages[0].id == "roads:2"
    finally:
        library.close()


def damage(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 0x10
    path.write_bytes(data)


# The manifest


def test_the_manifest_says_what_the_index_was_made_from_and_with(indexed_folder: Path) -> None:
    manifest = manifest_of(indexed_folder)
    assert (manifest.format, manifest.version) == (FORMAT, qa.__version__)
    assert (manifest.model, manifest.model_sha256) == ("keywords", KeywordEncoder().fingerprint)
    assert (manifest.dimension, manifest.max_tokens, manifest.window_sentences) == (256, 256, 3)
    metadata = (indexed_folder / "corpus/corpus.toml").read_bytes()
    assert manifest.metadata_sha256 == hashlib.sha256(metadata).hexdigest()


def test_the_manifest_names_each_report_with_its_hash_size_and_passages(indexed_folder: Path) -> None:
    library = open_library(indexed_folder)
    reports = manifest_of(indexed_folder).reports
    assert [report.id for report in reports] == ["jar-2006", "apa-2008"]
    for indexed, summary in zip(reports, library.reports(), strict=True):
        data = (indexed_folder / "corpus" / indexed.file).read_bytes()
        assert (indexed.bytes, indexed.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert indexed.passages == sum(summary.counts.values())


def test_the_manifest_agrees_with_the_files_of_its_build(indexed_folder: Path) -> None:
    manifest = manifest_of(indexed_folder)
    assert set(manifest.files) == set(BUILD_FILES)
    for name, file in manifest.files.items():
        data = (indexed_folder / "index" / manifest.build / name).read_bytes()
        assert (file.bytes, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert manifest.passages == sum(report.passages for report in manifest.reports)
    index = Index.open(indexed_folder / "index")
    assert len(index.windows) == manifest.windows


def test_the_index_knows_the_words_of_the_passages_and_those_of_the_model(tmp_path: Path) -> None:
    class WellReadEncoder(KeywordEncoder):
        def ordinary_words(self) -> frozenset[str]:
            return frozenset({"broads", "roads"})

    folder = small_library(tmp_path / "library")
    build(folder, WellReadEncoder())
    kept = Index.open(folder / "index").vocabulary.to_dict()
    assert kept["ordinary_words"] == "broads"
    assert "potholes:Potholes 1" in kept["words"].split("|")
    assert kept["glossary"] == []


def test_two_builds_give_the_same_passages_windows_and_vectors(tmp_path: Path, indexed_folder: Path) -> None:
    again = copy_corpus(tmp_path / "again")
    environment = os.environ | {"PYTHONHASHSEED": "7"}
    subprocess.run(
        keyword_qa("--library", again, "index"), check=True, cwd=ROOT, env=environment, capture_output=True
    )
    first, second = manifest_of(indexed_folder), manifest_of(again)
    assert first.files == second.files
    assert dataclasses.replace(second, build=first.build, reports=first.reports) == first


# Windows


def test_windows_and_sentences_hold_every_word_of_every_ranked_passage(tmp_path: Path) -> None:
    folder, encoder = copy_corpus(tmp_path / "library"), KeywordEncoder()
    build(folder, encoder)
    assert_every_word_is_read(folder, encoder)


def test_a_model_that_reads_little_gets_more_windows_and_still_every_word(tmp_path: Path) -> None:
    folder = copy_corpus(tmp_path / "library")
    encoder = KeywordEncoder(max_tokens=16)
    build(folder, encoder)
    assert max(map(len, encoder.token_offsets(encoder.encoded))) <= 16
    assert_every_word_is_read(folder, encoder)


def test_a_word_longer_than_the_model_reads_is_cut_and_not_lost(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library", odd=f"1. The code is {'x7' * 500} and no more.\n\n2. Well.")
    encoder = KeywordEncoder(max_tokens=8)
    build(folder, encoder)
    assert max(map(len, encoder.token_offsets(encoder.encoded))) <= 8
    assert_every_word_is_read(folder, encoder)


def test_a_passage_of_few_sentences_is_one_window(tmp_path: Path) -> None:
    folder, encoder = small_library(tmp_path / "library"), KeywordEncoder()
    build(folder, encoder)
    (read,) = [each for each in encoder.read if each.text.startswith("Librarians are")]
    assert read.windows == (Span(0, 80),)
    assert len(read.sentences) == len(sentences_of(folder)["libraries:3"]) == 2


def test_a_window_is_read_under_its_report_and_headings(tmp_path: Path) -> None:
    folder, encoder = small_library(tmp_path / "library"), KeywordEncoder()
    build(folder, encoder)
    read = "Inspection of libraries. Opening hours. The mobile library reaches eleven villages."
    assert read in encoder.encoded


def test_a_table_row_is_read_with_its_column_heads_and_stands_for_the_whole_row(tmp_path: Path) -> None:
    folder, encoder = copy_corpus(tmp_path / "library"), KeywordEncoder()
    build(folder, encoder)
    rows = [passage for passage in open_library(folder).passages() if passage.reading is not None]
    assert rows
    spans = sentences_of(folder)
    for passage in rows:
        assert any(str(passage.reading) in text for text in encoder.encoded)
        assert set(spans[passage.id]) == {Span(0, len(passage.text))}


def sentences_of(folder: Path) -> dict[str, list[Span]]:
    """Return the sentences of each ranked passage, by its id."""
    store = Index.open(folder / "index").store
    numbers = store.ranked_numbers(reports=None, section=None)
    passages = store.passages(numbers)
    spans: dict[str, list[Span]] = {passages[number].id: [] for number in numbers}
    for sentence in store.sentences_of(numbers):
        spans[passages[sentence.passage].id].append(Span(sentence.start, sentence.end))
    return spans


def assert_every_word_is_read(folder: Path, encoder: KeywordEncoder) -> None:
    library = open_library(folder)
    kept = sentences_of(folder)
    assert len(kept) == len(encoder.read)
    read = [(each.text, spans) for each in encoder.read for spans in (each.windows, each.sentences)]
    shown = [(library.show(passage_id)[0].text, spans) for passage_id, spans in kept.items()]
    for text, spans in (*read, *shown):
        left = list(text)
        for start, end in spans:
            left[start:end] = " " * (end - start)
        assert not "".join(left).strip(), text


# Stale


def test_a_fresh_index_is_not_stale(own_folder: Path) -> None:
    assert stale_reasons(manifest_of(own_folder), own_folder / "corpus") == []


def test_a_report_that_is_only_touched_is_not_stale(own_folder: Path) -> None:
    os.utime(own_folder / "corpus/joint-area-review-rutland-2006.txt")
    assert stale_reasons(manifest_of(own_folder), own_folder / "corpus") == []


def test_an_added_report_is_a_reason(own_folder: Path) -> None:
    (own_folder / "corpus/Roads 2009.txt").write_text(ROADS_REPORT)
    assert stale_reasons(manifest_of(own_folder), own_folder / "corpus") == ["added: roads-2009"]


def test_a_changed_report_is_a_reason_even_if_it_has_the_same_size(own_folder: Path) -> None:
    path = own_folder / "corpus/joint-area-review-rutland-2006.txt"
    path.write_bytes(path.read_bytes().replace(b"Rutland", b"Redland", 1))
    assert stale_reasons(manifest_of(own_folder), own_folder / "corpus") == ["changed: jar-2006"]


def test_a_removed_report_is_a_reason(small_folder: Path) -> None:
    (small_folder / "corpus/roads.txt").unlink()
    assert stale_reasons(manifest_of(small_folder), small_folder / "corpus") == ["removed: roads"]


def test_a_changed_corpus_toml_is_a_reason(own_folder: Path) -> None:
    path = own_folder / "corpus/corpus.toml"
    path.write_text(path.read_text().replace("2008-12-17", "2008-12"))
    assert stale_reasons(manifest_of(own_folder), own_folder / "corpus") == ["changed: corpus.toml"]


def test_a_corpus_that_cannot_be_checked_is_a_reason(own_folder: Path) -> None:
    (own_folder / "corpus/corpus.toml").write_text("[reports.x]\n")
    (reason,) = stale_reasons(manifest_of(own_folder), own_folder / "corpus")
    assert reason.startswith("the corpus cannot be checked: ")
    assert "line 1" in reason


def test_another_version_is_a_reason(indexed_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.index.__version__", "99.0")
    reasons = stale_reasons(manifest_of(indexed_folder), indexed_folder / "corpus")
    assert reasons == [f"made by version {qa.__version__}, this is 99.0"]


def test_another_window_length_is_a_reason(indexed_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.index.WINDOW_SENTENCES", 5)
    reasons = stale_reasons(manifest_of(indexed_folder), indexed_folder / "corpus")
    assert reasons == ["cut in windows of 3 sentences, now 5"]


def test_a_report_changed_while_it_was_indexed_is_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small_library(tmp_path / "library")

    def read_then_write(file: ReportFile, **_: object) -> ReportOutline:
        read = read_report(file)
        with file.path.open("a") as open_file:
            open_file.write("\n3. One more paragraph.\n")
        return read

    monkeypatch.setattr("qa.build.reading.read_report", read_then_write)
    build(folder)
    assert stale_reasons(manifest_of(folder), folder / "corpus") == ["changed: libraries, roads"]


# Damage


@pytest.mark.parametrize("name", BUILD_FILES)
@pytest.mark.parametrize("length", [0, 1, 50, -1])
def test_a_truncated_file_is_refused_with_the_command_that_mends_it(
    small_folder: Path, name: str, length: int
) -> None:
    path = small_folder / "index" / manifest_of(small_folder).build / name
    path.write_bytes(path.read_bytes()[:length])
    assert_refused(small_folder, f"{name} is damaged; run: qa index --force")


@pytest.mark.parametrize("name", BUILD_FILES)
@pytest.mark.parametrize("position", [0, 20, 40, -1])
def test_a_file_with_one_flipped_bit_is_refused(small_folder: Path, name: str, position: int) -> None:
    damage(small_folder / "index" / manifest_of(small_folder).build / name, position)
    assert_refused(small_folder, f"{name} is damaged; run: qa index --force")


@pytest.mark.parametrize("name", BUILD_FILES)
def test_a_missing_file_is_refused(small_folder: Path, name: str) -> None:
    (small_folder / "index" / manifest_of(small_folder).build / name).unlink()
    assert_refused(small_folder, f"{name} is missing; run: qa index --force")


def test_a_file_of_another_build_is_refused(small_folder: Path, indexed_folder: Path) -> None:
    other = indexed_folder / "index" / manifest_of(indexed_folder).build
    build_folder = small_folder / "index" / manifest_of(small_folder).build
    shutil.copy(other / "windows.codes", build_folder / "windows.codes")
    assert_refused(small_folder, "windows.codes is damaged; run: qa index --force")


@pytest.mark.parametrize("name", BUILD_FILES)
def test_an_index_whose_manifest_lacks_a_file_is_refused(small_folder: Path, name: str) -> None:
    files = dataclasses.asdict(manifest_of(small_folder))["files"]
    del files[name]
    write_manifest(small_folder, files=files)
    assert_refused(small_folder, f"has no {name}; run: qa index --force")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"forms": 5}', "\ufeff", "[" * 100_000])
def test_a_vocabulary_that_is_none_is_refused(small_folder: Path, text: str) -> None:
    manifest = manifest_of(small_folder)
    data = text.encode()
    (small_folder / "index" / manifest.build / "vocabulary.json").write_bytes(data)
    described = dataclasses.asdict(describe(small_folder / "index" / manifest.build / "vocabulary.json"))
    write_manifest(small_folder, files=dataclasses.asdict(manifest)["files"] | {"vocabulary.json": described})
    with pytest.raises(IndexStateError, match=r"vocabulary\.json is damaged; run: qa index --force$"):
        open_library(small_folder).ask("Who mends potholes?")


def test_vectors_that_are_not_as_many_as_the_manifest_says_are_refused(small_folder: Path) -> None:
    write_manifest(small_folder, windows=manifest_of(small_folder).windows + 1)
    assert_refused(small_folder, "does not agree with its manifest; run: qa index --force")


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", '"format"', "{}", f'{{"format": {FORMAT}}}', "[" * 100_000],
    ids=lambda text: repr(text)[:30],
)
def test_a_manifest_that_is_none_is_refused(small_folder: Path, text: str) -> None:
    (small_folder / "index/manifest.json").write_text(text)
    assert_refused(small_folder, "manifest.json is damaged; run: qa index --force")


def test_a_manifest_that_is_no_text_is_refused(small_folder: Path) -> None:
    (small_folder / "index/manifest.json").write_bytes(b"\xff\xfe\x00garbage")
    assert_refused(small_folder, "manifest.json is damaged; run: qa index --force")


@pytest.mark.parametrize("other", [0, 3, "4", None])
def test_an_index_of_another_format_is_refused(small_folder: Path, other: object) -> None:
    write_manifest(small_folder, format=other)
    assert_refused(small_folder, f"has format {other}, this version needs {FORMAT}; run: qa index --force")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def fuzzed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = small_library(tmp_path_factory.mktemp("fuzzed") / "library")
    build(folder)
    return folder


@settings(max_examples=150, deadline=None)
@given(data=st.data(), value=json_values)
def test_a_manifest_with_any_value_in_any_place_is_read_whole_or_refused(
    fuzzed_folder: Path, data: st.DataObject, value: object
) -> None:
    good = dataclasses.asdict(manifest_of(fuzzed_folder))
    changed = json.loads(json.dumps(good))
    holder = data.draw(
        st.sampled_from([changed, changed["reports"][0], changed["files"], changed["files"]["windows.codes"]])
    )
    holder[data.draw(st.sampled_from(sorted(holder)))] = value
    directory = fuzzed_folder / "fuzzed-index"
    directory.mkdir(exist_ok=True)
    (directory / "manifest.json").write_text(json.dumps(changed))
    try:
        manifest = Manifest.read(directory)
    except IndexStateError:
        return
    assert json.loads(json.dumps(dataclasses.asdict(manifest))) == changed
    stale_reasons(manifest, fuzzed_folder / "corpus")


def test_no_index_is_another_error_than_a_damaged_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for directory in (tmp_path / "index", tmp_path / "file"):
        with pytest.raises(IndexMissingError, match=r"There is no index in .*; run: qa index"):
            Index.open(directory)


def test_a_build_mends_a_damaged_index(small_folder: Path) -> None:
    damage(small_folder / "index" / manifest_of(small_folder).build / "passages.sqlite", 200)
    build(small_folder)
    assert answers(small_folder)


def write_manifest(folder: Path, **changed: object) -> None:
    fields: dict[str, Any] = dataclasses.asdict(manifest_of(folder))
    (folder / "index/manifest.json").write_text(json.dumps(fields | changed))


def assert_refused(folder: Path, sentence: str) -> None:
    with pytest.raises(IndexStateError) as caught:
        Index.open(folder / "index")
    assert str(caught.value).endswith(sentence)
    assert not isinstance(caught.value, IndexMissingError)


# Building


def test_a_build_takes_the_place_of_the_one_before_and_leaves_nothing_else(small_folder: Path) -> None:
    before = manifest_of(small_folder).build
    build(small_folder)
    after = manifest_of(small_folder).build
    assert before != after
    names = {path.name for path in (small_folder / "index").iterdir()}
    assert names == {".lock", "manifest.json", after}


def test_an_open_index_answers_on_while_another_takes_its_place(small_folder: Path) -> None:
    library = open_library(small_folder)
    (small_folder / "corpus/roads.txt").unlink()
    build(small_folder)
    assert library.ask("Who mends potholes?").passages[0].id == "roads:2"
    assert library.show("roads:1")[0].text.startswith("Gritting lorries")


def test_an_index_that_is_replaced_while_it_is_opened_is_opened_anew(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_file = qa.index._check_file
    monkeypatch.setattr("qa.index._check_file", build_once_then(lambda: build(small_folder), check_file))
    index = Index.open(small_folder / "index")
    assert index.manifest == manifest_of(small_folder)


def build_once_then(
    build_again: Callable[[], object], check_file: Callable[..., None]
) -> Callable[..., None]:
    left: list[Callable[[], object]] = [build_again]

    def check(*arguments: object, **options: object) -> None:
        if left:
            left.pop()()
        check_file(*arguments, **options)

    return check


def test_progress_counts_reports_and_passages_up_to_their_number(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    seen: list[Progress] = []
    build(folder, progress=seen.append)
    assert seen == [
        *(Progress("reading", done, 2) for done in range(3)),
        Progress("preparing the model", 0, 1),
        *(Progress("encoding", done, 7) for done in (0, 4, 7)),
        *(Progress("finishing", done, 1) for done in range(2)),
    ]


def test_what_the_readers_say_is_returned(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    (folder / "corpus/roads.txt").write_bytes(b"Roads\n\n1. The caf\xe9 at the depot is open.\n")
    (note,) = build(folder)
    assert note == "roads.txt is not valid UTF-8 (at byte 17) and was read as Windows-1252"


def test_a_corpus_without_ranked_passages_gives_an_index_that_finds_nothing(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library", note="© Crown copyright 2006\n")
    build(folder)
    manifest = manifest_of(folder)
    if manifest.windows == 0:
        assert not open_library(folder).ask("Who holds the rights?").answered


def test_a_folder_without_reports_gets_no_index_directory(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="There is no folder"):
        build(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_held_lock_keeps_every_other_build_out(small_folder: Path) -> None:
    before = files_of(small_folder)
    with (
        FileLock(small_folder / "index/.lock"),
        pytest.raises(IndexStateError, match=r"Another process is building .*; wait until it has finished"),
    ):
        build(small_folder)
    assert files_of(small_folder) == before
    build(small_folder)


def test_a_file_in_the_place_of_the_directory_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    (folder / "index").write_text("not a folder")
    with pytest.raises(IndexStateError, match=r"cannot be written to .*index .*; check its permissions"):
        build(folder)
    assert (folder / "index").read_text() == "not a folder"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_report_that_vanishes_while_indexing_is_named_and_the_old_index_stays(
    small_folder: Path, when: str
) -> None:
    before = files_of(small_folder / "index")
    vanishing = small_folder / "corpus/roads.txt"

    def remove(progress: Progress) -> None:
        if progress == Progress("reading", 0 if when == "before" else 1, 2):
            vanishing.unlink()

    with pytest.raises(CorpusError, match=r"roads\.txt cannot be read \(No such file .*; restore or remove"):
        build(small_folder, progress=remove)
    assert files_of(small_folder / "index") == before
    assert answers(small_folder)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, OSError(28, "No space left on device")])
def test_an_encoder_that_fails_leaves_the_old_index(small_folder: Path, error: BaseException) -> None:
    class FailingEncoder(KeywordEncoder):
        def encode_passages(
            self, passages: Sequence[FramedText], *, quick: bool = False
        ) -> list[EncodedText]:
            raise error

    before = files_of(small_folder)
    with pytest.raises((KeyboardInterrupt, RuntimeError, IndexStateError)):
        build(small_folder, FailingEncoder(weights="second"))
    assert files_of(small_folder) == before
    assert answers(small_folder)


@pytest.mark.parametrize("bytes_free", [0, 3_000, 30_000])
def test_a_disk_that_fills_up_leaves_the_old_index(small_folder: Path, bytes_free: int) -> None:
    def fill_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_free, bytes_free))

    before = files_of(small_folder)
    run = subprocess.run(
        keyword_qa("--library", small_folder, "index", "--force"),
        cwd=ROOT, capture_output=True, text=True, preexec_fn=fill_disk,
    )  # fmt: skip
    assert run.returncode == 3
    message = run.stderr.splitlines()[-1]
    assert message.startswith(f"qa: The index cannot be written to {small_folder}")
    assert "free space" in message
    assert files_of(small_folder) == before


# Files that are left out


def test_a_report_that_cannot_be_read_is_left_out_and_written_down(small_folder: Path) -> None:
    (small_folder / "corpus/empty.txt").write_bytes(b"")
    built = build_index(small_folder / "corpus", small_folder / "index", KeywordEncoder())
    assert [file.file for file in built.files] == ["empty.txt", "libraries.txt", "roads.txt"]
    assert built.failed == (built.files[0],)
    assert built.failed[0].reason == "is empty; replace it with the report, or remove it"
    manifest = manifest_of(small_folder)
    (left_out,) = manifest.left_out
    assert (left_out.id, left_out.file, left_out.bytes) == ("empty", "empty.txt", 0)
    assert left_out.sha256 == hashlib.sha256(b"").hexdigest()
    assert [report.id for report in manifest.reports] == ["libraries", "roads"]
    assert stale_reasons(manifest, small_folder / "corpus") == []
    assert answers(small_folder)


def test_a_report_that_cannot_be_read_is_read_again_only_when_it_has_changed(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def watched(file: ReportFile, **_: object) -> ReportOutline:
        seen.append(file.name)
        return read_report(file)

    monkeypatch.setattr("qa.build.reading.read_report", watched)
    corpus = small_folder / "corpus"
    (corpus / "empty.txt").write_bytes(b"")
    build(small_folder)
    build(small_folder)
    assert seen == ["empty.txt"]
    (corpus / "corpus.toml").write_text('[reports.empty]\nfile = "empty.txt"\nskip_pages = "1"\n')
    assert stale_reasons(manifest_of(small_folder), corpus) == ["changed: corpus.toml"]
    build(small_folder)
    assert seen == ["empty.txt"] * 2
    (corpus / "empty.txt").write_text("Parks\n\n1. The park is green.\n")
    assert stale_reasons(manifest_of(small_folder), corpus) == ["changed: empty"]
    build(small_folder)
    assert seen == ["empty.txt"] * 3
    assert manifest_of(small_folder).left_out == ()


def test_a_file_whose_bytes_cannot_be_read_is_left_out_until_they_can(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_bytes, locked = Path.read_bytes, [small_folder / "corpus/roads.txt"]

    def refuse(path: Path) -> bytes:
        if path in locked:
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr("os.access", lambda path, _: path not in locked)
    build(small_folder)
    (left_out,) = manifest_of(small_folder).left_out
    assert left_out.sha256 == ""
    assert left_out.reason == "cannot be read (Permission denied); restore or remove it"
    assert stale_reasons(manifest_of(small_folder), small_folder / "corpus") == []
    locked.clear()
    assert stale_reasons(manifest_of(small_folder), small_folder / "corpus") == ["changed: roads"]
    build(small_folder)
    assert answers(small_folder)


def test_two_files_with_the_same_content_are_one_report(small_folder: Path) -> None:
    corpus = small_folder / "corpus"
    (corpus / "roads copy.txt").write_text(ROADS_REPORT)
    (note,) = build(small_folder)
    assert note == "roads.txt is left out: it has the same content as roads copy.txt"
    manifest = manifest_of(small_folder)
    assert [report.id for report in manifest.reports] == ["libraries", "roads-copy"]
    assert stale_reasons(manifest, corpus) == []
    assert build(small_folder) == [note]
    (corpus / "roads copy.txt").unlink()
    assert stale_reasons(manifest, corpus) == ["removed: roads-copy"]
    assert build(small_folder) == []
    assert answers(small_folder)


def test_what_corpus_toml_says_on_reading_a_report_has_it_read_again(small_folder: Path) -> None:
    (small_folder / "corpus/corpus.toml").write_text('[reports.roads]\nfile = "roads.txt"\n')
    build(small_folder)
    (small_folder / "corpus/corpus.toml").write_text(
        '[reports.roads]\nfile = "roads.txt"\nheadings = ["Nowhere"]\n'
    )
    encoder = KeywordEncoder()
    assert build(small_folder, encoder) == ["roads.txt no line reads “Nowhere”, which headings names"]
    assert {each.frame.split(".")[0] for each in encoder.read} == {"Inspection of roads"}


# Renewing


def test_only_new_and_changed_reports_are_encoded(small_folder: Path) -> None:
    corpus = small_folder / "corpus"
    (corpus / "roads.txt").write_text(ROADS_REPORT.replace("ten days", "nine days"))
    (corpus / "bridges.txt").write_text("Bridges\n\n1. The bridge is closed.\n")
    encoder = KeywordEncoder()
    build(small_folder, encoder)
    assert {each.frame.split(".")[0] for each in encoder.read} == {"Bridges", "Inspection of roads"}
    again = KeywordEncoder()
    build(small_folder, again)
    assert again.read == []
    build(small_folder, again, anew=True)
    assert len(again.read) > len(encoder.read)


def test_nothing_is_taken_over_from_another_model_or_another_version_or_a_damaged_index(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranked = len(sentences_of(small_folder))
    other = KeywordEncoder(weights="second")
    build(small_folder, other)
    assert len(other.read) == ranked
    damage(small_folder / "index" / manifest_of(small_folder).build / "tokens.codes", 70)
    mending = KeywordEncoder(weights="second")
    build(small_folder, mending)
    assert len(mending.read) == ranked
    monkeypatch.setattr("qa.build.building.__version__", "99.0")
    newer = KeywordEncoder(weights="second")
    build(small_folder, newer)
    assert len(newer.read) == ranked


def test_damage_in_the_middle_of_a_large_file_is_seen_before_anything_is_taken_over(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.index._CHECKED_WHOLE", 100)
    monkeypatch.setattr("qa.index._END", 50)
    build(small_folder, anew=True)
    for place in (0, -1):
        damage(small_folder / "index" / manifest_of(small_folder).build / "tokens.codes", place)
        assert_refused(small_folder, "tokens.codes is damaged; run: qa index --force")
        build(small_folder)
    damage(small_folder / "index" / manifest_of(small_folder).build / "tokens.codes", 5_000)
    Index.open(small_folder / "index").close()
    encoder = KeywordEncoder()
    build(small_folder, encoder)
    assert len(encoder.read) == len(sentences_of(small_folder))


def test_what_the_reader_said_of_a_report_that_is_taken_over_is_said_again(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    (folder / "corpus/roads.txt").write_bytes(b"Roads\n\n1. The caf\xe9 at the depot is open.\n")
    assert build(folder) == build(folder) != []


sentences = st.sampled_from(
    [
        "The council (CC) mends potholes.",
        "Schools were good in 2006.",
        "Children’s homes are inspected twice a year; most are outstanding.",
        "Waiting times for CAMHS are too long, and they grow.",
        "Café owners complained. Nobody answered.",
    ]
)
report_texts = st.lists(
    st.lists(sentences, min_size=1, max_size=5).map(" ".join), min_size=1, max_size=6
).map(
    lambda paragraphs: "Inspection\n\n" + "\n\n".join(f"{n}. {p}" for n, p in enumerate(paragraphs, start=1))
)
changes = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d"]), report_texts | st.none() | st.sampled_from(["2006", "2008"])
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=12, deadline=None)
@given(steps=st.lists(changes, min_size=2, max_size=5), precisely=st.sampled_from([0, 6, 2_000]))
def test_a_renewed_index_is_the_same_as_one_made_anew(
    tmp_path_factory: pytest.TempPathFactory, steps: list[list[tuple[str, str | None]]], precisely: int
) -> None:
    """Reports are added, edited, dated otherwise and removed; `precisely` lets the corpus pass a size."""
    folder = small_library(tmp_path_factory.mktemp("renewed") / "library")
    corpus, dates = folder / "corpus", {"libraries": "2001"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qa.build.building._MOST_READ_PRECISELY", precisely)
        for step in steps:
            for name, change in step:
                path = corpus / f"{name}.txt"
                if change is None:
                    path.unlink(missing_ok=True)
                    dates.pop(name, None)
                elif change.isdigit() and path.exists():
                    dates[name] = change
                elif not change.isdigit():
                    path.write_text(change)
            (corpus / "corpus.toml").write_text(
                "\n".join(
                    f'[reports.{name}]\nfile = "{name}.txt"\ndate = "{date}"' for name, date in dates.items()
                )
            )
            build(folder)
            renewed = manifest_of(folder)
            fresh = folder.with_name("fresh")
            shutil.copytree(corpus, fresh / "corpus")
            build(fresh)
            made_anew = manifest_of(fresh)
            assert renewed.files == made_anew.files
            assert without_moments(renewed) == without_moments(made_anew)
            shutil.rmtree(fresh)


def test_a_renewal_keeps_the_codes_that_tokens_were_compressed_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.build.building._MOST_READ_PRECISELY", 10)
    monkeypatch.setattr("qa.vectors.tokens.FEWEST_TO_LEARN_FROM", 2_000)
    folder = copy_corpus(tmp_path / "library")
    (folder / "corpus/roads.txt").write_text(ROADS_REPORT)
    build(folder)
    before = Index.open(folder / "index")
    (folder / "corpus/roads.txt").write_text(ROADS_REPORT.replace("ten days", "nine days"))
    build(folder)
    after = Index.open(folder / "index")
    assert before.manifest.files["token-codec.faiss"] == after.manifest.files["token-codec.faiss"]
    assert after.tokens.codec.code_size == 256 // 8
    first = [index.store.first_number("jar-2006") for index in (before, after)]
    for place in range(before.reports["jar-2006"].passages):
        assert (before.tokens.codes(first[0] + place) == after.tokens.codes(first[1] + place)).all()
    assert open_library(folder).ask("Who mends potholes within nine days?").passages[0].id == "roads:2"


def without_moments(manifest: Manifest) -> Manifest:
    """Return a manifest without the name of the build and the times of the files."""
    reports = tuple(dataclasses.replace(report, modified_ns=0) for report in manifest.reports)
    left_out = tuple(dataclasses.replace(file, modified_ns=0) for file in manifest.left_out)
    return dataclasses.replace(manifest, build="", reports=reports, left_out=left_out)


# Killed builds

# Builds in children of one process that has everything imported, and kills each at one of the moments at
# which it is about to touch the disk.
_KILLED_BUILDS = """
import os, signal, sys
from pathlib import Path
from tests.fakes import build

EVENTS = {
    "open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.scandir", "shutil.rmtree",
    "sqlite3.connect",
}

def build_until(moment):
    seen = 0
    def watch(event, arguments):
        nonlocal seen
        if event in EVENTS:
            seen += 1
            if seen == moment:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(watch)
    build(Path(sys.argv[1]))

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        build_until(int(line))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture
def build_until(small_folder: Path) -> Iterator[Callable[[int], int]]:
    """Return a function that builds until the n-th moment and returns how the process ended."""
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED_BUILDS, small_folder],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stdin is not None
        assert server.stdout is not None
        stdin, stdout = server.stdin, server.stdout

        def run(moment: int) -> int:
            print(moment, file=stdin, flush=True)
            return int(stdout.readline())

        yield run
        stdin.close()


def test_a_build_killed_at_any_moment_leaves_an_index_that_answers(
    small_folder: Path, build_until: Callable[[int], int]
) -> None:
    old = manifest_of(small_folder).build
    kept, moment = 0, 1
    while build_until(moment) == -signal.SIGKILL:
        assert answers(small_folder)
        kept += manifest_of(small_folder).build == old
        moment += 1
    # The last of all moments come when the new index is in place and the old one is being removed.
    assert 10 < kept < moment - 1
    assert answers(small_folder)


def test_a_build_after_one_killed_at_any_moment_succeeds_and_tidies_up(
    small_folder: Path, build_until: Callable[[int], int]
) -> None:
    for moment in range(1, 40, 3):
        build_until(moment)
        build(small_folder)
        names = {path.name for path in (small_folder / "index").iterdir()}
        assert names == {".lock", "manifest.json", manifest_of(small_folder).build}


def test_a_renewal_killed_at_any_moment_leaves_an_index_that_answers_and_can_be_renewed(
    small_folder: Path, build_until: Callable[[int], int]
) -> None:
    roads = small_folder / "corpus/roads.txt"
    for moment in range(1, 60, 3):
        roads.write_text(ROADS_REPORT.replace("dawn", f"{moment} o'clock"))
        build_until(moment)
        assert answers(small_folder)
        build(small_folder)
        assert "clear the main roads before " in open_library(small_folder).show("roads:1")[0].text
        assert f"{moment} o'clock" in open_library(small_folder).show("roads:1")[0].text


def test_a_first_build_killed_at_any_moment_leaves_no_index_or_a_whole_one(
    small_folder: Path, build_until: Callable[[int], int]
) -> None:
    for moment in range(1, 40, 3):
        shutil.rmtree(small_folder / "index")
        build_until(moment)
        if (small_folder / "index/manifest.json").exists():
            assert answers(small_folder)
        else:
            with pytest.raises(IndexMissingError):
                Index.open(small_folder / "index")
            (small_folder / "index").mkdir(exist_ok=True)
