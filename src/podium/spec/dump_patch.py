"""The smallest changes in a text that make it say something else.

The values that the text says and those that it shall say are walked side by side with where they are written. A single
value is replaced where it stands; a key is inserted behind the one that precedes it, at the indentation of its
neighbours; a deleted key takes its lines and the comments directly above with it. Items of a list that were moved or
changed are paired with those that they resemble.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from podium.spec.dump_entries import Entries, New, Steps, aligned, on_one_line
from podium.spec.dump_places import Edit, Places, Spot
from podium.spec.format_emit import text_of_value
from podium.spec.format_fresh import fresh
from podium.spec.source import read

Json = Any
_BESIDE = re.compile(r"[ \t]+(#[^\n]*)")


def patched(text: str, before: Json, after: Json) -> str:
    """Return `text`, which says `before`, changed so that it says `after`."""
    source = read(text)
    assert source.root is not None, "the text was loaded"
    patch = _Patch(source.text)
    edits = patch.changes(before, after, Spot(source.root, 0, -2, flow=False))
    return _applied(source.text, edits)


def expanded(text: str) -> str:
    """Return `text` with every alias replaced by the value that it stands for."""
    source = read(text)
    assert source.root is not None, "the text was loaded"
    patch = _Patch(source.text)
    return _applied(source.text, patch.aliases(Spot(source.root, 0, -2, flow=False)))


def _applied(text: str, edits: Iterator[Edit]) -> str:
    parts: list[str] = []
    position = 0
    for edit in sorted(edits, key=lambda edit: edit[:2]):  # stable: what is inserted at one place keeps its order
        parts += (text[position : edit.start], edit.text)
        position = max(position, edit.end)
    return "".join((*parts, text[position:]))


def _equal(one: Json, other: Json) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


class _Patch:
    def __init__(self, text: str) -> None:
        self.text = text
        self.places = Places(text)

    def aliases(self, spot: Spot) -> Iterator[Edit]:
        """Yield the edits that write out what aliases stand for."""
        if spot.written.span != spot.written.source:
            yield self.replace(spot, spot.written.value)
            return
        for key in spot.written.children:
            yield from self.aliases(self.below(spot, key))

    def changes(self, before: Json, after: Json, spot: Spot) -> Iterator[Edit]:
        """Yield the edits by which a value comes to say something else."""
        at = spot.written
        if _equal(before, after):
            return
        plain = at.span == at.source
        if plain and isinstance(before, dict) and isinstance(after, dict) and before.keys() == at.keys.keys():
            yield from self._mapping(cast("dict[str, Json]", before), cast("dict[str, Json]", after), spot)
        elif (
            plain and isinstance(before, list) and isinstance(after, list) and _is_list(at.value, cast("Json", before))
        ):
            yield from self._list(cast("list[Json]", before), cast("list[Json]", after), spot)
        else:
            yield self.replace(spot, after)

    def below(self, spot: Spot, key: str | int) -> Spot:
        """Return where a value in a collection stands."""
        at = spot.written
        child = at.children[key]
        flow = spot.flow or at.style == "flow"
        if isinstance(key, str):
            start = at.keys[key].start
            return Spot(child, self.text.index(":", at.keys[key].end) + 1, self.places.column(start), flow)
        if flow:
            return Spot(child, child.span.start, 0, flow)
        start = self.places.dash(child)
        return Spot(child, start + 1, self.places.column(start), flow)

    # mappings and lists

    def _mapping(self, before: dict[str, Json], after: dict[str, Json], spot: Spot) -> Iterator[Edit]:
        keys = list(spot.written.keys)
        steps = Steps([key for key in keys if key in after], [key for key in keys if key not in after], [])
        previous: str | None = None
        for key, value in after.items():
            if key in before:
                previous = key
            else:
                steps.new.append(New(key, value, previous))
        yield from self._steps(before, after, spot, steps)

    def _list(self, before: list[Json], after: list[Json], spot: Spot) -> Iterator[Edit]:
        steps, pairs = aligned(before, after)
        paired = {old: after[new] for old, new in pairs.items()}
        old = dict(enumerate(before))
        yield from self._steps(old, paired, spot, steps, whole=after)

    def _steps(
        self, before: Mapping[Any, Json], after: Mapping[Any, Json], spot: Spot, steps: Steps, *, whole: Json = None
    ) -> Iterator[Edit]:
        if not steps.kept:
            yield self.replace(spot, after if whole is None else whole)
            return
        for key in steps.kept:
            yield from self.changes(before[key], after[key], self.below(spot, key))
        entries = Entries(self.places, spot)
        for key in steps.gone:
            yield from entries.without(key, steps)
        for new in steps.new:
            yield entries.added(new, steps)

    # single changes

    def replace(self, spot: Spot, value: Json) -> Edit:
        """Return the edit by which another value stands in this place."""
        at = spot.written
        end = self.places.end(at, spot.intro)
        if spot.flow or (at.style == "flow" and at.span == at.source and isinstance(value, dict | list) and value):
            start = at.span.start if at.span.end > at.span.start else spot.intro
            gap = "" if at.span.end > at.span.start else " "
            return Edit(start, end, gap + on_one_line(value))
        lead = spot.column + (spot.intro - self.text.rfind("\n", 0, spot.intro) - 1 - spot.column) + 1
        first, *rest = text_of_value(fresh(value), indent=spot.column, lead=lead)
        one_line = at.span.end > at.span.start and "\n" not in self.text[spot.intro : end]
        if one_line and not rest and at.style != "block":
            return Edit(at.span.start, end, first)
        beside = self._beside(spot.intro) or self._beside(end)
        if rest and (found := _BESIDE.match(self.text, end)):
            end = found.end()
        elif rest:  # blanks left behind the value would be part of the text
            left = self.text[end : self.places.line_end(end)]
            end += len(left) - len(left.lstrip(" \t"))
        elif not rest and self._beside(end):
            beside = ""
        head = f"{' ' if first else ''}{first}{f'  {beside}' if beside else ''}"
        return Edit(spot.intro, end, "\n".join([head, *rest]))

    def _beside(self, position: int) -> str:
        """Return the comment that stands next on this line, "" when something else does or nothing."""
        line = self.text[position : self.places.line_end(position)]
        found = re.fullmatch(r"[ \t]*(?:[|>][-+0-9]*)?[ \t]+(#.*)", line)
        return found[1].rstrip() if found else ""


def _is_list(written: Json, value: Json) -> bool:
    """Whether a list is written as one, item by item."""
    return isinstance(written, list) and len(cast("list[Json]", written)) == len(cast("list[Json]", value))
