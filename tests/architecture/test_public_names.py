"""The public surface: what stands here may be relied on, everything else may change."""

from __future__ import annotations

import dataclasses
from importlib import import_module
from typing import Any, cast

import pytest

PUBLIC = {
    "podium": [
        *("EffectError", "EffectKey", "Handle", "Progress", "Ref", "Result", "ToolSettings", "Workflow", "attach"),
        *("cel", "grant", "make", "node_type", "run", "start", "sync", "tool"),
    ],
    "podium.node": [
        *("Answer", "Body", "BudgetLeft", "CodeAsk", "CodeCall", "CodeLimits", "CodeReply"),
        *("Collecting", "Context", "Done", "Duration", "EffectDenied"),
        *("EffectError", "ErrorKind"),
        *("Expression", "ExpressionError", "Fact", "Feedback", "Fork", "Inner", "ItemResult", "JoinRule", "Message"),
        *("ModelCall", "ModelReply", "MoreSources", "Name", "Node", "NodeConfig", "NodeError", "Nodes", "Outcome"),
        *("Park", "Port", "Question", "Resumable", "Revise", "Revision", "RunCall", "RunReply", "SpecModel", "Stop"),
        *("Template", "TextTemplate", "ToolCall", "ToolReply", "Type", "TypeSpec", "Usage", "Values"),
    ],
    "podium.testing": [
        *("Drill", "FakeClock", "Fault", "FaultPlan", "Killed", "MemoryStore", "ModelServer", "RunResult", "Said"),
        *("ScriptedContext", "ScriptedModel", "ScriptedRuns", "ScriptedSandboxes", "ScriptedTools"),
        *("World", "run_workflow"),
    ],
}
"""A name that is added here is a promise; one that is taken away breaks somebody."""

CHANGING = {"World"}  # it is the outside of a test, which remembers what reached it


@pytest.mark.parametrize("module", PUBLIC)
def test_these_names_are_public_and_no_others(module: str) -> None:
    assert import_module(module).__all__ == PUBLIC[module]


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in PUBLIC.items() for name in names])
def test_every_public_name_is_there_and_documented(module: str, name: str) -> None:
    value = getattr(import_module(module), name)

    assert value is not None
    if isinstance(value, type):
        assert value.__doc__


@pytest.mark.parametrize("module", PUBLIC)
def test_nothing_else_is_found_by_accident(module: str) -> None:
    with pytest.raises(AttributeError, match=module):
        _ = import_module(module).no_such_name


@pytest.mark.parametrize("module", PUBLIC)
def test_public_dataclasses_are_frozen(module: str) -> None:
    values = [getattr(import_module(module), name) for name in PUBLIC[module]]
    classes = [value for value in values if isinstance(value, type) and dataclasses.is_dataclass(value)]

    changing = {kind.__name__ for kind in classes if not cast("Any", kind).__dataclass_params__.frozen}
    assert changing <= CHANGING
