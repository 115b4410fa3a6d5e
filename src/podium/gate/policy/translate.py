"""From the short form to Cedar.

Each word becomes what it says in its careful reading. To *allow* (an `if` of `allow`, an `unless` of the others), all
recipients must be among those that are listed and there must be one; to *forbid* (the other way round) one of them is
enough. An allowed pattern of paths lets nothing with `..` through.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple, assert_never

from podium.gate.labels import INTEGRITIES, Lattice
from podium.gate.policy.arguments import as_number, decimal_text
from podium.gate.policy.schema import RESOURCES
from podium.gate.policy.written import Condition, Limits, PolicySpec, Value, Who
from podium.units import format_duration

_PEOPLE = {"person": "Person", "role": "Role", "group": "Group"}
_COMPARED = {"max": "lessThanOrEqual", "min": "greaterThanOrEqual", "above": "greaterThan", "below": "lessThan"}
_SETTINGS = {
    "roles": "roles",
    "groups": "groups",
    "people": "people",
    "veto": "veto",
    "four_eyes": "four_eyes",
    "kinds": "kinds",
    "filters": "filter",
}
"""Lists of names, and the annotations that they become."""


class UnknownLevel(Exception):
    """The installation has no such level; `args[0]` is its name."""


def cedar(policy: PolicySpec, lattice: Lattice) -> str:
    """Return a policy in Cedar.

    Raises:
        UnknownLevel: when it names a level that the installation does not have.
    """
    conditions = [f"when {{ {text} }}" for text in (*_on(policy), *_regions(policy), *_who(policy))]
    if policy.if_ is not None:
        conditions.append(f"when {{\n  {_all(_conditions(policy.if_, lattice, widens=policy.widens))}\n}}")
    if policy.unless is not None:
        conditions.append(f"unless {{\n  {_all(_conditions(policy.unless, lattice, widens=not policy.widens))}\n}}")
    effect = "permit" if policy.widens else "forbid"
    head = f"{effect} ({_principal(policy)}, {_action(policy)}, {_resource(policy)})"
    return "\n".join([*_annotations(policy), head, *conditions]) + ";\n"


def quoted(text: str) -> str:
    """Return a text as Cedar writes it."""
    return '"' + "".join(_character(character) for character in text) + '"'


def _character(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\u{{{ord(character):x}}}"


def _all(parts: Iterator[str]) -> str:
    return " &&\n  ".join(parts)


def _any(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' || '.join(parts)})"


def _list(texts: tuple[str, ...]) -> str:
    return f"[{', '.join(quoted(text) for text in texts)}]"


def _annotations(policy: PolicySpec) -> Iterator[str]:
    yield f"@id({quoted(policy.id)})"
    if policy.require is not None:
        yield f"@obligation({quoted(policy.require)})"
    if policy.about:
        yield f"@about({quoted(policy.about)})"
    for name, annotation in _SETTINGS.items():
        value: tuple[str, ...] | None = getattr(policy, name)
        if value is not None:
            yield f"@{annotation}({quoted(','.join(value))})"
    if policy.count is not None:
        yield f"@count({quoted(str(policy.count))})"
    if policy.expires is not None:
        yield f"@expires({quoted(format_duration(policy.expires))})"


# ── scope ──


class _Party(NamedTuple):
    kind: str
    names: tuple[str, ...]


def _parties(who: Who | None) -> list[_Party]:
    if who is None:
        return []
    return [_Party(kind, getattr(who, kind)) for kind in Who.model_fields if getattr(who, kind) is not None]


def _principal(policy: PolicySpec) -> str:
    scope = _scope(policy)
    return f"principal {scope}" if scope else "principal"


def _scope(policy: PolicySpec) -> str:
    """Return the principal where one name says it all; the rest stands in a condition."""
    parties = _parties(policy.who)
    if len(parties) != 1 or len(parties[0].names) != 1 or "@" in parties[0].names[0]:
        return ""
    kind, (name,) = parties[0]
    if kind in ("person", "workflow", "agent"):
        return f"== {kind.title()}::{quoted(name)}"
    return f"in {kind.title()}::{quoted(name)}"


def _action(policy: PolicySpec) -> str:
    match [f"Action::{quoted(action)}" for action in policy.actions]:
        case []:
            return "action"
        case [one]:
            return f"action == {one}"
        case several:
            return f"action in [{', '.join(several)}]"


def _resource(policy: PolicySpec) -> str:
    if policy.on is None or len(policy.on) != 1 or not (thing := _uid(policy, policy.on[0])):
        return "resource"
    return f"resource {'in' if thing.startswith('Tool::') else '=='} {thing}"


def _uid(policy: PolicySpec, name: str) -> str:
    """Return what a name without `*` stands for, "" for a pattern."""
    kind = RESOURCES[policy.actions[0]]
    tool = name.removesuffix(".*")
    if kind == "Function" and "." not in tool and "*" not in tool:
        return f"Tool::{quoted(tool)}"
    return "" if "*" in name else f"{kind}::{quoted(name)}"


def _on(policy: PolicySpec) -> Iterator[str]:
    if policy.on is None or _resource(policy) != "resource":
        return
    things = [thing for name in policy.on if (thing := _uid(policy, name))]
    # a list in Cedar holds things of one kind
    tools = [thing for thing in things if thing.startswith("Tool::")]
    others = [thing for thing in things if thing not in tools]
    patterns = [f"resource.name like {quoted(name)}" for name in policy.on if not _uid(policy, name)]
    yield _any([*(f"resource in [{', '.join(uids)}]" for uids in (tools, others) if uids), *patterns])


def _regions(policy: PolicySpec) -> Iterator[str]:
    if policy.only_models_in is not None:
        yield f"!(resource.local || {_list(policy.only_models_in)}.contains(resource.region))"


# ── who ──


def _who(policy: PolicySpec) -> Iterator[str]:
    """Yield what else must hold of those in whose names it acts.

    To allow, the policy speaks for those whom it names and nobody else; all of them must fit at once.
    """
    parties = _parties(policy.who)
    if not parties or _scope(policy):
        return
    if policy.widens:
        yield _any([_is(party) for party in parties])
    if len(parties) > 1 or not policy.widens:
        yield from (_acts(party) for party in parties)


def _is(party: _Party) -> str:
    """Return that the principal is one of a party."""
    kind = party.kind.title()
    if party.kind == "agent":
        return _any([_version(name) for name in party.names])
    return f"principal in [{_uids(kind, party.names)}]"


def _version(name: str) -> str:
    agent, _, version = name.partition("@")
    known = f"principal is Agent && principal == Agent::{quoted(agent)}"
    return f"({known} && principal.version == {quoted(version)})" if version else f"({known})"


def _acts(party: _Party) -> str:
    """Return that one of a party is among those in whose names the effect acts."""
    if party.kind == "tenant":
        return f"{_list(party.names)}.contains(context.tenant)"
    if party.kind in ("workflow", "agent"):
        return f"context.{party.kind}s.containsAny({_list(party.names)})"
    return f"context has person && context.person in [{_uids(_PEOPLE[party.kind], party.names)}]"


def _uids(kind: str, names: tuple[str, ...]) -> str:
    return ", ".join(f"{kind}::{quoted(name)}" for name in names)


# ── conditions ──


def _conditions(condition: Condition, lattice: Lattice, *, widens: bool) -> Iterator[str]:
    if condition.hours is not None:
        yield _hours(condition.hours)
    if condition.weekdays is not None:
        yield f"{_list(condition.weekdays)}.contains(context.weekday)"
    for name, integrity in (("integrity", condition.integrity), ("control", condition.control)):
        if integrity is not None:
            at = INTEGRITIES.index(integrity)
            yield f"{_list(INTEGRITIES[: at + 1] if widens else INTEGRITIES[at:])}.contains(context.{name})"
    if condition.level is not None:
        name = condition.level.max or condition.level.above or ""
        if name not in lattice.levels:
            raise UnknownLevel(name)
        yield f"context.rank {'<=' if condition.level.max else '>'} {lattice.rank(name)}"
    if condition.categories is not None:
        yield f"context.categories.containsAny({_list(condition.categories)})"
    if condition.effect is not None:
        yield f"resource is Function && {_list(condition.effect)}.contains(resource.effect)"
    if condition.amount is not None:
        yield _all(iter(("context has amount", *_limits(condition.amount, "context.amount"))))
    for name, listed in (
        ("recipients", tuple(one.lower() for one in condition.recipients or ())),
        ("domains", tuple(one.lower() for one in condition.domains or ())),
        ("hosts", tuple(one.lower() for one in condition.hosts or ())),
    ):
        if listed:
            yield _among(name, listed, widens=widens)
    for name, value in (condition.arguments or {}).items():
        yield _argument(name, value, widens=widens)


def _hours(text: str) -> str:
    start, _, end = text.partition("-")
    begins, ends = (int(time[:2]) * 60 + int(time[3:]) for time in (start, end))
    joined = "&&" if begins < ends else "||"
    return f"(context.minute >= {begins} {joined} context.minute < {ends})"


def _among(name: str, listed: tuple[str, ...], *, widens: bool) -> str:
    if widens:
        return f"!context.{name}.isEmpty() && {_list(listed)}.containsAll(context.{name})"
    return f"context.{name}.containsAny({_list(listed)})"


def _limits(limits: Limits, number: str) -> Iterator[str]:
    for name, method in _COMPARED.items():
        limit: int | float | None = getattr(limits, name)
        if limit is not None:
            yield f"{number}.{method}({_decimal(limit)})"


def _decimal(number: float) -> str:
    exact = as_number(number)
    assert exact is not None  # the form was checked
    return f'decimal("{decimal_text(exact)}")'


def _argument(name: str, value: Value, *, widens: bool) -> str:
    text, number = quoted(name), f"context.numbers.getTag({quoted(name)})"
    match value:
        case bool():
            return _tag(text, f"== {quoted(json.dumps(value))}")
        case int() | float():
            return f"context.numbers.hasTag({text}) && {number} == {_decimal(value)}"
        case Limits():
            return _all(iter((f"context.numbers.hasTag({text})", *_limits(value, number))))
        case tuple():
            exact = tuple(one for one in value if "*" not in one)
            patterns = [_pattern(text, one, widens=widens) for one in value if "*" in one]
            return _any([*([_one_of(text, exact)] if exact else []), *patterns])
        case _:
            assert_never(value)


def _tag(name: str, rest: str) -> str:
    return f"(context.arguments.hasTag({name}) && context.arguments.getTag({name}) {rest})"


def _one_of(name: str, texts: tuple[str, ...]) -> str:
    return f"(context.arguments.hasTag({name}) && {_list(texts)}.contains(context.arguments.getTag({name})))"


def _pattern(name: str, pattern: str, *, widens: bool) -> str:
    fits = _tag(name, f"like {quoted(pattern)}")
    if "/" not in pattern:
        return fits
    climbs = _tag(name, 'like "*..*"')
    return f"({fits} && !{climbs})" if widens else f"({fits} || {climbs})"
