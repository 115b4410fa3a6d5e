from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.engine.control import answer as decide
from podium.errors import NodeError
from podium.ids import NodeId, NodePath, SystemIds
from podium.node.calls import Message, ModelCall
from podium.node.contract import Answer, Done, MoreSources, Park, Port, Question
from podium.nodes.join import JoinConfig, JoinNode
from podium.nodes.join import reduced as reduced_
from podium.spec.model import JoinRule
from podium.spec.types import Type, parse_type
from podium.testing.clock import FakeClock
from podium.testing.context import ScriptedContext
from podium.testing.memory import MemoryStore
from podium.testing.running import Bench, compile_text, run_workflow
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]

SOURCES = ("a", "b", "c", "d")
A, B, C = (NodeId(name) for name in "abc")


def join(**settings: Any) -> JoinConfig:
    return JoinConfig.model_validate({"join": list(SOURCES), **settings})


def reduced(config: JoinConfig, arrived: Mapping[str, Any]) -> Any:
    found = reduced_(ScriptedContext(), config, arrived)
    assert found.conflicts == ()
    return found.value


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
        ("{join: [a, b], wait: first_valid, valid: value > 1}", JoinRule((A, B), 1, None)),
        ("{join: [a, b], wait: any, cancel: true}", JoinRule((A, B), 1, None, cancel=True)),
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
    assert join(reduce="rank", by="value").result_type(same) == parse_type(["text"])
    assert join(reduce="vote").result_type(same) == text
    assert join(reduce="custom", make="values").result_type(same) == Type.any()
    assert join(wait="first_valid", valid=True).result_type(same) == text


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{join: [a, b, a]}", ("", "expected each source once, got `a` twice")),
        (
            "{join: [a], on_conflict: vote}",
            ("", "expected `on_conflict` with `reduce: agree` or `merge` or `vote` only, got `reduce: list`"),
        ),
        (
            "{join: [a], reduce: agree, separator: ', '}",
            ("", "expected `separator` with `reduce: concat` only, got `reduce: agree`"),
        ),
        (
            "{join: [a], wait: first_valid, valid: value, reduce: first}",
            ("", "expected `reduce` with `wait: all` or `any` or `{quorum: 2}` only, got `wait: first_valid`"),
        ),
        ("{join: [a], wait: first_valid}", ("", "expected `valid` beside `wait: first_valid`")),
        ("{join: [a], valid: value}", ("", "expected `valid` with `wait: first_valid` only, got `wait: all`")),
        ("{join: [a], reduce: rank}", ("", "expected `by` beside `reduce: rank`")),
        ("{join: [a], reduce: custom}", ("", "expected `make` beside `reduce: custom`")),
        ("{join: [a], reduce: agree, on_conflict: judge}", ("", "expected `judge` beside `on_conflict: judge`")),
        (
            "{join: [a], reduce: vote, on_conflict: vote}",
            ("", "expected `on_conflict` to decide a tie, got `vote` beside `reduce: vote`"),
        ),
        ("{join: [a], cancel: true}", ("", "expected `cancel` where the join need not wait for all")),
        ("{join: [a], wait: most}", ("wait", "expected `all`, `any`, `first_valid` or `{quorum: 2}`, got `most`")),
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
        ("{join: [a], on_conflict: dice}", "on_conflict"),
        ("{join: [a], deadline: tomorrow}", "deadline"),
    ],
)
def test_a_bad_setting_is_refused_where_it_stands(
    complaints: Callable[[str], list[tuple[str, str]]], text: str, place: str
) -> None:
    assert [found for found, _ in complaints(text)] == [place]


@pytest.mark.parametrize("text", ["{join: [a], wait: any}", "{join: [a], wait: {quorum: 2}}", "{join: [a], wait: all}"])
def test_how_it_waits_survives_being_stored(configure: Configure, text: str) -> None:
    config = configure(text)

    assert configure(json.dumps(config.model_dump(by_alias=True, exclude_defaults=True))) == config


