"""How a run begins: its inputs checked and completed, its limits worked out, one record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podium.clock import Millis
from podium.errors import ExpressionError, UsageError
from podium.graph.checker import INPUTS
from podium.graph.expression import check, render
from podium.ids import IdSource, RunId, WorkflowVersion
from podium.ledger.payload import json_payload
from podium.ledger.record import ArgumentLabel, Entry, ForkedFrom, RunCreated, RunMode, SharedBudget
from podium.spec.autonomy import Autonomy
from podium.spec.model import InputSpec, Workflow
from podium.spec.types import Type

Json = Any

MAX_KEY_CHARS = 200
"""The longest value of a concurrency key."""


def complete_inputs(specs: Mapping[str, InputSpec], inputs: Mapping[str, Json]) -> dict[str, Json]:
    """Return the inputs with defaults filled in.

    Raises:
        UsageError: EN010.
    """
    unknown = [name for name in inputs if name not in specs]
    if unknown:
        known = ", ".join(f"`{name}`" for name in specs) or "none"
        raise UsageError("EN010", f"workflow has no input `{unknown[0]}`", help=f"its inputs: {known}")
    complete: dict[str, Json] = {}
    for name, spec in specs.items():
        if name not in inputs and spec.required:
            raise UsageError("EN010", f"input `{name}` is missing", help=f"add `--input {name}=…` ({spec.type})")
        complete[name] = inputs.get(name, spec.default)
        problems = spec.type.problems(complete[name]) if name in inputs else []
        if problems:
            raise UsageError("EN010", f"input `{name}`: {problems[0]}", help=f"expected {spec.type}")
    return complete


def created(
    workflow: Workflow,
    *,
    run: RunId,
    version: WorkflowVersion,
    inputs: Mapping[str, Json],
    principal: str,
    now: Millis,
    ids: IdSource,
    parent: str = "",
    fork: ForkedFrom | None = None,
    priority: int | None = None,
    mode: RunMode = "live",
    chain: tuple[str, ...] = (),
    labels: tuple[ArgumentLabel, ...] = (),
    budgets: tuple[SharedBudget, ...] = (),
    author: str = "",
    autonomy: Autonomy | None = None,
) -> Entry:
    """Return the first record of a run.

    Raises:
        UsageError: EN019 when the concurrency key cannot be worked out.
    """
    stored = json_payload(inputs, ids)
    limits, concurrency = workflow.timeout, workflow.concurrency
    body = RunCreated(
        workflow=workflow.name,
        version=version,
        inputs=stored.ref,
        principal=principal,
        deadline=Millis(now + round(limits.total.total_seconds() * 1000)) if limits else Millis(0),
        idle_ms=round(limits.idle.total_seconds() * 1000) if limits and limits.idle else 0,
        root=run,
        parent=parent,
        chain=chain,
        labels=labels,
        budgets=budgets,
        author=author,
        autonomy=autonomy,
        fork=fork,
        priority=workflow.priority if priority is None else priority,
        mode=mode,
        slot=_slot(workflow, inputs),
        slots=concurrency.max if concurrency else 0,
    )
    return Entry(body=body, key="created", payloads=(stored,))


def _slot(workflow: Workflow, inputs: Mapping[str, Json]) -> str:
    """Return what the runs have in common of which only so many may be under way, "" when any number may."""
    if workflow.concurrency is None:
        return ""
    if workflow.concurrency.key is None:
        return workflow.name
    types = Type.object_of({name: spec.type for name, spec in workflow.inputs.items()})
    checked = check(workflow.concurrency.key, {INPUTS: types})
    assert not isinstance(checked, list), "the compiler has checked it"
    try:
        value = render(checked.eval({INPUTS: inputs}))
    except ExpressionError as error:
        raise UsageError("EN019", f"`concurrency.key` cannot be worked out: {error.message}", help=error.help) from None
    if len(value) > MAX_KEY_CHARS:
        message = f"`concurrency.key` gives {len(value)} characters, more than {MAX_KEY_CHARS}"
        raise UsageError("EN019", message, help="use something shorter, such as an id")
    return f"{workflow.name}:{value}"
