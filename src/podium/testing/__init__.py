"""Public doubles and conformance suites for people who test workflows and adapters.

| | |
|---|---|
| `run_workflow`, `RunResult` | a whole workflow: the real loader, compiler and engine, a scripted outside |
| `ScriptedModel`, `Said` | a model that says what it was told to say |
| `ScriptedTools`, `World` | tools that do what the test says, and what reached the world |
| `ScriptedSandboxes` | code that gives what the test says |
| `ScriptedRuns` | other runs, and what was asked of them |
| `ModelServer`, `Fault` | a model server on loopback that misbehaves when told to |
| `ScriptedContext` | one node type alone |
| `FakeClock` | time that passes when somebody sleeps |
| `MemoryStore`, `FaultPlan`, `Killed` | a store in memory, and points at which it dies |
| `Drill` | a run that is killed at every commit and around every effect, and must end as if it had not been |

Suites that an adapter of one's own must pass stand in `podium.testing.conformance`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podium.testing.clock import FakeClock
    from podium.testing.context import ScriptedContext
    from podium.testing.drill import Drill
    from podium.testing.faults import FaultPlan, Killed
    from podium.testing.memory import MemoryStore
    from podium.testing.model_server import Fault, ModelServer
    from podium.testing.running import RunResult, run_workflow
    from podium.testing.runs import ScriptedRuns
    from podium.testing.sandboxes import ScriptedSandboxes
    from podium.testing.scripted import Said, ScriptedModel
    from podium.testing.tools import ScriptedTools, World

__all__ = [
    "Drill",
    "FakeClock",
    "Fault",
    "FaultPlan",
    "Killed",
    "MemoryStore",
    "ModelServer",
    "RunResult",
    "Said",
    "ScriptedContext",
    "ScriptedModel",
    "ScriptedRuns",
    "ScriptedSandboxes",
    "ScriptedTools",
    "World",
    "run_workflow",
]

_HOMES = {
    "Drill": "drill",
    "FakeClock": "clock",
    "Fault": "model_server",
    "FaultPlan": "faults",
    "Killed": "faults",
    "MemoryStore": "memory",
    "ModelServer": "model_server",
    "RunResult": "running",
    "Said": "scripted",
    "ScriptedContext": "context",
    "ScriptedModel": "scripted",
    "ScriptedRuns": "runs",
    "ScriptedSandboxes": "sandboxes",
    "ScriptedTools": "tools",
    "World": "tools",
    "run_workflow": "running",
}


def __getattr__(name: str) -> object:
    # lazy, so that a test of one node type does not load the engine
    if name not in _HOMES:
        raise AttributeError(f"module `podium.testing` has no attribute `{name}`")
    return getattr(import_module(f"podium.testing.{_HOMES[name]}"), name)
