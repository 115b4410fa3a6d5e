"""The compiler: from what was written to what is run. Pure; every mistake becomes a diagnostic with its place.

For each scope (the workflow, the body of a map): edges out of what the configs say (`podium.graph.wiring`), an order,
then in that order the types: a node's fields are checked over the types of what stands before it, and its config says
the type of its result. Last come the spans of validators.

Names are seen inwards only: the nodes inside a map see the nodes around it, nobody sees into a map. No name means two
things at one place.

```python
compiled, diagnostics = compile_workflow(workflow, file="release.yaml", positions=loaded.positions)
```
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from podium.graph.checker import INPUTS
from podium.graph.expression import check
from podium.graph.flows import Flow, Flows
from podium.graph.model import Compiled
from podium.graph.report import Positions, Report
from podium.graph.scope import Scope
from podium.graph.shape import NULL, TEXT
from podium.ids import NodeId
from podium.spec.diagnostic import Diagnostic, Loc
from podium.spec.model import MAX_NODES, Expression, NodeConfig, Workflow
from podium.spec.types import Type

Nodes = Mapping[NodeId, NodeConfig] | Mapping[str, NodeConfig]

MAX_DEPTH = 8
"""Sub-workflows within sub-workflows."""

RUN = "run"
"""The name under which a run knows itself."""


def compile_workflow(
    workflow: Workflow, *, file: str, positions: Positions
) -> tuple[Compiled | None, tuple[Diagnostic, ...]]:
    """Return what can be run, or None and what is wrong; `file` is the path as the person gave it."""
    report = Report(file, positions)
    count = sum(1 for _ in _all_nodes(workflow))
    if count > MAX_NODES:
        message = f"there are {count} nodes, those inside others included, and {MAX_NODES} at most"
        report.at_key("GR007", message, ("nodes",), "split the workflow")
        return None, report.diagnostics()
    found = _flow(workflow, (), report, 0)
    if report or found is None:
        return None, report.diagnostics()
    return Compiled(workflow=workflow, graph=found.graph, inputs=workflow.inputs, result=found.result), ()


def _flow(workflow: Workflow, loc: Loc, report: Report, depth: int) -> Flow | None:
    """Return the workflow, or the sub-workflow that stands at `loc`, compiled."""
    if depth > MAX_DEPTH:
        message = f"sub-workflows stand within each other more than {MAX_DEPTH} deep"
        report.at_key("GR007", message, loc, "let one of them do the work itself")
        return None
    outer = report.hidden
    report.hidden = dict(_hidden(workflow.nodes, ()))
    _check_defaults(workflow, loc, report)
    around = {INPUTS: Type.object_of({name: spec.type for name, spec in workflow.inputs.items()}), RUN: _RUN}
    if workflow.concurrency is not None and workflow.concurrency.key is not None:
        _check_key(workflow.concurrency.key, around[INPUTS], loc, report)
    flows = Flows(workflow.flows, lambda inner, at: _flow(inner, at, report, depth + 1), (*loc, "flows"))
    nodes = {NodeId(node): config for node, config in workflow.nodes.items()}
    scope = Scope(report, nodes, (*loc, "nodes"), around, flows=flows)
    graph = scope.compile()
    result = scope.result(workflow.result, (*loc, "result")) if workflow.result is not None else None
    report.hidden = outer
    if graph is None:
        return None
    graph = replace(
        graph,
        result=result,
        flow=workflow.name if depth else "",
        autonomy=workflow.autonomy,
        tools=workflow.tools,
        flows=workflow.flows,
        inputs=workflow.inputs,
        budget=workflow.budget,
    )
    return Flow(workflow, graph, NULL if result is None else result.type)


_RUN = Type.object_of({"id": TEXT, "workflow": TEXT})


def _check_key(key: Expression, inputs: Type, loc: Loc, report: Report) -> None:
    checked = check(key, {INPUTS: inputs})
    for problem in checked if isinstance(checked, list) else ():
        report.problem(problem, (*loc, "concurrency", "key"))


def _all_nodes(workflow: Workflow) -> Iterator[NodeConfig]:
    yield from _nodes_in(workflow.nodes)
    for flow in workflow.flows.values():
        yield from _all_nodes(flow)


def _nodes_in(nodes: Nodes) -> Iterator[NodeConfig]:
    for config in nodes.values():
        yield config
        for body in config.bodies().values():
            yield from _nodes_in(body.nodes)


def _hidden(nodes: Nodes, path: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the nodes inside others, with what to use instead from outside."""
    yield "secrets", "secrets stand only in `env:` and `headers:` of a tool, and as whole arguments under `with:`"
    for node, config in nodes.items():
        for body in config.bodies().values():
            for inner in body.nodes:
                outside = f"from outside only `{(*path, node)[0]}.out` can be used"
                yield inner, f"it is inside `{'/'.join((*path, node))}`; {outside}"
            yield from _hidden(body.nodes, (*path, node))


def _check_defaults(workflow: Workflow, loc: Loc, report: Report) -> None:
    for name, spec in workflow.inputs.items():
        if not spec.required and (problems := spec.type.problems(spec.default)):
            message = f"the default of `{name}` is not of its type: {problems[0]}"
            report.at_value("GR006", message, (*loc, "inputs", name, "default"), f"its type is {spec.type}")
