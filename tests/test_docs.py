"""What README, CONTRIBUTING and docs/app.md say is true: commands are accepted, examples run, links lead."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from qa.chat import HELP
from qa.cite import passage_as_dict
from qa.cli import ExitCode
from qa.cli.parser import build_parser
from qa.library import Library
from qa.settings import SETTINGS_HELP, Settings
from qa.tui import QaApp
from tests.fakes import CORPUS, ROOT
from tests.tools.app_keys import tables
from tests.tui.fakes import FakeLibrary, until_ready

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
APP = (ROOT / "docs" / "app.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[list[str]]:
    """Return the arguments of every `qa` command in shell blocks."""
    lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
    parts = [part.strip() for line in lines for part in line.split("&&")]
    words = [shlex.split(part, comments=True) for part in parts]
    return [each[1:] for each in words if each and Path(each[0]).name == "qa"]


@pytest.mark.parametrize(
    "arguments", [*commands(README), *commands(CONTRIBUTING), *commands(APP)], ids=" ".join
)
def test_every_command_shown_is_accepted(arguments: list[str]) -> None:
    options = build_parser().parse_args(arguments)
    assert callable(options.run)


def test_commands_are_found_at_all() -> None:
    assert len(commands(README)) > 10


@pytest.mark.usefixtures("keyword_model")
def test_the_python_example_runs(
    tmp_path: Path, indexed_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = blocks(README, "python")
    (tmp_path / "corpus").symlink_to(CORPUS)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "('Main Report', 'The impact of local services', 'Being healthy')" in printed
    assert "['jar-2006', 'apa-2008']" in printed


def test_the_exit_codes_listed_are_those_there_are() -> None:
    table = README[README.index("| exit code |") :].split("\n\n")[0]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", table, flags=re.MULTILINE)] == list(ExitCode)


def test_the_keys_listed_are_those_of_a_passage(library: Library) -> None:
    table = README[README.index("| key | meaning |") :].split("\n\n")[0]
    listed = set(re.findall(r"`([a-z_]+)`", " ".join(row.split("|")[1] for row in table.splitlines()[2:])))
    printed = set(passage_as_dict(library.ask("foster carers").passages[0]))
    assert printed <= listed
    assert listed - printed == {
        "question", "answered", "elapsed_ms", "notes", "confidence", "reason", "searched", "passages",
    }  # fmt: skip


def test_every_command_there_is_is_shown() -> None:
    (known,) = (action.choices for action in build_parser()._actions if isinstance(action.choices, dict))
    assert set(known) <= {arguments[0] for arguments in commands(README) if arguments}


def test_the_settings_listed_are_those_there_are() -> None:
    table = APP[APP.index("| setting |") :].split("\n\n")[0]
    listed = re.findall(r"^\| `([a-z_]+)` \|.*\| (?:`(.+)` )?\|$", table, flags=re.MULTILINE)
    usual = Settings()
    assert {name for name, _ in listed} == set(Settings.__slots__)
    for name, value in listed:
        if value:
            assert tomllib.loads(f"value = {value}")["value"] == getattr(usual, name)


def test_the_keys_of_the_app_listed_are_those_there_are_in_every_place() -> None:
    listed = APP[APP.index("### Keys") : APP.index("## Line by line")]
    assert listed[listed.index("| ") :].strip() == tables(), "python -m tests.tools.app_keys prints them anew"


async def test_every_key_of_the_app_listed_can_be_given_to_others() -> None:
    listed = APP[APP.index("### Keys") : APP.index("## Line by line")]
    names = re.findall(r"`([a-z]+\.[a-z_0-9]+)` \|$", listed, flags=re.MULTILINE)
    shown = re.findall(r'"([a-z.]+)" = "f1,f12"', APP + SETTINGS_HELP)
    assert len(shown) == 3
    assert set(shown) <= set(names)
    settings = Settings(keys=dict.fromkeys(names, "f12"))
    app = QaApp(FakeLibrary().shelf, settings=settings)
    async with app.run_test() as pilot:
        await until_ready(pilot)
        assert "There is no key named" not in app.ask_screen.status.message
    assert len(names) > 80


def test_what_can_be_typed_line_by_line_is_listed() -> None:
    table = APP[APP.index("| typed |") :].split("\n\n")[0]
    listed = {
        typed[0] for typed in re.findall(r"`([^`]+)`", " ".join(re.findall(r"^\| (.*?) \|", table, re.M)))
    }
    known = {line[0] for line in HELP if re.match(r"\S( [^:]+)?: ", line)}
    assert listed == known


def test_the_pictures_and_files_linked_exist() -> None:
    for text in (README, CONTRIBUTING):
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert target.startswith("https://") or (ROOT / target).exists(), target
