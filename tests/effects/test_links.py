"""Links in a text may be critical where the text is not; what a model chose itself may be critical as a whole."""

from __future__ import annotations

import pytest

from podium.gate.flow import Flow, flows
from podium.gate.labels import DEFAULT_LATTICE, USER, Label
from podium.gate.sinks import Sink
from podium.ledger.record import EffectIntent
from podium.testing.running import RunResult, run_workflow
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio

SEND = """podium: 1
name: newsletter
tools:
  web: {python: scripted, effect: read, delivery: repeatable}
  mail:
    python: scripted
    effect: write
    delivery: keyed
    functions: {send: {critical: [to, body.links]}}
nodes:
  page: {tool: web.read}
  send: {tool: mail.send, with: {to: ada@example.org, body: "News: ${page.out}"}}
"""


async def sends(page: str, *, answers: dict[str, str] | None = None) -> RunResult:
    world = World()
    world.on("web.read", page)
    world.on("mail.send", "ok")
    return await run_workflow(SEND, tools=ScriptedTools(world), answers={"send": "approved"} if answers else None)


async def test_a_link_that_nobody_vouches_for_is_asked_about() -> None:
    assert (await sends("read www.evil.example/login")).status == "approval"
    assert (await sends("read www.evil.example/login", answers={"send": "approved"})).status == "done"


async def test_a_text_without_links_is_not() -> None:
    result = await sends("nothing to follow here")

    assert result.status == "done"
    intents = [record.body for record in result.records if isinstance(record.body, EffectIntent)]
    assert [intent.effect for intent in intents] == ["tool.web.read", "tool.mail.send"]


@pytest.mark.parametrize(
    ("effect", "asked"), [("none", False), ("read", False), ("write", True), ("irreversible", True)]
)
def test_an_act_that_a_misled_model_chose_needs_a_person_whatever_its_arguments(effect: str, asked: bool) -> None:  # noqa: FBT001 - a column of the table
    anybody = Label(integrity="untrusted", sources=("web.read",))
    sink = Sink("", "", effect, ())  # pyright: ignore[reportArgumentType] - one of the classes, from the table

    found = list(flows(DEFAULT_LATTICE, sink, control=USER, read=USER, arguments={}, choice=anybody))

    assert found == ([Flow("untrusted_choice", "", anybody)] if asked else [])
