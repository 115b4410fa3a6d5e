from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dirty_equals import IsStr

from podium.errors import EffectError, ErrorKind, NodeError
from podium.node.contract import Done, Fork, ItemResult
from podium.nodes.scope import ScopeNode
from podium.spec.model import Body, Expression
from podium.spec.types import Type, parse_type
from podium.testing.context import ScriptedContext
from podium.testing.running import RunResult, run_workflow
from podium.testing.tools import ScriptedTools, World

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]

PLAIN = "{scope: {a: {transform: 1}}}"
CATCHING = """
scope: {a: {transform: 1}}
catch:
  - {on: [timeout, unavailable], do: {later: {transform: later}}}
  - {on: [failed], do: {sorry: {transform: sorry}}}
"""
FINALLY = "finally: {close: {transform: closed}}\n"


def ok(value: object, part: str = "") -> ItemResult:
    return ItemResult(index=0, part=part, status="ok", value=value)


def failed(kind: ErrorKind = "failed", part: str = "", code: str = "EF021") -> ItemResult:
    return ItemResult(index=0, part=part, status="failed", code=code, kind=kind, message="no", node="pay/a")


async def collected(config: Any, *items: ItemResult) -> Fork | Done:
    return await ScopeNode().collect(ScriptedContext(), config, {}, items)


async def refused(config: Any, *items: ItemResult) -> NodeError:
    with pytest.raises(NodeError) as caught:
        await collected(config, *items)
    return caught.value


ERROR: dict[str, Any] = {"code": "EF021", "kind": "timeout", "message": "no", "node": "pay/a", "causes": []}


async def test_begins_with_the_nodes_themselves(configure: Configure) -> None:
    assert await ScopeNode().run(ScriptedContext(), configure(PLAIN), {}) == Fork([None])


async def test_what_went_well_is_its_result(configure: Configure) -> None:
    assert await collected(configure(PLAIN), ok("booked")) == Done("booked")
    assert await collected(configure(CATCHING), ok("booked")) == Done("booked")


async def test_the_first_catch_that_names_the_kind_is_given_the_error(configure: Configure) -> None:
    assert await collected(configure(CATCHING), failed("timeout")) == Fork([ERROR], part="catch1")
    assert await collected(configure(CATCHING), failed("failed")) == Fork([ERROR | {"kind": "failed"}], part="catch2")


async def test_a_catch_without_kinds_is_for_all(configure: Configure) -> None:
    config = configure("{scope: {a: {transform: 1}}, catch: [{do: {b: {transform: 1}}}]}")

    assert await collected(config, failed("denied")) == Fork([ERROR | {"kind": "denied"}], part="catch1")


async def test_an_error_that_no_catch_names_is_the_scopes_own(configure: Configure) -> None:
    error = await refused(configure(CATCHING), failed("denied"))

    assert (error.code, error.kind, error.message) == ("EF021", "denied", "no")


async def test_an_error_without_a_code_has_the_scopes(configure: Configure) -> None:
    assert (await refused(configure(PLAIN), failed(code=""))).code == "EN060"


async def test_the_result_of_the_catch_is_the_result_of_the_scope(configure: Configure) -> None:
    assert await collected(configure(CATCHING), failed("timeout"), ok("later", "catch1")) == Done("later")


async def test_a_catch_that_fails_fails_the_scope(configure: Configure) -> None:
    error = await refused(configure(CATCHING), failed("timeout"), failed("unavailable", "catch1", "EF003"))

    assert (error.code, error.kind) == ("EF003", "unavailable")


async def test_finally_runs_whatever_happened(configure: Configure) -> None:
    config = configure(CATCHING + FINALLY)
    last = Fork([None], part="finally")

    assert await collected(config, ok("booked")) == last
    assert await collected(config, failed("denied")) == last
    assert await collected(config, failed("timeout"), ok("later", "catch1")) == last
    assert await collected(config, failed("timeout"), failed("failed", "catch1")) == last


async def test_after_finally_the_scope_ends_as_it_would_have(configure: Configure) -> None:
    config, closed = configure(CATCHING + FINALLY), ok(None, "finally")

    assert await collected(config, ok("booked"), closed) == Done("booked")
    assert await collected(config, failed("timeout"), ok("later", "catch1"), closed) == Done("later")
    assert (await refused(config, failed("denied"), closed)).kind == "denied"


async def test_a_finally_that_fails_fails_the_scope(configure: Configure) -> None:
    error = await refused(configure(CATCHING + FINALLY), ok("booked"), failed("timeout", "finally", "EF002"))

    assert (error.code, error.kind) == ("EF002", "timeout")