# ── first valid ──


async def test_the_first_value_that_holds_is_taken(configure: Configure) -> None:
    config = configure("{join: [a, b, c], wait: first_valid, valid: value > 5}")

    assert await JoinNode().run(ScriptedContext(), config, {"join": {"c": 3, "b": 9, "a": 7}}) == Done(9)


async def test_while_none_holds_it_asks_for_more_sources(configure: Configure) -> None:
    config = configure("{join: [a, b, c], wait: first_valid, valid: value.sure > 5}")

    assert await JoinNode().run(ScriptedContext(), config, {"join": {"c": {"sure": 3}, "b": None}}) == MoreSources(
        "`value.sure > 5` does not hold for `c`"
    )
    more = await JoinNode().run(ScriptedContext(), config, {"join": {"a": {"other": 1}}})
    assert isinstance(more, MoreSources)
    assert more.reason.startswith("`a`: ")


FIRST_VALID = """podium: 1
name: first-valid
nodes:
  fast: {llm: "guess"}
  slow: {llm: "think", after: [fast]}
  best: {join: [fast, slow], wait: first_valid, valid: "value.startsWith('sure')"}
result: best.out
"""


async def test_a_late_valid_source_is_waited_for() -> None:
    result = await run_workflow(FIRST_VALID, model=ScriptedModel(["perhaps", "sure"]))

    assert (result.status, result.value) == ("done", "sure")


async def test_without_a_valid_source_it_fails_as_invalid_output() -> None:
    text = FIRST_VALID.replace("'sure')\"", "'sure')\", on_error: {invalid_output: why}").replace(
        "result: best.out", '  why: {transform: "${best.error.message}"}\nresult: why.out'
    )

    result = await run_workflow(text, model=ScriptedModel(["perhaps", "maybe"]))

    assert result.status == "done"
    assert result.value == (
        "none of the sources of `best` gave what it waits for: "
        "`value.startsWith('sure')` does not hold for `fast`; `value.startsWith('sure')` does not hold for `slow`"
    )


async def test_what_leads_only_to_the_join_is_withdrawn() -> None:
    result = await run_workflow("""podium: 1
name: any
nodes:
  fast: {transform: fast}
  rest: {wait: 1h}
  slow: {transform: slow, after: [rest]}
  best: {join: [fast, slow], wait: any, reduce: first, cancel: true}
result: best.out
""")

    assert (result.status, result.value) == ("done", "fast")
    assert result.ports == {"fast": "out", "best": "out"}


# ── rank, vote, custom ──


def test_the_best_stands_first_and_null_nowhere() -> None:
    config = join(reduce="rank", by="value.n")

    assert reduced(config, {"d": {"n": 2}, "c": {"n": 2.5}, "b": None, "a": {"n": 2, "k": 1}}) == [
        {"n": 2.5},
        {"n": 2, "k": 1},
        {"n": 2},
    ]
    assert reduced(join(reduce="rank", by="value > 1 ? value : null"), {"a": 1, "b": 2}) == [2]


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=4))
def test_a_rank_is_stable(values: list[int]) -> None:
    arrived = {source: {"n": value, "of": source} for source, value in zip(SOURCES, values, strict=False)}
    best_first = sorted(zip(values, SOURCES, strict=False), key=lambda pair: -pair[0])

    assert reduced(join(reduce="rank", by="value.n"), arrived) == [arrived[source] for _, source in best_first]


@pytest.mark.parametrize("value", [True, "3", [3]])
def test_a_rank_needs_numbers(value: object) -> None:
    assert refused(join(reduce="rank", by="value"), {"a": value})[0] == "EN057"


def test_a_vote_takes_what_most_gave() -> None:
    assert reduced(join(reduce="vote"), {"a": 1, "b": 2, "c": 3, "d": 2}) == 2
    assert reduced(join(reduce="vote"), {"a": None, "b": None, "c": 3}) == 3
    assert reduced(join(reduce="vote"), {"a": None}) is None


