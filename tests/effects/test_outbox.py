"""What goes into the outbox, whoever wants it there, and that nothing gets past a run's mode."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.effects.effect import Effect, Known, Unknowable
from podium.effects.outbox import because, leaves, made_up, stand_in, twin_of
from podium.gate.decision import Obligation
from podium.ids import EffectKey, NodePath, RunId
from podium.ledger.record import Entry, RunMode
from podium.node.calls import ModelCall, RunCall, RunReply, ToolCall, ToolReply
from podium.spec.model import ToolSpec
from podium.spec.tool import EffectClass
from podium.spec.types import parse_type

SEND = ToolCall(tool="mail", function="send", arguments={})
KEY = EffectKey("0" * 32)


class Nowhere:
    """A journal that nobody writes to."""

    async def append(self, entries: Sequence[Entry]) -> None:
        raise AssertionError(entries)

    def defer(self, entries: Sequence[Entry]) -> None:
        raise AssertionError(entries)


def effect(
    *,
    call: ToolCall | RunCall | ModelCall = SEND,
    mode: RunMode = "live",
    effect_class: EffectClass = "write",
    staged: bool | None = None,
    granted: bool = False,
    obliged: bool = False,
    releases: bool = False,
    **grant: object,
) -> Effect:
    told = {"python": "mail", "effect": effect_class, "delivery": "keyed", "staged": granted, **grant}
    made = Effect(
        run=RunId("r"),
        root=RunId("r"),
        path=NodePath("post"),
        attempt=1,
        call=call,
        grants={"mail": ToolSpec.model_validate(told)},
        known=Known(),
        journal=Nowhere(),
        progress=lambda _text: None,
        mode=mode,
        staged=staged,
        releases=KEY if releases else "",
    )
    made.effect_class, made.id, made.name = effect_class, KEY, "tool.mail.send"
    if obliged:
        made.obligations.append(Obligation(kind="stage", reason="policy:careful"))
    return made


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (effect(), None),
        (effect(granted=True), "staged"),
        (effect(staged=True), "staged"),
        (effect(obliged=True), "staged"),
        (effect(granted=True, functions={"send": {"staged": False}}), None),
        (effect(functions={"send": {"staged": True}}), "staged"),
        (effect(granted=True, staged=False), None),
        (effect(granted=True, releases=True), None),
        (effect(granted=True, effect_class="read"), None),
        (effect(obliged=True, effect_class="none"), None),
        (effect(granted=True, effect_class="irreversible"), "staged"),
        (effect(mode="shadow"), "mode"),
        (effect(mode="dry", staged=False), "mode"),
        (effect(mode="shadow", granted=True), "staged"),
        (effect(mode="shadow", effect_class="read"), None),
        (effect(call=RunCall(action="start", workflow="w"), obliged=True), "staged"),
    ],
)
def test_a_write_is_staged_when_anybody_wants_it(made: Effect, why: str | None) -> None:
    assert because(made) == why


@given(
    mode=st.sampled_from(["shadow", "dry"]),
    effect_class=st.sampled_from(["write", "irreversible"]),
    staged=st.sampled_from([None, True, False]),
    granted=st.booleans(),
    obliged=st.booleans(),
    releases=st.booleans(),
    call=st.sampled_from([SEND, RunCall(action="signal", run="r1", name="go")]),
)
def test_nothing_lets_a_write_out_of_a_run_that_is_not_live(
    mode: RunMode,
    effect_class: EffectClass,
    *,
    staged: bool | None,
    granted: bool,
    obliged: bool,
    releases: bool,
    call: ToolCall | RunCall,
) -> None:
    made = effect(
        call=call,
        mode=mode,
        effect_class=effect_class,
        staged=staged,
        granted=granted,
        obliged=obliged,
        releases=releases,
    )

    assert because(made) is not None


def test_what_stands_for_an_answer_says_what_it_is() -> None:
    shadow = effect(mode="shadow")
    shadow.output = parse_type({"id": "integer"})
    live = effect(granted=True)
    live.output = shadow.output

    assert stand_in(live) == ToolReply(value={"staged": KEY}, staged=True)
    assert stand_in(shadow) == ToolReply(value={"id": 1}, staged=True)
    assert stand_in(effect(call=RunCall(action="start", workflow="w"), mode="dry")) == RunReply(run=f"staged:{KEY}")


def test_a_twin_stands_in_only_where_nothing_is_live() -> None:
    twin = {"python": "doubles", "root": "./out"}

    assert twin_of(effect(twin=twin)) is None
    assert twin_of(effect(mode="shadow")) is None
    found = twin_of(effect(mode="shadow", twin=twin))
    assert found is not None
    assert (found.python, found.settings, found.effect, found.delivery) == (
        "doubles",
        {"root": "./out"},
        "none",
        "repeatable",
    )


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (effect(effect_class="none"), False),
        (effect(effect_class="read"), True),
        (effect(effect_class="none", python=None, mcp=["server"]), True),
        (effect(call=ModelCall(messages=())), False),
    ],
)
def test_only_what_does_nothing_inside_this_process_stays_here(made: Effect, expected: bool) -> None:  # noqa: FBT001 - what is expected
    assert leaves(made) is expected


def test_what_nobody_declares_nobody_can_know() -> None:
    assert made_up(effect(), parse_type({"id": "integer"})) == {"id": 1}
    with pytest.raises(Unknowable):
        made_up(effect(), None)
    with pytest.raises(Unknowable):
        made_up(effect(), parse_type({"type": "string", "pattern": "^[0-9a-f]{64}$"}))