def test_tells_the_engine_of_its_parts(configure: Configure) -> None:
    config = configure(CATCHING + FINALLY + "result: a.out")
    assert config.bodies() == {
        "": Body(nodes=config.scope, loc=("scope",), result=Expression("a.out"), result_loc=("result",)),
        "catch1": Body(
            nodes=config.catch[0].do,
            loc=("catch", 0, "do"),
            result_loc=("catch", 0, "result"),
            variable_loc=("catch", 0, "do"),
            variable="error",
        ),
        "catch2": Body(
            nodes=config.catch[1].do,
            loc=("catch", 1, "do"),
            result_loc=("catch", 1, "result"),
            variable_loc=("catch", 1, "do"),
            variable="error",
        ),
        "finally": Body(nodes=config.finally_, loc=("finally",), result=Expression("null"), result_loc=("finally",)),
    }


def test_an_error_has_a_type(configure: Configure) -> None:
    fields = configure(CATCHING).variable_type("catch1", {}).fields()

    assert sorted(fields) == ["causes", "code", "kind", "message", "node"]
    assert fields["message"] == parse_type("text")


def test_its_result_may_be_that_of_any_catch(configure: Configure) -> None:
    text, number = parse_type("text"), parse_type("number")
    config = configure(CATCHING)

    assert config.result_type({"result": text, "catch1.result": text, "catch2.result": text}) == text
    assert config.result_type({"result": text, "catch1.result": text, "catch2.result": number}) == Type(
        {"anyOf": [text.schema, text.schema, number.schema]}
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{scope: {}}", ("scope", IsStr())),
        ("{scope: {a: {transform: 1}}, catch: [{on: [sadness], do: {b: {transform: 1}}}]}", ("catch.0.on.0", IsStr())),
        ("{scope: {a: {transform: 1}}, catch: [{on: [failed]}]}", ("catch.0.do", "Field required")),
        ("{scope: {a: {transform: 1}}, finally: {}}", ("finally", IsStr())),
    ],
)
def test_a_bad_setting_is_refused_where_it_stands(
    complaints: Callable[[str], list[tuple[str, str]]], text: str, complaint: tuple[str, str]
) -> None:
    assert complaints(text) == [complaint]


TRIP = """podium: 1
name: trip
tools:
  desk: {python: scripted, effect: write, delivery: keyed}
nodes:
  trip:
    scope:
      hotel: {tool: desk.book, with: {what: hotel}, compensate: {tool: desk.undo, with: {what: "${hotel.out}"}}}
      car:
        tool: desk.book
        with: {what: car}
        after: [hotel]
        compensate: {tool: desk.undo, with: {what: "${car.out}", why: "${error.message}"}}
      flight: {tool: desk.fly, with: {}, after: [car]}
    result: flight.out
    catch:
      - on: [failed]
        do: {sorry: {transform: "No: ${error.message} at ${error.node}"}}
    finally:
      bill: {tool: desk.bill, with: {}}
  told: {transform: "${trip.out}"}
result: told.out
"""


async def book(flight: object) -> tuple[RunResult, list[tuple[str, object]]]:
    world = World()
    world.on("desk.book", lambda arguments: f"{arguments['what']} booked")
    world.on("desk.undo", None)
    world.on("desk.bill", "billed")
    world.on("desk.fly", flight)
    result = await run_workflow(TRIP, tools=ScriptedTools(world))
    return result, [(effect.name.removeprefix("desk."), dict(effect.arguments)) for effect in world.effects]


async def test_a_scope_that_goes_well_undoes_nothing() -> None:
    result, effects = await book("LH1")

    assert (result.status, result.value) == ("done", "LH1")
    assert [name for name, _ in effects] == ["book", "book", "fly", "bill"]
    assert "trip.catch1/sorry" not in result.ports


async def test_what_was_done_is_undone_backwards_before_the_catch_and_finally_comes_last() -> None:
    def refuse(_arguments: object) -> None:
        raise EffectError("EF900", "sold out", kind="failed")

    result, effects = await book(refuse)

    assert (result.status, result.value) == ("done", "No: sold out at trip/flight")
    assert effects == [
        ("book", {"what": "hotel"}),
        ("book", {"what": "car"}),
        ("undo", {"what": "car booked", "why": "sold out"}),
        ("undo", {"what": "hotel booked"}),
        ("bill", {}),
    ]
    assert [
        record.path for record in result.records if record.path in ENDS and record.body.__class__.__name__ == "NodeDone"
    ] == ENDS


ENDS = ["trip/car.compensate", "trip/hotel.compensate", "trip.catch1/sorry", "trip.finally/bill", "trip"]
