"""Every bound of a workflow is shown, with its place, written or not."""

from __future__ import annotations

from podium.lint.bounds import Bound, bounds
from podium.lint.subject import Subject
from podium.testing.running import compile_text

TEXT = """
podium: 1
name: bounded
budget: {usd: 2}
tools:
  shop: {mcp: [shop-server], effect: read, delivery: repeatable, timeout: 10s}
flows:
  one:
    podium: 1
    name: one
    nodes:
      ask: {human: Right?}
nodes:
  all:
    map: "[1, 2]"
    do:
      price: {tool: shop.price, retry: {max: 1}}
    max_items: 5
  polish:
    loop:
      draft: {transform: x}
    until: "true"
  paid: {wait: {signal: paid}, timeout: 1h}
  rest: {subflow: one}
"""


def test_written_bounds_and_defaults_are_told_apart() -> None:
    found = {"/".join(map(str, bound.loc)): bound for bound in bounds(Subject(compile_text(TEXT)))}

    assert {place: (bound.value, bound.written) for place, bound in found.items()} == {
        "timeout": ("none", False),
        "concurrency": ("none", False),
        "budget/usd": ("2.0", True),
        "budget/tokens": ("none", False),
        "budget/calls": ("none", False),
        "budget/energy": ("none", False),
        "budget/wall": ("none", False),
        "nodes": ("3", False),
        "tools/shop/timeout": ("10s", True),
        "nodes/all/concurrency": ("4", False),
        "nodes/all/max_items": ("5", True),
        "nodes/all/do/price/retry/max": ("1", True),
        "nodes/all/do/price/retry/max_backoff": ("5m", False),
        "nodes/polish/max": ("10", False),
        "nodes/paid/timeout/total": ("1h", True),
        "nodes/paid/wait/expires": ("none", False),
        "flows/one/timeout": ("none", False),
        "flows/one/nodes/ask/expires": ("1d", False),
    }


def test_a_bound_says_what_it_bounds() -> None:
    found = bounds(Subject(compile_text(TEXT)))

    assert Bound(("nodes", "polish", "max"), "rounds", "10", written=False) in found


def test_every_unit_of_a_budget_is_shown_with_its_unit() -> None:
    budget = "{calls: 20, energy: 1500mWh, per_call: {energy: 0.2Wh, tokens: 900}}"
    text = f"podium: 1\nname: w\nbudget: {budget}\nnodes:\n  a: {{transform: '1'}}\n"
    found = {"/".join(map(str, bound.loc)): bound for bound in bounds(Subject(compile_text(text)))}

    assert {
        place: (one.value, one.what) for place, one in found.items() if place.startswith("budget") and one.written
    } == {
        "budget/calls": ("20", "calls of models and tools"),
        "budget/energy": ("1.5Wh", "energy"),
        "budget/per_call/tokens": ("900", "tokens of one call"),
        "budget/per_call/energy": ("0.2Wh", "energy of one call"),
    }


def test_the_limits_of_code_are_bounds() -> None:
    text = "podium: 1\nname: code\nnodes:\n  a: {code: '1', limits: {memory: 64MB, cpu: 2s}}\n"
    found = {bound.loc[-1]: bound for bound in bounds(Subject(compile_text(text))) if bound.loc[:2] == ("nodes", "a")}

    assert {name: (bound.value, bound.written) for name, bound in found.items()} == {
        "cpu": ("2s", True),
        "wall": ("1m", False),
        "memory": ("64MB", True),
        "output": ("1MB", False),
        "files": ("16MB", False),
        "calls": ("50", False),
    }
