"""How values of one kind are ordered: from the value before and after to the risk of the change.

A value of None is one that is not there. Every scale is symmetric: the change back has the opposite risk, or both are
wider because neither value includes the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import Any, cast

from podium.lint.diff.change import Risk
from podium.spec.tool import EffectClass
from podium.units import parse_duration, parse_energy

Json = Any
Scale = Callable[[Json, Json], Risk]

EFFECTS: tuple[EffectClass, ...] = ("none", "read", "write", "irreversible")


def neutral(before: Json, after: Json) -> Risk:  # noqa: ARG001 - the shape of a scale
    """Order nothing."""
    return "neutral"


def presence(before: Json, after: Json) -> Risk:
    """Order what allows something by being there; another value allows something else."""
    return "narrower" if before is not None and after is None else "wider"


def held(before: Json, after: Json) -> Risk:
    """Order what holds something back by being there; another value holds back something else."""
    return presence(after, before)


def prepared(before: Json, after: Json) -> Risk:
    """Order whether what is written is only prepared."""
    return by_size(int(not before), int(not after))


def asked(before: Json, after: Json) -> Risk:
    """Order a question that must be answered first; how it is worded matters nothing."""
    return "neutral" if before is not None and after is not None else held(before, after)


def ranked(*order: str) -> Scale:
    """Order words, the narrowest first; a word that is not there is as good as the first."""
    places = {word: number for number, word in enumerate(order)}
    return lambda before, after: by_size(places.get(before, 0), places.get(after, 0))


def more(before: Json, after: Json) -> Risk:
    """Order bounds: numbers and durations; no bound is the widest. Of several named bounds each counts."""
    if isinstance(before, dict) or isinstance(after, dict):
        one, other = _members(before), _members(after)
        return combined(more(one.get(key), other.get(key)) for key in one.keys() | other.keys())
    return by_size(size_of(before), size_of(after))


def granted(before: Json, after: Json) -> Risk:
    """Order lists of what is allowed, where an empty list, or none, allows everything."""
    return _by_inclusion(_set(before) or None, _set(after) or None)


def collected(before: Json, after: Json) -> Risk:
    """Order lists of what is there: more of it is wider."""
    return _by_inclusion(_set(before), _set(after))


def guarded(before: Json, after: Json) -> Risk:
    """Order lists of who is asked: fewer of them is wider."""
    return _by_inclusion(_set(after), _set(before))


def counted(before: Json, after: Json) -> Risk:
    """Order whether more counts against a bound: less that counts is wider."""
    return by_size(bool(after), bool(before))


def agreed(before: Json, after: Json) -> Risk:
    """Order who must agree: fewer voices, more people who may give one, and nobody at all are wider."""
    if "never" in (before, after):
        return by_size(before == "never", after == "never")
    one, other = _members(before), _members(after)
    chain: Risk = "neutral" if one.get("escalate") == other.get("escalate") else "wider"
    return combined(
        [
            by_size(_voices(other), _voices(one)),
            _by_stages(_stages(one), _stages(other)),
            guarded(one.get("veto"), other.get("veto")),
            guarded(one.get("four_eyes"), other.get("four_eyes")),
            more(one.get("expires", "24h"), other.get("expires", "24h")),
            ranked("deny", "suspend", "escalate")(one.get("on_expiry"), other.get("on_expiry")),
            chain,
        ]
    )


def _stages(rule: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    stages: Sequence[Mapping[str, Json]] = rule.get("stages") or (rule,)
    return list(stages)


def _voices(rule: Mapping[str, Json]) -> int:
    return sum(stage.get("count", 1) for stage in _stages(rule))


def _by_stages(before: list[Mapping[str, Json]], after: list[Mapping[str, Json]]) -> Risk:
    """Order who is asked, stage by stage; stages that are added at the end ask more people."""
    who: list[Risk] = [
        granted(
            [f"{key} {name}" for key in _WHO for name in one.get(key, ())],
            [f"{key} {name}" for key in _WHO for name in other.get(key, ())],
        )
        for one, other in zip(before, after, strict=False)
    ]
    return combined([*who, by_size(len(after), len(before))])


_WHO = ("roles", "groups", "people")


def called(before: Json, after: Json) -> Risk:
    """Order calls, `{function, effect}`, by what they do to the world; another function that writes is wider."""
    writing = EFFECTS.index("write")
    one, other = (EFFECTS.index(call["effect"]) if call else -1 for call in (before, after))
    if before and after and one == other:
        return "wider" if one >= writing else "neutral"
    return by_size(one, other) if max(one, other) >= writing else "neutral"


def retried(before: Json, after: Json) -> Risk:
    """Order retries of a call that writes: more of them, or after more kinds of error."""
    one, other = _members(before), _members(after)
    counts = by_size(one.get("max", 0), other.get("max", 0))
    return combined([counts, collected(one.get("on"), other.get("on"))])


def combined(risks: Iterable[Risk]) -> Risk:
    """Return the risk of several changes together."""
    found = set(risks)
    return "wider" if "wider" in found else "narrower" if "narrower" in found else "neutral"


def by_size(before: float, after: float) -> Risk:
    """Order numbers: more is wider."""
    return "wider" if after > before else "narrower" if after < before else "neutral"


def _by_inclusion(before: frozenset[str] | None, after: frozenset[str] | None) -> Risk:
    """Compare sets; None is the set of everything."""
    if before == after:
        return "neutral"
    if after is None or (before is not None and not after <= before):
        return "wider"
    return "narrower"


def _set(value: Json) -> frozenset[str]:
    return frozenset(str(one) for one in cast("Sequence[Json]", value or ()))


def _members(value: Json) -> Mapping[str, Json]:
    return cast("Mapping[str, Json]", value) if isinstance(value, dict) else {}


def size_of(value: Json) -> float:
    """Return a bound as a number: a duration in seconds, an energy in watt-hours; no bound is more than any."""
    if value is None:
        return inf
    if not isinstance(value, str):
        return float(value)
    return float(parse_energy(value)) if value.endswith("Wh") else parse_duration(value).total_seconds()
