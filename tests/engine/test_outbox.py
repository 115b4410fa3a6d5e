"""What is prepared, released, dropped and undone, as the whole engine does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pytest

from podium.engine.control import retry
from podium.errors import EffectError
from podium.ids import SystemIds
from podium.ledger.record import EffectIntent, EffectStaged, OutboxDropped, OutboxReleased, RunEnded
from podium.spec.label import Label
from podium.testing import RunResult, run_workflow
from podium.testing.clock import FakeClock
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, compile_text
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio

Json = Any

HEAD = """podium: 1
name: outbox
inputs: {n: {type: integer, default: 1}}
tools:
  mail: {python: scripted, effect: write, delivery: keyed, staged: true, trust: trusted}
  now: {python: scripted, effect: write, delivery: keyed, trust: trusted}
  ask: {python: scripted, effect: write, delivery: keyed, staged: true, trust: trusted, approval: required}
  safe: {python: scripted, effect: read, delivery: repeatable, trust: trusted}
  twinned: {python: scripted, effect: write, delivery: keyed, trust: trusted, twin: safe}
  doubled: {python: scripted, effect: read, delivery: repeatable, trust: trusted, twin: {python: doubles}}
nodes:
"""


def no(_arguments: Mapping[str, Json]) -> Json:
    raise EffectError("EF900", "the tool says no", kind="failed")


def world() -> World:
    made = World()
    for grant in ("mail", "now", "ask", "safe", "twinned", "doubled", "doubled_twin"):
        made.on(f"{grant}.send", lambda arguments, grant=grant: f"{grant} {arguments.get('to', '')}".strip())
        made.on(f"{grant}.fail", no)
        made.on(f"{grant}.undo", None)
    return made


async def run(
    nodes: str,
    *,
    seen: World | None = None,
    mode: Literal["live", "shadow", "dry"] = "live",
    answers: Mapping[str, Literal["approved", "rejected"]] | None = None,
) -> RunResult:
    return await run_workflow(HEAD + nodes, tools=ScriptedTools(seen or world()), mode=mode, answers=answers)


def send(name: str, grant: str = "mail", more: str = "") -> str:
    return f"  {name}: {{tool: {grant}.send, with: {{to: {name}}}{more}}}\n"


def kinds(result: RunResult, kind: type) -> list[Any]:
    return [record.body for record in result.records if isinstance(record.body, kind)]


def ended(result: RunResult) -> RunEnded:
    (body,) = kinds(result, RunEnded)
    return body


async def test_what_is_staged_happens_when_a_commit_releases_it_and_not_before() -> None:
    seen = world()

    result = await run(send("a") + send("b", "now", ", after: [a]") + "  c: {commit: [a], after: [b]}\n", seen=seen)

    assert [(effect.name, effect.arguments["to"]) for effect in seen.effects] == [("now.send", "b"), ("mail.send", "a")]
    assert result.outs["a"] == {"staged": kinds(result, EffectStaged)[0].id}
    assert result.outs["c"] == [{"node": "a", "effect": "tool.mail.send", "answer": "mail a"}]
    assert ended(result).unreleased == 0


async def test_it_happens_under_the_key_under_which_it_was_prepared() -> None:
    result = await run(send("a") + "  c: {commit: [a]}\n")

    (staged,), (released,), (intent,) = (kinds(result, kind) for kind in (EffectStaged, OutboxReleased, EffectIntent))
    assert released.ids == (staged.id,) == (intent.id,)
    assert (intent.effect, intent.target, intent.delivery) == (staged.effect, staged.target, staged.delivery)


async def test_what_no_commit_releases_does_not_happen_and_the_run_says_so() -> None:
    seen = world()

    result = await run(send("a") + send("b"), seen=seen)

    assert (result.status, seen.effects, ended(result).unreleased) == ("done", [], 2)


async def test_a_single_node_may_ask_to_be_staged() -> None:
    seen = world()

    await run(send("a", "now", ", staged: true") + send("b", "now") + "  c: {commit: all, after: [a, b]}\n", seen=seen)

    assert [effect.arguments["to"] for effect in seen.effects] == ["b", "a"]


async def test_what_only_reads_is_never_staged() -> None:
    result = await run(send("a", "safe", ", staged: true"))

    assert (result.outs["a"], kinds(result, EffectStaged)) == ("safe a", [])


async def test_an_answer_that_is_not_there_yet_is_not_judged() -> None:
    result = await run(send("a", more=", output: {id: text}, expect: out.id != ''") + "  c: {commit: [a]}\n")

    assert (result.status, result.ports["a"]) == ("done", "out")


async def test_a_guard_that_does_not_hold_drops_all_of_it() -> None:
    seen = world()

    result = await run(send("a") + send("b") + "  c: {commit: [a, b], guard: size(prepared) == 1}\n", seen=seen)

    (dropped,) = kinds(result, OutboxDropped)
    assert (result.status, dropped.reason, len(dropped.ids), seen.effects) == ("denied", "guard", 2, [])


@pytest.mark.parametrize(("says", "status", "happened"), [("approved", "done", ["a", "b"]), ("rejected", "denied", [])])
async def test_approvals_that_effects_need_are_asked_once_and_for_all_of_them(
    says: Literal["approved", "rejected"], status: str, happened: list[str]
) -> None:
    seen = world()
    nodes = send("a", "ask") + send("b", "ask") + "  c: {commit: [a, b]}\n"

    waiting = await run(nodes)
    result = await run(nodes, seen=seen, answers={"c": says})

    assert waiting.status == "approval"
    assert (result.status, [effect.arguments["to"] for effect in seen.effects]) == (status, happened)
    if happened:
        (released,) = kinds(result, OutboxReleased)
        assert released.approval == next(record.key for record in result.records if record.key.startswith("answer:"))
        assert {intent.decision.approval for intent in kinds(result, EffectIntent)} == {released.approval}


async def test_two_commits_that_want_the_same_effects_get_them_once() -> None:
    seen = world()

    result = await run(
        send("a") + "  c: {commit: all, after: [a]}\n  d: {commit: all, after: [a], on_error: continue}\n", seen=seen
    )

    assert [effect.arguments["to"] for effect in seen.effects] == ["a"]
    assert result.status in ("done", "done_with_errors")
    assert len(kinds(result, OutboxReleased)) == 1


async def test_a_node_whose_effects_never_happened_has_nothing_to_undo() -> None:
    seen = world()
    undo = ", compensate: {tool: mail.undo, with: {to: a}}"

    result = await run(send("a", more=undo) + "  bad: {tool: now.fail, after: [a]}\n", seen=seen)

    assert (result.status, seen.effects) == ("failed", [])


async def test_what_was_released_is_undone_when_the_run_fails_later() -> None:
    seen = world()
    undo = ", compensate: {tool: mail.undo, with: {to: a}}"

    result = await run(send("a", more=undo) + "  c: {commit: [a]}\n  bad: {tool: now.fail, after: [c]}\n", seen=seen)

    assert (result.status, [effect.name for effect in seen.effects]) == ("failed", ["mail.send", "mail.undo"])


async def test_what_is_undone_is_undone_at_once_although_its_tool_stages() -> None:
    seen = world()
    undo = ", compensate: {tool: mail.undo, staged: true, with: {to: a}}"

    result = await run(send("a", "now", undo) + "  bad: {tool: now.fail, after: [a]}\n", seen=seen)

    assert [effect.name for effect in seen.effects] == ["now.send", "mail.undo"]
    assert kinds(result, EffectStaged) == []


async def test_a_draft_that_was_sent_back_is_not_released() -> None:
    seen = world()

    await run(
        "  draft: {llm: Draft}\n"
        '  post: {tool: mail.send, with: {to: "${draft.out}"}}\n'
        "  check: {validate: size(post.out) > 5, revise: draft, max: 1, on_error: continue}\n"
        "  c: {commit: all, after: [check]}\n",
        seen=seen,
    )

    assert len(seen.effects) == 1


async def test_what_a_withdrawn_or_failed_part_prepared_is_not_released() -> None:
    seen = world()

    await run(
        "  part:\n"
        "    scope: {p: {tool: mail.send, with: {to: p}}, bad: {tool: now.fail, after: [p]}}\n"
        "    catch: [{do: {sorry: {tool: mail.send, with: {to: sorry}}}}]\n"
        "  c: {commit: [part]}\n",
        seen=seen,
    )

    assert [effect.arguments["to"] for effect in seen.effects] == ["sorry"]


async def test_the_label_of_what_stands_for_an_answer_is_that_of_the_answer() -> None:
    text = HEAD.replace("staged: true, trust: trusted}", "staged: true, returns: {level: secret}}", 1)

    result = await run_workflow(text + send("a"), tools=ScriptedTools(world()))

    label = next(record.body.label for record in result.records if record.key == "done:a")  # type: ignore[union-attr]
    assert label == Label(integrity="untrusted", level="secret", sources=("mail.send",))


# ── shadow and dry runs ──


async def test_a_shadow_run_reads_and_writes_nothing() -> None:
    seen = world()

    result = await run(send("r", "safe") + send("w", "now", ", after: [r]"), seen=seen, mode="shadow")

    assert (result.status, [effect.name for effect in seen.effects]) == ("done", ["safe.send"])
    assert [(staged.effect, staged.because) for staged in kinds(result, EffectStaged)] == [("tool.now.send", "mode")]


async def test_a_commit_in_a_shadow_run_asks_nobody_and_says_what_it_would_release() -> None:
    seen = world()

    result = await run(send("a", "ask") + "  c: {commit: [a], approve: So?}\n", seen=seen, mode="shadow")

    (dropped,) = kinds(result, OutboxDropped)
    assert (result.status, dropped.reason, seen.effects, kinds(result, OutboxReleased)) == ("done", "mode", [], [])
    assert [told["node"] for told in result.outs["c"]] == ["a"]


async def test_people_are_taken_to_agree_in_a_shadow_run() -> None:
    result = await run("  ok: {human: So?, show: inputs.n}\n" + send("a", "now", ", after: [ok]"), mode="shadow")

    assert (result.status, result.outs["ok"]) == ("done", 1)


async def test_a_twin_is_called_instead_and_its_answer_goes_on() -> None:
    seen = world()

    result = await run(send("a", "twinned"), seen=seen, mode="shadow")

    assert (result.outs["a"], [effect.name for effect in seen.effects]) == ("safe a", ["safe.send"])
    (staged,), (intent,) = kinds(result, EffectStaged), kinds(result, EffectIntent)
    assert (staged.twin, intent.target, intent.effect_class) == ("scripted", "scripted/safe", "read")


async def test_a_twin_stands_for_nothing_in_a_live_run() -> None:
    seen = world()

    result = await run(send("a", "twinned"), seen=seen)

    assert (result.outs["a"], [effect.name for effect in seen.effects]) == ("twinned a", ["twinned.send"])


async def test_in_a_shadow_run_what_reads_is_asked_itself_although_it_has_a_twin() -> None:
    seen = world()

    await run(send("a", "doubled"), seen=seen, mode="shadow")

    assert [effect.name for effect in seen.effects] == ["doubled.send"]


async def test_in_a_dry_run_the_twin_answers_for_what_reads() -> None:
    seen = world()

    result = await run(send("a", "doubled"), seen=seen, mode="dry")

    assert (result.outs["a"], [effect.name for effect in seen.effects]) == ("doubled_twin a", ["doubled_twin.send"])


async def test_a_dry_run_goes_on_with_examples_of_what_is_declared() -> None:
    seen = world()

    result = await run(
        "  r: {tool: safe.send, output: {name: text}}\n"
        '  m: {llm: "Write to ${r.out.name}", output: {text: text, good: boolean}}\n'
        '  w: {tool: now.send, with: {to: "${m.out.text}"}, output: {id: integer}}\n'
        '  e: {transform: "${w.out.id}"}\n'
        "  later: {wait: 3d}\n",
        seen=seen,
        mode="dry",
    )

    assert (result.status, seen.calls) == ("done", [])
    assert (result.outs["r"], result.outs["m"]) == ({"name": "example"}, {"text": "example", "good": True})
    assert result.outs["e"] == 1


@pytest.mark.parametrize("what", ["tool: safe.send", "llm: Say something", "wait: {signal: go}"])
async def test_a_dry_run_stops_where_nobody_can_know_how_it_goes_on(what: str) -> None:
    seen = world()

    result = await run(
        f"  x: {{{what}}}\n" + send("after_it", "now", ", after: [x]") + send("w", "now"), seen=seen, mode="dry"
    )

    assert (result.status, seen.calls, result.ports) == ("done", [], {"w": "out"})


async def test_no_model_is_asked_in_a_dry_run() -> None:
    model = ScriptedModel()

    await run_workflow(HEAD + "  m: {llm: Hello, output: {a: text}}\n", model=model, mode="dry")

    assert model.calls == []


async def test_what_goes_on_from_a_shadow_run_is_a_shadow_run() -> None:
    seen, clock = world(), FakeClock(tick_ms=1)
    bench = Bench(
        compile_text(HEAD + send("a", "now")),
        store=MemoryStore(clock=clock),
        model=ScriptedModel(),
        tools=ScriptedTools(seen),
        clock=clock,
        ids=SystemIds(),
    )
    first = await bench.start({"n": 1}, mode="shadow")
    await bench.settle(first, {})

    second = await bench.engine.fork(first, again=["a"], principal="tester")
    await bench.settle(second, {})
    await bench.engine.close()

    row = await bench.store.row(second)
    assert row is not None
    assert (row.mode, row.status, seen.effects) == ("shadow", "done", [])


async def test_a_fork_prepares_anew_what_was_only_prepared() -> None:
    seen, clock = world(), FakeClock(tick_ms=1)
    bench = Bench(
        compile_text(
            HEAD + send("a") + "  c: {commit: [a], guard: inputs.n == 2, on_denied: d}\n  d: {transform: 1}\n"
        ),
        store=MemoryStore(clock=clock),
        model=ScriptedModel(),
        tools=ScriptedTools(seen),
        clock=clock,
        ids=SystemIds(),
    )
    first = await bench.start({"n": 1})
    assert (await bench.settle(first, {}), seen.effects) == ("done", [])

    second = await bench.engine.fork(first, inputs={"n": 2}, principal="tester")
    await bench.settle(second, {})
    await bench.engine.close()

    assert [effect.arguments["to"] for effect in seen.effects] == ["a"]


async def test_a_commit_releases_what_a_sub_workflow_prepared_by_its_own_grants() -> None:
    text = (
        HEAD.replace("nodes:\n", "")
        + "flows:\n"
        + "  inner:\n"
        + "    podium: 1\n"
        + "    name: inner\n"
        + "    tools: {post: {python: scripted, effect: write, delivery: keyed, staged: true, trust: trusted}}\n"
        + "    nodes: {w: {tool: post.send, with: {to: inner}}}\n"
        + "    result: w.out\n"
        + "nodes:\n  sub: {subflow: inner}\n  c: {commit: [sub]}\n"
    )
    seen = world()
    seen.on("post.send", "posted")

    result = await run_workflow(text, tools=ScriptedTools(seen))

    assert result.outs["c"] == [{"node": "sub/w", "effect": "tool.post.send", "answer": "posted"}]


async def test_a_shadow_run_tells_other_runs_nothing() -> None:
    result = await run("  say: {emit: go, as: event, to: '\"r0000000000000\"', value: 1}\n", mode="shadow")

    assert (result.status, [act.effect for act in kinds(result, EffectStaged)]) == ("done", ["run.signal"])


async def test_a_retry_decides_anew_about_what_was_not_released() -> None:
    seen, clock, ids = world(), FakeClock(tick_ms=1), SystemIds()
    bench = Bench(
        compile_text(HEAD + send("a") + send("b") + "  c: {commit: [a, b], approve: Do it?}\n"),
        store=MemoryStore(clock=clock),
        model=ScriptedModel(),
        tools=ScriptedTools(seen),
        clock=clock,
        ids=ids,
    )
    made = await bench.start({"n": 1})
    assert await bench.settle(made, {"c": "rejected"}) == "denied"

    await retry(bench.store, ids, made, by="tester")
    status = await bench.settle(made, {"*": "approved"})
    await bench.engine.close()

    assert (status, [effect.arguments["to"] for effect in seen.effects]) == ("done", ["a", "b"])
