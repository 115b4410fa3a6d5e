"""A workflow in code is the file that it writes, and a file that is changed in code keeps its form."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

import podium
from podium import make
from podium.errors import UsageError
from podium.graph.closure import closure
from podium.spec.diagnostic import SpecError
from podium.spec.load import load
from podium.spec.model import Workflow as Model
from podium.spec.python_type import schema_of
from podium.spec.types import parse_type
from podium.testing.conformance import subject

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


@dataclass
class Theme:
    """A theme and its commits."""

    title: str
    commits: list[int]


class Tree(BaseModel):
    """A type that refers to itself."""

    name: str
    below: list[Tree] = []


def release_notes() -> podium.Workflow:
    wf = podium.Workflow(
        "release-notes",
        inputs={"repo": str, "commits": {"type": int, "default": 40, "about": "How many."}},
        tools={
            "git": {"mcp": ["mcp-server-git"], "effect": "read", "delivery": "repeatable"},
            "files": {"python": "podium.tools.files", "root": "./out", "effect": "write", "delivery": "keyed"},
        },
        budget={"tokens": 200_000, "wall": "20m"},
    )
    history = wf.tool(
        "history",
        "git.git_log",
        with_={"repo_path": wf.inputs.repo, "max_count": wf.inputs.commits},
        retry={"max": 3, "on": ["timeout", "unavailable"]},
    )
    themes = wf.llm("themes", f"Make themes of these commits:\n{history.out}", output=list[Theme])
    drafts = wf.map_("drafts", themes, as_="theme", on_item_error="collect")
    text = drafts.do.llm("text", f"One paragraph on {drafts.item.title}. Commits: {drafts.item.commits}")
    drafts.do.validate("check", f"size({text.out}) < 900", revise=text)
    drafts.set(result=text.out)
    notes = wf.join("notes", [drafts], reduce="concat", separator="\n\n")
    approve = wf.human("approve", "Publish?", show=notes.out)
    wf.tool(
        "publish",
        "files.write",
        with_={"path": "NOTES.md", "text": approve.out},
        compensate=make.tool("files.restore", with_={"path": "NOTES.md"}),
    )
    wf.result = notes.out
    return wf


YAML = """\
podium: 1
name: release-notes

inputs:
  repo: {type: text}
  commits: {type: integer, about: How many., default: 40}

tools:
  git:
    mcp: [mcp-server-git]
    effect: read
    delivery: repeatable
  files:
    python: podium.tools.files
    effect: write
    delivery: keyed
    root: ./out

budget: {tokens: 200000, wall: 20m}

nodes:
  history:
    tool: git.git_log
    with: {repo_path: "${inputs.repo}", max_count: "${inputs.commits}"}
    retry:
      max: 3
      on: [timeout, unavailable]
  themes:
    llm: |-
      Make themes of these commits:
      ${history.out}
    output: [{title: text, commits: [integer]}]
  drafts:
    map: themes.out
    as: theme
    do:
      text: {llm: "One paragraph on ${theme.title}. Commits: ${theme.commits}"}
      check: {validate: size(text.out) < 900, revise: text}
    result: text.out
    on_item_error: collect
  notes: {join: [drafts], reduce: concat, separator: "\\n\\n"}
  approve: {human: Publish?, show: notes.out}
  publish:
    tool: files.write
    with: {path: NOTES.md, text: "${approve.out}"}
    compensate: {tool: files.restore, with: {path: NOTES.md}}

result: notes.out
"""


def test_what_is_built_is_the_version_that_the_file_would_be() -> None:
    wf = release_notes()

    assert closure(wf.model) == closure(podium.Workflow.from_yaml(YAML).model)
    assert [finding for finding in wf.check() if finding.severity == "error"] == []


def test_what_is_built_and_written_and_loaded_is_the_same_model() -> None:
    wf = release_notes()

    assert podium.Workflow.from_yaml(wf.to_yaml()).model == wf.model


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_a_file_that_was_only_loaded_is_written_byte_for_byte(file: Path) -> None:
    assert podium.Workflow.from_yaml(file).to_yaml() == file.read_text()


COMMENTED = """\
# our first one
podium: 1
name: greet   # hello
nodes:
  # the list comes from outside
  lines:
    map: "[1, 2]"
    do:
      line: {llm: "One line on ${item}."}   # short
  pay:
    scope:
      charge: {transform: 1}
    catch:
      - {on: [timeout], do: {sorry: {transform: Sorry.}}}
  card: {transform: {lines: "${lines.out}"}}
