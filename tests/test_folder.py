"""The folder of a library: opened, built, added to and built anew while somebody still asks."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from qa.errors import CorpusError, IndexMissingError, IndexStateError, NoReportsError, QaError
from qa.folder import LibraryFolder
from qa.library import Library
from qa.protocols import Asker, Shelf
from qa.types import Progress
from tests.fakes import ROADS_REPORT, files_of, small_library

pytestmark = pytest.mark.usefixtures("keyword_model")


class Left(Exception):  # noqa: N818 - what somebody raises who does not wait any longer
    """Nobody waits for the build any more."""


def test_a_folder_of_a_library_is_what_an_application_needs(small_folder: Path) -> None:
    shelf: Shelf = LibraryFolder(small_folder)
    asker: Asker = shelf.open()
    assert shelf.path == small_folder
    assert asker.ask("Who mends potholes?", k=1).passages[0].id == "roads:2"
    assert set(asker.identity) == {"version", "model", "index"}
    asker.close()


def test_reports_are_added_indexed_and_asked(tmp_path: Path) -> None:
    shelf = LibraryFolder(tmp_path / "library", model="other")
    (tmp_path / "streets.txt").write_text(ROADS_REPORT)
    failures: list[str] = []
    added = shelf.add([tmp_path / "streets.txt", tmp_path / "nowhere.txt"], on_failure=failures.append)
    assert [path.name for path in added] == ["streets.txt"]
    assert [failure for failure in failures if "nowhere.txt" in failure] == failures != []
    with pytest.raises(IndexMissingError, match="run: qa index"):
        shelf.open()
    assert shelf.build().identity["model"] == "other"
    assert shelf.open().ask("Who mends potholes?", k=1).passages[0].id == "streets:2"


def test_what_has_not_changed_is_read_again_only_if_asked_for(small_folder: Path) -> None:
    shelf = LibraryFolder(small_folder)

    def encoded(*, anew: bool) -> int:
        seen: list[Progress] = []
        shelf.build(anew=anew, progress=seen.append).close()
        return next(each.total for each in seen if each.stage == "encoding")

    assert encoded(anew=False) == 0
    assert encoded(anew=True) == 7


@pytest.mark.parametrize("state", ["no folder", "no corpus", "empty", "only notes", "only settings"])
def test_a_library_without_reports_is_told_from_one_that_cannot_be_read(tmp_path: Path, state: str) -> None:
    folder = tmp_path / "library"
    if state != "no folder":
        folder.mkdir()
    if state in {"empty", "only notes", "only settings"}:
        (folder / "corpus").mkdir()
    if state == "only notes":
        (folder / "corpus/README.md").write_text("Notes")
    if state == "only settings":
        (folder / "corpus/corpus.toml").write_text("")
        (folder / "corpus/glossary.toml").write_text("")
    sentence = r"make it and put reports|put files ending in"
    with pytest.raises(NoReportsError, match=sentence) as caught:
        LibraryFolder(folder).build()
    assert isinstance(caught.value, CorpusError)
    with pytest.raises(NoReportsError, match=sentence):
        Library.build(folder)


def test_a_library_whose_reports_cannot_be_read_has_reports(tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library", roads="")
    with pytest.raises(CorpusError) as caught:
        LibraryFolder(folder).build()
    assert not isinstance(caught.value, NoReportsError)


@pytest.mark.parametrize("several_threads", [False, True])
@pytest.mark.parametrize("stage", ["reading", "preparing the model", "encoding", "finishing"])
def test_a_build_that_nobody_waits_for_leaves_the_index_and_nothing_else(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch, stage: str, several_threads: bool
) -> None:
    shelf = LibraryFolder(small_folder)
    if several_threads:
        monkeypatch.setattr("qa.build.building._MOST_READ_PRECISELY", 0)
        monkeypatch.setattr("qa.build.building.usable_cores", lambda: 3)
    (small_folder / "corpus" / "more.txt").write_text(ROADS_REPORT.replace("lorries", "vans"))
    before = files_of(small_folder)

    def leave(progress: Progress) -> None:
        if progress.stage == stage and progress.done == (
            0 if stage == "preparing the model" else progress.total
        ):
            raise Left

    with pytest.raises(Left) as caught:
        shelf.build(progress=leave)
    # Looked at while the error, and so all it happened in, is still held.
    assert caught.value.__traceback__ is not None
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("qa-build")]
    assert files_of(small_folder) == before
    asker = shelf.open()
    assert asker.ask("Who mends potholes?", k=1).passages[0].id == "roads:2"
    assert shelf.build().ask("Do vans clear the roads?", k=1).passages[0].id == "more:1"


def test_a_folder_is_built_and_opened_anew_while_others_still_ask(small_folder: Path) -> None:
    shelf = LibraryFolder(small_folder)
    asker = shelf.open()
    errors: list[BaseException] = []
    asked = threading.Semaphore(0)
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            try:
                for mode in ("full", "words"):
                    assert asker.ask("Who mends potholes?", mode=mode, k=1).passages[0].id == "roads:2"
                (shown,) = asker.show("roads:2")
                assert shown.passage in asker.section_of(shown.passage)
                assert asker.find("potholes").passages
                assert asker.complete("report:ro") == ("report:roads",)
                assert len(asker.reports()) >= 2
            except QaError as error:
                errors.append(error)
                return
            finally:
                asked.release()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert asked.acquire(timeout=30)
    (small_folder / "corpus" / "more.txt").write_text(ROADS_REPORT.replace("lorries", "vans"))
    built = shelf.build()
    asker.close()
    again = shelf.open()
    for thread in threads:
        thread.join(timeout=30)
    ended.set()
    assert not any(thread.is_alive() for thread in threads)
    assert len(errors) == len(threads)
    assert {str(error) for error in errors} == {"The library was closed; open it again"}
    for library in (built, again):
        assert library.ask("Do vans clear the roads?", k=1).passages[0].id == "more:1"


def test_a_closed_library_says_that_it_is_closed(small_folder: Path) -> None:
    library = LibraryFolder(small_folder).open()
    passage = library.show("roads:2")[0].passage
    library.close()
    library.close()
    for use in (
        lambda: library.ask("Who mends potholes?"),
        lambda: library.ask("Who mends potholes?", mode="words"),
        lambda: library.similar("roads:2"),
        lambda: library.find("potholes"),
        lambda: library.show("roads:2"),
        lambda: library.section_of(passage),
        lambda: library.complete("report:"),
        library.reports,
        library.prepare,
        lambda: list(library.passages()),
    ):
        with pytest.raises(IndexStateError, match="The library was closed; open it again"):
            use()
    assert library.warnings == library.unread == ()
    assert library.identity["model"] == "keywords"