def test_a_tie_is_a_conflict_of_those_who_lead() -> None:
    tie = {"d": 5, "c": 2, "b": 1, "a": 1, "e": 2}
    five = JoinConfig.model_validate({"join": [*SOURCES, "e"], "reduce": "vote"})

    assert refused(five, tie) == ("EN056", "a tie on the sources: `a`, `b` against `c`, `e`")
    assert reduced(five.model_copy(update={"on_conflict": "priority"}), tie) == 1
    assert reduced(five.model_copy(update={"on_conflict": "first"}), tie) == 2


def test_make_builds_what_it_likes_of_the_values() -> None:
    config = join(reduce="custom", make="values.a + ' and ' + values.c")

    assert reduced(config, {"c": "three", "a": "one"}) == "one and three"


# ── judge ──

JUDGE = {"on_conflict": "judge", "judge": "Which is right?"}


def asked(what: str, *candidates: str, turn: int = 0) -> ModelCall:
    listed = "\n".join(f"{number}. {text}" for number, text in enumerate(candidates, 1))
    text = f"Which is right?\n\nThe answers differ on {what}:\n{listed}\n\nGive the number of the one that counts."
    schema = {
        "type": "object",
        "properties": {"choice": {"enum": list(range(1, len(candidates) + 1))}},
        "required": ["choice"],
        "additionalProperties": False,
    }
    return ModelCall(messages=(Message(role="user", text=text),), schema=schema, turn=turn)


async def judged(config: JoinConfig, arrived: Mapping[str, Any], *said: Any) -> tuple[Any, list[Any]]:
    ctx = ScriptedContext(model=ScriptedModel(said))
    done = await JoinNode().run(ctx, config, {"join": arrived, "judge": "Which is right?"})
    assert isinstance(done, Done)
    return done.out, ctx.calls


async def test_a_judge_chooses_by_number() -> None:
    out, calls = await judged(join(reduce="agree", **JUDGE), {"b": {"x": 1}, "a": "text"}, {"choice": 2})

    assert out == "text"
    assert calls == [asked("the sources", '{"x": 1}', "text")]


async def test_where_all_agree_nobody_is_asked() -> None:
    assert await judged(join(reduce="agree", **JUDGE), {"b": 1, "a": 1}) == (1, [])


async def test_a_judge_is_asked_about_each_field_that_differs() -> None:
    arrived = {"a": {"x": 1, "y": 1, "z": 1}, "b": {"x": 2, "y": 1, "z": 2}}

    out, calls = await judged(join(reduce="merge", **JUDGE), arrived, {"choice": 2}, {"choice": 1})

    assert out == {"x": 2, "y": 1, "z": 1}
    assert calls == [asked("field `x`", "1", "2"), asked("field `z`", "1", "2", turn=3)]


async def test_a_judge_sees_only_those_who_lead_in_a_vote() -> None:
    out, calls = await judged(join(reduce="vote", **JUDGE), {"a": "x", "b": "y", "c": "x", "d": "y"}, {"choice": 2})

    assert (out, calls) == ("y", [asked("the sources", "x", "y")])


async def test_a_judge_that_names_no_candidate_is_asked_again_three_times_in_all() -> None:
    config = join(reduce="agree", **JUDGE)

    out, calls = await judged(config, {"a": 1, "b": 2}, {"choice": 3}, "neither", {"choice": 1})
    assert (out, [call.turn for call in calls]) == (1, [0, 1, 2])

    with pytest.raises(NodeError) as caught:
        await judged(config, {"a": 1, "b": 2}, *["neither"] * 3)
    assert (caught.value.code, caught.value.kind) == ("EN062", "invalid_output")


# ── a person ──

HUMAN = "{join: [a, b, c], reduce: agree, on_conflict: human}"
MERGE = "{join: [a, b], reduce: merge, on_conflict: human}"


async def decided(config: Any, arrived: Mapping[str, Any], answer: Answer) -> Any:
    return await JoinNode().resume(ScriptedContext(), config, {"join": arrived}, answer)


