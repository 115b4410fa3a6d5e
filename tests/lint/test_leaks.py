"""The flows that lint warns of, each with its way; nothing is said where a person is asked anyway."""

from __future__ import annotations

import pytest

from podium.app.nodes import shipped_nodes
from podium.gate.labels import DEFAULT_LATTICE, Lattice
from podium.gate.sinks import Sink
from podium.graph.compile import compile_workflow
from podium.lint.inflows import told
from podium.lint.labels import Labels
from podium.lint.lint import lint
from podium.lint.premises import Premises
from podium.spec.load import load
from podium.testing.running import compile_text

NODES = shipped_nodes().configs()
HEAD = """podium: 1
name: desk
inputs:
  mine: {type: text, default: ada@example.org}
  theirs: {type: text, default: eve@example.org, trust: untrusted}
tools:
  tickets: {mcp: [ticket-server], effect: read, delivery: repeatable}
  crm: {mcp: [crm-server], effect: read, delivery: repeatable, trust: trusted, returns: {level: confidential}}
  eu: {mcp: [eu-server], effect: read, delivery: repeatable, trust: trusted, returns: {residency: [eu]}}
  mail: {mcp: [mail-server], effect: write, delivery: keyed}
  us: {mcp: "https://us.example.org/mcp", effect: write, delivery: keyed, region: us}
  wipe: {mcp: [wipe-server], effect: irreversible, delivery: once}
"""
QUIET = {"LI001", "LI002", "LI004"}


def remarks(nodes: str, *, head: str = HEAD, premises: Premises | None = None) -> list[tuple[str, str]]:
    """What lint says of these nodes that is about labels: codes and the ways that they show."""
    loaded = load(f"{head}nodes:\n{nodes}", file="desk.yaml", node_types=NODES)
    assert loaded.workflow is not None, loaded.diagnostics
    compiled, found = compile_workflow(loaded.workflow, file="desk.yaml", positions=loaded.positions)
    assert compiled is not None, found
    all_ = lint(compiled, loaded.positions, "desk.yaml", premises or Premises())
    return [(one.code, one.message.partition(": ")[2]) for one in all_ if one.code not in QUIET]


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        (
            """
  ticket: {tool: tickets.read}
  reply: {llm: "Answer ${ticket.out}", output: {to: text}}
  send: {tool: mail.send, with: {to: "${reply.out.to}"}}
""",
            [("LI027", "tickets.read (untrusted) → ticket → reply.to → mail.send.to")],
        ),
        (
            '  send: {tool: mail.send, with: {to: "${inputs.theirs}"}}\n',
            [("LI027", "inputs.theirs (untrusted) → mail.send.to")],
        ),
        ('  send: {tool: mail.send, with: {to: "${inputs.mine}", body: "${inputs.theirs}"}}\n', []),
        (
            '  wait_: {wait: {signal: go, expires: 1h}}\n  send: {tool: mail.send, with: {to: "${wait_.out}"}}\n',
            [("LI027", "signal (untrusted) → wait_ → mail.send.to")],
        ),
        (
            """
  ticket: {tool: tickets.read}
  which: {switch: [{when: "ticket.out.kind == 'refund'", then: send}], else: nothing}
  send: {tool: mail.send, with: {to: "${inputs.mine}"}}
  nothing: {transform: x}
""",
            [("LI028", "tickets.read (untrusted) → ticket.kind → which → mail.send")],
        ),
        (
            """
  ticket: {tool: tickets.read}
  each:
    map: ticket.out
    do: {send: {tool: mail.send, with: {to: "${inputs.mine}"}}}
""",
            [("LI028", "tickets.read (untrusted) → ticket → mail.send")],
        ),
        (
            """
  round:
    loop:
      ticket: {tool: tickets.read}
      send: {tool: mail.send, with: {to: "${last}"}}
    start: inputs.mine
    max: 2
    result: ticket.out
""",
            [
                ("LI028", "tickets.read (untrusted) → ticket → mail.send"),
                ("LI027", "tickets.read (untrusted) → ticket → last → mail.send.to"),
            ],
        ),
        (
            '  a: {tool: crm.find}\n  b: {tool: mail.send, with: {to: x, body: "${a.out}"}}\n',
            [("LI026", "crm.find (confidential) → a → mail.send")],
        ),
        (
            '  a: {tool: eu.find}\n  b: {tool: us.post, with: {body: "${a.out}"}}\n',
            [("LI026", "eu.find (for eu only) → a → us.post")],
        ),
        (
            '  a: {tool: tickets.read}\n  b: {tool: wipe.all, with: {note: "${a.out.text}"}}\n',
            [("LI027", "tickets.read (untrusted) → a.text → wipe.all.note")],
        ),
        (
            """
  s:
    scope: {t: {tool: tickets.read}, v: {validate: "false", message: "${t.out.to}", after: [t]}}
    result: "'all is well'"
    catch: [{do: {send: {tool: mail.send, with: {to: "${error.message}"}}}, result: "'sent'"}]
""",
            [("LI027", "tickets.read (untrusted) → t → error.message → mail.send.to")],
        ),
    ],
)
def test_a_flow_is_told_with_its_way(nodes: str, expected: list[tuple[str, str]]) -> None:
    assert remarks(nodes) == expected


