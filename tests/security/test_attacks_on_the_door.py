"""Attacks on the door itself: a way around one of its stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from podium.effects.safeguards import Safeguards
from podium.engine.control import open_questions
from podium.engine.override import override
from podium.gate.policy.bundle import Bundle
from podium.gate.policy.decide import Policies
from podium.gate.policy.load import load
from podium.ids import NodePath, SystemIds
from podium.ledger.record import EffectDenied, NodeDone
from podium.spec.label import USER
from podium.testing.clock import FakeClock
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, RunResult, compile_text, run_workflow
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio
Json = Any

HEAD = """podium: 1
name: attacked
tools:
  tickets: {python: scripted, effect: read, delivery: repeatable}
  crm: {python: scripted, effect: read, delivery: repeatable, trust: trusted, returns: {level: confidential}}
  eu: {python: scripted, effect: read, delivery: repeatable, trust: trusted, returns: {residency: [eu]}}
  mail: {python: scripted, effect: write, delivery: keyed, clearance: confidential, twin: sandbox}
  sandbox: {python: scripted, effect: write, delivery: keyed, region: us}
  post: {python: scripted, effect: write, delivery: keyed, clearance: confidential}
nodes:
"""


def world() -> World:
    found = World()
    found.on("tickets.read", {"to": "eve@example.com"})
    found.on("crm.find", "IBAN of Ada")
    found.on("eu.find", "a person in Europe")
    for name in ("mail.send", "sandbox.send", "post.send", "post.undo"):
        found.on(name, "ok")
    return found


def refused(result: RunResult) -> list[str]:
    return [one.body.decision.reasons[-1] for one in result.records if isinstance(one.body, EffectDenied)]


@pytest.mark.parametrize("source", ["crm", "eu"])
async def test_in_a_shadow_run_a_double_is_told_what_it_may_not_see(source: str) -> None:
    outside = world()
    nodes = f"""  secret: {{tool: {source}.find}}
  send: {{tool: mail.send, with: {{to: ada@example.org, body: "${{secret.out}}"}}}}
"""
    result = await run_workflow(compile_text(HEAD + nodes), tools=ScriptedTools(outside), mode="shadow")

    assert outside.landed("sandbox.send") == []
    assert (result.status, refused(result)) == ("denied", ["confidentiality" if source == "crm" else "residency"])


class InForce:
    """Policies, as an installation has them."""

    def __init__(self, text: str) -> None:
        bundle = Bundle(files={"policies/rules.cedar": text})
        self._policies = Policies(load(bundle).rules, bundle)

    async def in_force(self) -> Policies:
        return self._policies


async def test_in_a_shadow_run_a_double_is_called_that_policies_forbid() -> None:
    outside = world()
    rules = """@id("all") permit (principal, action, resource);
@id("no") forbid (principal, action, resource == Function::"sandbox.send");"""
    nodes = "  send: {tool: mail.send, with: {to: ada@example.org, body: hi}}\n"
    result = await run_workflow(
        compile_text(HEAD + nodes),
        tools=ScriptedTools(outside),
        mode="shadow",
        safeguards=Safeguards(policies=InForce(rules)),
    )

    assert (result.status, refused(result), outside.landed("sandbox.send")) == ("denied", ["GA010"], [])


async def test_in_a_shadow_run_a_function_of_a_double_is_called_that_nobody_granted() -> None:
    outside = world()
    head = HEAD.replace("region: us}", "region: us, only: [preview]}")
    nodes = "  send: {tool: mail.send, with: {to: ada@example.org, body: hi}}\n"
    result = await run_workflow(compile_text(head + nodes), tools=ScriptedTools(outside), mode="shadow")

    assert (result.status, refused(result), outside.landed("sandbox.send")) == ("denied", ["GA002"], [])


async def test_a_double_that_may_see_it_is_still_called() -> None:
    outside = world()
    nodes = "  send: {tool: mail.send, with: {to: ada@example.org, body: hi}}\n"
    await run_workflow(compile_text(HEAD + nodes), tools=ScriptedTools(outside), mode="shadow")

    assert (len(outside.landed("sandbox.send")), outside.landed("mail.send")) == (1, [])


async def test_what_undoes_something_goes_where_the_level_may_not() -> None:
    outside = world()
    nodes = """  secret: {tool: crm.find}
  trip:
    scope:
      sent:
        tool: post.send
        with: {to: ada, body: hi}
        compensate: {tool: sandbox.undo, with: {body: "${secret.out}"}}
      bad: {validate: "1 > 2", after: [sent]}
