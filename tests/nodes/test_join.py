from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import NodeError
from podium.ids import NodeId
from podium.node.contract import Done
from podium.nodes.join import JoinConfig, JoinNode, reduced
from podium.spec.model import JoinRule
from podium.spec.types import Type, parse_type
from podium.testing.context import ScriptedContext

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]

SOURCES = ("a", "b", "c", "d")
A, B, C = (NodeId(name) for name in "abc")


def join(**settings: Any) -> JoinConfig:
    return JoinConfig.model_validate({"join": list(SOURCES), **settings})


def refused(config: JoinConfig, arrived: Mapping[str, Any]) -> tuple[str, str]:
    with pytest.raises(NodeError) as caught:
        reduced(config, arrived)
    assert caught.value.kind == "invalid_input"
    return caught.value.code, caught.value.message


async def test_the_node_reduces_what_arrived(configure: Configure) -> None:
    config = configure("{join: [a, b]}")

    assert await JoinNode().run(ScriptedContext(), config, {"join": {"b": 2, "a": 1}}) == Done([1, 2])


def test_a_list_stands_in_the_declared_order_whoever_came_first() -> None:
    assert reduced(join(), {"c": 3, "a": 1, "b": None}) == [1, None, 3]


def test_an_object_names_its_sources() -> None:
    result = reduced(join(reduce="object"), {"c": 3, "a": None})

    assert result == {"a": None, "c": 3}
    assert list(result) == ["a", "c"]


def test_concat_flattens_lists_of_text_and_leaves_out_null() -> None:
    config = join(reduce="concat", separator="\n\n")

    assert reduced(config, {"b": "end", "a": ["one", "two"], "c": None}) == "one\n\ntwo\n\nend"
    assert reduced(config, {"a": []}) == ""


@pytest.mark.parametrize("value", [3, {"x": 1}, ["text", 4], [["nested"]]])
def test_concat_takes_text_only(value: object) -> None:
    code, message = refused(join(reduce="concat"), {"a": "fine", "b": value})

    assert code == "EN057"
    assert message.startswith("expected text or a list of texts from `b`, got `")


def test_first_is_who_arrived_first() -> None:
    assert reduced(join(reduce="first"), {"c": 3, "a": 1}) == 3
    assert reduced(join(reduce="first"), {"c": None, "b": 2, "a": 1}) == 2
    assert reduced(join(reduce="first"), {"c": None}) is None


def test_agreement_is_the_common_value() -> None:
    assert reduced(join(reduce="agree"), {"a": {"x": 1, "y": 2}, "b": {"y": 2, "x": 1}}) == {"x": 1, "y": 2}
    assert reduced(join(reduce="agree"), {"a": None, "b": "yes"}) == "yes"
    assert reduced(join(reduce="agree"), {"a": None}) is None


def test_a_conflict_fails_and_names_both_camps() -> None:
    assert refused(join(reduce="agree"), {"a": "yes", "b": "no", "c": "yes"}) == (
        "EN056",
        "values differ on the sources: `a`, `c` against `b`",
    )


def test_true_and_one_are_a_conflict() -> None:
    assert refused(join(reduce="agree"), {"a": True, "b": 1})[0] == "EN056"


def test_a_conflict_is_decided_by_arrival_or_by_rank() -> None:
    arrived = {"c": "late in the list", "a": "first in the list"}

    assert reduced(join(reduce="agree", on_conflict="first"), arrived) == "late in the list"
    assert reduced(join(reduce="agree", on_conflict="priority"), arrived) == "first in the list"


def test_a_vote_needs_more_than_half() -> None:
    config = join(reduce="agree", on_conflict="vote")

    assert reduced(config, {"a": 1, "b": 2, "c": 2}) == 2
    assert refused(config, {"a": 1, "b": 2}) == ("EN056", "no majority on the sources: `a` against `b`")
    assert refused(config, {"a": 1, "b": 2, "c": 2, "d": 3})[0] == "EN056"
    assert reduced(config, {"a": 1, "b": None, "c": None}) == 1


def test_merge_takes_the_fields_of_all() -> None:
    assert reduced(join(reduce="merge"), {"b": {"y": 2, "z": 0}, "a": {"x": 1, "z": 0}, "c": None}) == {
        "x": 1,
        "y": 2,
        "z": 0,
    }


