"""The keys as they are, for the help and for the command palette, so that neither can go stale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from textual.app import SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode
from textual.markup import escape

Places = Sequence[tuple[str, Sequence[DOMNode]]]
"""Parts of a screen that have keys, by name."""


def bindings_of(nodes: Iterable[DOMNode]) -> list[Binding]:
    """Return the bindings of `nodes` that this app defines, in order, those of one purpose in one.

    The keys people changed are in them. Standard editing keys of a text box carry no id and are left out.
    """
    return merged(binding for _, binding in _bound(nodes))


def merged(bindings: Iterable[Binding]) -> list[Binding]:
    """Return bindings in order, those of one purpose in one."""
    found: dict[str, Binding] = {}
    for binding in bindings:
        known = found.get(binding.description)
        found[binding.description] = known.with_key(f"{known.key},{binding.key}") if known else binding
    return list(found.values())


def all_ids(places: Places) -> set[str]:
    """Return the ids by which keys can be changed."""
    return {binding.id for _, nodes in places for _, binding in _bound(nodes) if binding.id is not None}


def commands_of(places: Places) -> Iterator[SystemCommand]:
    """Yield what has a key as commands named ``group: Purpose``, each purpose of a group once."""
    seen: set[str] = set()
    for _, nodes in places:
        for node, binding in _bound(nodes):
            assert binding.id is not None
            group, _, last = binding.id.partition(".")
            purpose = binding.tooltip or binding.description
            title = f"{group}: {purpose.removeprefix(f'{group.capitalize()} ')}"
            if last.isdigit() or purpose in seen:
                continue
            seen.add(purpose)
            keys = " ".join(node.app.get_key_display(binding.with_key(key)) for key in binding.key.split(","))
            # The palette reads its help as markup, and keys from the settings may be any text.
            yield SystemCommand(title, f"Key: {escape(keys)}", partial(_run, node, binding.action))


def _bound(nodes: Iterable[DOMNode]) -> Iterator[tuple[DOMNode, Binding]]:
    for node in nodes:
        # What a screen does for the widget in focus; Textual has no public way to ask any other widget.
        bindings = node._bindings.copy()
        bindings.apply_keymap(node.app._keymap)
        for _, binding in bindings:
            if binding.id is not None:
                yield node, binding


async def _run(node: DOMNode, action: str) -> None:
    await node.app.run_action(action, default_namespace=node)
