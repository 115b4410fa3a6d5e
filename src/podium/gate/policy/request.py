"""From facts to what Cedar is asked: one request for each in whose name the effect acts, and the entities they name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from podium.gate.labels import Lattice
from podium.gate.policy.arguments import Read
from podium.gate.policy.bundle import Holds
from podium.gate.policy.facts import Facts, Resource

Json = Any

_KINDS = {"person": "Person", "workflow": "Workflow", "agent": "Agent"}
_CALL = "call"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Principal(NamedTuple):
    """One of those in whose names an effect acts; `version` of a workflow or an agent."""

    kind: str
    name: str
    version: str = ""


class Held(NamedTuple):
    """Who holds what.

    Attributes:
        people: By name; None when everybody holds every role.
        roles, groups: Those that the policies name.
    """

    people: Mapping[str, Holds] | None
    roles: frozenset[str]
    groups: frozenset[str]

    def by(self, name: str) -> Holds:
        """Return what a person holds; somebody who is not known holds nothing."""
        if self.people is None:
            return Holds(roles=tuple(sorted(self.roles)), groups=tuple(sorted(self.groups)))
        return self.people.get(name, Holds())


def principals(chain: Iterable[str]) -> tuple[Principal, ...] | None:
    """Return in whose names an effect acts; None when somebody among them is of no known kind."""
    found: list[Principal] = []
    for text in chain:
        kind, _, name = text.partition(":")
        if kind not in _KINDS or not name:
            return None
        if kind == "person":
            found.append(Principal(_KINDS[kind], name))
        else:
            name, _, version = name.partition("@")
            found.append(Principal(_KINDS[kind], name, version))
    return tuple(dict.fromkeys(found))


def requests(facts: Facts, acting: Iterable[Principal], read: Read, lattice: Lattice) -> list[dict[str, Json]]:
    """Return one request for each principal."""
    context = json.dumps(_context(facts, acting, read, lattice))
    resource = {"type": facts.resource.kind, "id": facts.resource.name}
    action = {"type": "Action", "id": facts.action}
    return [
        {"principal": {"type": one.kind, "id": one.name}, "action": action, "resource": resource, "context": context}
        for one in acting
    ]


def _context(facts: Facts, acting: Iterable[Principal], read: Read, lattice: Lattice) -> dict[str, Json]:
    now = datetime.fromtimestamp(facts.at / 1000, UTC)
    person = next((one for one in acting if one.kind == "Person"), None)
    agents = [one for one in acting if one.kind == "Agent"]
    return {
        **({"person": _entity("Person", person.name)} if person else {}),
        "workflows": [one.name for one in acting if one.kind == "Workflow"],
        "agents": [*(one.name for one in agents), *(f"{one.name}@{one.version}" for one in agents if one.version)],
        "tenant": facts.tenant,
        "integrity": facts.integrity,
        "control": facts.control,
        "untrusted": facts.untrusted,
        "level": facts.level or lattice.default,
        "rank": lattice.rank(facts.level),
        "categories": facts.categories,
        "anywhere": facts.residency is None,
        "residency": facts.residency or (),
        "time": {"__extn": {"fn": "datetime", "arg": now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{facts.at % 1000:03d}Z"}},
        "minute": now.hour * 60 + now.minute,
        "weekday": _DAYS[now.weekday()],
        "attempt": facts.attempt,
        "arguments": _entity("Arguments", _CALL),
        "numbers": _entity("Numbers", _CALL),
        "recipients": read.recipients,
        "domains": read.domains,
        "hosts": read.hosts,
        "paths": read.paths,
        **({"amount": _decimal(read.amount)} if read.amount is not None else {}),
    }


def entities(facts: Facts, acting: Iterable[Principal], read: Read, held: Held) -> str:
    """Return the entities of a request, as Cedar's JSON."""
    # a workflow can be both: in whose name something is started, and what is started
    found = {(one.kind, one.name): _actor(one, facts.tenant, held) for one in acting}
    for resource in resource_entities(facts.resource):
        found.setdefault((resource["uid"]["type"], resource["uid"]["id"]), resource)
    tags = dict(read.tags)
    numbers = {name: _decimal(text) for name, text in read.numbers}
    return json.dumps([*found.values(), _made("Arguments", _CALL, tags=tags), _made("Numbers", _CALL, tags=numbers)])


def _actor(one: Principal, tenant: str, held: Held) -> Json:
    parents = [("Tenant", tenant)] if tenant else []
    attributes: dict[str, Json] = {}
    match one.kind:
        case "Person":
            holds = held.by(one.name)
            parents += [("Role", name) for name in holds.roles] + [("Group", name) for name in holds.groups]
        case "Workflow":
            attributes = {"name": one.name, "version": one.version}
        case _:
            attributes = {"version": one.version}
    return _made(one.kind, one.name, attributes, parents)


def resource_entities(resource: Resource) -> list[Json]:
    """Return a resource and what it stands in, as Cedar's JSON."""
    match resource.kind:
        case "Function":
            attributes = {
                "name": resource.name,
                "tool": resource.tool,
                "effect": resource.effect,
                "delivery": resource.delivery,
                "trust": resource.trust,
                "region": resource.region,
            }
            return [
                _made("Function", resource.name, attributes, [("Tool", resource.tool)]),
                _made("Tool", resource.tool),
            ]
        case "Model":
            return [
                _made(
                    "Model", resource.name, {"name": resource.name, "region": resource.region, "local": resource.local}
                )
            ]
        case "Workflow":
            return [_made("Workflow", resource.name, {"name": resource.name, "version": ""})]
        case "Sandbox":
            return [_made("Sandbox", resource.name, {"name": resource.name, "isolation": resource.isolation})]
        case kind:
            return [_made(kind, resource.name, {"name": resource.name})]


def _made(
    kind: str,
    name: str,
    attributes: Mapping[str, Json] | None = None,
    parents: Iterable[tuple[str, str]] = (),
    *,
    tags: Mapping[str, Json] | None = None,
) -> Json:
    made: dict[str, Json] = {
        "uid": {"type": kind, "id": name},
        "attrs": attributes or {},
        "parents": [{"type": parent, "id": id_} for parent, id_ in parents],
    }
    return made | {"tags": tags} if tags else made


def _entity(kind: str, name: str) -> Json:
    return {"__entity": {"type": kind, "id": name}}


def _decimal(text: str) -> Json:
    return {"__extn": {"fn": "decimal", "arg": text}}
