"""Autonomy: the longer the leash, the less is asked, and what only reads asks on none."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import pytest

from podium.gate.autonomy import demanded
from podium.spec.autonomy import Autonomy
from podium.spec.tool import EffectClass
from podium.testing.running import run_workflow

LEVELS: tuple[Autonomy, ...] = get_args(Autonomy)


@pytest.mark.parametrize(
    ("autonomy", "writes", "irreversible"),
    [
        (None, [], []),
        ("suggest", ["approval", "stage"], ["approval", "stage"]),
        ("supervised", ["approval"], ["approval"]),
        ("bounded", [], ["approval"]),
        ("autonomous", [], []),
    ],
)
def test_each_level_demands_its_own(autonomy: Autonomy | None, writes: list[str], irreversible: list[str]) -> None:
    assert [one.kind for one in demanded(autonomy, "write")] == writes
    assert [one.kind for one in demanded(autonomy, "irreversible")] == irreversible


@pytest.mark.parametrize("effect", ["none", "read"])
@pytest.mark.parametrize("autonomy", LEVELS)
def test_what_only_reads_asks_nobody(autonomy: Autonomy, effect: EffectClass) -> None:
    assert demanded(autonomy, effect) == ()


@pytest.mark.parametrize("effect", get_args(EffectClass))
def test_a_longer_leash_never_demands_more(effect: EffectClass) -> None:
    kinds = [{one.kind for one in demanded(level, effect)} for level in LEVELS]

    assert all(longer <= shorter for shorter, longer in pairwise(kinds))


WORKFLOW = """podium: 1
name: letter
autonomy: LEVEL
tools:
  mail: {python: scripted, effect: write, delivery: keyed}
nodes:
  post: {tool: mail.send, with: {to: ada}}
result: post.out
"""


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("level", "status", "sent"),
    [("suggest", "done", 0), ("supervised", "approval", 0), ("bounded", "done", 1), ("autonomous", "done", 1)],
)
async def test_a_write_is_prepared_asked_about_or_made(level: str, status: str, sent: int) -> None:
    calls: list[object] = []

    result = await run_workflow(WORKFLOW.replace("LEVEL", level), tools={"mail.send": calls.append})

    assert (result.status, len(calls)) == (status, sent)
