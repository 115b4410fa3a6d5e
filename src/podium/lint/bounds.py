"""Every bound that holds in a workflow, written or by default, with its place.

Each bounded thing of the language has a bound, also when nobody wrote one: rounds of loops, items of maps, waiting for
people, attempts, the time of a call. What is a bound is known by its key; a node type of a plug-in that uses one of
these keys is shown, too. What has no bound stands here as well: `none`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from pydantic import BaseModel

from podium.lint.subject import Spot, Subject
from podium.spec.diagnostic import Loc
from podium.spec.model import BudgetSpec, NodeConfig, Retry, Workflow
from podium.units import format_duration, format_energy

NONE = "none"


class Bound(NamedTuple):
    """One bound.

    Attributes:
        loc: The keys of the bound, or of where it would stand.
        what: What it bounds, in a few words.
        value: As people write it, or `none`.
        written: Whether it stands in the file; otherwise it is the default.
    """

    loc: Loc
    what: str
    value: str
    written: bool


_KEYS: Mapping[str, str] = {
    "max": "rounds",
    "max_items": "items",
    "concurrency": "at once",
    "max_tokens": "tokens of an answer",
    "repair": "times asked again",
    "expires": "waiting for an answer",
    "deadline": "waiting for the other sources",
    "total": "time",
    "cpu": "time of computing",
    "wall": "time of a program",
    "memory": "memory",
    "output": "size of what is printed, and of what is given",
    "files": "size of all files",
    "calls": "calls of tools",
    "idle": "time without a sign of life",
}
"""Keys of a node's own settings, also one level down, that are bounds."""


_BUDGET: Mapping[str, str] = {
    "usd": "US dollars",
    "tokens": "tokens",
    "calls": "calls of models and tools",
    "energy": "energy",
    "wall": "time at work",
}
"""Units of a budget."""


def bounds(subject: Subject) -> tuple[Bound, ...]:
    """Return the bounds: of the workflow, its tools, its nodes, then of each sub-workflow."""
    return tuple(_all(subject))


def _all(subject: Subject) -> Iterator[Bound]:
    run = {scope.top for scope in subject.scopes}
    for top, workflow in subject.workflows:
        if top not in run:
            continue
        yield from _of_workflow(top, workflow)
        for name, tool in workflow.tools.items():
            yield _bound((*top, "tools", name), "timeout", "time of a call", tool.timeout, tool)
        for spot in subject.within(top):
            yield from _of_node(spot)


def _of_workflow(top: Loc, workflow: Workflow) -> Iterator[Bound]:
    total = workflow.timeout.total if workflow.timeout else None
    yield _bound(top, "timeout", "time of a run, waiting included", total, workflow)
    if not top:
        yield _bound(top, "concurrency", "runs at once", workflow.concurrency and workflow.concurrency.max, workflow)
        budget = workflow.budget or BudgetSpec()
        for key, what in _BUDGET.items():
            yield _bound(("budget",), key, what, getattr(budget, key), budget)
        if budget.per_call is not None:
            for key in ("usd", "tokens", "energy"):
                found = getattr(budget.per_call, key)
                if found is not None:
                    yield _bound(("budget", "per_call"), key, f"{_BUDGET[key]} of one call", found, budget.per_call)
        attempts = f"{Retry().max}"
        yield Bound(("nodes",), "attempts after the first, where no `retry:` stands", attempts, written=False)


def _of_node(spot: Spot) -> Iterator[Bound]:
    config, loc = spot.node.config, spot.loc
    if config.retry is not None:
        yield _bound((*loc, "retry"), "max", "attempts after the first", config.retry.max, config.retry)
        yield _bound((*loc, "retry"), "max_backoff", "wait between attempts", config.retry.max_backoff, config.retry)
    if config.timeout is not None:
        yield from _of_model((*loc, "timeout"), config.timeout)
    for name in type(config).model_fields:
        if name not in NodeConfig.model_fields:
            yield from _of_field(loc, config, name)


def _of_field(loc: Loc, model: BaseModel, name: str) -> Iterator[Bound]:
    value = getattr(model, name)
    key = type(model).model_fields[name].alias or name
    if isinstance(value, BaseModel) and not isinstance(value, NodeConfig):
        yield from _of_model((*loc, key), value)
    elif key in _KEYS and isinstance(value, int | timedelta):
        yield _bound(loc, key, _KEYS[key], value, model)


def _of_model(loc: Loc, model: BaseModel) -> Iterator[Bound]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        endless = name == "expires" and bool(getattr(model, "signal", None) or getattr(model, "callback", None))
        if name in _KEYS and (isinstance(value, int | timedelta) or (value is None and endless)):
            yield _bound(loc, name, _KEYS[name], value, model)


def _bound(loc: Loc, key: str, what: str, value: float | timedelta | Decimal | None, model: BaseModel) -> Bound:
    return Bound((*loc, key), what, _shown(value), written=key in model.model_fields_set and value is not None)


def _shown(value: float | timedelta | Decimal | None) -> str:
    match value:
        case None:
            return NONE
        case timedelta():
            return format_duration(value)
        case Decimal():
            return format_energy(value)
        case _:
            return str(value)
