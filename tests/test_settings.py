"""A file that people write by hand and the app changes: nothing is misunderstood, lost or half written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qa.errors import SettingsError
from qa.settings import SETTINGS_HELP, Settings, change_setting, read_settings, settings_file
from tests.fakes import ROOT

EVERYTHING = """\
# mine
mouse = false   # the terminal selects
theme = 'qa-light'

export_folder = "~/exports"
history = false
ascii = true

[keys]
# quick
question.ask = "enter"
"screen.help" = "f1,f12"  # two
"""


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "config.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def complaint(path: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    assert sentence.isprintable()
    return sentence.replace(str(path), "FILE")


# Where


def test_the_file_is_where_the_variable_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QA_CONFIG", str(tmp_path / "mine.toml"))
    assert settings_file() == tmp_path / "mine.toml"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep settings elsewhere")
@pytest.mark.parametrize("value", [None, ""])
def test_the_file_is_in_the_configuration_folder_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str | None
) -> None:
    monkeypatch.delenv("QA_CONFIG", raising=False)
    if value is not None:
        monkeypatch.setenv("QA_CONFIG", value)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert settings_file() == tmp_path / "qa" / "config.toml"
    assert list(tmp_path.iterdir()) == []


def test_reading_settings_loads_nothing_that_only_changing_them_needs(tmp_path: Path) -> None:
    path = written(tmp_path, EVERYTHING)
    statement = (
        "import sys; from pathlib import Path; from qa.settings import read_settings; "
        f"read_settings(Path({str(path)!r})); "
        "assert not {'tomlkit', 'platformdirs'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", statement], cwd=ROOT, check=True)


# Reading


def test_without_a_file_everything_is_as_usual(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "no" / "config.toml") == Settings()


def test_an_empty_file_says_nothing_else_than_usual(tmp_path: Path) -> None:
    assert read_settings(written(tmp_path, "")) == Settings()
    assert read_settings(Path(os.devnull)) == Settings()


def test_every_setting_is_read(tmp_path: Path) -> None:
    read = read_settings(written(tmp_path, EVERYTHING))
    assert read == Settings(
        theme="qa-light",
        keys={"question.ask": "enter", "screen.help": "f1,f12"},
        mouse=False,
        history=False,
        ascii=True,
        export_folder="~/exports",
    )
    usual = Settings()
    assert all(getattr(read, each.name) != getattr(usual, each.name) for each in fields(Settings))


@pytest.mark.parametrize(
    "keys",
    [
        '[keys]\n"question.ask" = "f5"',
        '[keys]\nquestion.ask = "f5"',
        '[keys.question]\nask = "f5"',
        'keys.question.ask = "f5"',
        'keys = {"question.ask" = "f5"}',
    ],
)
def test_a_key_may_be_written_with_and_without_quotation_marks(tmp_path: Path, keys: str) -> None:
    assert read_settings(written(tmp_path, keys)).keys == {"question.ask": "f5"}


def test_a_byte_order_mark_and_the_ends_of_lines_of_windows_are_no_matter(tmp_path: Path) -> None:
    text = "\ufeff" + EVERYTHING.replace("\n", "\r\n")
    assert read_settings(written(tmp_path, text)) == read_settings(written(tmp_path, EVERYTHING))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            'colour = "red"',
            'FILE: "colour" is not a known setting; '
            "known are theme, mouse, history, ascii, export_folder and [keys]",
        ),
        ('mouse = "yes"', 'FILE: "mouse" must be true or false, without quotation marks'),
        ("ascii = 1", 'FILE: "ascii" must be true or false, without quotation marks'),
        ("theme = true", 'FILE: "theme" must be words in quotation marks'),
        ('theme = " "', 'FILE: "theme" is empty; write words in quotation marks, or remove the line'),
        (
            'export_folder = "a\\u0000b"',
            'FILE: "export_folder" holds a sign that is no letter; write words in quotation marks',
        ),
        ('keys = "f1"', 'FILE: "keys" must be a heading in square brackets: [keys]'),
        (
            '[keys]\n"question.ask" = ["f1"]',
            'FILE: "question.ask" in [keys] must be a key in quotation marks, like "f1" or "f1,f12"',
        ),
        (
            '[keys]\n"question.ask" = ""',
            'FILE: "question.ask" in [keys] is empty; write words in quotation marks, or remove the line',
        ),
        (
            '[keys]\n"question.ask" = "f1"\nquestion.ask = "f2"',
            'FILE: "question.ask" in [keys] stands there twice; remove one',
        ),
        (
            "mouse = false\ntheme = red",
            "FILE is not valid TOML: Invalid value (at line 2, column 9); mend that line",
        ),
        (
            'mouse = false\ntheme = "red\n',
            "FILE is not valid TOML: Illegal character '\\n' (at line 2, column 13); mend that line",
        ),
        (
            'mouse = false\ntheme = """red',
            "FILE is not valid TOML: Unterminated string (at line 2, the last); mend that line",
        ),
        ("theme = " + "[" * 5_000, "FILE is not valid TOML: it nests too deeply; write plain values"),
    ],
)
def test_what_cannot_be_is_told_with_what_is_allowed(tmp_path: Path, text: str, sentence: str) -> None:
    assert complaint(written(tmp_path, text)) == sentence


