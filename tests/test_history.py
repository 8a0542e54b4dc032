"""Questions asked before: none is lost while others write, none is told to anybody else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qa.errors import HistoryError
from qa.history import MOST_QUESTIONS, History, history_file
from tests.fakes import ROOT

LARGE = 2 << 20
PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def entry(question: str) -> bytes:
    return json.dumps({"asked": "2026-11-22T10:00:00Z", "question": question}).encode() + b"\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a history is to be kept; neither the file nor its folder is there."""
    return tmp_path / "state" / "history.jsonl"


@pytest.fixture
def there(path: Path) -> Path:
    """Return where a history is to be kept, in a folder that is there."""
    path.parent.mkdir(mode=0o700)
    return path


# Where


def test_the_file_is_in_the_folder_the_variable_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QA_STATE", str(tmp_path / "mine"))
    assert history_file() == tmp_path / "mine" / "history.jsonl"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep such files elsewhere")
@pytest.mark.parametrize("value", [None, ""])
def test_the_file_is_in_the_state_folder_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str | None
) -> None:
    monkeypatch.delenv("QA_STATE", raising=False)
    if value is not None:
        monkeypatch.setenv("QA_STATE", value)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert history_file() == tmp_path / "qa" / "history.jsonl"
    assert list(tmp_path.iterdir()) == []


# Asking and asking again


def test_questions_are_told_again_by_another_run(path: Path) -> None:
    history = History(path)
    assert history.questions() == ()
    history.add("Who chairs the board?")
    history.add("Which schools are good?")
    assert history.questions() == ("Who chairs the board?", "Which schools are good?")
    assert History(path).questions() == history.questions()


def test_a_question_is_told_once_in_its_latest_place(path: Path) -> None:
    history = History(path)
    for question in ("a", "b", "a", "c", "b"):
        history.add(question)
    assert history.questions() == ("a", "c", "b")