def test_a_merge_conflict_names_the_field() -> None:
    arrived = {"a": {"x": 1, "y": 1}, "b": {"x": 1, "y": 2}}

    assert refused(join(reduce="merge"), arrived) == ("EN056", "values differ on field `y`: `a` against `b`")
    assert reduced(join(reduce="merge", on_conflict="priority"), arrived) == {"x": 1, "y": 1}


def test_merge_takes_objects_only() -> None:
    assert refused(join(reduce="merge"), {"a": {"x": 1}, "b": [1]}) == (
        "EN057",
        "expected an object from `b`, got `[1]`",
    )


arrivals = st.permutations(SOURCES).flatmap(
    lambda order: st.lists(st.integers(0, 2), min_size=1, max_size=4).map(
        lambda values: dict(zip(order, values, strict=False))
    )
)


@given(arrivals, st.sampled_from(["list", "object", "agree"]), st.sampled_from(["fail", "priority", "vote"]))
def test_but_for_first_the_order_of_arrival_means_nothing(arrived: dict[str, int], reduce: str, rule: str) -> None:
    config = join(reduce=reduce, on_conflict=rule) if reduce == "agree" else join(reduce=reduce)
    backwards = dict(reversed(arrived.items()))

    def outcome(values: Mapping[str, int]) -> object:
        try:
            return reduced(config, values)
        except NodeError as error:
            return error.message

    assert outcome(arrived) == outcome(backwards)


@given(arrivals)
def test_a_vote_is_the_strict_majority(arrived: dict[str, int]) -> None:
    winner, votes = Counter(arrived.values()).most_common(1)[0]

    if 2 * votes > len(arrived):
        assert reduced(join(reduce="agree", on_conflict="vote"), arrived) == winner
    else:
        refused(join(reduce="agree", on_conflict="vote"), arrived)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{join: [a, b]}", JoinRule((A, B), 0, None)),
        ("{join: [a, b], wait: all}", JoinRule((A, B), 0, None)),
        ("{join: [a, b], wait: any}", JoinRule((A, B), 1, None)),
        (
            "{join: [a, b, c], wait: {quorum: 2}, deadline: 5m}",
            JoinRule((A, B, C), 2, timedelta(minutes=5)),
        ),
    ],
)
def test_says_what_it_waits_for(configure: Configure, text: str, rule: JoinRule) -> None:
    assert configure(text).join_rule() == rule


def test_the_type_of_the_result_follows_from_the_sources() -> None:
    text, number = parse_type("text"), parse_type("number")
    same = {"join": Type.object_of({"a": text, "b": text})}
    mixed = {"join": Type.object_of({"a": text, "b": number})}

    assert join().result_type(same) == parse_type(["text"])
    assert join().result_type(mixed) == Type.list_of(Type.any())
    assert join(reduce="object").result_type(mixed) == parse_type({"a?": "text", "b?": "number"})
    assert join(reduce="concat").result_type(mixed) == text
    assert join(reduce="first").result_type(same) == text
    assert join(reduce="agree").result_type(mixed) == Type.any()
    assert join(reduce="merge").result_type(same) == Type.any()
    assert join(reduce="object").result_type({}) == Type.any()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{join: [a, b, a]}", ("", "expected each source once, got `a` twice")),
        (
            "{join: [a], on_conflict: vote}",
            ("", "expected `on_conflict` with `reduce: agree` or `merge` only, got `reduce: list`"),
        ),
        (
            "{join: [a], reduce: agree, separator: ', '}",
            ("", "expected `separator` with `reduce: concat` only, got `reduce: agree`"),
        ),
        ("{join: [a], wait: most}", ("wait", "expected `all`, `any` or `{quorum: 2}`, got `most`")),
    ],
)
def test_a_bad_setting_is_refused_in_plain_words(
    complaints: Callable[[str], list[tuple[str, str]]], text: str, complaint: tuple[str, str]
) -> None:
    assert complaints(text) == [complaint]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{join: []}", "join"),
        ("{join: [a], wait: {quorum: 0}}", "wait.quorum"),
        ("{join: [a], reduce: sum}", "reduce"),
        ("{join: [a], on_conflict: judge}", "on_conflict"),
        ("{join: [a], deadline: tomorrow}", "deadline"),
    ],
)
def test_a_bad_setting_is_refused_where_it_stands(
    complaints: Callable[[str], list[tuple[str, str]]], text: str, place: str
) -> None:
    assert [found for found, _ in complaints(text)] == [place]