"""
    outside.on("sandbox.undo", "ok")
    result = await run_workflow(compile_text(HEAD + nodes), tools=ScriptedTools(outside))

    assert (result.status, refused(result), outside.landed("sandbox.undo")) == ("failed", ["confidentiality"], [])


async def test_what_undoes_something_does_not_ask_where_a_stranger_says_to_whom() -> None:
    outside = world()
    nodes = """  t: {tool: tickets.read}
  trip:
    scope:
      sent: {tool: post.send, with: {to: ada, body: hi}, compensate: {tool: post.undo, with: {to: "${t.out.to}"}}}
      bad: {validate: "1 > 2", after: [sent]}
"""
    result = await run_workflow(compile_text(HEAD + nodes), tools=ScriptedTools(outside))

    assert (result.status, outside.landed("post.undo")) == ("approval", [])


async def test_a_second_try_after_an_approval_is_another_call() -> None:
    outside, sent = world(), list[Mapping[str, Json]]()

    def fails(arguments: Mapping[str, Json]) -> Json:
        sent.append(arguments)
        raise RuntimeError("busy")

    outside.on("post.send", fails)
    answers = iter(["eve@example.com", "mallory@example.com"])
    outside.on("tickets.read", lambda _: {"to": next(answers)})
    nodes = """  l:
    loop:
      t: {tool: tickets.read}
      s: {tool: post.send, with: {to: "${t.out.to}"}, on_error: continue}
    start: "''"
    max: 2
"""
    result = await run_workflow(
        compile_text(HEAD + nodes), tools=ScriptedTools(outside), answers={"l[0]/s": "approved"}
    )

    assert (result.status, [one["to"] for one in sent]) == ("approval", ["eve@example.com"])


async def test_what_waits_in_the_outbox_is_released_past_the_label_that_led_to_it() -> None:
    outside = world()
    nodes = """  t: {tool: tickets.read}
  s: {tool: post.send, with: {to: "${t.out.to}"}, staged: true}
  all: {commit: [s]}
"""
    result = await run_workflow(compile_text(HEAD + nodes), tools=ScriptedTools(outside))

    assert (result.status, outside.landed("post.send")) == ("approval", [])


async def test_what_came_back_from_a_release_is_believed() -> None:
    outside = world()
    outside.on("post.send", {"to": "eve@example.com"})
    nodes = """  s: {tool: post.send, with: {to: ada@example.org}, staged: true}
  all: {commit: [s]}
  again: {tool: post.send, with: {to: "${all.out[0].answer.to}"}}
"""
    result = await run_workflow(compile_text(HEAD + nodes), tools=ScriptedTools(outside))
    done = [one.body for one in result.records if one.path == NodePath("all") and isinstance(one.body, NodeDone)]

    assert ((done[-1].label or USER).integrity, result.status) == ("untrusted", "approval")


async def test_what_a_person_puts_in_the_place_of_a_result_is_their_word() -> None:
    nodes = """  in_: {wait: {signal: paid}}
  s: {tool: post.send, with: {to: "${in_.out}"}}
"""
    clock, ids, store, outside = FakeClock(tick_ms=1), SystemIds(), MemoryStore(), world()
    tools = ScriptedTools(outside)
    bench = Bench(compile_text(HEAD + nodes), store=store, model=ScriptedModel(), tools=tools, clock=clock, ids=ids)
    run = await bench.start({})
    await bench.settle(run, {})
    await override(
        bench.engine, store, ids, run, NodePath("in_"), action="output", by="tester", value="ada@example.org"
    )
    status = await bench.settle(run, {})
    await bench.engine.close()

    questions = await open_questions(store, run)
    assert (status, list(questions), outside.landed("post.send")) == ("done", [], [{"to": "ada@example.org"}])
