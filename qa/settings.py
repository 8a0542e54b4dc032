"""The user's settings: one small TOML file, read when the app or the command line starts.

What people write into the file stays as they wrote it: one setting can be changed, and comments, order and
everything else are left alone.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from qa.errors import SettingsError
from qa.user_files import alone_in, put_in_place

CONFIG_VARIABLE = "QA_CONFIG"
"""Names another settings file than the one in the user's configuration folder."""

_TEMPORARY = ".config-"

KEYS = "keys"
"""The table of keys. `keys.question.ask` names the key of the binding `question.ask` to `change_setting`."""

SETTINGS_HELP = """\
# The settings of qa. Remove a line to have what is usual.

# The colours: qa-dark, qa-light, qa-projector (a bright room, a weak projector), qa-contrast,
# or the name of any other theme the app lists.
theme = "qa-dark"

# Whether the mouse works in the app. With false the terminal selects text as it does elsewhere.
mouse = true

# Whether questions are remembered when the app is closed, on this computer only.
history = true

# Whether lines, bars and bullets are drawn with plain ASCII signs, for terminals that lack others.
ascii = false

# The folder that files are exported to, unless another is given.
export_folder = "."

# Other keys than the usual ones: the name of what a key does, then the key, or several with commas between.
[keys]
# "app.help" = "f1,f12"
"""
"""A settings file that says what is usual, with the meaning of each setting."""

_MOST_BYTES = 1 << 20
_TRUE_OR_FALSE = "true or false, without quotation marks"
_WORDS = "words in quotation marks"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user wants otherwise than usual.

    Attributes
    ----------
    theme
        The name of the colours; which there are, only the app knows.
    keys
        Keys by the id of what they do (``"question.ask"``), several parted by commas.
    mouse
        Whether the app takes the mouse.
    history
        Whether questions are remembered between runs.
    ascii
        Whether the app draws with ASCII signs only.
    export_folder
        Where exports go, as it was written; relative to where the command is run.
    """

    theme: str = "qa-dark"
    keys: Mapping[str, str] = field(default_factory=dict)
    mouse: bool = True
    history: bool = True
    ascii: bool = False
    export_folder: str = "."


_KINDS: dict[str, type[str] | type[bool]] = {
    each.name: bool if isinstance(each.default, bool) else str
    for each in fields(Settings)
    if each.name != KEYS
}
"""What each setting holds that stands for itself."""

_KNOWN = f"{', '.join(_KINDS)} and [{KEYS}]"


def settings_file() -> Path:
    """Return where the settings are kept, whether or not there is such a file."""
    from platformdirs import user_config_path

    named = os.environ.get(CONFIG_VARIABLE)
    return Path(named) if named else user_config_path("qa", appauthor=False) / "config.toml"


def read_settings(path: Path) -> Settings:
    """Return the settings in a file; the usual ones if there is no such file.

    Raises
    ------
    SettingsError
        If the file cannot be read or says what cannot be; the sentence tells what is allowed.
    """
    return _understood(path, _source(path))


def make_settings_file(path: Path) -> None:
    """Write a settings file that says what is usual, where there is none.

    Raises
    ------
    SettingsError
        If there is one already, or a link of that name, or it cannot be written; nothing is left then.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with alone_in(path.parent):
            if path.exists() or path.is_symlink():
                raise SettingsError(f"{path} is there already; change it, or remove it first")
            put_in_place(path, SETTINGS_HELP.encode(), prefix=_TEMPORARY)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written ({_reason(error)}); check its folder and free space"
        ) from error


def change_setting(path: Path, name: str, value: str | bool) -> None:
    """Change one setting in a file and nothing else; the file and its folder are made if need be.

    The new file takes the place of the old one in one step, also where `path` is a link to it.

    Parameters
    ----------
    path
        The settings file.
    name
        The setting; ``keys.`` and the id of a binding for a key.
    value
        What it becomes.

    Raises
    ------
    SettingsError
        If there is no such setting, it cannot be that, or the file is damaged or cannot be written. The file
        is then as it was.
    """
    _changed(path, Settings(), name, value)  # Refuses before anything is made.
    try:
        target = path.resolve()
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with alone_in(target.parent):
            source = _source(target)
            before = _understood(target, source)
            after = _changed(target, before, name, value)
            edited = _edited(target, source, name, value, after)
            put_in_place(target, edited.encode(), mode=_mode_of(target), prefix=_TEMPORARY)
    except (OSError, RuntimeError) as error:
        # Links that lead round in a circle are a RuntimeError in some versions of Python.
        raise SettingsError(
            f"{path} cannot be written ({_reason(error)}); check its folder and free space"
        ) from error