result: card.out
"""


def test_only_what_was_changed_is_changed_in_a_file() -> None:
    wf = podium.Workflow.from_yaml(COMMENTED)

    lines = wf["lines"]
    lines.do["line"].set(llm=f"Two lines on {podium.Ref('item')}.")
    wf["card"].set(transform={"lines": lines, "paid": wf["pay"]})
    wf.human("ask", "Send it?", show=wf["card"])

    changes = [
        line
        for line in difflib.ndiff(COMMENTED.splitlines(), wf.to_yaml().splitlines())
        if line[0] in "+-" and line[2:].strip()
    ]
    assert changes == [
        '-       line: {llm: "One line on ${item}."}   # short',
        '+       line: {llm: "Two lines on ${item}."}   # short',
        '-   card: {transform: {lines: "${lines.out}"}}',
        '+   card: {transform: {lines: "${lines.out}", paid: "${pay.out}"}}',
        "+   ask: {human: Send it?, show: card.out}",
    ]


def test_a_node_can_be_taken_out() -> None:
    wf = podium.Workflow.from_yaml(COMMENTED)

    del wf["pay"]

    assert list(wf) == ["lines", "card"]
    assert "scope" not in wf.to_yaml()
    assert "# the list comes from outside" in wf.to_yaml()


def test_loops_scopes_and_sub_workflows_are_built_from_the_inside() -> None:
    greet = podium.Workflow("greet", inputs={"person": str})
    greet.result = greet.transform("line", f"Hello, {greet.inputs.person}.").out
    wf = podium.Workflow("party", inputs={"people": list[str]})
    everybody = wf.map_("everybody", wf.inputs.people)
    everybody.do.subflow("one", greet, with_={"person": everybody.item})
    better = wf.loop("better", as_="before", start="''", max=3)
    draft = better.do.llm("draft", f"Better than {better.last}: {everybody.out}")
    better.set(until=f"size({draft.out}) > 20", result=draft.out)
    pay = wf.scope("pay", timeout="10m")
    pay.do.transform("charge", better.out)
    pay.catch("timeout", "unavailable", do={"later": make.transform(f"Later: {podium.Ref('error').message}")})
    pay.at_end.transform("told", "Told.")
    wf.result = pay.out

    assert [finding for finding in wf.check() if finding.severity == "error"] == []
    assert closure(wf.model) == closure(
        podium.Workflow.from_yaml(
            """\
podium: 1
name: party
inputs: {people: {type: [text]}}
flows:
  greet:
    podium: 1
    name: greet
    inputs: {person: {type: text}}
    nodes: {line: {transform: "Hello, ${inputs.person}."}}
    result: line.out
nodes:
  everybody: {map: inputs.people, do: {one: {subflow: greet, with: {person: "${item}"}}}}
  better:
    loop: {draft: {llm: "Better than ${before}: ${everybody.out}"}}
    as: before
    start: "''"
    max: 3
    until: size(draft.out) > 20
    result: draft.out
  pay:
    scope: {charge: {transform: "${better.out}"}}
    catch: [{on: [timeout, unavailable], do: {later: {transform: "Later: ${error.message}"}}}]
    finally: {told: {transform: Told.}}
    timeout: 10m
