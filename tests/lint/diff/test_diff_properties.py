"""What holds of differences between any two workflows."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from podium.app.nodes import shipped_nodes
from podium.graph.closure import closure
from podium.graph.compile import compile_workflow
from podium.graph.model import Compiled
from podium.lint.diff.change import Change, Risk
from podium.lint.diff.compare import differences
from podium.spec.model import Workflow
from podium.spec.positions import Positions

Plan = dict[str, Any]
TYPES = shipped_nodes().configs()
TOOLS: st.SearchStrategy[Plan] = st.fixed_dictionaries(
    {},
    optional={
        name: st.fixed_dictionaries(
            {
                "mcp": st.sampled_from([["a"], ["b"], "https://a.example.org"]),
                "effect": st.sampled_from(["none", "read", "write", "irreversible"]),
                "delivery": st.sampled_from(["repeatable", "keyed", "once"]),
            },
            optional={
                "only": st.sampled_from([["f"], ["f", "g"], ["g"]]),
                "trust": st.just("trusted"),
                "approval": st.just("required"),
                "timeout": st.sampled_from(["1s", "1h"]),
                "functions": st.just({"f": {"effect": "read"}}),
            },
        )
        for name in ("one", "two")
    },
)


@st.composite
def nodes(draw: st.DrawFn, tools: list[str], prefix: str = "n") -> Plan:
    """Nodes with the first of always the same ids, so that of two plans one has all ids of the other."""
    found: Plan = {}
    for number in range(draw(st.integers(1, 5))):
        name, earlier = f"{prefix}{number}", list(found)
        used = draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True)) if earlier else []
        rest = [one for one in earlier if one not in used]
        text = " ".join(["x", *(f"${{{one}.out}}" for one in used)])
        kind = draw(st.sampled_from(["transform", "llm", "human", "join", "tool", "map", "validate"]))
        if kind == "join" and used:
            node: Plan = {"join": used, "wait": draw(st.sampled_from(["all", "any"]))}
        elif kind == "tool" and tools:
            node = {"tool": f"{draw(st.sampled_from(tools))}.f", "with": {"a": text}}
        elif kind == "map" and prefix == "n":
            node = {"map": "[1, 2]", "do": draw(nodes(tools, prefix="i")), "result": "i0.out"}
        elif kind == "validate" and used:
            node = {"validate": f"has({used[0]}.out)", "revise": used[0]}
        elif kind == "human":
            node = {"human": text} | ({"roles": ["boss"]} if draw(st.booleans()) else {})
        elif kind == "llm":
            node = {"llm": text, "max_tokens": draw(st.sampled_from([100, 200]))}
        else:
            node = {"transform": text}
        found[name] = node | draw(extras(rest))
    return found


@st.composite
def extras(draw: st.DrawFn, rest: list[str]) -> Plan:
    found: Plan = {}
    if draw(st.integers(0, 3)) == 0 and rest:
        found["after"] = [draw(st.sampled_from(rest))]
    if draw(st.integers(0, 3)) == 0:
        found["when"] = draw(st.sampled_from(["1 < 2", "2 < 3"]))
    if draw(st.integers(0, 3)) == 0:
        found["retry"] = {"max": draw(st.integers(0, 3)), "on": ["timeout"]}
    return found


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    tools = draw(TOOLS)
    found: Plan = {"podium": 1, "name": "t", "tools": tools, "nodes": draw(nodes(list(tools)))}
    if draw(st.booleans()):
        found["budget"] = {"usd": float(draw(st.integers(1, 3)))}
    if draw(st.booleans()):
        found["inputs"] = {"a": {"type": draw(st.sampled_from(["text", "number"]))}}
    if draw(st.booleans()):
        found["result"] = "n0.out"
    return found


def compiled(plan: Plan) -> Compiled:
    workflow = Workflow.model_validate(plan, context={"node_types": TYPES})
    found, diagnostics = compile_workflow(workflow, file="t.yaml", positions=Positions())
    assert found is not None, (plan, diagnostics)
    return found


BACK: dict[Risk, set[Risk]] = {"wider": {"narrower", "wider"}, "narrower": {"wider"}, "neutral": {"neutral"}}


def key(change: Change) -> tuple[str, ...]:
    return change.place, change.aspect, json.dumps(change.before), json.dumps(change.after)


@given(plan=plans())
def test_a_workflow_does_not_differ_from_itself(plan: Plan) -> None:
    assert differences(compiled(plan), compiled(plan)) == ()


@given(one=plans(), other=plans())
def test_the_way_back_names_the_same_things_in_the_opposite_direction(one: Plan, other: Plan) -> None:
    a, b = compiled(one), compiled(other)
    there: dict[tuple[str, ...], Risk] = {key(change): change.risk for change in differences(a, b)}
    turned = [change._replace(before=change.after, after=change.before) for change in differences(b, a)]
    back: dict[tuple[str, ...], Risk] = {key(change): change.risk for change in turned}

    assert there.keys() == back.keys()
    assert [name for name, risk in there.items() if back[name] not in BACK[risk]] == []


@given(one=plans(), other=plans())
def test_whatever_has_another_version_differs(one: Plan, other: Plan) -> None:
    a, b = compiled(one), compiled(other)

    assert (differences(a, b) == ()) == (closure(a.workflow) == closure(b.workflow))


@given(plan=plans(), order=st.randoms(use_true_random=False))
def test_the_order_of_keys_is_no_difference(plan: Plan, order: Any) -> None:
    def shuffled(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        items = [(key, shuffled(inner)) for key, inner in cast("Plan", value).items()]
        order.shuffle(items)
        return dict(items)

    assert differences(compiled(plan), compiled(shuffled(plan))) == ()


@given(plan=plans(), which=st.sampled_from("ni"))
def test_other_ids_for_the_same_nodes_are_renames_and_nothing_else(plan: Plan, which: str) -> None:
    renamed = json.loads(re.sub(rf"\b{which}(\d)\b", rf"new_{which}\1", json.dumps(plan)))
    inside = [f"{name}/{one}" for name, node in plan["nodes"].items() for one in node.get("do", {})]

    found = differences(compiled(plan), compiled(renamed))

    assert {(change.risk, change.aspect) for change in found} <= {("neutral", "name")}
    assert len(found) == len(plan["nodes"] if which == "n" else inside)


@settings(max_examples=50)
@given(plan=plans())
def test_a_grant_that_is_taken_away_is_never_wider(plan: Plan) -> None:
    unused = {"podium": 1, "name": "t", "nodes": {"n0": {"transform": "x"}}, "tools": plan["tools"]}
    without = unused | {"tools": {}}

    assert {change.risk for change in differences(compiled(unused), compiled(without))} <= {"narrower"}
