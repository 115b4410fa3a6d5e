"""What a step from one version of the language to the next gives."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from podium.spec.positions import Written


class Upgraded(NamedTuple):
    """A file in the next version.

    Attributes:
        root: What it says now; everything keeps the place where it is written.
        changes: What was changed, each as the end of a sentence, such as "`prompt` is now `llm`".
    """

    root: Written
    changes: tuple[str, ...]


def with_children(
    written: Written, children: dict[str | int, Written], renamed: dict[str, str] | None = None
) -> Written:
    """Return a mapping with other values, some of its keys under new names and in their old places."""
    names = renamed or {}
    keys = {names.get(key, key): span for key, span in written.keys.items()}
    value = {key: child.value for key, child in children.items()}
    return replace(written, value=value, keys=keys, children=children)