def test_a_line_says_when_the_question_was_asked(path: Path) -> None:
    History(path).add("Who?")
    (line,) = lines(path)
    told = json.loads(line)
    assert list(told) == ["asked", "question"]
    asked = datetime.strptime(told["asked"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - asked) < timedelta(minutes=5)


def test_what_says_nothing_is_not_remembered(path: Path) -> None:
    History(path).add(" \n\t")
    assert not path.exists()


def test_no_more_than_the_newest_questions_are_told(there: Path) -> None:
    there.write_bytes(b"".join(entry(str(n)) for n in range(MOST_QUESTIONS + 7)))
    told = History(there).questions()
    assert told == tuple(str(n) for n in range(7, MOST_QUESTIONS + 7))
    assert MOST_QUESTIONS == 1_000


@given(st.lists(st.text(st.characters(exclude_categories=()), min_size=1).filter(str.strip), max_size=8))
@example(["\ud800", "\x00", "a\nb", "a\u2028\u2029\x85", '"}\n{', "\udcff\ud83d", "Ä漢字🙂"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_question_survives_letter_for_letter(tmp_path: Path, questions: list[str]) -> None:
    path = tmp_path / "history.jsonl"
    path.unlink(missing_ok=True)
    for question in questions:
        History(path).add(question)
    # A high and a low surrogate one after the other are one letter, which a file cannot tell from the two.
    letters = [json.loads(json.dumps(question)) for question in questions]
    assert all(a == b for a, b in zip(letters, questions, strict=True) if not PAIR.search(b))
    assert History(path).questions() == tuple(reversed(dict.fromkeys(reversed(letters))))


# Without a file


def test_without_a_file_only_this_run_remembers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    history = History(None)
    for question in ("a", "b", "", "a"):
        history.add(question)
    assert history.questions() == ("b", "a")
    assert History(None).questions() == ()
    assert list(tmp_path.iterdir()) == []


def test_a_history_that_leads_nowhere_remembers_nothing_and_harms_nothing(there: Path) -> None:
    before = Path(os.devnull).stat()
    there.symlink_to(os.devnull)
    history = History(there)
    history.add("Who?")
    assert history.questions() == ()
    assert History.clear(there) == 0
    after = Path(os.devnull).stat()
    assert (after.st_mode, after.st_ino) == (before.st_mode, before.st_ino)


# For the user alone


def test_a_new_file_and_its_folder_are_for_the_user_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        History(path).add("Who?")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_and_folder_that_others_could_read_are_closed_to_them(there: Path) -> None:
    there.write_bytes(entry("old"))
    there.chmod(0o664)
    there.parent.chmod(0o755)
    History(there).add("new")
    assert there.stat().st_mode & 0o777 == 0o600
    assert there.parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_holds_other_things_is_left_as_open_as_it_is(there: Path) -> None:
    (there.parent / "thesis.txt").touch()
    there.parent.chmod(0o755)
    History(there).add("Who?")
    assert there.parent.stat().st_mode & 0o777 == 0o755
    assert there.stat().st_mode & 0o777 == 0o600


# Damage


DAMAGE = [
    b"{",
    b"no JSON",
    b'["question"]',
    b'{"asked": "2026-11-22T10:00:00Z"}',
    b'{"question": 7}',
    b'{"question": null}',
    b"null",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"question": ' + b"9" * 10_000 + b"}",
    b'{"question": "torn',
]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: repr(damage[:20]))
def test_a_damaged_line_is_passed_over(there: Path, damage: bytes) -> None:
    there.write_bytes(entry("before") + damage + b"\n" + entry("after"))
    history = History(there)
    history.add("now")
    assert history.questions() == ("before", "after", "now")
    assert damage in there.read_bytes()


def test_a_line_that_was_broken_off_takes_no_other_with_it(there: Path) -> None:
    there.write_bytes(entry("before") + b'{"asked": "2026-11-2')
    history = History(there)
    history.add("now")
    history.add("then")
    assert history.questions() == ("before", "now", "then")
    assert len(lines(there)) == 4


def test_lines_with_other_ends_and_other_keys_are_read(there: Path) -> None:
    there.write_bytes(b'\r\n{"question": "a", "scope": []}\r\n\n{"question": "b"}')
    assert History(there).questions() == ("a", "b")


# A large file


def test_a_large_file_is_replaced_by_its_newest_questions(there: Path) -> None:
    there.write_bytes(b"".join(entry(f"question {n} {'x' * 60}") for n in range(LARGE // 120)))
    assert there.stat().st_size > LARGE
    history = History(there)
    before = history.questions()
    history.add("now")
    assert len(lines(there)) == 5_000
    assert there.stat().st_size < LARGE / 2
    assert there.stat().st_mode & 0o777 == 0o600
    assert history.questions() == (*before[1:], "now")
    assert list(there.parent.iterdir()) == [there]


def test_of_a_question_asked_often_one_line_stays(there: Path) -> None:
    there.write_bytes(entry("rare") + entry("often") * (LARGE // 50))
    History(there).add("now")
    assert [json.loads(line)["question"] for line in lines(there)] == ["rare", "often", "now"]


def test_a_question_of_enormous_length_drives_out_no_other(there: Path) -> None:
    there.write_bytes(entry("before") + entry("x" * (LARGE + 1)))
    History(there).add("now")
    assert History(there).questions() == ("before", "now")
    assert there.stat().st_size < LARGE


def test_damaged_lines_of_a_large_file_are_put_aside(there: Path) -> None:
    there.write_bytes(b"".join(line + b"\n" for line in DAMAGE) + entry("x" * LARGE) + entry("before"))
    aside = there.with_name("history.damaged")
    History(there).add("now")
    assert History(there).questions() == ("before", "now")
    assert aside.read_bytes() == b"".join(line + b"\n" for line in DAMAGE)
    assert aside.stat().st_mode & 0o777 == 0o600

    there.write_bytes(b"more\n" + entry("x" * LARGE))
    History(there).add("now")
    assert lines(aside) == [*DAMAGE, b"more"]


def test_a_file_just_too_small_is_left_as_it_is(there: Path) -> None:
    there.write_bytes(b"damage\n" + entry("a" * 1000) * (LARGE // 1100))
    before = there.read_bytes()
    History(there).add("now")
    assert there.read_bytes().startswith(before)


@pytest.mark.parametrize("step", ["mkstemp", "fsync", "replace"])
def test_a_large_file_stays_whole_when_there_is_no_room_for_a_smaller_one(
    there: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    there.write_bytes(entry("before") + entry("x" * LARGE))
    before = there.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(
            {"mkstemp": "tempfile.mkstemp", "fsync": "os.fsync"}.get(step, "pathlib.Path.replace"), fail
        )
        History(there).add("now")
    assert there.read_bytes().startswith(before)
    assert History(there).questions()[-1] == "now"
    assert list(there.parent.iterdir()) == [there]


def test_what_a_killed_process_left_half_written_goes(there: Path) -> None:
    left = there.with_name(".history-abc")
    left.write_bytes(entry("old"))
    there.write_bytes(entry("x" * LARGE))
    History(there).add("now")
    assert list(there.parent.iterdir()) == [there]


def test_a_link_stays_a_link_and_the_file_it_leads_to_is_made_smaller(there: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.jsonl"
    real.write_bytes(entry("before") + entry("x" * LARGE))
    there.symlink_to(real)
    History(there).add("now")
    assert there.is_symlink()
    assert real.stat().st_size < 1000
    assert History(there).questions() == ("before", "now")
    assert History.clear(there) == 2
    assert not real.exists()


def test_of_a_file_of_monstrous_size_only_the_end_is_read(there: Path) -> None:
    with there.open("wb") as file:
        file.seek(50 << 30)  # A hole; no disk is that large.
        file.write(b"\n" + entry("newest"))
    assert History(there).questions() == ("newest",)


# Several at once

_ASKING = """
import sys
from pathlib import Path
from qa.history import History
history = History(Path(sys.argv[1]))
sys.stdin.readline()
for turn in range(300):
    history.add(f"{sys.argv[2]} {turn} " + "x" * int(sys.argv[3]))
    if turn % 10 == 0:
        history.questions()
"""


def asked_at_once(path: Path, *, length: int) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _ASKING, str(path), name, str(length)], cwd=ROOT, stdin=subprocess.PIPE
        )
        for name in ("one", "two", "three")
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.close()
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]


def test_processes_that_ask_at_once_lose_nothing(path: Path) -> None:
    asked_at_once(path, length=50)
    told = History(path).questions()
    assert len(told) == 900
    for name in ("one", "two", "three"):
        assert [q.split()[1] for q in told if q.startswith(name)] == [str(n) for n in range(300)]
    assert len(lines(path)) == 900


def test_nothing_is_lost_while_another_process_makes_the_file_smaller(there: Path) -> None:
    there.write_bytes(b"damage\n")
    asked_at_once(there, length=6_000)
    # 900 questions are 5.4 MB: the file was replaced on the way, and holds about the newest megabyte.
    assert there.stat().st_size < LARGE + 10_000
    told = History(there).questions()
    assert len(told) == len(lines(there)) > 150
    for name in ("one", "two", "three"):
        turns = [int(q.split()[1]) for q in told if q.startswith(name)]
        assert turns == list(range(300 - len(turns), 300)), "a question is missing between others"
    assert there.with_name("history.damaged").read_bytes() == b"damage\n"
    assert len(list(there.parent.iterdir())) == 2


# Forgetting


def test_forgetting_removes_the_file_and_tells_how_many_questions_were_in_it(path: Path) -> None:
    history = History(path)
    for question in ("a", "b", "a"):
        history.add(question)
    path.with_name("history.damaged").write_bytes(b"x")
    path.with_name(".history-abc").write_bytes(b"x")
    (path.parent / "other").touch()
    assert History.clear(path) == 2
    assert [left.name for left in path.parent.iterdir()] == ["other"]
    assert history.questions() == ()
    history.add("c")
    assert history.questions() == ("c",)


def test_all_questions_are_counted_not_only_those_that_are_told(there: Path) -> None:
    there.write_bytes(b"".join(entry(str(n)) for n in range(MOST_QUESTIONS + 7)))
    assert History.clear(there) == MOST_QUESTIONS + 7


def test_forgetting_nothing_is_no_error_and_makes_nothing(path: Path) -> None:
    assert History.clear(path) == 0
    assert not path.parent.exists()


# What the system refuses


def test_a_question_that_cannot_be_written_is_remembered_in_this_run(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(path)
    history.add("before")

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.write", fail)
        with pytest.raises(HistoryError) as caught:
            history.add("now")
    assert str(caught.value) == (
        f"{path} cannot be written (No space left on device); check its folder and free space"
    )
    assert history.questions() == ("before", "now")
    assert History(path).questions() == ("before",)


def test_a_line_for_which_there_was_half_the_room_is_told_as_not_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(path)
    history.add("before")
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr("os.write", lambda handle, data: write(handle, data[:20]))
        with pytest.raises(HistoryError, match="no room for the whole line"):
            history.add("now")
    History(path).add("then")
    assert History(path).questions() == ("before", "then")


def test_a_folder_in_its_place_is_told(there: Path) -> None:
    there.mkdir()
    with pytest.raises(HistoryError, match=re.escape(f"{there} cannot be read")):
        History(there).questions()
    with pytest.raises(HistoryError, match="cannot be written"):
        History(there).add("Who?")


def test_a_pipe_in_its_place_is_told_and_nobody_waits_for_its_other_end(there: Path) -> None:
    os.mkfifo(there)
    with pytest.raises(HistoryError, match="it is not a file"):
        History(there).questions()
    with pytest.raises(HistoryError, match="it is not a file"):
        History(there).add("Who?")


def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    path = tmp_path / "state" / "history.jsonl"
    with pytest.raises(HistoryError, match="cannot be read"):
        History(path).questions()
    with pytest.raises(HistoryError, match="cannot be written"):
        History(path).add("Who?")
    assert History.clear(path) == 0


def test_links_that_lead_round_in_a_circle_are_told(there: Path) -> None:
    there.symlink_to(there)
    with pytest.raises(HistoryError, match="cannot be read"):
        History(there).questions()
    with pytest.raises(HistoryError, match="cannot be written"):
        History(there).add("Who?")
    with pytest.raises(HistoryError, match="cannot be removed"):
        History.clear(there)


def test_a_file_that_cannot_be_removed_is_told(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there.write_bytes(entry("a"))

    def fail(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", fail)
    with pytest.raises(HistoryError, match=re.escape("cannot be removed (Permission denied)")):
        History.clear(there)
