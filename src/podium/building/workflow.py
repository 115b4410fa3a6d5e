"""A workflow built in Python, or loaded from a file and changed: one model with the YAML, `podium.spec.model.Workflow`.

```python
wf = Workflow("announce", inputs={"topic": str})
draft = wf.llm("draft", f"Announce {wf.inputs.topic} in three sentences.")
wf.validate("check", f"size({draft.out}) < 600", revise=draft)
wf.result = draft.out

print(wf.to_yaml())
```

What Python adds is syntax: the model that comes out is that of the file `to_yaml` writes, with the same version, and
nothing of Python is left in it. A workflow that was loaded is written back as it was, with its comments and its order;
only what was changed is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Self, cast

from pydantic import ValidationError

from podium.building.making import Expr
from podium.building.nodes import Nodes
from podium.building.plain import Named
from podium.building.reference import Ref
from podium.building.workshop import Workshop
from podium.errors import UsageError
from podium.graph.model import Compiled
from podium.lint.check import Checked, check_text
from podium.node.contract import Node as NodeType
from podium.node.contract import NodeConfig
from podium.node.function import node_of
from podium.spec.autonomy import Autonomy
from podium.spec.diagnostic import Diagnostic, SpecError
from podium.spec.dump import dump
from podium.spec.dump_values import written
from podium.spec.load import load
from podium.spec.model import InputSpec, ToolSpec
from podium.spec.model import Workflow as Model
from podium.spec.python_type import is_python_type, schema_of
from podium.spec.suggest import did_you_mean

Json = Any

InputLike = object
"""A type (in Python or the shorthand), or what stands in a file: `{"type": …, "default": …, "trust": …}`."""


class Inputs:
    """The inputs of a workflow, each a reference: `wf.inputs.topic`."""

    def __init__(self, declared: Mapping[str, object]) -> None:
        self._declared = declared

    def __getattr__(self, name: str) -> Ref:
        if name not in self._declared:
            help_ = did_you_mean(name, self._declared)
            raise AttributeError(f"the workflow has no input `{name}`" + (f", {help_}" if help_ else ""))
        return Ref("inputs")[name]

    def __getitem__(self, name: str) -> Ref:
        return getattr(self, name)


class Workflow(Nodes, Named):
    """See the rules of the module.

    Attributes:
        name: Its name, unique in an installation.
    """

    def __init__(
        self,
        name: str,
        *,
        inputs: Mapping[str, InputLike] | None = None,
        tools: Mapping[str, ToolSpec | Mapping[str, Json]] | None = None,
        description: str = "",
        owner: str = "",
        budget: Mapping[str, Json] | None = None,
        timeout: str | timedelta | Mapping[str, Json] | None = None,
        concurrency: Mapping[str, Json] | None = None,
        priority: int | None = None,
        autonomy: Autonomy | None = None,
        governor: Mapping[str, Json] | None = None,
    ) -> None:
        """Begin a workflow; what does not fit is refused here.

        Args:
            inputs: What a run is started with: types, or mappings as in a file, with `type`, `default`, `trust`, ….
            tools: What it may use, by name: grants of functions (`podium.grant`), or mappings as in a file.
            budget: Limits of a run, such as `{"usd": 0.5, "tokens": 200_000, "wall": "20m"}`.
            timeout: The longest a run may take, waiting included.
            concurrency: How many runs may be under way at once, `{"max": 1, "key": "inputs.customer"}`.
            priority: 0 to 9; higher ones are taken up first.
            autonomy: How far it may go by itself.
            governor: When repeated calls are taken for a circle, `{"repeats": 5, "per_minute": 100}`.

        Raises:
            SpecError: with all that is wrong.
        """
        self.name = name
        self._original: str | None = None
        self._flows: dict[str, Workflow | Model] = {}
        self._fields: dict[str, object] = {"podium": 1, "name": name}
        given: dict[str, object] = {
            "description": description or None,
            "owner": owner or None,
            "inputs": {key: _input(value) for key, value in (inputs or {}).items()} or None,
            "tools": dict(tools or {}) or None,
            "budget": budget,
            "timeout": timeout,
            "concurrency": concurrency,
            "priority": priority,
            "autonomy": autonomy,
            "governor": governor,
        }
        Nodes.__init__(self, Workshop(f"{name}.yaml"))
        said = {key: value for key, value in given.items() if value is not None}
        self._fields |= self.shop.plain.settings(Model, said)
        self._model({})

    def __repr__(self) -> str:
        return f"Workflow({self.name!r}, {list(self)})"

    def podium_name(self) -> str:
        return self.name

    @classmethod
    def from_yaml(cls, source: str | Path, *, node_types: Sequence[Callable[..., object]] = ()) -> Self:
        """Return the workflow in a file, or in a text of more than one line.

        Args:
            source: The text, or the path of the file.
            node_types: Functions marked `@node_type` that the file uses and that no installed package offers.

        Raises:
            SpecError: with all that is wrong.
        """
        text, file = _text(source)
        workflow = cls("loading")
        declared = [node_of(function) for function in node_types]
        workflow.shop.plain.node_types |= {node.type: node for node in declared}
        loaded = load(text, file=file, node_types=workflow.shop.configs())
        if loaded.workflow is None:
            raise SpecError(loaded.diagnostics, texts={file: text})
        model = loaded.workflow
        workflow.name, workflow.shop.file, workflow._original = model.name, file, text
        workflow._flows = dict(model.flows)
        fields = written(model, workflow.shop.configs())
        workflow._fields = {key: value for key, value in fields.items() if key not in ("nodes", "flows")}
        for name, config in model.nodes.items():
            workflow.add(name, config)
        return workflow

    # ── what it is made of ──

    @property
    def inputs(self) -> Inputs:
        """Its inputs, as references."""
        return Inputs(cast("Mapping[str, object]", self._fields.get("inputs", {})))

    @property
    def file(self) -> str:
        """What messages call it: the file that it was loaded from, or its name with `.yaml`."""
        return self.shop.file

    @property
    def declared(self) -> tuple[NodeType, ...]:
        """The node types, declared in this program, that it uses."""
        return tuple(self.shop.plain.node_types.values())

    @property
    def run_id(self) -> Ref:
        """The id of the run, as its nodes see it."""
        return Ref("run.id")

    @property
    def result(self) -> Expr | None:
        """What the run gives, as CEL text."""
        return cast("Expr | None", self._fields.get("result"))

    @result.setter
    def result(self, value: Expr | None) -> None:
        self._fields.pop("result", None)
        if value is not None:
            self._fields |= self.shop.plain.settings(Model, {"result": value})

    def grant(self, name: str, tool: ToolSpec | Mapping[str, Json]) -> None:
        """Let it use a tool under a name; a grant of that name is replaced.

        Raises:
            SpecError: when it does not fit.
        """
        before = dict(self._fields)
        self._fields["tools"] = {**cast("Mapping[str, object]", before.get("tools", {})), name: tool}
        try:
            self._model({})
        except SpecError:
            self._fields = before
            raise

    def flow(self, workflow: Workflow) -> str:
        """Add a workflow that `subflow` nodes run, and return the name that they call it by."""
        if self._flows.setdefault(workflow.name, workflow) is not workflow:
            message = f"there is another sub-workflow `{workflow.name}` already"
            raise UsageError("AP053", message, help="give it another name")
        return workflow.name

    # ── what it means ──

    @property
    def model(self) -> Model:
        """The workflow as a file says it.

        Raises:
            SpecError: when a setting does not fit, with all that is wrong.
        """
        return self._model(self.configured())

    def to_yaml(self) -> str:
        """Return it as a file; what was loaded and not changed is as it was, byte for byte.

        Raises:
            SpecError: when a setting does not fit, with all that is wrong.
        """
        return dump(self.model, original=self._original, node_types=self.shop.configs())

    def check(self) -> tuple[Diagnostic, ...]:
        """Return all that is to be said of it, as `podium lint` does; places are those of `to_yaml`."""
        try:
            return self.checked().diagnostics
        except SpecError as error:
            return error.diagnostics

    def checked(self) -> Checked:
        """Return what is to be said of it, and its compiled form when there is no error.

        Raises:
            SpecError: when a setting does not fit, with all that is wrong.
        """
        return check_text(self.to_yaml(), file=self.shop.file, node_types=self.shop.configs())

    def compiled(self) -> Compiled:
        """Return what can be run.

        Raises:
            SpecError: with all that is wrong.
        """
        checked = self.checked()
        if checked.compiled is None:
            raise SpecError(checked.diagnostics, texts={self.shop.file: checked.text})
        return checked.compiled

    def _model(self, nodes: Mapping[str, NodeConfig]) -> Model:
        used = {named for named in self.shop.plain.named if isinstance(named, Workflow)}
        flows = {**self._flows, **{workflow.name: workflow for workflow in used}}
        built = {name: flow.model if isinstance(flow, Workflow) else flow for name, flow in flows.items()}
        fields = {**self._fields, **({"flows": built} if built else {}), "nodes": dict(nodes)}
        try:
            context = {"node_types": self.shop.configs()}
            return Model.model_validate(fields, context=context, by_alias=True, by_name=False)
        except ValidationError as error:
            raise self.shop.wrong(error, fields) from None


def _input(value: InputLike) -> object:
    """Return an input as a file says it."""
    if isinstance(value, InputSpec):
        return value
    if isinstance(value, Mapping):
        said = dict(cast("Mapping[str, object]", value))
        if is_python_type(said.get("type")):
            said["type"] = schema_of(said["type"])
        return said
    return {"type": schema_of(value) if is_python_type(value) else value}


def _text(source: str | Path) -> tuple[str, str]:
    """Return the text of a file or a text, and what messages call it."""
    if isinstance(source, str) and "\n" in source:
        return source, "workflow.yaml"
    return Path(source).read_text(encoding="utf-8"), str(source)