def test_a_hostile_name_is_told_without_acting_on_the_terminal(tmp_path: Path) -> None:
    said = complaint(written(tmp_path, f'"\\u001b[2J\\u202e{"x" * 5_000}" = 1'))
    assert '"\\u001b[2J\\u202exxx' in said
    assert len(said) < 300


def test_a_file_that_is_not_utf_8_is_told_with_the_line(tmp_path: Path) -> None:
    said = complaint(written(tmp_path, b'mouse = true\n# caf\xe9\ntheme = "qa-light"\n'))
    assert said == "FILE, line 2: this is not UTF-8; save the file as UTF-8"


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    assert complaint(tmp_path) == "FILE is a folder; remove it, or name another file in QA_CONFIG"


def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.symlink_to("/dev/zero")
    assert complaint(path) == "FILE is too large for settings; mend or remove it"


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")]
)
def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    path = written(tmp_path, EVERYTHING)

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Path, "open", refuse)
    assert complaint(path) == f"FILE cannot be read ({error.strerror}); check its permissions"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, EVERYTHING)
    path.chmod(0)
    assert "Permission denied" in complaint(path)


def test_links_that_lead_round_in_a_circle_are_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.symlink_to(path)
    assert "cannot be read" in complaint(path)
    with pytest.raises(SettingsError, match="cannot be written"):
        change_setting(path, "mouse", False)


# The template


def test_the_template_says_what_is_usual(tmp_path: Path) -> None:
    assert read_settings(written(tmp_path, SETTINGS_HELP)) == Settings()
    parsed = tomllib.loads(SETTINGS_HELP)
    assert list(parsed) == [each.name for each in fields(Settings) if each.name != "keys"] + ["keys"]


def test_what_the_template_leaves_out_can_be_put_in_by_removing_the_sign(tmp_path: Path) -> None:
    text = re.sub(r'(?m)^# (?=".* = )', "", SETTINGS_HELP)
    assert read_settings(written(tmp_path, text)).keys == {"app.help": "f1,f12"}


def test_the_template_tells_the_meaning_of_each_setting() -> None:
    lines = SETTINGS_HELP.splitlines()
    for name in tomllib.loads(SETTINGS_HELP):
        place = next(n for n, line in enumerate(lines) if line.startswith((f"{name} =", f"[{name}]")))
        assert lines[place - 1].startswith("# ")


# Changing

NAMED = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(str.strip)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["theme", "export_folder"]), NAMED),
        st.tuples(st.sampled_from(["mouse", "history", "ascii"]), st.booleans()),
        st.tuples(NAMED.map(lambda name: f"keys.{name}"), NAMED),
        st.tuples(st.sampled_from(["keys.question.ask", "keys.screen.help"]), NAMED),
    ),
    max_size=6,
)


