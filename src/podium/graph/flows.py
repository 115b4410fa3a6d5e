"""Sub-workflows: each is compiled once, on its own, and seen from outside only by its inputs and its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from podium.graph.model import Graph
from podium.graph.report import Report
from podium.graph.shape import fits
from podium.spec.diagnostic import Loc
from podium.spec.model import Workflow
from podium.spec.suggest import did_you_mean
from podium.spec.types import Type

WITH = "with"
"""The key of a node under which it gives a sub-workflow its inputs."""


class Flow(NamedTuple):
    """A compiled sub-workflow."""

    workflow: Workflow
    graph: Graph
    result: Type


class Flows:
    """The sub-workflows of one workflow, by the name under which its nodes call them."""

    def __init__(
        self, workflows: Mapping[str, Workflow], compiled: Callable[[Workflow, Loc], Flow | None], loc: Loc
    ) -> None:
        self._workflows, self._compile, self._loc = workflows, compiled, loc
        self._found: dict[str, Flow | None] = {}

    def graph(self, name: str, loc: Loc, types: Mapping[str, Type], report: Report) -> Flow | None:
        """Return a sub-workflow; what does not fit is reported at `loc`, where a node names it.

        `types` are those of the node's fields; what stands under `with` are the inputs it gives.
        """
        workflow = self._workflows.get(name)
        if workflow is None:
            help_ = (
                did_you_mean(name, self._workflows) or "define it under `flows:`, or name a file such as `./name.yaml`"
            )
            report.at_value("GR010", f"there is no workflow `{name}`", loc, help_)
            return None
        given = types[WITH].fields() if WITH in types else {}
        for key in given:
            if key not in workflow.inputs:
                help_ = did_you_mean(key, workflow.inputs) or f"its inputs: {', '.join(workflow.inputs) or 'none'}"
                report.at_key("GR011", f"workflow `{name}` has no input `{key}`", (*loc[:-1], WITH, key), help_)
        for key, spec in workflow.inputs.items():
            if key not in given and spec.required:
                report.at_value(
                    "GR011", f"input `{key}` of workflow `{name}` is missing", loc, f"add it under `{WITH}:`"
                )
            elif key in given and not fits(given[key], spec.type):
                message = f"input `{key}` of workflow `{name}` is {spec.type}, got {given[key]}"
                report.at_value("GR011", message, (*loc[:-1], WITH, key))
        if name not in self._found:
            self._found[name] = self._compile(workflow, (*self._loc, name))
        return self._found[name]
