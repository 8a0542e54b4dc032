"""The commands chat, serve, history and config: what they hand on, print and refuse."""

from __future__ import annotations

import os
import stat
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from qa.cli import ExitCode
from qa.cli.codes import exit_code
from qa.errors import (
    CorpusError,
    EvaluationError,
    ExportError,
    HistoryError,
    IndexMissingError,
    ModelError,
    NoReportsError,
    NotFoundError,
    QaError,
    QuestionError,
    ServingError,
    SettingsError,
)
from qa.folder import LibraryFolder
from qa.history import History
from qa.settings import SETTINGS_HELP, Settings, read_settings
from tests.fakes import small_library
from tests.test_cli import Command, assert_refused

pytestmark = pytest.mark.usefixtures("keyword_model")


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(capsys, monkeypatch)


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep settings and history in folders of this test; return the settings file."""
    monkeypatch.setenv("QA_CONFIG", str(tmp_path / "config" / "config.toml"))
    monkeypatch.setenv("QA_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("TEXTUAL_DRIVER", raising=False)
    return tmp_path / "config" / "config.toml"


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return tmp_path / "state" / "history.jsonl"


def written(config: Path, text: str) -> None:
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(text, encoding="utf-8")


class FakeApp:
    """Takes what the app is made of, and ends at once."""

    made: Sequence[FakeApp] = ()
    return_code: int | None = None

    def __init__(self, shelf: LibraryFolder, **given: Any) -> None:
        self.shelf = shelf
        self.given = given
        self.mouse: bool | None = None
        type(self).made = [*self.made, self]

    def run(self, *, mouse: bool) -> None:
        self.mouse = mouse


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> type[FakeApp]:
    """Put an app in the place of the real one, drawn on no terminal."""
    module = ModuleType("qa.tui.app")
    made = type("App", (FakeApp,), {})
    vars(module)["QaApp"] = made
    monkeypatch.setitem(sys.modules, "qa.tui.app", module)
    monkeypatch.setenv("TEXTUAL_DRIVER", "somewhere:Driver")
    return made


# The app


@pytest.mark.parametrize("arguments", [[], ["chat"]])
def test_the_app_gets_the_library_the_settings_and_the_history(
    command: Command, app: type[FakeApp], config: Path, history: Path, tmp_path: Path, arguments: list[str]
) -> None:
    written(config, 'theme = "qa-light"\n[keys]\n"screen.help" = "f12"\n')
    assert command("--library", tmp_path, *arguments) == (ExitCode.ANSWERED, "", "")
    (made,) = app.made
    assert made.shelf.path == tmp_path
    assert made.given["settings"] == Settings(theme="qa-light", keys={"screen.help": "f12"})
    assert made.given["settings_file"] == config
    assert made.given["warnings"] == []
    assert made.mouse is True
    made.given["history"].add("Are schools good?")
    assert History(history).questions() == ("Are schools good?",)


def test_options_change_the_settings_for_this_time(
    command: Command, app: type[FakeApp], config: Path, history: Path
) -> None:
    written(config, 'theme = "qa-light"\n')
    command("chat", "--no-history", "--no-mouse", "--theme", "qa-contrast")
    (made,) = app.made
    assert made.given["settings"] == Settings(theme="qa-contrast", mouse=False, history=False)
    assert made.mouse is False
    made.given["history"].add("Are schools good?")
    assert made.given["history"].questions() == ("Are schools good?",)
    assert not history.exists()
    assert read_settings(config) == Settings(theme="qa-light")


def test_the_settings_can_keep_the_mouse_and_the_history_off(
    command: Command, app: type[FakeApp], config: Path, history: Path
) -> None:
    written(config, "mouse = false\nhistory = false\n")
    command()
    (made,) = app.made
    made.given["history"].add("Are schools good?")
    assert (made.mouse, history.exists()) == (False, False)


def test_settings_that_cannot_be_read_do_not_keep_the_app_from_opening(
    command: Command, app: type[FakeApp], config: Path
) -> None:
    written(config, 'mouse = "no"\n')
    assert command("chat", "--no-mouse").code == ExitCode.ANSWERED
    (made,) = app.made
    assert made.given["settings"] == Settings(mouse=False)
    (warning,) = made.given["warnings"]
    assert '"mouse" must be true or false' in warning


def test_how_the_app_ended_is_the_exit_code(command: Command, app: type[FakeApp]) -> None:
    app.return_code = 128 + 15
    assert command().code == 143


@pytest.mark.parametrize("arguments", [[], ["chat"], ["chat", "--theme", "qa-light"]])
def test_the_app_is_refused_where_there_is_no_terminal(command: Command, arguments: list[str]) -> None:
    assert_refused(command(*arguments), ExitCode.USAGE, "The app needs a terminal; without one, run: qa ask")


# Line by line


@pytest.mark.usefixtures("config")
def test_a_plain_conversation_answers_line_by_line_and_remembers(
    command: Command, small_folder: Path, history: Path
) -> None:
    stdin = "Who mends potholes?\r\nAre “libraries” open?\nq\n".encode()
    ran = command("--library", small_folder, "chat", "--plain", stdin=stdin)
    assert (ran.code, ran.err) == (ExitCode.ANSWERED, "")
    assert "Potholes are mended within ten days of being reported." in ran.out
    assert "\x1b" not in ran.out
    assert History(history).questions() == ("Who mends potholes?", "Are “libraries” open?")


def test_a_plain_conversation_can_go_unremembered(
    command: Command, small_folder: Path, history: Path
) -> None:
    command("--library", small_folder, "chat", "--plain", "--no-history", stdin=b"Who mends potholes?\n")
    assert not history.exists()


def test_a_plain_conversation_takes_bytes_that_are_no_text(command: Command, small_folder: Path) -> None:
    ran = command("--library", small_folder, "chat", "--plain", stdin=b"Who mends \xff potholes?")
    assert ran.code == ExitCode.ANSWERED
    assert "Potholes are mended" in ran.out


def test_a_plain_conversation_says_what_is_wrong_with_the_settings_and_goes_on(
    command: Command, small_folder: Path, config: Path
) -> None:
    written(config, "colour = 3\n")
    ran = command("--library", small_folder, "chat", "--plain", stdin=b"Who mends potholes?\n")
    assert ran.code == ExitCode.ANSWERED
    assert "Warning: " in ran.err
    assert '"colour" is not a known setting' in ran.err
    assert "Potholes are mended" in ran.out


def test_a_plain_conversation_builds_a_missing_index_first(command: Command, tmp_path: Path) -> None:
    folder = small_library(tmp_path / "library")
    ran = command("--library", folder, "chat", "--plain", stdin=b"Who mends potholes?\n")
    assert ran.err.startswith("qa: There is no index yet; building it, once\n")
    assert "Potholes are mended" in ran.out


def test_a_plain_conversation_without_reports_is_refused(command: Command, tmp_path: Path) -> None:
    ran = command("--library", tmp_path, "chat", "--plain", stdin=b"Who mends potholes?\n")
    assert_refused(ran, ExitCode.CORPUS_OR_INDEX, "make it and put reports")


# In a browser


@pytest.mark.parametrize(
    ("arguments", "host", "port"),
    [([], "localhost", 8000), (["--host", "0.0.0.0", "--port", "0"], "0.0.0.0", 0)],
)
def test_the_app_is_served_with_the_library_named(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    host: str,
    port: int,
) -> None:
    served: list[Any] = []

    def serve(given: Sequence[str], *, say: Any, **address: Any) -> None:
        served.extend([list(given), address])
        say("The app is at http://localhost")

    monkeypatch.setattr("qa.serving.serve", serve)
    monkeypatch.chdir(tmp_path)
    ran = command("serve", "--library", "-odd name", *arguments)
    assert ran == (ExitCode.ANSWERED, "", "qa: The app is at http://localhost\n")
    command_line = ["chat", f"--library={tmp_path / '-odd name'}", "--no-history"]
    assert served == [command_line, {"host": host, "port": port}]


@pytest.mark.parametrize("port", ["x", "8000.5", ""])
def test_a_port_that_is_no_number_is_refused(command: Command, port: str) -> None:
    assert_refused(command("serve", "--port", port), ExitCode.USAGE, "see: qa serve --help")


def test_an_address_that_cannot_be_served_is_refused(command: Command) -> None:
    assert_refused(command("serve", "--port", "70000"), ExitCode.USAGE, "There is no port 70000")


# The questions asked before


def test_the_questions_asked_before_are_printed_the_newest_last(command: Command, history: Path) -> None:
    for question in ("Are schools good?", "Two\nlines \x1b[31m?", "Who mends potholes?"):
        History(history).add(question)
    ran = command("history")
    assert ran == (ExitCode.ANSWERED, "Are schools good?\nTwo lines \ufffd[31m?\nWho mends potholes?\n", "")


def test_where_no_question_is_remembered_that_is_said(command: Command, history: Path) -> None:
    assert command("history") == (ExitCode.ANSWERED, "", f"qa: No question is remembered in {history}\n")
    assert not history.parent.exists()


def test_the_questions_asked_before_are_removed_and_counted(command: Command, history: Path) -> None:
    History(history).add("Are schools good?")
    assert command("history", "--clear") == (ExitCode.ANSWERED, "Removed: 1 question\n", "")
    assert not history.exists()
    assert command("history", "--clear").out == "Removed: 0 questions\n"


def test_a_history_that_cannot_be_read_is_an_error_with_its_exit_code(
    command: Command, history: Path
) -> None:
    history.mkdir(parents=True)
    assert_refused(command("history"), ExitCode.CORPUS_OR_INDEX, str(history))


# The settings


def test_the_settings_in_force_are_printed_as_a_file_would_say_them(command: Command, config: Path) -> None:
    ran = command("config")
    head, *lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (ExitCode.ANSWERED, "")
    assert head == f"# {config} (there is no such file; to make it, run: qa config --init)"
    usual = tomllib.loads(SETTINGS_HELP)
    assert not usual.pop("keys")
    assert tomllib.loads("\n".join(lines)) == usual
    written(config, 'theme = "a \\"b\\" \\u007f é 😀"\nmouse = false\n[keys]\nquestion.ask = "f1"\n')
    head, *lines = command("config").out.splitlines()
    assert head == f"# {config}"
    written(config, "\n".join(lines))
    assert read_settings(config) == Settings(
        theme='a "b" \x7f é 😀', mouse=False, keys={"question.ask": "f1"}
    )


def test_settings_that_cannot_be_read_are_an_error_with_its_exit_code(command: Command, config: Path) -> None:
    written(config, "mouse = 3\n")
    assert_refused(command("config"), ExitCode.USAGE, '"mouse" must be true or false')


def test_a_settings_file_is_made_once_and_never_written_over(command: Command, config: Path) -> None:
    assert command("config", "--init") == (ExitCode.ANSWERED, "", f"qa: Written: {config}\n")
    assert config.read_text(encoding="utf-8") == SETTINGS_HELP
    assert read_settings(config) == Settings()
    assert command("config").out.startswith(f"# {config}\n")
    written(config, "mouse = false\n")
    assert_refused(command("config", "--init"), ExitCode.USAGE, f"{config} is there already; change it")
    assert config.read_text() == "mouse = false\n"


def test_a_link_that_leads_nowhere_is_not_written_through(
    command: Command, config: Path, tmp_path: Path
) -> None:
    config.parent.mkdir()
    config.symlink_to(tmp_path / "elsewhere.toml")
    assert_refused(command("config", "--init"), ExitCode.USAGE, "is there already")
    assert not (tmp_path / "elsewhere.toml").exists()


@pytest.mark.skipif(os.name != "posix", reason="other systems have other permissions")
def test_a_settings_file_is_for_its_user_alone(command: Command, config: Path) -> None:
    command("config", "--init")
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_a_settings_file_that_cannot_be_made_is_an_error_that_says_why(
    command: Command, config: Path
) -> None:
    config.parent.write_text("in the way")
    assert_refused(command("config", "--init"), ExitCode.USAGE, f"{config} cannot be written")


def test_a_settings_file_that_does_not_fit_on_the_disk_is_not_left_behind_empty(
    command: Command, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        assert_refused(command("config", "--init"), ExitCode.USAGE, "No space left on device")
    assert list(config.parent.iterdir()) == []
    assert command("config", "--init").code == ExitCode.ANSWERED


# Exit codes


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (QuestionError, ExitCode.USAGE),
        (NotFoundError, ExitCode.USAGE),
        (EvaluationError, ExitCode.USAGE),
        (SettingsError, ExitCode.USAGE),
        (ServingError, ExitCode.USAGE),
        (CorpusError, ExitCode.CORPUS_OR_INDEX),
        (NoReportsError, ExitCode.CORPUS_OR_INDEX),
        (IndexMissingError, ExitCode.CORPUS_OR_INDEX),
        (HistoryError, ExitCode.CORPUS_OR_INDEX),
        (ExportError, ExitCode.CORPUS_OR_INDEX),
        (ModelError, ExitCode.MODEL),
    ],
)
def test_every_error_has_an_exit_code(error: type[QaError], code: ExitCode) -> None:
    assert exit_code(error("sentence")) is code
