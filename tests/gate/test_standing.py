"""Which calls a standing approval is for, and how much of it is left."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from podium.gate.standing import amount_of, fits, has_left, mark, origins, recipients
from podium.ids import EffectKey
from podium.spec.standing import Scope

MAIL = Scope(effect="tool.mail.send", workflow="news")


def fit(scope: Scope, *, now: int = 5, run: str = "r1", **arguments: Any) -> bool:
    return fits(scope, effect="tool.mail.send", workflow="news", run=run, arguments=arguments, now=now)


@pytest.mark.parametrize(
    ("scope", "arguments", "fitting"),
    [
        (MAIL, {}, True),
        (replace(MAIL, effect="tool.mail.delete"), {}, False),
        (replace(MAIL, workflow="other"), {}, False),
        (replace(MAIL, run="r2"), {}, False),
        (replace(MAIL, until=5), {}, False),
        (replace(MAIL, until=6), {}, True),
        (replace(MAIL, recipients=(mark("ada@x.org"),)), {"to": "Ada@x.org "}, True),
        (replace(MAIL, recipients=(mark("ada@x.org"),)), {"to": ["ada@x.org", "eve@x.org"]}, False),
        (replace(MAIL, recipients=(mark("ada@x.org"),)), {"to": "ada@x.org", "bcc": "eve@x.org"}, False),
        (replace(MAIL, recipients=(mark("ada@x.org"),)), {"body": "ada@x.org"}, False),
        (replace(MAIL, origins=(mark("https://x.org"),)), {"url": "https://x.org/a?b"}, True),
        (replace(MAIL, origins=(mark("https://x.org"),)), {"url": "https://x.org.evil.org/a"}, False),
        (replace(MAIL, origins=(mark("https://x.org"),)), {"url": "https://x.org@evil.org/"}, False),
        (replace(MAIL, origins=(mark("https://x.org"),)), {"url": "http://x.org"}, False),
        (replace(MAIL, origins=(mark("https://x.org"),)), {"url": "https://x.org", "to": ["https://y.org"]}, False),
        (replace(MAIL, origins=(mark("https://x.org"),)), {}, False),
        (replace(MAIL, argument="amount", most_micro=1), {"amount": "much"}, False),
        (replace(MAIL, argument="amount", most_micro=1), {}, False),
    ],
)
def test_all_that_was_said_must_hold(scope: Scope, arguments: dict[str, Any], fitting: bool) -> None:  # noqa: FBT001 - drawn
    assert fit(scope, **arguments) is fitting


@pytest.mark.parametrize(
    ("value", "micro"),
    [
        (5, 5_000_000),
        (0.1, 100_000),
        ("12.50", 12_500_000),
        ("0.0000001", 1),
        (-1, None),
        (True, None),
        (None, None),
        ("NaN", None),
        ("Infinity", None),
        (float("inf"), None),
        ("1e400", None),
        ([5], None),
    ],
)
def test_an_amount_is_rounded_up_and_what_is_none_is_none(value: Any, micro: int | None) -> None:
    assert amount_of(value) == micro


def test_uses_and_amounts_add_up_and_a_call_that_has_its_use_needs_no_other() -> None:
    scope = replace(MAIL, uses=2, argument="amount", most_micro=10_000_000)
    one, two = EffectKey("a"), EffectKey("b")

    assert has_left(scope, {}, one, {"amount": 10})
    assert not has_left(scope, {}, one, {"amount": 10.01})
    assert has_left(scope, {one: 4_000_000}, two, {"amount": 6})
    assert not has_left(scope, {one: 4_000_000}, two, {"amount": 7})
    assert not has_left(scope, {one: 0, two: 0}, EffectKey("c"), {"amount": 0})
    assert has_left(scope, {one: 9_000_000, two: 0}, one, {"amount": 9})


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(1, 10), st.integers(0, 200))
def test_however_they_come_calls_never_pass_the_bounds(amounts: list[int], uses: int, most: int) -> None:
    scope = replace(MAIL, uses=uses, argument="amount", most_micro=most * 1_000_000)
    used: dict[EffectKey, int] = {}

    for number, amount in enumerate(amounts):
        if has_left(scope, used, EffectKey(f"{number}"), {"amount": amount}):
            used[EffectKey(f"{number}")] = amount * 1_000_000

    assert len(used) <= uses
    assert sum(used.values()) <= most * 1_000_000


def test_recipients_and_origins_are_found_wherever_they_stand() -> None:
    assert recipients({"cc": [{"email": "a@x.org"}], "subject": "b@x.org"}) == {mark("a@x.org")}
    assert origins({"links": [{"href": "https://X.org:8443/p"}], "note": "see https://y.org"}) == {
        mark("https://x.org:8443")
    }
