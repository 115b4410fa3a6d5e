"""Conditions of policies in words: what is left of them when the rest is known, readable without knowing Cedar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from podium.gate.policy.arguments import read
from podium.gate.policy.facts import Facts
from podium.gate.policy.reads import Reads

Json = Any

_COMPARED = {
    "==": "is",
    "!=": "is not",
    "<": "<",
    "<=": "≤",
    ">": ">",
    ">=": "≥",
    "lessThan": "<",
    "lessThanOrEqual": "≤",
    "greaterThan": ">",
    "greaterThanOrEqual": "≥",
    "+": "+",
    "-": "-",
    "*": "×",
}


_OPPOSITES = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!="}


def conditions(form: Json) -> str:
    """Return what the conditions of a policy, or of what is left of one, ask for; "" for nothing."""
    parts: list[str] = []
    for condition in form["conditions"]:
        said = words(condition["body"])
        if condition["kind"] == "unless":
            said = f"not ({said})"
        if said and said != "true":
            parts.append(said)
    return " and ".join(parts)


def words(body: Json) -> str:
    """Return an expression in words."""
    ((operator, operands),) = cast("dict[str, Json]", body).items()
    if operator in _COMPARED:
        left, right = _two(operands)
        return f"{words(left)} {_COMPARED[operator]} {words(right)}"
    say = _SAYINGS.get(operator)
    if say is not None:
        return say(operands)
    listed = cast("Sequence[Json]", operands if isinstance(operands, list) else list(operands.values()))
    return f"{operator}({', '.join(words(one) for one in listed if isinstance(one, dict))})"


def _two(operands: Json) -> tuple[Json, Json]:
    if isinstance(operands, dict):
        sides = cast("dict[str, Json]", operands)
        return sides["left"], sides["right"]
    left, right = operands
    return left, right


def _value(value: Json) -> str:
    if isinstance(value, dict) and "__entity" in value:
        uid = cast("dict[str, Json]", value)["__entity"]
        return f"{uid['type'].lower()} `{uid['id']}`"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(cast("Json", value))


def _both(operands: Json) -> str:
    parts = [said for part in _two(operands) if (said := words(part)) != "true"]
    return " and ".join(parts) or "true"


def _either(operands: Json) -> str:
    left, right = (words(part) for part in _two(operands))
    return f"({left} or {right})"


def _not(operands: Json) -> str:
    """Return the opposite; the engine writes `≥` as the opposite of `<`."""
    ((operator, inner),) = cast("dict[str, Json]", operands["arg"]).items()
    if operator in _OPPOSITES:
        return words({_OPPOSITES[operator]: inner})
    return f"not ({words(operands['arg'])})"


def _field(operands: Json) -> str:
    left = words(operands["left"])
    return operands["attr"] if left == "context" else f"{left}'s {operands['attr']}"


def _tag(operands: Json) -> str:
    left, right = _two(operands)
    kind = "number" if words(left) == "numbers" else "argument"
    return f"{kind} {words(right).strip(chr(34))}"


def _among(operands: Json) -> str:
    left, right = _two(operands)
    if "Set" in left:
        return f"{words(right)} is one of {words(left)}"
    return f"{words(left)} has {words(right)}"


def _all_among(operands: Json) -> str:
    left, right = _two(operands)
    return f"all {words(right)} are among {words(left)}"


def _pattern(operands: Json) -> str:
    text = "".join("*" if part == "Wildcard" else part["Literal"] for part in operands["pattern"])
    return f'{words(operands["left"])} is like "{text}"'


_SAYINGS: dict[str, Callable[[Json], str]] = {
    "Value": _value,
    "Var": str,
    "unknown": lambda operands: str(operands[0]["Value"]),
    "Set": lambda parts: ", ".join(words(part) for part in parts),
    "&&": _both,
    "||": _either,
    "!": _not,
    ".": _field,
    "has": lambda operands: f"{_field(operands)} is known",
    "getTag": _tag,
    "hasTag": lambda operands: f"there is {_tag(operands)}",
    "contains": _among,
    "containsAll": _all_among,
    "containsAny": lambda operands: f"{words(_two(operands)[0])} has one of {words(_two(operands)[1])}",
    "isEmpty": lambda operands: f"there are no {words(operands['arg'])}",
    "like": _pattern,
    "in": lambda operands: f"{words(_two(operands)[0])} is in {words(_two(operands)[1])}",
    "is": lambda operands: f"{words(operands['left'])} is a {operands['entity_type'].lower()}",
    "decimal": lambda operands: str(operands[0]["Value"]),
    "datetime": lambda operands: str(operands[0]["Value"]),
}


def told(facts: Facts, reads: Reads) -> dict[str, Json]:
    """Return the facts that policies see of an effect, as far as some policy may read them: `{name: value}`."""
    seen = read(facts.arguments, reads.arguments)
    resource = {name: value for name, value in facts.resource._asdict().items() if value not in ("", False)}
    found: dict[str, Json] = {
        "action": facts.action,
        **{f"resource.{name}": value for name, value in resource.items()},
        "integrity": facts.integrity,
        "control": facts.control,
        "untrusted": list(facts.untrusted),
        "level": facts.level,
        "categories": list(facts.categories),
        "residency": None if facts.residency is None else list(facts.residency),
        "tenant": facts.tenant,
        "attempt": facts.attempt,
        **{f"arguments.{name}": text for name, text in seen.tags},
        **{f"numbers.{name}": text for name, text in seen.numbers},
        "recipients": list(seen.recipients),
        "domains": list(seen.domains),
        "hosts": list(seen.hosts),
        "paths": list(seen.paths),
        "amount": seen.amount,
        "unreadable": list(seen.unreadable),
    }
    return {name: value for name, value in found.items() if value not in (None, "", [])}
