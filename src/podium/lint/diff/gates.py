"""Scales of what the gate decides by: how far a workflow may go, what a tool may be sent, what is believed.

As in `podium.lint.diff.scales`, every scale is symmetric. Levels of confidentiality are ordered as an installation has
them that has decided nothing; a level that is not among those has no order, so a change of it is wider.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any, cast

from podium.gate.autonomy import LEVELS
from podium.gate.governor import Limits
from podium.gate.labels import DEFAULT_LATTICE
from podium.lint.diff.change import Risk
from podium.lint.diff.scales import (
    Scale,
    by_size,
    collected,
    combined,
    counted,
    granted,
    guarded,
    more,
    ranked,
    size_of,
)

Json = Any

_REPEATS = Limits()


def leash(before: Json, after: Json) -> Risk:
    """Order how far a workflow may go by itself; without a word it may go as far as it can."""
    return by_size(*(LEVELS.index(level or LEVELS[-1]) for level in (before, after)))


def circled(before: Json, after: Json) -> Risk:
    """Order what the governor lets pass; 0 is no limit, and nothing said is what installations begin with."""
    return _each(before, after, {"repeats": _passes(_REPEATS.repeats), "per_minute": _passes(_REPEATS.per_minute)})


def _passes(unsaid: int) -> Scale:
    def scale(before: Json, after: Json) -> Risk:
        return by_size(*((unsaid if limit is None else limit) or inf for limit in (before, after)))

    return scale


def budgeted(before: Json, after: Json) -> Risk:
    """Order budgets, each unit for itself; no limit is the widest."""
    return _each(before, after, {"unknown_price": ranked("deny", "allow"), "detached": counted}, other=more)


def cost(before: Json, after: Json) -> Risk:
    """Order what a call is said to cost: less of it leaves more calls in a budget."""
    one, other = _members(before), _members(after)
    return combined(by_size(size_of(other.get(key, 0)), size_of(one.get(key, 0))) for key in one.keys() | other.keys())


def walled(before: Json, after: Json) -> Risk:
    """Order walls around a process; without any it may reach whatever its user may."""
    if before is None or after is None:
        return by_size(int(before is None), int(after is None))
    return _each(before, after, {"network": allowed, "read": collected, "write": collected})


def allowed(before: Json, after: Json) -> Risk:
    """Order a switch that allows something by being on."""
    return by_size(int(bool(before)), int(bool(after)))


def logged_in(before: Json, after: Json) -> Risk:
    """Order logins: one for everybody is wider than one in the name of a person, and another place is wider."""
    if before is None or after is None:
        return by_size(int(before is not None), int(after is not None))
    return _each(before, after, {"as": ranked("person", "service"), "scope": granted})


def cleared(before: Json, after: Json) -> Risk:
    """Order the highest level of what may be sent somewhere."""
    return _levels(before, after)


def tagged(before: Json, after: Json) -> Risk:
    """Order how confidential something is: what is less so may go to more places."""
    return _levels(after, before)


def released(before: Json, after: Json) -> Risk:
    """Order what may be done with answers: a lower level, fewer categories, more regions are wider."""
    return _each(before, after, {"level": tagged, "categories": guarded, "residency": resident})


def resident(before: Json, after: Json) -> Risk:
    """Order the regions where something may go; nothing said is anywhere, and no region is only here."""
    if before is None or after is None:
        return by_size(int(before is None), int(after is None))
    return collected(before, after)


def critical(before: Json, after: Json) -> Risk:
    """Order which arguments must come from somebody: fewer are wider; by name, and by a list, cannot be compared."""
    if before is None or after is None:
        return "neutral" if before == after else "wider"
    return guarded(before["named"], after["named"])


def vouched(before: Json, after: Json) -> Risk:
    """Order checks by which fields become trusted: more fields, and more values that pass, are wider."""
    one, other = _members(before), _members(after)
    return combined(_check(one.get(field), other.get(field)) for field in one.keys() | other.keys())


def _check(before: Json, after: Json) -> Risk:
    if before == after:
        return "neutral"
    if before is None or after is None:
        return by_size(int(before is not None), int(after is not None))
    one, other = _members(before), _members(after)
    if one.get("origin") and other.get("origin"):
        return collected(one["origin"], other["origin"])
    if "min" in one and "min" in other:
        return combined([by_size(-one["min"], -other["min"]), by_size(one["max"], other["max"])])
    return "wider"


def _levels(before: Json, after: Json) -> Risk:
    levels = DEFAULT_LATTICE.levels
    one, other = (level or DEFAULT_LATTICE.default for level in (before, after))
    if one not in levels or other not in levels:
        return "neutral" if one == other else "wider"
    return by_size(levels.index(one), levels.index(other))


def _each(before: Json, after: Json, scales: Mapping[str, Scale], *, other: Scale | None = None) -> Risk:
    """Compare two mappings key by key; a key without a scale that differs allows something else."""
    left, right = _members(before), _members(after)
    keys = [key for key in left.keys() | right.keys() if left.get(key) != right.get(key)]
    return combined((scales.get(key) or other or _another)(left.get(key), right.get(key)) for key in keys)


def _another(before: Json, after: Json) -> Risk:  # noqa: ARG001 - the shape of a scale
    return "wider"


def _members(value: Json) -> Mapping[str, Json]:
    return cast("Mapping[str, Json]", value) if isinstance(value, dict) else {}
