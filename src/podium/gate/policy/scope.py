"""Which policies could concern a call at all, told from its action and its resource.

A policy is left out only when Cedar would find it unsatisfied without looking at anything else: its scope names
another action or resource, or one of its conditions about the resource alone is false before anything could go wrong.
So what is left decides the same, and a policy about refunds does not make anybody look at the arguments of a mail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from podium.gate.policy.facts import Resource
from podium.gate.policy.rule import Rule

Json = Any
Uid = tuple[str, str]
Found = bool | str | Uid | None
"""What an expression is; None for what only the request tells."""

_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "Function": ("name", "tool", "effect", "delivery", "trust", "region"),
    "Model": ("name", "region", "local"),
    "Workflow": ("name",),
    "Run": ("name",),
    "Sandbox": ("name", "isolation"),
    "Collection": ("name",),
    "Memory": ("name",),
}


def concerns(rule: Rule, action: str, resource: Resource) -> bool:
    """Whether a policy could say something to this action on this resource."""
    scope = rule.form
    if not _action_fits(scope["action"], action) or not _resource_fits(scope["resource"], resource):
        return False
    for condition in scope["conditions"]:
        found = _value(condition["body"], action, resource)
        if found is None:
            return True
        if found is (condition["kind"] == "unless"):
            return False
    return True


def _action_fits(scope: Json, action: str) -> bool:
    named = [scope["entity"]] if "entity" in scope else scope.get("entities", [])
    return scope["op"] == "All" or any(entity["id"] == action for entity in named)


def _resource_fits(scope: Json, resource: Resource) -> bool:
    match scope["op"]:
        case "All":
            return True
        case "==":
            return _uid(scope["entity"]) == (resource.kind, resource.name)
        case "in":
            return _uid(scope["entity"]) in ancestry(resource)
        case "is":
            inside = scope.get("in")
            return scope["entity_type"] == resource.kind and (
                inside is None or _uid(inside["entity"]) in ancestry(resource)
            )
        case _:
            return True  # a word of a later Cedar: let it decide


def ancestry(resource: Resource) -> tuple[Uid, ...]:
    """Return the resource and what it stands in."""
    own = (resource.kind, resource.name)
    return (own, ("Tool", resource.tool)) if resource.kind == "Function" else (own,)


def _uid(entity: Json) -> Uid:
    return entity["type"], entity["id"]


def _value(body: Json, action: str, resource: Resource) -> Found:
    """Return what an expression is when it depends on nothing but the action and the resource, else None."""
    ((operator, operands),) = cast("dict[str, Json]", body).items()

    def of(part: str) -> Found:
        return _value(operands[part], action, resource)

    match operator:
        case "Value":
            return _literal(operands)
        case "Var":
            return {"resource": (resource.kind, resource.name), "action": ("Action", action)}.get(operands)
        case ".":
            return _attribute(operands, resource)
        case "like":
            text = of("left")
            return _fits(operands["pattern"], text) if isinstance(text, str) else None
        case "is":
            return resource.kind == operands["entity_type"] if operands["left"] == {"Var": "resource"} else None
        case "in":
            return _inside(operands, resource)
        case "==" | "!=":
            left, right = of("left"), of("right")
            return None if left is None or right is None else (left == right) is (operator == "==")
        case "!":
            found = of("arg")
            return not found if isinstance(found, bool) else None
        case "&&" | "||":
            left = of("left")
            if not isinstance(left, bool):
                return None
            return of("right") if left is (operator == "&&") else left
        case "contains":
            return _member(operands, of("right"))
        case _:
            return None


def _literal(value: Json) -> Found:
    if isinstance(value, bool | str):
        return value
    entity = cast("dict[str, Json]", value).get("__entity") if isinstance(value, dict) else None
    return _uid(entity) if entity else None


def _attribute(operands: Json, resource: Resource) -> Found:
    if operands["left"] != {"Var": "resource"} or operands["attr"] not in _ATTRIBUTES[resource.kind]:
        return None
    return getattr(resource, operands["attr"])


def _fits(pattern: Json, text: str) -> bool:
    expression = "".join(".*" if part == "Wildcard" else re.escape(part["Literal"]) for part in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _entities(body: Json) -> list[Found] | None:
    parts = body.get("Set", [body])
    found: list[Found] = [_literal(part["Value"]) if "Value" in part else None for part in parts]
    return None if None in found else found


def _inside(operands: Json, resource: Resource) -> bool | None:
    if operands["left"] != {"Var": "resource"}:
        return None
    named = _entities(operands["right"])
    return None if named is None else any(uid in named for uid in ancestry(resource))


def _member(operands: Json, member: Found) -> bool | None:
    if member is None or "Set" not in operands["left"]:
        return None
    named = _entities(operands["left"])
    return None if named is None else member in named
