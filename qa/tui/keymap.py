"""The keys from the settings, as the app takes them, and what is wrong with the others."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from textual.binding import BindingsMap, Keymap
from textual.keys import Keys, _character_to_key

_MODIFIERS = {"ctrl", "alt", "shift", "super", "hyper", "meta"}
_SIGNS = range(ord("!"), ord("~") + 1)
_NAMED = {key.value.rpartition("+")[2] for key in Keys} | {_character_to_key(chr(sign)) for sign in _SIGNS}


def keymap_of(keys: Mapping[str, str]) -> tuple[Keymap, list[str]]:
    """Return the keys by the ids of what they do, and a sentence for each that no keyboard has.

    Parameters
    ----------
    keys
        As the settings name them: several with commas between them, a sign for itself.
    """
    keymap, problems = {}, []
    for name, text in keys.items():
        chosen = [_key(part.strip()) for part in text.split(",")]
        if all(map(_is_key, chosen)):
            keymap[name] = ",".join(chosen)
        else:
            problems.append(f'There is no key "{text}" for {name}; it has its usual one.')
    return keymap, problems


def clashes(parts: Iterable[BindingsMap], keymap: Keymap) -> list[str]:
    """Return a sentence for all that has no key any more, as `keymap` gives it to something else there."""
    sentences = []
    for part in parts:
        bindings = part.copy()
        before = _ids(bindings)
        bindings.apply_keymap(keymap)
        lost = sorted(before - _ids(bindings))
        sentences += [f"The settings give the key of {name} to another; it has none now." for name in lost]
    return sentences


def _ids(bindings: BindingsMap) -> set[str]:
    return {binding.id for _, binding in bindings if binding.id is not None}


def _key(text: str) -> str:
    return _character_to_key(text) if len(text) == 1 else text


def _is_key(name: str) -> bool:
    *modifiers, base = name.split("+")
    if not _MODIFIERS.issuperset(modifiers):
        return False
    if base in _NAMED or (len(base) == 1 and base.isalpha()):
        return True
    try:
        unicodedata.lookup(base.replace("_", " "))
    except KeyError:
        return False
    return True
