"""What became of each write of a run, as its records tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pytest

from podium.errors import EffectError
from podium.observe.effects import acts_of
from podium.testing import run_workflow
from podium.testing.running import compile_text

pytestmark = pytest.mark.anyio

Json = Any

HEAD = """podium: 1
name: acts
inputs: {s: {level: secret, default: s}}
tools:
  mail: {python: scripted, effect: write, delivery: keyed, trust: trusted}
  slow: {python: scripted, effect: write, delivery: keyed, staged: true, trust: trusted}
  crm: {python: scripted, effect: read, delivery: repeatable, trust: trusted}
  safe: {python: scripted, effect: none, delivery: repeatable, trust: trusted}
  twin: {python: scripted, effect: write, delivery: keyed, trust: trusted, twin: safe}
nodes:
"""
POST = "  a: {tool: slow.send}\n  c: {commit: [a]"


def no(_arguments: Mapping[str, Json]) -> Json:
    raise EffectError("EF900", "no", kind="failed")


TOOLS: dict[str, Json] = {
    "mail.send": 1,
    "mail.fail": no,
    "slow.send": 1,
    "crm.find": 1,
    "safe.send": 1,
    "twin.send": 1,
}


@pytest.mark.parametrize(
    ("nodes", "mode", "told"),
    [
        ("  a: {tool: mail.send}\n  r: {tool: crm.find}\n", "live", [("a", "done", "")]),
        ("  a: {tool: mail.fail}\n", "live", [("a", "failed", "EF900")]),
        ('  a: {tool: mail.send, with: {s: "${inputs.s}"}}\n', "live", [("a", "denied", "confidentiality")]),
        ('  a: {tool: slow.send, with: {s: "${inputs.s}"}}\n', "live", [("a", "denied", "confidentiality")]),
        ("  a: {tool: slow.send}\n", "live", [("a", "left", "")]),
        (POST + "}\n", "live", [("a", "done", "")]),
        (POST + ", guard: 'false'}\n", "live", [("a", "dropped", "guard")]),
        (POST + ", approve: So?}\n", "live", [("a", "prepared", "")]),
        ("  a: {tool: mail.send}\n", "shadow", [("a", "would", "")]),
        (POST + "}\n", "shadow", [("a", "would", "")]),
        (POST + ", guard: 'false'}\n", "shadow", [("a", "dropped", "guard")]),
        ("  a: {tool: slow.send}\n", "shadow", [("a", "left", "")]),
        ("  a: {tool: twin.send}\n", "shadow", [("a", "would", "")]),
        ("  a: {tool: mail.send}\n  r: {tool: crm.find}\n", "dry", [("a", "would", "")]),
    ],
)
async def test_each_write_has_one_fate(
    nodes: str, mode: Literal["live", "shadow", "dry"], told: list[tuple[str, str, str]]
) -> None:
    # lint refuses what the gate will deny
    result = await run_workflow(compile_text(HEAD + nodes), tools=TOOLS, mode=mode)

    assert [(act.node, act.fate, act.why) for act in acts_of(result.records)] == told


async def test_an_effect_that_was_tried_twice_is_told_once() -> None:
    tries: list[int] = []

    def flaky(_arguments: Mapping[str, Json]) -> Json:
        tries.append(1)
        if len(tries) == 1:
            raise EffectError("EF901", "not there", kind="unavailable")
        return "sent"

    result = await run_workflow(HEAD + "  a: {tool: mail.send}\n", tools={**TOOLS, "mail.send": flaky})

    assert ([act.fate for act in acts_of(result.records)], len(tries)) == (["done"], 2)
