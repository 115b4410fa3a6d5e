"""A tool is believed when it warns, and never when it soothes."""

from __future__ import annotations

import pytest

from podium.spec.tool import EffectClass
from podium.testing.running import RunResult, run_workflow
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio


async def call(*, granted: EffectClass, claimed: EffectClass | None, functions: str = "") -> RunResult:
    """Call a function that says of itself that it does this."""
    world = World()
    world.on("box.open", "opened")
    if claimed is not None:
        world.claims["box.open"] = claimed
    grant = f"{{python: scripted, effect: {granted}, delivery: keyed{functions}}}"
    text = f"podium: 1\nname: t\ntools: {{box: {grant}}}\nnodes:\n  a: {{tool: box.open}}\nresult: a.out\n"
    return await run_workflow(text, tools=ScriptedTools(world))


@pytest.mark.parametrize(
    ("granted", "claimed"), [("read", "write"), ("read", "irreversible"), ("write", "irreversible"), ("none", "read")]
)
async def test_a_function_that_calls_itself_worse_than_its_grant_needs_a_person(
    granted: EffectClass, claimed: EffectClass
) -> None:
    assert (await call(granted=granted, claimed=claimed)).status == "approval"


@pytest.mark.parametrize(("granted", "claimed"), [("write", "read"), ("irreversible", "none"), ("read", None)])
async def test_a_function_that_calls_itself_harmless_changes_nothing(
    granted: EffectClass, claimed: EffectClass | None
) -> None:
    assert (await call(granted=granted, claimed=claimed)).status == "done"


async def test_a_grant_that_speaks_of_the_very_function_has_been_thought_about() -> None:
    result = await call(granted="read", claimed="write", functions=", functions: {open: {effect: read}}")

    assert result.status == "done"