def after(before: Settings, changes: list[tuple[str, str | bool]]) -> Settings:
    found: dict[str, object] = {each.name: getattr(before, each.name) for each in fields(Settings)}
    keys: Mapping[str, str] = before.keys
    for name, value in changes:
        if name.startswith("keys."):
            keys = {**keys, name.removeprefix("keys."): str(value)}
        else:
            found[name] = value
    return Settings(**{**found, "keys": keys})  # type: ignore[arg-type]


@given(
    st.sampled_from(
        [
            "",
            "# only this\n",
            EVERYTHING,
            EVERYTHING.replace("\n", "\r\n"),
            "\ufeff" + EVERYTHING,
            SETTINGS_HELP,
            'keys = {a = "f1"}',
            'keys.question.ask = "f1"',
            '[keys.question]\nask = "f1"\n',
        ]
    ),
    CHANGES,
)
@example("", [("keys.\x1b[2J", "\x7f\x85\u2028\ufeff")])
@example(EVERYTHING, [("theme", "'''\"\"\"\\")])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_changed_is_read_again(
    tmp_path: Path, text: str, changes: list[tuple[str, str | bool]]
) -> None:
    path = written(tmp_path, text)
    before = read_settings(path)
    for name, value in changes:
        change_setting(path, name, value)
    assert read_settings(path) == after(before, changes)


def test_only_the_one_line_changes(tmp_path: Path) -> None:
    path = written(tmp_path, EVERYTHING)
    change_setting(path, "theme", "qa-projector")
    change_setting(path, "mouse", True)
    change_setting(path, "keys.question.ask", "f5")
    change_setting(path, "keys.screen.help", "f9")
    assert path.read_text() == (
        EVERYTHING.replace("'qa-light'", '"qa-projector"')
        .replace("mouse = false ", "mouse = true ")
        .replace('"enter"', '"f5"')
        .replace('"f1,f12"', '"f9"')
    )


def test_a_setting_that_is_not_there_comes_before_the_keys(tmp_path: Path) -> None:
    path = written(tmp_path, '# mine\n\n[keys]\n"screen.help" = "f9"  # there\n')
    change_setting(path, "ascii", True)
    assert path.read_text() == '# mine\nascii = true\n\n[keys]\n"screen.help" = "f9"  # there\n'


def test_the_byte_order_mark_and_the_ends_of_lines_stay(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeffmouse = true\r\n")
    change_setting(path, "ascii", True)
    change_setting(path, "keys.screen.help", "f9")
    assert path.read_bytes() == (
        '\ufeffmouse = true\r\nascii = true\r\n\r\n[keys]\r\n"screen.help" = "f9"\r\n'.encode()
    )


def test_a_new_file_and_its_folder_are_for_the_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "qa" / "config.toml"
    change_setting(path, "theme", "qa-light")
    assert path.read_text() == 'theme = "qa-light"\n'
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_the_permissions_of_a_file_that_was_there_stay(tmp_path: Path) -> None:
    path = written(tmp_path, EVERYTHING)
    path.chmod(0o640)
    change_setting(path, "theme", "qa-dark")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link_and_the_file_it_leads_to_is_changed(tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    real = written(dotfiles, EVERYTHING)
    path = tmp_path / "config" / "config.toml"
    path.parent.mkdir()
    path.symlink_to(Path("..") / "dotfiles" / "config.toml")
    change_setting(path, "theme", "qa-contrast")
    assert path.is_symlink()
    assert read_settings(real).theme == read_settings(path).theme == "qa-contrast"
    assert list(path.parent.iterdir()) == [path]


def test_a_link_to_a_file_that_is_not_there_yet_leads_to_one_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.symlink_to(tmp_path / "dotfiles" / "qa.toml")
    change_setting(path, "mouse", False)
    assert path.is_symlink()
    assert (tmp_path / "dotfiles" / "qa.toml").read_text() == "mouse = false\n"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("colour", "red", '"colour" is not a known setting; known are theme,'),
        ("theme", True, '"theme" must be words in quotation marks'),
        ("theme", "", '"theme" is empty'),
        ("theme", "a\ud800", '"theme" holds a sign that is no letter'),
        ("mouse", "true", '"mouse" must be true or false'),
        ("keys", "f1", 'name the key to change: "keys.question.ask"'),
        ("keys.", "f1", 'name the key to change: "keys.question.ask"'),
        ("keys.question.ask", True, '"question.ask" in [keys] must be a key in quotation marks'),
        ("keys.a\udc80", "f1", "holds a sign that is no letter"),
        ("\x1b[2J", "f1", '"\\u001b[2J" is not a known setting'),
    ],
)
def test_what_cannot_be_is_not_written(tmp_path: Path, name: str, value: str | bool, says: str) -> None:
    path = tmp_path / "qa" / "config.toml"
    with pytest.raises(SettingsError, match=re.escape(says)) as caught:
        change_setting(path, name, value)
    assert str(caught.value).isprintable()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["theme = red", 'colour = "red"', "mouse = 1", b"\xff", "[keys]\na = 1\n"])
