"""What lint says of labels covers what runs show: no run shows what lint called impossible."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from anyio import to_thread
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from podium.gate.labels import DEFAULT_LATTICE, USER
from podium.gate.sinks import Sink
from podium.ledger.record import EffectDenied, EffectIntent, GateDecision, NodeDone, NodeFailed
from podium.lint.check import check_text
from podium.lint.inflows import told
from podium.lint.labels import Labels
from podium.testing.random_workflows import random_workflow, random_world
from podium.testing.running import all_nodes, compile_text, run_workflow
from podium.testing.tools import ScriptedTools

Json = Any
pytestmark = pytest.mark.anyio

NODES = all_nodes()
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
    for flow in workflow.get("flows", {}).values():
        _declare(flow, random)


def place(path: str) -> str:
    """The path without what counts items, rounds and revisions."""
    return COUNTS.sub("", path)


@given(st.integers(0, 2**32))
@settings(
    max_examples=int(os.environ.get("FLOW_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
async def test_what_a_run_shows_is_covered_by_what_lint_says(seed: int) -> None:
    random = Random(seed)
    text = labelled_workflow(random)
    checked = await to_thread.run_sync(lambda: check_text(text, file="drawn.yaml", node_types=NODES.configs()))
    assume(checked.compiled is not None and not any(found.severity == "error" for found in checked.diagnostics))
    compiled = checked.compiled
    assert compiled is not None
    labels = Labels(compiled.graph, DEFAULT_LATTICE, model=Sink("", "", "read", None))
    result = await run_workflow(
        compiled,
        inputs={"n": random.randint(-2, 12), "word": "w", "flag": random.random() < 0.5, "words": ["a", "b"]},
        tools=ScriptedTools(random_world()),
        answers={"*": "approved"},
    )

    found = {labelled.place: labelled for labelled in labels.nodes}
    for record in result.records:
        body, where = record.body, place(record.path)
        if where not in found:
            continue
        if isinstance(body, NodeDone | NodeFailed):
            shown = body.label or USER
            said = labels.label_of(where) if isinstance(body, NodeDone) else labels.failure_of(where)
            assert DEFAULT_LATTICE.covers(said, shown), (record.path, said, shown)
        if isinstance(body, EffectIntent | EffectDenied):
            reasons = {flow.reason for called in labels.calls(found[where]) for flow in called.flows}
            shown_reasons = set(asked(body.decision))
            assert shown_reasons <= reasons, (record.path, shown_reasons, reasons)


def asked(decision: GateDecision) -> Iterator[str]:
    """What of the decision was about labels."""
    yield from (one for one in decision.reasons if one in ("confidentiality", "residency"))
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
@settings(max_examples=60, deadline=None)
def test_every_flow_that_may_not_happen_has_a_way_from_a_source(seed: int) -> None:
    labels = Labels(compile_text(labelled_workflow(Random(seed))).graph, DEFAULT_LATTICE)
    for one in told(labels):
        if one.inflow.flow is not None:
            assert one.way[0].partition(" ")[0] in {*one.inflow.flow.label.sources, "error"}, one