def yes(value: Any = None) -> Answer:
    return Answer(verdict="approved", by="ada", value=value)


async def test_a_person_is_shown_the_different_values(configure: Configure) -> None:
    arrived = {"b": "x", "a": "y", "c": "x"}

    assert await JoinNode().run(ScriptedContext(), configure(HUMAN), {"join": arrived}) == Park(
        Question(
            text="`node`: values differ on the sources. Which one counts?",
            show={"candidates": ["x", "y"]},
            expires=timedelta(hours=24),
        )
    )


@pytest.mark.parametrize(("said", "value"), [(None, "x"), (1, "x"), (2, "y"), ("y", "y")])
async def test_a_person_names_a_value_or_its_number(configure: Configure, said: object, value: str) -> None:
    assert await decided(configure(HUMAN), {"b": "x", "a": "y"}, yes(said)) == Done(value)


async def test_where_the_values_are_numbers_a_number_is_a_value(configure: Configure) -> None:
    assert await decided(configure(HUMAN), {"a": 3, "b": 1}, yes(1)) == Done(1)
    assert isinstance(await decided(configure(HUMAN), {"a": 3, "b": 4}, yes(1)), Park)


@pytest.mark.parametrize("said", ["z", 0, 3, True, ["x"]])
async def test_what_is_none_of_the_values_is_asked_again(configure: Configure, said: object) -> None:
    again = await decided(configure(HUMAN), {"b": "x", "a": "y"}, yes(said))

    assert isinstance(again, Park)
    assert again.question.text.endswith(" is none of them.")


async def test_a_person_decides_field_by_field(configure: Configure) -> None:
    config, arrived = configure(MERGE), {"a": {"x": "p", "y": "q", "z": 0}, "b": {"x": "r", "y": "s", "z": 0}}

    parked = await JoinNode().run(ScriptedContext(), config, {"join": arrived})
    assert isinstance(parked, Park)
    assert parked.question.show == {"candidates": {"x": ["p", "r"], "y": ["q", "s"]}}
    assert await decided(config, arrived, yes({"y": 2})) == Done({"x": "p", "y": "s", "z": 0})
    assert isinstance(await decided(config, arrived, yes({"z": 1})), Park)
    assert isinstance(await decided(config, arrived, yes("p")), Park)


async def test_a_no_and_silence_leave_by_ports_of_their_own(configure: Configure) -> None:
    arrived = {"a": 1, "b": 2}
    no = Answer(verdict="rejected", by="ada", reason="neither")

    assert await decided(configure(HUMAN), arrived, no) == Done(
        port=Port("rejected"), reason="rejected by ada: neither"
    )
    assert await decided(configure(HUMAN), arrived, Answer(verdict="expired")) == Done(
        port=Port("expired"), reason="nobody decided in time"
    )


async def test_what_arrives_while_a_person_thinks_changes_nothing() -> None:
    clock = FakeClock(tick_ms=1)
    bench = Bench(
        compile_text(LATE),
        store=MemoryStore(clock=clock),
        model=ScriptedModel(),
        tools=ScriptedTools(),
        clock=clock,
        ids=SystemIds(),
    )
    run = await bench.start({})
    assert await bench.settle(run, {"gate": "approved"}) == "approval"
    assert (await bench.result(run, "approval")).outs["three"] == "y"

    await decide(bench.store, bench.ids, run, NodePath("pick"), verdict="approved", by="ada", channel="test")
    status = await bench.settle(run, {})

    result = await bench.result(run, status)
    await bench.engine.close()
    assert (result.status, result.value) == ("done", "x")


LATE = """podium: 1
name: late
nodes:
  one: {transform: x}
  two: {transform: y}
  gate: {human: Ready?}
  three: {transform: y, after: [gate]}
  pick: {join: [one, two, three], wait: {quorum: 2}, reduce: vote, on_conflict: human}
result: pick.out
"""
