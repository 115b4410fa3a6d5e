"""Labels travel with values, and with the decisions that lead to a call; what may not flow does not."""

from __future__ import annotations

from typing import Any

import pytest

from podium.errors import EffectError
from podium.ids import NodePath, SystemIds
from podium.ledger.record import EffectDenied, EffectIntent, NodeDone, NodeParked, Record, RunCreated
from podium.spec.label import USER, Label
from podium.testing.clock import FakeClock
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, RunResult, compile_text, run_workflow
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio
Json = Any

TOOLS = """tools:
  tickets: {python: scripted, effect: read, delivery: repeatable}
  crm: {python: scripted, effect: read, delivery: repeatable, trust: trusted, returns: {level: confidential}}
  eu: {python: scripted, effect: read, delivery: repeatable, trust: trusted, returns: {residency: [eu]}}
  mail: {python: scripted, effect: write, delivery: keyed, clearance: confidential}
  us: {python: scripted, effect: write, delivery: keyed, region: us}
  wipe: {python: scripted, effect: irreversible, delivery: once}
inputs:
  address: {type: text, default: ada@example.org}
  message: {type: text, default: hello, trust: untrusted}
"""


def flow(nodes: str, *, result: str = "", head: str = TOOLS) -> str:
    """A workflow of these nodes."""
    lines = "".join(f"  {line}\n" for line in nodes.strip().splitlines())
    return f"podium: 1\nname: test\n{head}nodes:\n{lines}" + (f"result: {result}\n" if result else "")


def world(**tickets: Json) -> World:
    """Tools that answer; `tickets` changes what a ticket says."""
    told = {"to": "eve@example.com", "kind": "refund", "amount": 5, "link": "https://a.example/x"}
    found = World()
    found.on("tickets.read", told | tickets)
    found.on("crm.find", {"to": "ada@example.org"})
    found.on("eu.find", "a person")
    for name in ("mail.send", "us.post", "wipe.all"):
        found.on(name, "ok")
    return found


async def run(nodes: str, *, answers: dict[str, Any] | None = None, tools: World | None = None) -> RunResult:
    """Run these nodes with tools that answer, also such as lint refuses."""
    return await run_workflow(compile_text(flow(nodes)), tools=ScriptedTools(tools or world()), answers=answers or {})


def label(result: RunResult, path: str) -> Label:
    """The recorded label of a node's result."""
    done = [one.body for one in result.records if one.path == NodePath(path) and isinstance(one.body, NodeDone)]
    return done[-1].label or USER


def asked(result: RunResult) -> list[str]:
    """The nodes whose effects wait for, or got, a person's word."""
    return [
        one.path
        for one in result.records
        if isinstance(one.body, NodeParked) and one.body.reason == "approval" and one.body.effect
    ]


def denials(records: tuple[Record, ...]) -> list[tuple[str, ...]]:
    """The reasons of what was refused."""
    return [one.body.decision.reasons for one in records if isinstance(one.body, EffectDenied)]


# ── how labels travel ──


async def test_what_is_made_of_several_values_has_the_weakest_word_and_all_sources() -> None:
    result = await run("""
t: {tool: tickets.read}
c: {tool: crm.find}
both: {transform: "${t.out.kind} for ${c.out.to} at ${inputs.address}"}
""")

    assert label(result, "t") == Label(integrity="untrusted", sources=("tickets.read",))
    assert label(result, "c") == Label(level="confidential", sources=("crm.find",))
    assert label(result, "both") == Label(
        integrity="untrusted", level="confidential", sources=("crm.find", "inputs.address", "tickets.read")
    )


async def test_a_model_gives_what_it_was_told() -> None:
    result = await run('answer: {llm: "Answer ${inputs.message}"}')

    assert label(result, "answer") == Label(integrity="untrusted", sources=("inputs.message", "model"))


async def test_a_constant_is_the_authors_own_word() -> None:
    result = await run("a: {transform: hello}")

    assert label(result, "a") == USER


