"""What lint says of labels covers what runs show: no run shows what lint called impossible."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Any, cast

import pytest
from anyio import to_thread
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from podium.gate.labels import DEFAULT_LATTICE, USER
from podium.gate.sinks import Sink
from podium.graph.compile import compile_workflow
from podium.graph.model import Compiled
from podium.ledger.record import EffectDenied, EffectIntent, GateDecision, NodeDone, NodeFailed
from podium.lint.inflows import told
from podium.lint.labels import Labels
from podium.lint.lint import lint
from podium.lint.premises import Premises
from podium.spec.diagnostic import Diagnostic
from podium.spec.load import load
from podium.testing.random_workflows import random_workflow, random_world
from podium.testing.running import all_nodes, compile_text, run_workflow
from podium.testing.tools import ScriptedTools

Json = Any
pytestmark = pytest.mark.anyio

NODES = all_nodes()
PREMISES = Premises(model=Sink("", "", "read", None), decided=True)
CODES = {"confidentiality": "LI026", "residency": "LI026", "untrusted_argument": "LI027", "untrusted_control": "LI028"}
ABOUT_LABELS = {"LI026", "LI031"}
COUNTS = re.compile(r"\[\d+\]|~\d+")


def labelled_workflow(random: Random) -> str:
    """A random workflow whose inputs and tools say at random who may believe them, and how confidential they are."""
    workflow: Json = json.loads(random_workflow(random))
    _declare(workflow, random)
    return json.dumps(workflow, ensure_ascii=False)


def _declare(workflow: Json, random: Random) -> None:
    for spec in workflow.get("inputs", {}).values():
        spec["trust"] = random.choice(["trusted", "untrusted"])
        spec["level"] = random.choice(["", "public", "confidential"])
    for grant, spec in workflow.get("tools", {}).items():
        spec["trust"] = random.choice(["trusted", "untrusted"])
        spec["returns"] = {"level": random.choice(["", "", "confidential"]), "categories": [f"from_{grant}"]}
        spec["clearance"] = random.choice(["confidential", "confidential", "internal"])
        function = {"read": "get", "keyed": "put", "once": "send"}[grant]
        if random.random() < 0.5:
            spec["functions"] = {function: {"critical": random.choice([["n"], []])}}
    _vouch(workflow["nodes"], random)
    for flow in workflow.get("flows", {}).values():
        _declare(flow, random)


def _vouch(nodes: Json, random: Random) -> None:
    """Let checks and people vouch for something here and there: for numbers, and for what is plainly shown."""
    texts: list[str] = []
    for name, node in nodes.items():
        output: Json = node.get("output")
        fields: dict[str, Json] = cast("dict[str, Json]", output) if isinstance(output, dict) else {}
        number = next((key for key in ("a", "n") if fields.get(key) == "integer"), "")
        if number and random.random() < 0.4:
            node["endorse"] = {number: {"min": -100, "max": 100}}
        if "human" in node and texts and random.random() < 0.6:
            node["show"] = f"{random.choice(texts)}.out"
        if isinstance(node.get("transform"), str) and not node["transform"].startswith("${"):
            texts.append(name)
        for key in ("do", "loop", "scope", "finally"):
            if isinstance(node.get(key), dict):
                _vouch(node[key], random)
        for catch in node.get("catch", []):
            _vouch(catch["do"], random)


def place(path: str) -> str:
    """The path without what counts items, rounds and revisions."""
    return COUNTS.sub("", path)


def _linted(text: str) -> tuple[Compiled, tuple[Diagnostic, ...]] | None:
    """What is to be run and what lint says of it, also when that is that a run would be denied."""
    loaded = load(text, file="drawn.yaml", node_types=NODES.configs())
    assert loaded.workflow is not None
    compiled, found = compile_workflow(loaded.workflow, file="drawn.yaml", positions=loaded.positions)
    return None if compiled is None else (compiled, (*found, *lint(compiled, loaded.positions, "drawn.yaml", PREMISES)))


@given(st.integers(0, 2**32))
@settings(
    max_examples=int(os.environ.get("FLOW_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
async def test_what_a_run_shows_is_covered_by_what_lint_says(seed: int) -> None:
    random = Random(seed)
    text = labelled_workflow(random)
    found = await to_thread.run_sync(partial(_linted, text))
    assume(found is not None)
    assert found is not None
    compiled, remarks = found
    assume(not any(one.severity == "error" and one.code not in ABOUT_LABELS for one in remarks))
    codes = {one.code for one in remarks}
    labels = Labels(compiled.graph, DEFAULT_LATTICE, model=PREMISES.model)
    result = await run_workflow(
        compiled,
        inputs={"n": random.randint(-2, 12), "word": "w", "flag": random.random() < 0.5, "words": ["a", "b"]},
        tools=ScriptedTools(random_world()),
        answers={"*": "approved"},
    )

    known = {labelled.place: labelled for labelled in labels.nodes}
    for record in result.records:
        body, where = record.body, place(record.path)
        if where not in known:
            continue
        if isinstance(body, NodeDone | NodeFailed):
            shown = body.label or USER
            said = labels.label_of(where) if isinstance(body, NodeDone) else labels.failure_of(where)
            assert DEFAULT_LATTICE.covers(said, shown), (record.path, said, shown)
        if isinstance(body, EffectIntent | EffectDenied):
            reasons = {flow.reason for called in labels.calls(known[where]) for flow in called.flows}
            shown_reasons = set(asked(body.decision))
            assert shown_reasons <= reasons, (record.path, shown_reasons, reasons)
            assert codes >= {CODES[reason.partition(":")[0]] for reason in shown_reasons}, (record.path, codes)


def asked(decision: GateDecision) -> Iterator[str]:
    """What of the decision was about labels."""
    yield from (one for one in decision.reasons if one in ("confidentiality", "residency", "untrusted_control"))
    yield from (f"untrusted_argument:{name}" for name in decision.untrusted)


def test_such_runs_do_show_labels_denials_and_questions() -> None:
    # the property above would hold of runs in which nothing happens
    seen = {"untrusted": 0, "confidential": 0, "asked": 0, "denied": 0, "endorsed": 0}
    for seed in range(60):
        compiled = compile_text(labelled_workflow(Random(seed)))
        labels = Labels(compiled.graph, DEFAULT_LATTICE)
        for labelled in labels.nodes:
            seen["untrusted"] += not labelled.heard.trusted
            seen["confidential"] += labelled.heard.level == "confidential"
            seen["endorsed"] += labelled.heard.integrity == "endorsed"
            for called in labels.calls(labelled):
                seen["asked"] += any(not flow.denied for flow in called.flows)
                seen["denied"] += any(flow.denied for flow in called.flows)

    assert all(seen.values()), seen


@given(st.integers(0, 2**32))
@settings(max_examples=int(os.environ.get("FLOW_EXAMPLES", "60")), deadline=None)
def test_every_flow_that_may_not_happen_has_a_way_from_a_source(seed: int) -> None:
    labels = Labels(compile_text(labelled_workflow(Random(seed))).graph, DEFAULT_LATTICE)
    for one in told(labels):
        if one.inflow.flow is not None:
            assert one.way[0].partition(" ")[0] in {*one.inflow.flow.label.sources, "error"}, one