result: pay.out
"""
        ).model
    )


def test_conditions_targets_and_handlers_take_nodes_and_references() -> None:
    wf = podium.Workflow("sort", inputs={"ticket": str})
    urgency = wf.llm("urgency", f"How urgent? {wf.inputs.ticket}", output=Literal["low", "high"])
    page = wf.human("page", "Wake somebody?", show=wf.inputs.ticket, expires="1h", on_error="continue")
    queue = wf.transform("queue", "queued", about="For tomorrow.")
    wf.switch("route", [{"when": urgency.out == "high", "then": page}], else_=queue)
    done = wf.join("done", [page, queue], reduce="first")
    wf.result = done.out

    route = wf.model.nodes["route"]
    assert route.model_dump(by_alias=True, exclude_unset=True) == {
        "switch": ({"when": 'urgency.out == "high"', "then": ("page",)},),
        "else": ("queue",),
    }
    assert [finding for finding in wf.check() if finding.severity == "error"] == []


def test_a_wrong_setting_is_refused_at_the_line_that_gives_it() -> None:
    wf = podium.Workflow("wrong")

    with pytest.raises(SpecError) as caught:
        wf.llm("draft", "Hello.", max_tokens=-1, temperature=9.0)

    assert [f"{found.file}: {found.code}: {found.message}" for found in caught.value.diagnostics] == [
        "wrong.yaml: `draft.max_tokens`: SP013: expected a number from 1, got `-1`",
        "wrong.yaml: `draft.temperature`: SP013: expected a number up to 2, got `9.0`",
    ]
    assert "draft" not in wf


def test_a_change_that_does_not_fit_leaves_the_node_as_it_was() -> None:
    wf = podium.Workflow("wrong")
    draft = wf.llm("draft", "Hello.")

    with pytest.raises(SpecError):
        draft.set(max_tokens=-1)

    assert wf.model.nodes["draft"].model_dump(by_alias=True, exclude_unset=True) == {"llm": "Hello."}


MISTAKES: list[tuple[str, Callable[[Any], object]]] = [
    ("AP050", lambda wf: wf.node("x", "lllm", "Hello.")),
    ("AP051", lambda wf: wf.llm("x", "Hello.", max_tokns=3)),
    ("AP051", lambda wf: wf.llm("x", "Hello.").set(max_tokns=3)),
    ("AP053", lambda wf: (wf.llm("x", "One."), wf.llm("x", "Two."))),
    ("AP055", lambda wf: wf.llm("x", "Hello.", output=type(wf))),
]


@pytest.mark.parametrize(("code", "build"), MISTAKES)
def test_mistakes_of_python_have_codes(code: str, build: Callable[[Any], object]) -> None:
    with pytest.raises(UsageError) as caught:
        build(podium.Workflow("wrong"))

    assert caught.value.code == code


def test_what_depends_on_other_nodes_is_found_by_check_with_its_place_in_the_file() -> None:
    wf = podium.Workflow("wrong", inputs={"topic": str})
    wf.llm("draft", f"Announce {wf.inputs.topic}.")
    wf.result = podium.Ref("drafft.out")

    (found,) = wf.check()

    assert (found.code, found.file, found.help) == ("EX003", "wrong.yaml", "did you mean `draft`?")
    assert found.place is not None
    assert wf.to_yaml().splitlines()[found.place.line - 1] == "result: drafft.out"


def test_an_input_that_is_not_there_is_an_attribute_error_that_proposes_one() -> None:
    wf = podium.Workflow("wrong", inputs={"topic": str})

    with pytest.raises(AttributeError, match="no input `topik`, did you mean `topic`"):
        _ = wf.inputs.topik


@pytest.mark.parametrize(
    ("python", "shorthand"),
    [
        (str, "text"),
        (list[int], ["integer"]),
        (Literal["low", "high"], {"enum": ["low", "high"]}),
        (Theme, {"title": "text", "commits": ["integer"]}),
        (list[Theme], [{"title": "text", "commits": ["integer"]}]),
    ],
)
def test_a_python_type_is_the_type_of_the_shorthand(python: object, shorthand: object) -> None:
    assert schema_of(python) == parse_type(shorthand).schema


def test_a_type_that_refers_to_itself_keeps_its_references() -> None:
    kind = parse_type(schema_of(Tree))

    assert kind.problems({"name": "a", "below": [{"name": "b", "below": []}]}) == []
    assert kind.problems({"name": "a", "below": [{"below": []}]}) != []


def test_the_model_underneath_is_that_of_a_file() -> None:
    wf = release_notes()
    loaded = load(wf.to_yaml(), file="x", node_types=wf.shop.configs())

    assert loaded.workflow == wf.model


def test_python_takes_every_key_of_a_workflow() -> None:
    """Nodes and sub-workflows are added, and the result is set; the version of the language is the installed one."""
    taken = set(inspect.signature(podium.Workflow.__init__).parameters) - {"self"}

    assert Model.model_fields.keys() - {"podium", "nodes", "flows", "result"} == taken


def test_what_the_gate_decides_by_is_said_in_code_as_in_a_file() -> None:
    wf = podium.Workflow(
        "desk",
        inputs={
            "mail": {"type": str, "trust": "untrusted", "level": "confidential", "residency": ["eu"]},
            "ours": [str],
        },
        autonomy="bounded",
        governor={"repeats": 5},
        budget={"calls": 9, "energy": "1Wh", "per_call": {"usd": 0.1}, "unknown_price": "allow", "detached": True},
        tools={
            "notes": podium.grant(
                subject.echo,
                critical={"echo": ["text"]},
                clearance="internal",
                region="eu",
                sees=["email"],
                returns={"level": "internal", "residency": ["eu"]},
                staged=True,
                cost={"usd": 0.01, "energy": "5mWh"},
            ),
            "erp": {
                "mcp": "https://erp.example.org/mcp",
                "effect": "read",
                "delivery": "repeatable",
                "identity": "send",
                "auth": {
                    "token_url": "https://login.example.org/token",
                    "client_id": "podium",
                    "client_secret": "${secrets.client}",
                    "as": "service",
                },
                "functions": {"find": {"fields": {"id": "trusted"}, "keys": ["name"], "selects": ["id"]}},
                "twin": "notes",
            },
            "own": {"mcp": ["server"], "effect": "read", "delivery": "keyed", "sandbox": {"read": ["."]}},
        },
    )
    sort = wf.llm(
        "sort",
        f"Sort {wf.inputs.mail}",
        output={"kind": {"enum": ["a", "b"]}, "to": str, "amount": "number"},
        redact=["email"],
        budget={"calls": 3},
        endorse={"kind": "choice", "to": {"in": wf.inputs.ours}, "amount": {"min": 0, "max": 5}},
        on_unclear="continue",
    )
    wf.guard("look", sort.out, pii=["card"], injection=True, action="redact")
    wf.tool("put", "notes.echo", with_={"text": sort.out.kind}, staged=True)
    wf.code("sum", "1", profile="process", limits={"memory": "64MB"})
    wf.commit("send", "all", approve="Send it?", approval={"roles": ["clerk"]})

    text = wf.to_yaml()
    again = podium.Workflow.from_yaml(text)

    assert again.model == wf.model
    assert again.to_yaml() == text
    assert closure(again.model) == closure(wf.model)
    assert wf.model.tools["notes"].critical_of("echo") == ("text",)
    assert wf.model.autonomy == "bounded"


def test_a_critical_argument_of_what_is_not_granted_is_refused() -> None:
    with pytest.raises(UsageError, match="not among what is granted"):
        podium.grant(subject.echo, critical={"send": ["to"]})