@pytest.mark.parametrize(
    "nodes",
    [
        """
  t: {tool: tickets.read}
  ok: {human: Yes?, show: t.out.to}
  s: {tool: mail.send, with: {to: "${ok.out}"}}
""",
        """
  t: {tool: tickets.read}
  ok: {human: Yes?, show: t.out}
  s: {tool: mail.send, with: {to: "${t.out.to}"}, after: [ok]}
""",
        """
  t: {tool: tickets.read, output: {to: text}, endorse: {to: {in: "[inputs.mine]"}}}
  s: {tool: mail.send, with: {to: "${t.out.to}"}}
""",
    ],
)
def test_nothing_is_said_of_what_somebody_vouches_for(nodes: str) -> None:
    assert remarks(nodes) == []


def test_a_person_who_may_not_be_asked_vouches_for_nothing() -> None:
    nodes = """
  t: {tool: tickets.read}
  ok: {human: Yes?, show: t.out.to, when: "inputs.mine != ''"}
  s: {tool: mail.send, with: {to: "${t.out.to}"}, after: [ok]}
"""
    assert [code for code, _ in remarks(nodes)] == ["LI027"]


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace("mail: {mcp: [mail-server],", "mail: {mcp: [mail-server], approval: required,"),
        HEAD.replace("name: desk", "name: desk\nautonomy: supervised"),
    ],
)
def test_who_is_asked_about_each_call_is_not_asked_by_surprise(head: str) -> None:
    assert remarks('  s: {tool: mail.send, with: {to: "${inputs.theirs}"}}\n', head=head) == []


FLOWS = """flows:
  letter:
    podium: 1
    name: letter
    inputs: {to: {type: text}}
    tools: {mail: {mcp: [mail-server], effect: write, delivery: keyed}}
    nodes: {send: {tool: mail.send, with: {to: "${inputs.to}"}}}
"""


def test_what_a_sub_workflow_shows_only_because_of_what_it_is_given_is_said_where_it_is_given() -> None:
    nodes = """
  good: {subflow: letter, with: {to: "${inputs.mine}"}}
  bad: {subflow: letter, with: {to: "${inputs.theirs}"}}
"""
    loaded = load(f"{HEAD}{FLOWS}nodes:\n{nodes}", file="desk.yaml", node_types=NODES)
    assert loaded.workflow is not None, loaded.diagnostics
    compiled, _ = compile_workflow(loaded.workflow, file="desk.yaml", positions=loaded.positions)
    assert compiled is not None

    (found,) = [one for one in lint(compiled, loaded.positions, "desk.yaml") if one.code == "LI027"]

    assert found.loc == ("nodes", "bad", "subflow")
    assert found.message.endswith("in `bad/send`: inputs.theirs (untrusted) → inputs.to → mail.send.to")


def test_what_a_sub_workflow_shows_by_itself_is_said_once_and_there() -> None:
    flows = FLOWS.replace("{to: {type: text}}", "{to: {type: text, trust: untrusted}}")
    nodes = """
  one: {subflow: letter, with: {to: "${inputs.theirs}"}}
  two: {subflow: letter, with: {to: "${inputs.theirs}"}}
"""
    loaded = load(f"{HEAD}{flows}nodes:\n{nodes}", file="desk.yaml", node_types=NODES)
    assert loaded.workflow is not None, loaded.diagnostics
    compiled, _ = compile_workflow(loaded.workflow, file="desk.yaml", positions=loaded.positions)
    assert compiled is not None

    found = [one.loc for one in lint(compiled, loaded.positions, "desk.yaml") if one.code == "LI027"]

    assert found == [("flows", "letter", "nodes", "send", "with", "to")]


def test_levels_are_those_of_the_installation() -> None:
    head = HEAD.replace("returns: {level: confidential}", "returns: {level: restricted}")
    nodes = '  a: {tool: crm.find}\n  b: {tool: mail.send, with: {to: x, body: "${a.out}"}}\n'
    levels = Lattice(("open", "restricted"), "restricted")

    assert remarks(nodes, head=head, premises=Premises(levels, decided=True)) == []
    assert [code for code, _ in remarks(nodes, head=head, premises=Premises(decided=True))] == ["LI026"]
    assert remarks(nodes, head=head) == []  # nobody has said which levels there are


def test_what_a_model_may_not_see_is_denied_when_it_is_known_which_one_is_asked() -> None:
    nodes = '  a: {tool: crm.find}\n  b: {llm: "Sum up ${a.out}"}\n'
    model = Sink("internal", "", "read", None)

    assert remarks(nodes, premises=Premises(model=model, decided=True)) == [
        ("LI026", "crm.find (confidential) → a → model")
    ]
    assert remarks(nodes) == []
    labels = Labels(compile_text(f"{HEAD}nodes:\n{nodes}").graph, DEFAULT_LATTICE)
    assert [one.inflow.verdict for one in told(labels) if one.inflow.name == "model"] == ["depends"]
