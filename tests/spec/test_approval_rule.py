from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from podium.spec.approval import Approval, ApprovalSpec, rule_of
from podium.spec.approval_rule import Rule, Step, Voters

APPROVAL: TypeAdapter[Any] = TypeAdapter(Approval)
HOUR = 3_600_000


def rule(written: object) -> Rule | None:
    return rule_of(APPROVAL.validate_python(written))


def test_never_is_no_rule_and_required_is_anybody_within_a_day() -> None:
    assert (rule("never"), rule("required")) == (None, Rule(ends_ms=24 * HOUR))


def test_names_are_sorted_and_said_once() -> None:
    assert rule({"roles": ["b", "a", "b"], "people": ["anna"], "count": 2, "expires": "1h"}) == Rule(
        stages=(Voters(roles=("a", "b"), people=("anna",), count=2),), ends_ms=HOUR
    )


def test_stages_come_one_after_the_other() -> None:
    written = {"stages": [{"roles": ["a"]}, {"groups": ["g"], "count": 2}], "veto": ["v"], "four_eyes": ["requester"]}

    assert rule(written) == Rule(
        stages=(Voters(roles=("a",)), Voters(groups=("g",), count=2)),
        veto=("v",),
        four_eyes=("requester",),
        ends_ms=24 * HOUR,
    )


def test_a_chain_without_times_gives_each_step_as_long_as_the_first() -> None:
    chain = [{"to": {"roles": ["lead"]}}, {"to": {"people": ["anna"]}}]

    assert rule({"expires": "1h", "on_expiry": "escalate", "escalate": chain}) == Rule(
        ends_ms=3 * HOUR,
        steps=(
            Step(after_ms=HOUR, to=Voters(roles=("lead",))),
            Step(after_ms=2 * HOUR, to=Voters(people=("anna",))),
        ),
    )


def test_a_suspended_question_has_no_end_but_is_overdue() -> None:
    assert rule({"expires": "1h", "on_expiry": "suspend", "remind": "10m"}) == Rule(
        overdue_ms=HOUR, remind_ms=HOUR // 6
    )


WRONG: list[tuple[object, tuple[object, ...]]] = [
    ({"roles": ["a"], "stages": [{"roles": ["b"]}]}, ()),
    ({"on_expiry": "escalate"}, ()),
    ({"escalate": [{"after": "48h", "to": {"roles": ["a"]}}]}, ()),
    ({"escalate": [{"after": "2h", "to": {}}, {"after": "1h", "to": {}}]}, ()),
    ({"remind": "1s"}, ()),
    ({"count": 0}, ("count",)),
    ({"count": 21}, ("count",)),
    ({"four_eyes": ["everybody"]}, ("four_eyes", 0)),
    ({"people": ["anna winter"]}, ("people", 0)),
    ({"people": ["user:eve"]}, ("people", 0)),
    ({"role": ["a"]}, ("role",)),
    ("sometimes", ()),
    (True, ()),
]


@pytest.mark.parametrize(("written", "place"), WRONG)
def test_what_cannot_be_meant_is_refused_where_it_stands(written: object, place: tuple[object, ...]) -> None:
    with pytest.raises(ValidationError) as caught:
        APPROVAL.validate_python(written)

    assert [error["loc"] for error in caught.value.errors()] == [place]


def test_what_was_written_is_written_again() -> None:
    written = {"roles": ["a"], "expires": "1h"}

    assert APPROVAL.dump_python(APPROVAL.validate_python(written)) == {"roles": ("a",), "expires": "1h"}
    assert isinstance(APPROVAL.validate_python(written), ApprovalSpec)
