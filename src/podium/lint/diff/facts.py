"""A workflow as facts: what it may use, spend and be given, what its nodes do, and which data reaches which tool.

A sub-workflow has facts of its own, under `flows.NAME.`: it sees nothing else and is granted its own tools.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from podium.graph.compile import compile_workflow
from podium.graph.model import Compiled
from podium.lint.diff.fact import THERE, Fact, Facts
from podium.lint.diff.gates import (
    circled,
    cleared,
    cost,
    critical,
    leash,
    logged_in,
    released,
    resident,
    tagged,
    walled,
)
from podium.lint.diff.nodes import NodeFacts
from podium.lint.diff.plain import members, plain
from podium.lint.diff.reach import reach
from podium.lint.diff.renames import Renames
from podium.lint.diff.scales import (
    EFFECTS,
    Scale,
    agreed,
    collected,
    counted,
    granted,
    guarded,
    held,
    more,
    neutral,
    prepared,
    presence,
    ranked,
)
from podium.spec.model import FunctionSpec, InputSpec, SourceSpec, ToolSpec, Workflow
from podium.spec.positions import Positions

Json = Any
Item = tuple[tuple[str, str], Fact]

Special = frozenset[tuple[str, str]]
"""`{(tool, function)}`: what is told of these functions one by one, whichever of the two workflows sets them apart."""

_SCALES: dict[str, Scale] = {
    "effect": ranked(*EFFECTS),
    "delivery": ranked("once", "keyed", "repeatable"),
    "trust": ranked("untrusted", "trusted"),
    "approval": agreed,
    "only": granted,
    "staged": prepared,
    "timeout": more,
    "mcp": presence,
    "python": presence,
    "identity": ranked("none", "send"),
    "auth": logged_in,
    "clearance": cleared,
    "sees": collected,
    "sandbox": walled,
    "returns": released,
    "cost": cost,
    "twin": neutral,
}
"""Keys of a tool; further ones are settings of its module, such as a folder, and allow what they say."""

_FUNCTION_SCALES: dict[str, Scale] = {**_SCALES, "critical": critical, "fields": collected, "selects": collected}

_WORKFLOW_SCALES: dict[str, Scale] = {"autonomy": leash, "governor": circled}

_INPUT_SCALES: dict[str, Scale] = {
    "trust": ranked("untrusted", "trusted"),
    "level": tagged,
    "categories": guarded,
    "residency": resident,
}
"""Keys of an input that say what may be done with it."""

_BOUNDS = ("budget", "timeout", "concurrency")
_BOUND_SCALES: dict[str, Scale] = {"key": neutral, "unknown_price": ranked("deny", "allow"), "detached": counted}
_UNSAID: dict[str, tuple[Json, ...]] = {"unknown_price": ("deny",), "detached": (False,)}
_APART = frozenset({"podium", "inputs", "tools", "nodes", "flows", "result", *_BOUNDS})


def facts_of(compiled: Compiled, renames: Renames, special: Special) -> Facts:
    """Return the facts of a workflow, its nodes under the names that they have in the other one."""
    return dict(_workflow(compiled, renames, special, "", ()))


def special_functions(workflow: Workflow) -> Special:
    """Return the functions of which a grant says something special, those of sub-workflows included."""
    own = {(tool, function) for tool, spec in workflow.tools.items() for function in spec.functions}
    return frozenset(own).union(*(special_functions(flow) for flow in workflow.flows.values()))


def _workflow(
    compiled: Compiled, renames: Renames, special: Special, prefix: str, owners: tuple[str, ...]
) -> Iterator[Item]:
    workflow, names = compiled.workflow, renames.get("", {})
    for key, value in members(workflow):
        if key not in _APART and plain(value) is not None:
            yield (f"{prefix}workflow", key), Fact(plain(value), _WORKFLOW_SCALES.get(key, neutral), owners)
    if workflow.result is not None:
        yield (f"{prefix}workflow", "result"), Fact(plain(workflow.result, names), owners=owners)
    for bound in _BOUNDS:
        found: dict[str, Json] = plain(getattr(workflow, bound)) or {}
        for key, value in found.items():
            if value not in _UNSAID.get(key, ()):
                yield (f"{prefix}{bound}", key), Fact(value, _BOUND_SCALES.get(key, more), owners=owners)
    for name, spec in workflow.inputs.items():
        yield from _input(f"{prefix}inputs.{name}", spec, owners)
    for name, tool in workflow.tools.items():
        yield from _tool(f"{prefix}tools.{name}", tool, sorted(one for grant, one in special if grant == name), owners)
    yield from NodeFacts(compiled, renames, prefix, owners).all()
    for sink, origins in reach(compiled.graph).items():
        yield (f"{prefix}{sink}", "reached by"), Fact(sorted(origins), collected, owners, always=True)
    yield from _flows(workflow, special, prefix, owners)


def _input(place: str, spec: InputSpec, owners: tuple[str, ...]) -> Iterator[Item]:
    yield (place, ""), Fact(THERE, owners=owners, words=f"{spec.type}{', required' if spec.required else ''}")
    own = (place, *owners)
    yield (place, "type"), Fact(spec.type.schema, owners=own)
    if not spec.required:
        yield (place, "default"), Fact({"value": spec.default}, owners=own)
    for key, scale in _INPUT_SCALES.items():
        if (value := _source(spec, "trust").get(key)) is not None:
            yield (place, key), Fact(value, scale, own)
    if spec.about:
        yield (place, "about"), Fact(spec.about, owners=own)


_SAID_OTHERWISE = frozenset({"functions", "env", "headers", "region", "returns"})
"""Keys of a tool whose parts are facts of their own, or whose empty lists say something."""


def _tool(place: str, tool: ToolSpec, special: Sequence[str], owners: tuple[str, ...]) -> Iterator[Item]:
    source = tool.python or " ".join([tool.mcp] if isinstance(tool.mcp, str) else tool.mcp or ())
    which = ", ".join(tool.only) or "all functions"
    words = f"{tool.effect}, {tool.delivery}, {source}: {which}"
    yield (place, ""), Fact(THERE, presence, owners, words=words)
    own = (place, *owners)
    for key, value in members(tool):
        written = plain(value)
        if written is not None and key not in _SAID_OTHERWISE:
            shown = sorted(written) if key in {"only", "sees"} else written
            yield (place, key), Fact(shown, _SCALES.get(key, presence), own)
    if returns := _source(tool.returns):
        yield (place, "returns"), Fact(returns, released, own)
    if tool.region:
        # a program without one is here, where everything may go; a server without one is elsewhere
        yield (place, "region"), Fact(tool.region, presence if isinstance(tool.mcp, str) else held, own)
    for name, header in tool.headers.items():
        yield (place, f"header {name}"), Fact(header, presence, own)
    for key, value in tool.env.items():
        yield (place, f"env {key}"), Fact(value, presence if "${" in value else neutral, own)
    for name in special:
        for key, value in _effective(tool, name).items():
            if value is not None:
                yield (place, f"{key} of {name}"), Fact(value, _FUNCTION_SCALES[key], own)


def _effective(tool: ToolSpec, function: str) -> dict[str, Json]:
    return {
        "effect": tool.effect_of(function),
        "delivery": tool.delivery_of(function),
        "approval": plain(tool.approval_of(function)),
        "trust": tool.trust_of(function),
        "critical": {"named": sorted(named)} if (named := tool.critical_of(function)) is not None else None,
        "returns": _source(tool.returns_of(function)) or None,
        "staged": tool.staged_of(function) or None,
        "cost": plain(tool.cost_of(function)),
        **_believed(tool.functions.get(function)),
    }


def _believed(spec: FunctionSpec | None) -> dict[str, Json]:
    """Return what is believed of the answers of a function of which the rest is not."""
    if spec is None:
        return {}
    fields = sorted(f"{name}: {how}" for name, how in spec.fields.items())
    return {"fields": fields or None, "selects": sorted(spec.selects) or None}


def _source(spec: SourceSpec, *more: str) -> dict[str, Json]:
    """Return what is said of where something may go; `here` is among its regions, so that no other says something."""
    found: dict[str, Json] = {key: getattr(spec, key) for key in ("level", *more) if getattr(spec, key)}
    if spec.categories:
        found["categories"] = sorted(spec.categories)
    if spec.residency is not None:
        found["residency"] = sorted({"here", *spec.residency})
    return found


def _flows(workflow: Workflow, special: Special, prefix: str, owners: tuple[str, ...]) -> Iterator[Item]:
    for name, flow in workflow.flows.items():
        place = f"{prefix}flows.{name}"
        yield (place, ""), Fact(THERE, owners=owners, words=f"{len(flow.nodes)} nodes")
        compiled, _ = compile_workflow(flow, file=name, positions=Positions())
        assert compiled is not None, "a sub-workflow of a workflow that compiles does so too"
        yield from _workflow(compiled, {}, special, f"{place}.", (place, *owners))
