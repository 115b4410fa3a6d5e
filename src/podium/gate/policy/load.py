"""All policies of an installation: from the texts of its files to what can decide, or what is wrong with them.

1. Every file is read, every policy parsed, every id unique.
2. Cedar's validator checks all of them against the schema; nothing that it refuses is ever evaluated.
3. What is merely doubtful (nobody could ever be allowed anything, two policies that say the same) is a warning.

There is no partial result: one mistake anywhere, and none of the policies counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from podium.gate.labels import Lattice
from podium.gate.policy.bundle import Bundle
from podium.gate.policy.cedar import MAX_BYTES, parse, place_in
from podium.gate.policy.library import validate
from podium.gate.policy.rule import Rule
from podium.gate.policy.yaml import parse_yaml
from podium.spec.diagnostic import Diagnostic

Json = Any

MAX_POLICIES = 5_000
_NUMBERED = re.compile(r"policy(\d+)")
_REPEATED = re.compile(r'^for policy `policy\d+`, | for Action::"\w+"')
"""What stands before every message, and what makes one mistake one for every action."""
_PRINCIPALS = ("Person", "Workflow")


class Loaded(NamedTuple):
    """What the files say.

    Attributes:
        rules: () when any diagnostic is an error.
    """

    rules: tuple[Rule, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """Whether the policies can be used."""
        return not any(diagnostic.severity == "error" for diagnostic in self.diagnostics)


def load(bundle: Bundle) -> Loaded:
    """Return the policies of a bundle, or what is wrong with them; never raises for what is in it."""
    rules: list[Rule] = []
    found: list[Diagnostic] = []
    lattice = bundle.lattice
    for file, text in sorted(bundle.files.items()):
        parsed, wrong = _file(file, text, lattice)
        rules += parsed
        found += wrong
    found += _twice(rules)
    if len(rules) > MAX_POLICIES:
        message = f"expected at most {MAX_POLICIES} policies, got {len(rules)}"
        found.append(Diagnostic(code="GA015", message=message, file="policies", place=None))
    if not found:
        found += _invalid(rules)
    loaded = Loaded((), tuple(found))
    if not loaded.ok:
        return loaded
    return Loaded(tuple(rules), (*found, *_doubtful(rules)))


def _file(file: str, text: str, lattice: Lattice) -> tuple[list[Rule], list[Diagnostic]]:
    if len(text) > MAX_BYTES:
        message = "expected a file of at most 1 MiB"
        return [], [Diagnostic(code="GA015", message=message, help="make several of it", file=file, place=None)]
    return parse(text, file) if file.lower().endswith(".cedar") else parse_yaml(text, file, lattice)


def _twice(rules: Iterable[Rule]) -> Iterator[Diagnostic]:
    first: dict[str, Rule] = {}
    for rule in rules:
        other = first.setdefault(rule.id, rule)
        if other is not rule:
            message = f"policy `{rule.id}` exists already"
            help_ = f"it stands at {other.file}:{other.place.line}"
            yield Diagnostic(code="GA017", message=message, help=help_, file=rule.file, place=rule.place)


def _invalid(rules: list[Rule]) -> Iterator[Diagnostic]:
    """Yield what Cedar's validator says of the policies, which it counts from 0."""
    if not rules:
        return
    said = validate("\n".join(rule.text for rule in rules))
    for id_, words in dict.fromkeys((id_, " ".join(_REPEATED.sub("", text).split())) for id_, text in said):
        match = _NUMBERED.fullmatch(id_)
        rule = rules[int(match[1])] if match else None
        yield Diagnostic(
            code="GA016",
            message=f"policy `{rule.id}`: {words}" if rule else words,
            help="`podium policy show --schema` shows what there is",
            file=rule.file if rule else "policies",
            place=place_in(rule, words) if rule else None,
        )


def _doubtful(rules: list[Rule]) -> Iterator[Diagnostic]:
    """Yield warnings: what is allowed to nobody, and what is said twice."""
    permits = [rule for rule in rules if rule.effect == "permit"]
    for kind in _PRINCIPALS:
        if rules and not any(_speaks_of(rule, kind) for rule in permits):
            message = f"no policy allows a {kind.lower()} anything, so every effect is denied"
            help_ = "all in whose names an effect acts must be allowed: the person, the workflow, the agent"
            rule = (permits or rules)[0]
            yield _warning(rule, message, help_)
    said: dict[str, Rule] = {}
    for rule in rules:
        form = json.dumps({key: value for key, value in rule.form.items() if key != "annotations"}, sort_keys=True)
        other = said.setdefault(form + repr((rule.demands, rule.settings)), rule)
        if other is not rule:
            yield _warning(rule, f"policy `{rule.id}` says the same as `{other.id}`", "delete one of them")


def _warning(rule: Rule, message: str, help_: str) -> Diagnostic:
    return Diagnostic(code="GA019", severity="warning", message=message, help=help_, file=rule.file, place=rule.place)


def _speaks_of(rule: Rule, kind: str) -> bool:
    """Whether the principal of a policy could be of a kind, by its scope."""
    scope: Mapping[str, Json] = rule.form["principal"]
    named = scope.get("entity_type") or scope.get("entity", {}).get("type", "")
    if named in {"Role", "Group"}:
        return kind == "Person"
    return scope["op"] == "All" or named in {kind, "Tenant"}
