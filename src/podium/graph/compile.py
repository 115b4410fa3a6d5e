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
from podium.graph.model import Compiled
from podium.graph.report import Positions, Report
from podium.graph.scope import Scope
from podium.graph.shape import NULL
from podium.ids import NodeId
from podium.spec.diagnostic import Diagnostic
from podium.spec.model import MAX_NODES, NodeConfig, Workflow
from podium.spec.types import Type

Nodes = Mapping[NodeId, NodeConfig] | Mapping[str, NodeConfig]


def compile_workflow(
    workflow: Workflow, *, file: str, positions: Positions
) -> tuple[Compiled | None, tuple[Diagnostic, ...]]:
    """Return what can be run, or None and what is wrong; `file` is the path as the person gave it."""
    report = Report(file, positions)
    count = sum(1 for _ in _all_nodes(workflow.nodes))
    if count > MAX_NODES:
        message = f"there are {count} nodes, those inside maps included, and {MAX_NODES} at most"
        report.at_key("GR007", message, ("nodes",), "split the workflow")
        return None, report.diagnostics()
    report.hidden = dict(_hidden(workflow.nodes, ()))
    _check_defaults(workflow, report)
    around = {INPUTS: Type.object_of({name: spec.type for name, spec in workflow.inputs.items()})}
    scope = Scope(report, {NodeId(node): config for node, config in workflow.nodes.items()}, ("nodes",), around)
    graph = scope.compile()
    result = scope.result(workflow.result, ("result",)) if workflow.result is not None else None
    if report or graph is None:
        return None, report.diagnostics()
    graph = replace(graph, result=result)
    type_ = NULL if result is None else result.type
    return Compiled(workflow=workflow, graph=graph, inputs=workflow.inputs, result=type_), ()


def _all_nodes(nodes: Nodes) -> Iterator[NodeConfig]:
    for config in nodes.values():
        yield config
        if (body := config.body()) is not None:
            yield from _all_nodes(body.nodes)


def _hidden(nodes: Nodes, path: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the nodes inside maps, with what to use instead from outside."""
    yield "secrets", "secrets stand only in `env:` of a tool"
    for node, config in nodes.items():
        body = config.body()
        for inner in body.nodes if body is not None else ():
            yield (
                inner,
                f"it is inside `{'/'.join((*path, node))}`; from outside only `{(*path, node)[0]}.out` can be used",
            )
        if body is not None:
            yield from _hidden(body.nodes, (*path, node))


def _check_defaults(workflow: Workflow, report: Report) -> None:
    for name, spec in workflow.inputs.items():
        if not spec.required and (problems := spec.type.problems(spec.default)):
            message = f"the default of `{name}` is not of its type: {problems[0]}"
            report.at_value("GR006", message, ("inputs", name, "default"), f"its type is {spec.type}")
