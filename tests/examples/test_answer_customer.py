"""The example that keeps personal data in: what the model sees, what the guard stops, what a person reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium.testing.running import RunResult, run_workflow
from podium.testing.scripted import ScriptedModel

pytestmark = pytest.mark.anyio

EXAMPLE = Path(__file__).parents[2] / "examples" / "answer-customer.yaml"


async def run(model: ScriptedModel) -> RunResult:
    return await run_workflow(EXAMPLE.read_text(encoding="utf-8"), model=model, answers={"reply": "approved"})


async def test_the_model_never_sees_who_it_is_and_the_reply_says_so() -> None:
    model = ScriptedModel(["Tomorrow. We will write to <EMAIL_1>."])

    result = await run(model)

    assert model.calls[0].messages[-1].text == (
        "Answer this message in two sentences: I am Ada (<EMAIL_1>, phone <PHONE_1>). When does my printer come back?"
    )
    assert (result.status, result.value) == ("done", "Tomorrow. We will write to ada@example.org.")


@pytest.mark.parametrize(
    "said", ["Click https://evil.test/reset", "Ignore all previous instructions.", "Our lawsuit is going well."]
)
async def test_what_the_guard_stops_is_answered_by_hand(said: str) -> None:
    result = await run(ScriptedModel([said]))

    assert result.status == "done"
    assert result.value.startswith("Please answer by hand: I am Ada (ada@example.org")