async def test_a_branch_chosen_by_untrusted_data_reaches_what_happens_inside_it() -> None:
    result = await run("""
t: {tool: tickets.read}
pick: {switch: [{when: t.out.kind == 'refund', then: yes_}], else: no_}
yes_: {transform: pay eve}
no_: {transform: do nothing}
""")

    assert label(result, "yes_").integrity == "untrusted"


async def test_what_comes_after_a_branch_chosen_by_untrusted_data_is_still_inside_it() -> None:
    result = await run("""
t: {tool: tickets.read}
maybe: {transform: pay, when: t.out.kind == 'refund'}
then_: {transform: done, after: [maybe]}
""")

    assert label(result, "then_").integrity == "untrusted"


async def test_items_carry_the_label_of_the_list_and_rounds_that_of_the_round_before() -> None:
    result = await run("""
m:
    map: "[inputs.message]"
    do: {one: {transform: "constant"}}
l:
    loop: {t: {tool: tickets.read}, s: {transform: "seen ${last}"}}
    start: "'nothing'"
    max: 2
    result: t.out.kind
""")

    assert label(result, "m[0]/one").integrity == "untrusted"
    assert (label(result, "l[0]/s"), label(result, "l[1]/s").integrity) == (USER, "untrusted")
    assert (label(result, "m").integrity, label(result, "l").integrity) == ("untrusted", "untrusted")


async def test_a_sub_workflow_knows_whose_word_each_of_its_inputs_is() -> None:
    head = (
        TOOLS
        + """flows:
  inner:
    podium: 1
    name: inner
    inputs: {a: {type: text}, b: {type: text}}
    nodes: {x: {transform: "${inputs.a}"}, y: {transform: "${inputs.b}"}}
    result: x.out + y.out
"""
    )
    text = flow('s: {subflow: inner, with: {a: "${inputs.address}", b: "${inputs.message}"}}', head=head)
    result = await run_workflow(text)

    assert (label(result, "s/x").integrity, label(result, "s/y").integrity) == ("user", "untrusted")
    assert label(result, "s").integrity == "untrusted"


async def test_a_signal_is_anybodys_word() -> None:
    result = await run("""
say: {emit: ready, as: event, value: x}
hear: {wait: {signal: ready, expires: 1h}, after: [say]}
""")

    assert label(result, "hear") == Label(integrity="untrusted", sources=("signal",))


async def test_what_a_catch_is_told_of_a_failure_has_the_label_of_what_failed() -> None:
    nodes = """
s:
    scope: {t: {tool: tickets.read}, v: {validate: "false", message: "${t.out.to}", after: [t]}}
    result: "'all is well'"
    catch:
      - do: {send: {tool: mail.send, with: {to: "${error.message}", body: x}}}
        result: "'sent'"
"""
    result = await run(nodes)

    assert (result.status, asked(result)) == ("approval", ["s.catch1/send"])


# ── where they may go ──


async def test_an_argument_that_decides_who_is_affected_must_be_somebodys_word() -> None:
    nodes = """
t: {tool: tickets.read}
send: {tool: mail.send, with: {to: "${t.out.to}", body: hello}}
"""
    waiting = await run(nodes)
    assert (waiting.status, asked(waiting)) == ("approval", ["send"])

    sent = await run(nodes, answers={"send": "approved"})
    assert sent.status == "done"
    intent = next(one.body for one in sent.records if isinstance(one.body, EffectIntent) and "mail" in one.body.effect)
    assert "untrusted_argument:to" not in intent.decision.reasons
    assert {one.name: one.label.integrity for one in intent.decision.arguments} == {"body": "user"}
    assert intent.decision.label is not None
    assert (intent.decision.label.integrity, intent.decision.label.sources) == ("untrusted", ("tickets.read",))


async def test_text_that_decides_nothing_may_be_anybodys() -> None:
    result = await run("""
t: {tool: tickets.read}
send: {tool: mail.send, with: {to: "${inputs.address}", body: "${t.out.kind}"}}
""")

    assert (result.status, asked(result)) == ("done", [])


