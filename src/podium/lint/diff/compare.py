"""Compare two workflows: by meaning, not by lines.

Order, comments, layout and shorthands make no difference. `differences(a, b)` and `differences(b, a)` name the same
things with the opposite direction, a node that has a new id being named by the id of the second workflow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any, cast

from podium.graph.model import Compiled
from podium.lint.diff.change import RISKS, Change
from podium.lint.diff.fact import THERE, Fact, Facts
from podium.lint.diff.facts import facts_of, special_functions
from podium.lint.diff.renames import renames
from podium.lint.diff.scales import combined
from podium.lint.rules.secret_in_clear import SecretInClear
from podium.lint.subject import Subject
from podium.spec.render import HIDDEN

Json = Any


def differences(before: Compiled, after: Compiled) -> tuple[Change, ...]:
    """Return what is different, the wider first, then by place."""
    names = renames(before.graph, after.graph)
    back = {scope: {new: new for new in found.values()} for scope, found in names.items()}
    special = special_functions(before.workflow) | special_functions(after.workflow)
    found = _changes(facts_of(before, names, special), facts_of(after, back, special))
    secrets = _secrets(before) | _secrets(after)
    shown = (
        change._replace(before=_hidden(change.before, secrets), after=_hidden(change.after, secrets))
        for change in found
    )
    return tuple(sorted(shown, key=lambda change: (RISKS.index(change.risk), change.place, change.aspect)))


def _changes(before: Facts, after: Facts) -> Iterator[Change]:
    for place, aspect in before.keys() | after.keys():
        one, other = before.get((place, aspect)), after.get((place, aspect))
        facts, values = [fact for fact in (one, other) if fact], (_value(one), _value(other))
        if _text(values[0]) == _text(values[1]):
            continue
        risk = combined(fact.scale(*values) for fact in facts)
        once = any(((owner, "") in before) != ((owner, "") in after) for fact in facts for owner in fact.owners)
        if not (once or _is_told(place, aspect, before, after)) or (
            any(fact.always for fact in facts) and risk != "neutral"
        ):
            yield Change(risk, place, aspect, *values, words=facts[-1].words)


def _is_told(place: str, aspect: str, before: Facts, after: Facts) -> bool:
    """Whether a setting needs no telling because its node has become one of another type."""
    one, other = (_value(facts.get((place, "type"))) for facts in (before, after))
    setting = any(facts[place, aspect].value is not THERE for facts in (before, after) if (place, aspect) in facts)
    return setting and aspect != "type" and place.rpartition("nodes.")[1] != "" and one != other


def _value(fact: Fact | None) -> Json:
    """Return the value of a fact; an empty list is as good as none."""
    return None if fact is None or fact.value == [] else fact.value


def _text(value: Json) -> str:
    return json.dumps(value, sort_keys=True)


def _secrets(compiled: Compiled) -> frozenset[str]:
    """Return the texts of a workflow that look like secrets, as lint finds them."""
    written = compiled.workflow.model_dump(by_alias=True, exclude_unset=True)
    return frozenset(_at(written, remark.loc) for remark in SecretInClear().check(Subject(compiled)))


def _at(value: Json, loc: tuple[str | int, ...]) -> str:
    for key in loc:
        value = cast("Mapping[str | int, Json]", value)[key]
    return str(value)


def _hidden(value: Json, secrets: frozenset[str]) -> Json:
    match value:
        case str():
            return reduce(lambda text, secret: text.replace(secret, HIDDEN), sorted(secrets), value)
        case dict():
            return {key: _hidden(one, secrets) for key, one in cast("dict[str, Json]", value).items()}
        case list():
            return [_hidden(one, secrets) for one in cast("list[Json]", value)]
        case _:
            return value
