"""Whether values agree, and what is left to be decided when they do not.

Values are compared as JSON, where `true` is not `1` and the order of keys means nothing.

```python
agree({"a": "yes", "b": "no"}, rule="judge").conflicts      # (Conflict("", ("yes", "no"), (("a",), ("b",))),)
agree({"a": "yes", "b": "no"}, rule="priority").value       # "yes"
```

`rule` is who decides: `first` and `priority` take what stands first in what is given, `vote` what more than half gave,
`judge` and `human` leave the conflict open, `fail` raises.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, cast

from podium.errors import NodeError

Json = Any
Rule = Literal["fail", "first", "priority", "vote", "judge", "human"]
Said = Mapping[str, Json]
"""`{source: value}`, the preferred first."""


class Conflict(NamedTuple):
    """Values that differ.

    Attributes:
        field: The field on which they do, "" for the values themselves.
        candidates: The different values, the preferred first.
        camps: Who gave each of them.
    """

    field: str
    candidates: tuple[Json, ...]
    camps: tuple[tuple[str, ...], ...]

    @property
    def what(self) -> str:
        """What they differ on, for a sentence."""
        return f"field `{self.field}`" if self.field else "the sources"

    def find(self, said: Json) -> Json:
        """Return the candidate that somebody named: by its value, or by its number from 1 when none is a number.

        Raises:
            LookupError: it is none of them.
        """
        texts = [_text(candidate) for candidate in self.candidates]
        if _text(said) in texts:
            return self.candidates[texts.index(_text(said))]
        numbered = isinstance(said, int) and _is_number(said) and not any(map(_is_number, self.candidates))
        if not numbered or not 1 <= said <= len(self.candidates):
            raise LookupError(said)
        return self.candidates[said - 1]


class Agreed(NamedTuple):
    """What came of it: a value, and what is still to be decided in it."""

    value: Json
    conflicts: tuple[Conflict, ...] = ()

    def settled(self, choices: Sequence[Json]) -> Json:
        """Return the value with one choice per conflict put in."""
        if not self.conflicts or not self.conflicts[0].field:
            return choices[0] if choices else self.value
        return {**self.value, **{open_.field: choice for open_, choice in zip(self.conflicts, choices, strict=True)}}


def agree(said: Said, *, rule: Rule, field: str = "") -> Agreed:
    """Return the value that all gave, else what `rule` takes.

    Raises:
        NodeError: EN056 when `rule` takes none.
    """
    conflict = _conflict(said, field)
    if len(conflict.candidates) <= 1 or rule in ("first", "priority"):
        return Agreed(next(iter(said.values()), None))
    sizes = [len(camp) for camp in conflict.camps]
    if rule == "vote" and 2 * max(sizes) > sum(sizes):
        return Agreed(conflict.candidates[sizes.index(max(sizes))])
    return _open(conflict, rule)


def most(said: Said, *, rule: Rule) -> Agreed:
    """Return the value that most gave; when several were given as often, what `rule` takes of them.

    Raises:
        NodeError: EN056 when `rule` takes none.
    """
    whole = _conflict(said, "")
    largest = max((len(camp) for camp in whole.camps), default=0)
    places = [place for place, camp in enumerate(whole.camps) if len(camp) == largest]
    tied = Conflict(
        "", tuple(whole.candidates[place] for place in places), tuple(whole.camps[place] for place in places)
    )
    if len(places) <= 1 or rule in ("first", "priority"):
        return Agreed(tied.candidates[0] if places else None)
    return _open(tied, rule, tie=True)


def merge(said: Said, *, rule: Rule) -> Agreed:
    """Return one object with the fields of all, which must agree on each, or `rule` decides.

    Raises:
        NodeError: EN056 when `rule` takes none, EN057 for a value that is no object.
    """
    by_field: dict[str, dict[str, Json]] = {}
    for source, value in said.items():
        if not isinstance(value, dict):
            raise misfit(source, "an object", value)
        for field, inner in cast("dict[str, Json]", value).items():
            by_field.setdefault(field, {})[source] = inner
    found = {field: agree(values, rule=rule, field=field) for field, values in by_field.items()}
    conflicts = tuple(conflict for agreed in found.values() for conflict in agreed.conflicts)
    return Agreed({field: agreed.value for field, agreed in found.items()}, conflicts)


def misfit(source: str, wanted: str, value: Json) -> NodeError:
    """Return the error for a value that cannot be used."""
    shown = json.dumps(value, ensure_ascii=False)
    shown = shown if len(shown) <= 60 else shown[:60] + "…"
    return NodeError(
        "EN057",
        f"expected {wanted} from `{source}`, got `{shown}`",
        kind="invalid_input",
        help="reduce by `list` or `object`, or bring the value into form with a `transform` before",
    )


def _conflict(said: Said, field: str) -> Conflict:
    camps: dict[str, list[str]] = {}
    for source, value in said.items():
        camps.setdefault(_text(value), []).append(source)
    candidates = tuple(said[camp[0]] for camp in camps.values())
    return Conflict(field, candidates, tuple(tuple(camp) for camp in camps.values()))


def _open(conflict: Conflict, rule: Rule, *, tie: bool = False) -> Agreed:
    if rule in ("judge", "human"):
        return Agreed(None, (conflict,))
    camps = " against ".join(", ".join(f"`{source}`" for source in camp) for camp in conflict.camps)
    problem = "a tie on" if tie else "no majority on" if rule == "vote" else "values differ on"
    raise NodeError(
        "EN056",
        f"{problem} {conflict.what}: {camps}",
        kind="invalid_input",
        help="let `on_conflict` decide by `priority`, or ask a person",
    )


def _text(value: Json) -> str:
    return json.dumps(value, sort_keys=True)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