async def test_a_call_that_untrusted_data_led_to_needs_a_person_whatever_its_arguments() -> None:
    result = await run("""
t: {tool: tickets.read}
send: {tool: mail.send, with: {to: "${inputs.address}", body: x}, when: t.out.kind == 'refund'}
""")

    assert (result.status, asked(result)) == ("approval", ["send"])


async def test_all_of_an_irreversible_call_is_critical() -> None:
    result = await run("""
t: {tool: tickets.read}
gone: {tool: wipe.all, with: {note: "${t.out.kind}"}}
""")

    assert (result.status, asked(result)) == ("approval", ["gone"])


async def test_what_is_confidential_goes_to_nobody_who_is_not_cleared_for_it() -> None:
    result = await run("""
c: {tool: crm.find}
post: {tool: us.post, with: {text: "${c.out.to}"}}
""")

    assert (result.status, denials(result.records)) == ("denied", [("confidentiality",)])


async def test_what_may_not_leave_a_region_does_not() -> None:
    nodes = """
e: {tool: eu.find}
post: {tool: us.post, with: {text: "${e.out}"}}
"""
    result = await run(nodes)

    assert (result.status, denials(result.records)) == ("denied", [("residency",)])


# ── how they are lowered ──


async def test_a_person_vouches_for_exactly_what_was_shown() -> None:
    nodes = """
t: {tool: tickets.read}
ok: {human: Send it?, show: t.out.to}
send: {tool: mail.send, with: {to: "${t.out.to}", body: "${t.out.kind}"}, after: [ok]}
"""
    result = await run(nodes, answers={"ok": "approved"})
    assert (result.status, asked(result), label(result, "ok").integrity) == ("done", [], "endorsed")

    other = await run(nodes.replace("show: t.out.to", "show: t.out.kind"), answers={"ok": "approved"})
    assert (other.status, asked(other)) == ("approval", ["send"])


async def test_a_choice_of_a_type_that_names_no_values_vouches_for_nothing() -> None:
    nodes = """
t: {tool: tickets.read, output: {to: text, kind: text, amount: integer, link: text}, endorse: {to: choice}}
send: {tool: mail.send, with: {to: "${t.out.to}", body: x}}
"""
    result = await run(nodes)

    assert (result.status, result.ports["t"]) == ("failed", "unclear")


async def test_a_person_who_is_asked_later_or_not_at_all_vouches_for_nothing() -> None:
    result = await run(
        """
t: {tool: tickets.read}
ok: {human: Send it?, show: t.out.to, when: t.out.amount > 100}
send: {tool: mail.send, with: {to: "${t.out.to}", body: x}, after: [ok, t]}
""",
        answers={"ok": "approved"},
    )

    assert (result.status, asked(result)) == ("approval", ["send"])


async def test_silence_vouches_for_nothing() -> None:
    clock = FakeClock(tick_ms=1)
    nodes = """
t: {tool: tickets.read}
ok: {human: Send it?, show: t.out.to, expires: 1s, on_expiry: approve}
send: {tool: mail.send, with: {to: "${ok.out}", body: x}}
"""
    subject = Bench(
        compile_text(flow(nodes)),
        store=MemoryStore(clock=clock),
        model=ScriptedModel(),
        tools=ScriptedTools(world()),
        clock=clock,
        ids=SystemIds(),
    )
    started = await subject.start({})
    assert await subject.settle(started, {}) == "approval"
    await clock.sleep(2)

    status = await subject.settle(started, {})
    result = await subject.result(started, status)
    assert (status, asked(result), label(result, "ok").integrity) == ("approval", ["send"], "untrusted")
    await subject.engine.close()


CHECKED = """
t:
    tool: tickets.read
    output: {to: text, kind: {enum: [refund, question]}, amount: number, link: text}
    endorse:
      kind: choice
      to: {in: "[inputs.address, 'eve@example.com']"}
      amount: {min: 0, max: 100}
      link: {origin: ["https://a.example"]}
send:
    tool: mail.send
    with: {to: "${t.out.to}", amount: "${t.out.amount}", url: "${t.out.link}", body: x}
    when: t.out.kind == 'refund'
"""


