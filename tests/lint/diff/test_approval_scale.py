"""Which change of who must agree is wider, and that the change back is narrower."""

from __future__ import annotations

from typing import Any

import pytest

from podium.lint.diff.scales import agreed

FINANCE = {"roles": ["finance"]}
WIDER: list[tuple[Any, Any]] = [
    ("required", "never"),
    (FINANCE, "never"),
    (FINANCE, "required"),
    (FINANCE, {"roles": ["finance", "sales"]}),
    ({"roles": ["finance"], "count": 2}, FINANCE),
    ({"roles": ["finance"], "veto": ["legal"]}, FINANCE),
    ({"roles": ["finance"], "four_eyes": ["requester"]}, FINANCE),
    ({"stages": [FINANCE, {"roles": ["legal"]}]}, FINANCE),
    (FINANCE, {"roles": ["finance"], "expires": "48h"}),
    ({"on_expiry": "deny"}, {"on_expiry": "suspend"}),
]


@pytest.mark.parametrize(("before", "after"), WIDER)
def test_fewer_voices_or_more_who_may_give_one_are_wider_and_back_is_narrower(before: Any, after: Any) -> None:
    assert (agreed(before, after), agreed(after, before)) == ("wider", "narrower")


def test_the_same_is_neutral_and_somebody_else_is_wider_both_ways() -> None:
    other = {"roles": ["legal"]}

    assert agreed(FINANCE, dict(FINANCE)) == "neutral"
    assert (agreed(FINANCE, other), agreed(other, FINANCE)) == ("wider", "wider")
    assert agreed(FINANCE, {**FINANCE, "escalate": [{"to": other}]}) == "wider"
