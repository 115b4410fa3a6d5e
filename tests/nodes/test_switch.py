from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from podium.errors import ExpressionError
from podium.node.contract import Done, Port
from podium.nodes.switch import SwitchNode
from podium.testing.context import ScriptedContext
from podium.testing.running import run_workflow

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Any]
Complaints = Callable[[str], list[tuple[str, str]]]

BY_SIZE = """
switch:
  - {when: n > 100, then: refuse}
  - {when: n > 10, then: [outline, warn]}
"""


async def taken(config: Any, **scope: object) -> Done:
    return await SwitchNode().run(ScriptedContext(scope=scope), config, {})


async def test_the_first_case_that_holds_is_taken(configure: Configure) -> None:
    config = configure(BY_SIZE + "else: read")

    assert await taken(config, n=500) == Done(port=Port("case_1"), reason="`n > 100` holds")
    assert await taken(config, n=50) == Done(port=Port("case_2"), reason="`n > 10` holds")
    assert await taken(config, n=5) == Done(port=Port("else"), reason="no case holds")


async def test_without_else_it_leaves_empty_handed_and_says_so(configure: Configure) -> None:
    assert await taken(configure(BY_SIZE), n=5) == Done(
        port=Port("empty"), reason="no case holds and there is no `else`"
    )


async def test_a_case_may_rely_on_those_before_it(configure: Configure) -> None:
    config = configure("{switch: [{when: n == 0, then: a}, {when: 10 / n > 3, then: b}]}")

    assert (await taken(config, n=0)).port == "case_1"
    assert (await taken(config, n=2)).port == "case_2"


async def test_an_error_is_never_true_and_never_false(configure: Configure) -> None:
    config = configure("{switch: [{when: 10 / n > 3, then: a}], else: b}")

    with pytest.raises(ExpressionError):
        await taken(config, n=0)


@pytest.mark.parametrize("value", [1, "yes", None, {}])
async def test_only_a_boolean_decides(configure: Configure, value: object) -> None:
    with pytest.raises(ExpressionError):
        await taken(configure("{switch: [{when: x, then: a}], else: b}"), x=value)


def test_names_what_each_case_starts(configure: Configure) -> None:
    assert configure(BY_SIZE + "else: read").starts() == {
        "case_1": ("refuse",),
        "case_2": ("outline", "warn"),
        "else": ("read",),
    }
    assert configure(BY_SIZE).starts() == {"case_1": ("refuse",), "case_2": ("outline", "warn")}


def test_cases_are_evaluated_late(configure: Configure) -> None:
    assert configure(BY_SIZE).late_fields() == frozenset({"switch"})


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("{switch: []}", ["switch"]),
        ("{switch: [{then: a}]}", ["switch.0.when"]),
        ("{switch: [{when: x}]}", ["switch.0.then"]),
        ("{switch: [{when: x, then: []}]}", ["switch.0.then"]),
        ("{switch: [{when: x, then: Not A Name}]}", ["switch.0.then.0"]),
        ("{switch: [{else: a}]}", ["switch.0.when", "switch.0.then", "switch.0.else"]),
        ("{switch: n > 3}", ["switch"]),
    ],
)
def test_a_bad_case_is_refused_where_it_stands(complaints: Complaints, text: str, places: list[str]) -> None:
    assert [place for place, _ in complaints(text)] == places


async def test_all_cases_that_hold_may_count(configure: Configure) -> None:
    config = configure(BY_SIZE + "else: read\nmatches: all")

    assert await taken(config, n=500) == Done(
        port=Port("case_1"), also=(Port("case_2"),), reason="`n > 100` and `n > 10` hold"
    )
    assert await taken(config, n=50) == Done(port=Port("case_2"), reason="`n > 10` holds")
    assert await taken(config, n=5) == Done(port=Port("else"), reason="no case holds")


@pytest.mark.parametrize(("n", "ran"), [(500, ["refuse", "outline"]), (50, ["outline"]), (5, ["read"])])
async def test_the_nodes_of_all_cases_that_hold_run(n: int, ran: list[str]) -> None:
    result = await run_workflow(
        """podium: 1
name: sizes
inputs: {n: {type: integer}}
nodes:
  size:
    switch:
      - {when: inputs.n > 100, then: refuse}
      - {when: inputs.n > 10, then: outline}
    else: read
    matches: all
  refuse: {transform: refuse}
  outline: {transform: outline}
  read: {transform: read}
  answer: {join: [refuse, outline, read]}
result: answer.out
""",
        inputs={"n": n},
    )

    assert (result.status, result.value) == ("done", ran)