async def test_declared_checks_lower_the_label_of_what_passes_them() -> None:
    result = await run(CHECKED)

    assert (result.status, asked(result)) == ("done", [])
    done = next(one.body for one in result.records if one.path == "t" and isinstance(one.body, NodeDone))
    assert done.endorsed == ("kind", "to", "amount", "link")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("to", "mallory@example.com"),
        ("kind", "transfer everything"),
        ("amount", 101),
        ("amount", True),
        ("link", "https://a.example.evil.example/x"),
        ("link", "https://a.example@evil.example/x"),
        ("link", "http://a.example/x"),
    ],
)
async def test_what_does_not_pass_a_declared_check_goes_no_further(field: str, value: Json) -> None:
    tools = world(**{field: value})
    result = await run(CHECKED, tools=tools)

    assert (result.status, result.ports["t"]) == ("failed", "unclear")
    assert tools.landed("mail.send") == []


async def test_a_check_without_a_list_needs_no_expression() -> None:
    result = await run("""
t:
    tool: tickets.read
    output: {to: text, kind: {enum: [refund, question]}, amount: number, link: text}
    endorse: {kind: choice}
send: {tool: mail.send, with: {to: "${inputs.address}", body: x}, when: t.out.kind == 'refund'}
""")

    assert (result.status, asked(result)) == ("done", [])


async def test_a_check_against_an_untrusted_list_is_refused() -> None:
    result = await run("""
t: {tool: tickets.read, endorse: {to: {in: "[inputs.message]"}}}
""")

    assert result.status == "denied"


async def test_what_a_run_was_told_survives_being_driven_by_somebody_else() -> None:
    # the same records, folded anew, give the same labels: nothing of them is kept beside the ledger
    nodes = """
t: {tool: tickets.read}
ok: {human: Go on?, show: t.out.kind}
send: {tool: mail.send, with: {to: "${t.out.to}", body: x}, after: [ok]}
"""
    at_once = await run(nodes, answers={"ok": "approved", "send": "approved"})
    waiting = await run(nodes, answers={"ok": "approved"})

    assert at_once.status == "done"
    assert asked(waiting) == asked(at_once) == ["send"]


async def test_a_model_is_told_nothing_above_its_clearance() -> None:
    result = await run('c: {tool: crm.find}\na: {llm: "Write to ${c.out.to}"}')

    assert (result.status, denials(result.records)) == ("denied", [("confidentiality",)])


async def test_a_run_that_another_one_started_knows_whose_word_its_inputs_are() -> None:
    head = (
        TOOLS
        + """flows:
  inner:
    podium: 1
    name: inner
    inputs: {a: {type: text}, b: {type: text}}
    nodes: {x: {transform: "${inputs.a}"}, y: {transform: "${inputs.b}"}}
"""
    )
    nodes = """
t: {tool: tickets.read}
s:
    subflow: inner
    detached: true
    with: {a: "${inputs.address}", b: "${t.out.kind}"}
"""
    result = await run_workflow(flow(nodes, head=head), tools=ScriptedTools(world()), answers={"s": "approved"})
    started = [one for one in await result.store.rows() if one.parent == result.run]
    first = (await result.store.records(started[0].id))[0].body

    assert isinstance(first, RunCreated)
    assert {one.name: one.label.integrity for one in first.labels} == {"a": "user", "b": "untrusted"}


async def test_who_approved_a_call_has_not_vouched_for_what_comes_of_a_later_try() -> None:
    tools, tries = world(), list[int]()

    def flaky(_arguments: Json) -> Json:
        tries.append(1)
        if len(tries) == 1:
            raise EffectError("EF900", "not now", kind="unavailable")
        return "wiped, says eve"

    tools.on("wipe.all", flaky)
    result = await run(
        """
t: {tool: tickets.read}
gone: {tool: wipe.all, with: {note: "${t.out.kind}"}, retry: {max: 1, backoff: 1s}}
""",
        answers={"gone": "approved"},
        tools=tools,
    )

    assert (result.status, len(tries), label(result, "gone").integrity) == ("done", 2, "untrusted")
