from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import NodeError
from podium.node.agreement import Agreed, Conflict, Rule, agree, merge, most

Json = Any

values = st.sampled_from([0, 1, True, "1", None, {"x": 1, "y": 2}, {"y": 2, "x": 1}, [1]])
said = st.dictionaries(st.sampled_from("abcdef"), values, min_size=1)
numbers = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 2), min_size=1)
objects = st.dictionaries(
    st.sampled_from("abc"), st.dictionaries(st.sampled_from("xyz"), st.integers(0, 1), max_size=3), min_size=1
)


@given(said, st.sampled_from(["judge", "human"]))
def test_an_open_conflict_has_each_value_once_and_each_source_in_one_camp(answers: dict[str, Json], rule: Rule) -> None:
    found = agree(answers, rule=rule)

    if not found.conflicts:
        assert found.value == next(iter(answers.values()))
        return
    (conflict,) = found.conflicts
    assert sorted(source for camp in conflict.camps for source in camp) == sorted(answers)
    assert len(conflict.candidates) == len(conflict.camps) > 1
    for candidate, camp in zip(conflict.candidates, conflict.camps, strict=True):
        assert all(answers[source] == candidate and type(answers[source]) is type(candidate) for source in camp)


@given(numbers, st.sampled_from(["first", "priority"]))
def test_the_preferred_stands_first(answers: dict[str, int], rule: Rule) -> None:
    assert agree(answers, rule=rule) == Agreed(next(iter(answers.values())))


@given(numbers)
def test_most_is_the_value_with_most_votes(answers: dict[str, int]) -> None:
    found = most(answers, rule="first").value
    votes = Counter(answers.values())

    assert votes[found] == max(votes.values())


@given(numbers)
def test_only_a_tie_is_left_open(answers: dict[str, int]) -> None:
    votes = Counter(answers.values())
    leading = {value for value, count in votes.items() if count == max(votes.values())}

    found = most(answers, rule="human")

    assert bool(found.conflicts) == (len(leading) > 1)
    assert {value for conflict in found.conflicts for value in conflict.candidates} == (
        leading if len(leading) > 1 else set()
    )


@given(objects)
def test_a_settled_merge_has_every_field_and_every_choice(answers: dict[str, dict[str, int]]) -> None:
    found = merge(answers, rule="judge")

    whole = found.settled([conflict.candidates[-1] for conflict in found.conflicts])

    assert whole.keys() == {field for value in answers.values() for field in value}
    for conflict in found.conflicts:
        assert whole[conflict.field] == conflict.candidates[-1]
    assert all(whole[field] in [value.get(field) for value in answers.values()] for field in whole)


@pytest.mark.parametrize("named", [3, 0, -1, True, "c", None, 1.0])
def test_what_is_no_candidate_is_not_found(named: Json) -> None:
    with pytest.raises(LookupError):
        Conflict("", ("a", "b"), (("x",), ("y",))).find(named)


def test_a_candidate_is_found_by_its_value_before_its_number() -> None:
    assert Conflict("", ("a", "b"), ()).find(2) == "b"
    assert Conflict("", (2, 1), ()).find(2) == 2
    assert Conflict("", ({"x": 1, "y": 2}, "b"), ()).find({"y": 2, "x": 1}) == {"x": 1, "y": 2}


def test_an_undecided_conflict_names_the_camps() -> None:
    with pytest.raises(NodeError) as caught:
        agree({"a": 1, "b": 2, "c": 1}, rule="fail", field="x")

    assert str(caught.value) == "EN056: values differ on field `x`: `a`, `c` against `b`"
