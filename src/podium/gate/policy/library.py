"""Cedar itself: the few calls of cedarpy that are used, with their types; the schema always goes along."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, cast

import cedarpy

from podium.gate.policy.schema import SCHEMA

Json = Any
PolicySet = cedarpy.PolicySet


MAX_DEPTH = 120
"""Levels of a policy in JSON; the engine reads no more than 128."""

TOO_DEEP = "this policy has too many conditions in one another"


class Answer(NamedTuple):
    """What Cedar says to one request.

    Attributes:
        policies: Ids of those that decided, sorted.
        errors: What went wrong; then the answer does not count.
    """

    allowed: bool
    policies: tuple[str, ...]
    errors: tuple[str, ...]


class Partial(NamedTuple):
    """What Cedar says while something is not known.

    Attributes:
        satisfied: Ids of the policies that certainly apply.
        open: What is left of those that may apply, by id: the conditions that depend on what is not known.
    """

    satisfied: tuple[str, ...]
    open: dict[str, Json]


@cache
def schema() -> cedarpy.Schema:
    """Return the parsed schema."""
    return cedarpy.Schema.from_str(SCHEMA)


def form_of(text: str) -> Json:
    """Return Cedar's own JSON of policies.

    Raises:
        ValueError: when it is no Cedar, in Cedar's words, or `TOO_DEEP`.
    """
    try:
        form = json.loads(cedarpy.policies_to_json_str(text))
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    if _depth(form) > MAX_DEPTH:
        raise ValueError(TOO_DEEP)
    return form


def _depth(form: Json) -> int:
    depth, level = 0, [form]
    while level:
        depth += 1
        level = [below for part in level for below in parts_of(part)]
    return depth


def parts_of(part: Json) -> list[Json]:
    """Return what stands directly in a part of a policy's JSON."""
    if isinstance(part, dict):
        return list(cast("dict[str, Json]", part).values())
    return cast("list[Json]", part) if isinstance(part, list) else []


def text_of(form: Mapping[str, Json]) -> str:
    """Return one policy as Cedar writes it."""
    forms: dict[str, Json] = {"templates": {}, "staticPolicies": {"policy": form}, "templateLinks": []}
    return cedarpy.policies_from_json_str(json.dumps(forms))


def policy_set(forms: Mapping[str, Json]) -> PolicySet:
    """Return policies that can decide, by id."""
    return PolicySet.from_json_str(json.dumps({"templates": {}, "staticPolicies": forms, "templateLinks": []}))


def validate(text: str) -> list[tuple[str, str]]:
    """Return what the validator says against policies: `(their number as policy0, words)`."""
    result = cedarpy.validate_policies(text, schema())  # pyright: ignore[reportUnknownMemberType] - bare dict in its types
    found = [(error.policy_id, error.error) for error in result.errors]
    return found if found or result.validation_passed else [("", "Cedar refuses these policies")]


def entities_of(text: str) -> cedarpy.Entities:
    """Return entities, checked against the schema.

    Raises:
        ValueError: when the schema does not know them.
    """
    return cedarpy.Entities.from_json_str(text, schema())  # pyright: ignore[reportUnknownMemberType] - as above


def authorize(requests: Sequence[dict[str, Json]], policies: PolicySet, known: cedarpy.Entities) -> list[Answer]:
    """Return the answer to each request.

    Raises:
        ValueError: when a request is not what the schema says.
    """
    asked = list(requests)
    results = cedarpy.is_authorized_batch(asked, policies, known, schema())  # pyright: ignore[reportUnknownMemberType] - as above
    return [_answer(result) for result in results]


def _answer(result: cedarpy.AuthzResult) -> Answer:
    diagnostics = result.diagnostics
    errors = tuple(diagnostics.errors)
    if result.decision is cedarpy.Decision.NoDecision and not errors:
        errors = ("Cedar made no decision",)
    return Answer(result.allowed, tuple(sorted(diagnostics.reasons)), errors)


def partially(request: dict[str, str], policies: PolicySet, known: cedarpy.Entities) -> Partial:
    """Return what can be said of a request of which the rest is not known; never a decision to act on.

    Raises:
        ValueError: when what is known is not what the schema says.
    """
    result = cedarpy.is_authorized_partial(request, policies, known, schema())  # pyright: ignore[reportUnknownMemberType] - as above
    errors = result.diagnostics.errors
    if errors:
        raise ValueError("; ".join(errors))
    residuals = cast("dict[str, Json]", result.residuals)
    undecided = set(result.diagnostics.nontrivial_residuals)
    open_ = {id_: form for id_, form in residuals.items() if id_ in undecided}
    return Partial(tuple(sorted(result.diagnostics.reasons)), open_)