def test_a_damaged_file_is_left_for_people_to_mend(tmp_path: Path, damage: str | bytes) -> None:
    path = written(tmp_path, damage)
    before = path.read_bytes()
    with pytest.raises(SettingsError, match=re.escape(str(path))):
        change_setting(path, "theme", "qa-light")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "mkstemp", "write", "replace"])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    path = written(tmp_path, EVERYTHING)

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        match step:
            case "fsync":
                patch.setattr("os.fsync", fail)
            case "mkstemp":
                patch.setattr("tempfile.mkstemp", fail)
            case "write":
                patch.setattr("os.fdopen", fail)
            case "replace":
                patch.setattr(Path, "replace", fail)
        with pytest.raises(SettingsError) as caught:
            change_setting(path, "theme", "qa-dark")
    assert str(caught.value) == (
        f"{path} cannot be written (No space left on device); check its folder and free space"
    )
    assert path.read_text() == EVERYTHING
    assert list(tmp_path.iterdir()) == [path]


def test_a_read_only_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, EVERYTHING)
    path.chmod(0o400)
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write everything
    with pytest.raises(SettingsError, match="read-only"):
        change_setting(path, "theme", "qa-dark")
    assert path.read_text() == EVERYTHING


def test_what_the_file_cannot_hold_as_it_is_written_is_left_to_people(tmp_path: Path) -> None:
    path = written(tmp_path, EVERYTHING)
    with pytest.raises(
        SettingsError, match=r'"keys\.question" could not be changed there; write it in by hand'
    ):
        change_setting(path, "keys.question", "f1")
    assert path.read_text() == EVERYTHING


def test_a_file_that_would_not_come_out_right_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, EVERYTHING)
    monkeypatch.setattr("tomlkit.dumps", lambda _: 'theme = "qa-dark"\n')
    with pytest.raises(SettingsError, match="write it in by hand"):
        change_setting(path, "theme", "qa-dark")
    assert path.read_text() == EVERYTHING


_CHANGING = """
import sys
from pathlib import Path
from qa.settings import change_setting, read_settings
path, name = Path(sys.argv[1]), sys.argv[2]
for turn in range(25):
    change_setting(path, f"keys.{name}.{turn}", "f1")
    change_setting(path, "mouse", turn % 2 == 0)
    read_settings(path)
"""


def test_processes_that_change_settings_at_once_lose_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, EVERYTHING)
    names = ("one", "two", "three")
    running = [
        subprocess.Popen([sys.executable, "-c", _CHANGING, str(path), name], cwd=ROOT) for name in names
    ]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    read = read_settings(path)
    assert replace(read, mouse=False, keys={}) == replace(
        read_settings(written(tmp_path, EVERYTHING)), keys={}
    )
    assert {f"{name}.{turn}" for name in names for turn in range(25)} <= set(read.keys)
    assert sorted(tmp_path.iterdir()) == [path]