def _source(path: Path) -> str:
    """Return what stands in the file, with the ends of lines as they are; nothing if there is no file."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return ""
    except IsADirectoryError as error:
        raise SettingsError(
            f"{path} is a folder; remove it, or name another file in {CONFIG_VARIABLE}"
        ) from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({_reason(error)}); check its permissions") from error
    if len(data) > _MOST_BYTES:
        raise SettingsError(f"{path} is too large for settings; mend or remove it")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{path}, line {line}: this is not UTF-8; save the file as UTF-8") from error


def _understood(path: Path, source: str) -> Settings:
    source = source.removeprefix("\ufeff")
    try:
        parsed = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        end = f"at line {len(source.splitlines())}, the last"
        sentence = str(error).replace("at end of document", end)
        raise SettingsError(f"{path} is not valid TOML: {sentence}; mend that line") from error
    except RecursionError as error:
        raise SettingsError(f"{path} is not valid TOML: it nests too deeply; write plain values") from error
    found: dict[str, Any] = {}
    for name, value in parsed.items():
        if name == KEYS:
            found[name] = _keys(path, value)
        else:
            _check(path, name, value)
            found[name] = value
    return Settings(**found)


def _check(path: Path, name: str, value: object) -> None:
    kind = _KINDS.get(name)
    if kind is None:
        raise SettingsError(f"{path}: {_quoted(name)} is not a known setting; known are {_KNOWN}")
    if not isinstance(value, kind):
        raise SettingsError(f'{path}: "{name}" must be {_TRUE_OR_FALSE if kind is bool else _WORDS}')
    if isinstance(value, str):
        _check_words(path, f'"{name}"', value)


def _check_words(path: Path, named: str, value: str) -> None:
    if not value.strip():
        raise SettingsError(f"{path}: {named} is empty; write {_WORDS}, or remove the line")
    if any("\ud800" <= letter <= "\udfff" or letter == "\0" for letter in value):
        raise SettingsError(f"{path}: {named} holds a sign that is no letter; write {_WORDS}")


def _keys(path: Path, table: object) -> dict[str, str]:
    """Return the keys by their ids: ``question.ask`` is one, whether or not it stands in quotation marks."""
    if not isinstance(table, dict):
        raise SettingsError(f'{path}: "{KEYS}" must be a heading in square brackets: [{KEYS}]')
    found: dict[str, str] = {}
    for name, value in _flat(table):
        named = f"{_quoted(name)} in [{KEYS}]"
        if not isinstance(value, str):
            raise SettingsError(f'{path}: {named} must be a key in quotation marks, like "f1" or "f1,f12"')
        _check_words(path, named, value)
        if name in found:
            raise SettingsError(f"{path}: {named} stands there twice; remove one")
        found[name] = value
    return found


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _changed(path: Path, settings: Settings, name: str, value: str | bool) -> Settings:
    """Return the settings as they are to be."""
    table, _, binding = name.partition(".")
    if table == KEYS:
        if not binding:
            raise SettingsError(f'{path}: name the key to change: "{KEYS}.question.ask"')
        keys = _keys(path, {binding: value})
        _check_words(path, "the name of the key", binding)
        return replace(settings, keys={**settings.keys, **keys})
    _check(path, name, value)
    return replace(settings, **{name: value})  # type: ignore[arg-type]


def _edited(path: Path, source: str, name: str, value: str | bool, after: Settings) -> str:
    """Return the file's text with one setting changed, so that it says `after` and nothing else."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    mark = "\ufeff" if source.startswith("\ufeff") else ""
    lines = source.removeprefix(mark)
    ends = "\r\n" if "\n" in lines and lines.count("\r\n") == lines.count("\n") else "\n"
    lines = lines.replace(ends, "\n")
    if lines and not lines.endswith("\n"):
        lines += "\n"
    table, _, binding = name.partition(".")
    try:
        document = tomlkit.parse(lines)
        if table == KEYS:
            _set_key(document.setdefault(KEYS, tomlkit.table()), binding, value)
        else:
            document[name] = value
        text = mark + tomlkit.dumps(document).replace("\n", ends)
        if _understood(path, text) == after:
            return text
    except (TOMLKitError, ValueError, SettingsError):
        pass
    # TOML cannot hold it beside what is there: question = "f1" beside question.ask = "f2".
    raise SettingsError(f"{path}: {_quoted(name)} could not be changed there; write it in by hand")


def _set_key(table: Any, binding: str, value: str | bool) -> None:
    """Set the key where it stands already, else under its whole name."""
    for name in list(table):
        if name == binding:
            break
        if isinstance(table[name], dict) and binding.startswith(f"{name}."):
            inner = binding.removeprefix(f"{name}.")
            if any(known == inner for known, _ in _flat(table[name])):
                _set_key(table[name], inner, value)
                return
    table[binding] = value


def _mode_of(target: Path) -> int:
    """Return who may read and write a file; refuse one that is read-only."""
    if not target.exists():
        return 0o600
    if not os.access(target, os.W_OK):
        # A rename would replace it all the same; whoever made it read-only does not want that.
        raise SettingsError(f"{target} is read-only; make it writable or change it by hand")
    return target.stat().st_mode & 0o777


def _quoted(name: str) -> str:
    """Return a name from the file as it can be printed on one line."""
    shown = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in name)
    return f'"{shown if len(shown) <= 60 else shown[:59] + "…"}"'


def _reason(error: OSError | RuntimeError) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
