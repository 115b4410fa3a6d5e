"""What may flow where: the rules that hold at run time and over the graph."""

from __future__ import annotations

import pytest

from podium.gate.flow import Flow, flows
from podium.gate.labels import USER, Label, Lattice
from podium.gate.sinks import Sink, region_of, source_label, tool_sink
from podium.spec.tool import FunctionSpec, SourceSpec, ToolSpec

LATTICE = Lattice()
ANYBODY = Label(integrity="untrusted", sources=("web.fetch",))


def found(sink: Sink, *, control: Label = USER, read: Label = USER, **arguments: Label) -> list[Flow]:
    """What of a call may not simply happen."""
    return list(flows(LATTICE, sink, control=control, read=read, arguments=arguments))


WRITE = Sink("", "", "write", None)


def test_what_everybody_vouches_for_may_go_anywhere_it_is_cleared_for() -> None:
    assert found(WRITE, to=USER, body=USER) == []


AFFECTING = "to recipient recipients cc email to_address iban account amount url path file_path webhook command"


@pytest.mark.parametrize("name", AFFECTING.split())
def test_arguments_that_say_who_is_affected_are_told_by_their_names(name: str) -> None:
    assert found(WRITE, **{name: ANYBODY}) == [Flow("untrusted_argument", name, ANYBODY)]


@pytest.mark.parametrize("name", ["body", "text", "subject", "content", "title", "total", "note", "tokens_left"])
def test_other_arguments_may_be_anybodys(name: str) -> None:
    assert found(WRITE, **{name: ANYBODY}) == []


def test_what_is_declared_critical_counts_and_nothing_else() -> None:
    sink = Sink("", "", "write", ("body",))

    assert found(sink, to=ANYBODY, body=ANYBODY) == [Flow("untrusted_argument", "body", ANYBODY)]


def test_reading_asks_nobody() -> None:
    assert found(Sink("", "", "read", None), control=ANYBODY, path=ANYBODY) == []


def test_an_irreversible_call_counts_as_a_whole_even_without_arguments() -> None:
    sink = Sink("", "", "irreversible", None)

    assert found(sink, control=ANYBODY) == [Flow("untrusted_control", "", ANYBODY)]
    assert found(sink, note=ANYBODY) == [Flow("untrusted_argument", "note", ANYBODY)]


def test_a_level_above_the_clearance_is_denied_to_readers_too() -> None:
    secret = Label(level="secret")

    assert found(Sink("internal", "", "read", None), read=secret) == [Flow("confidentiality", "", secret)]
    assert found(Sink("secret", "", "read", None), read=secret) == []
    assert [flow.denied for flow in found(Sink("", "", "read", None), control=secret)] == [True]


def test_a_clearance_that_does_not_exist_sees_nothing() -> None:
    assert found(Sink("top", "", "read", None), read=Label(level="secret"))
    assert found(Sink("top", "", "read", None), read=Label(level="public", sources=("a",)))
    assert found(Sink("top", "", "read", None))


def test_this_machine_is_in_every_region() -> None:
    here = Label(residency=())

    assert found(Sink("", "", "write", None), read=here) == []
    assert found(Sink("", "eu", "write", None), read=here) == [Flow("residency", "", here)]
    assert found(Sink("", "eu", "write", None), read=Label(residency=("eu",))) == []


def test_a_function_says_more_exactly_what_its_tool_says() -> None:
    spec = ToolSpec(
        python="x",
        effect="write",
        delivery="keyed",
        region="eu",
        functions={"peek": FunctionSpec(effect="read"), "send": FunctionSpec(critical=("to",))},
    )

    assert tool_sink(spec, "peek") == Sink("", "eu", "read", None)
    assert tool_sink(spec, "send") == Sink("", "eu", "write", ("to",))


@pytest.mark.parametrize(
    ("mcp", "region"),
    [
        ("https://tools.example.org/mcp", "elsewhere"),
        ("http://localhost.example.org/mcp", "elsewhere"),
        ("http://127.0.0.1:8000/mcp", ""),
        ("http://localhost/mcp", ""),
        (("mcp-server-git",), ""),
    ],
)
def test_a_server_on_another_host_is_elsewhere_until_it_says_where(mcp: str | tuple[str, ...], region: str) -> None:
    assert region_of(ToolSpec(mcp=mcp, effect="read", delivery="repeatable")) == region
    assert region_of(ToolSpec(mcp=mcp, effect="read", delivery="repeatable", region="eu")) == "eu"


def test_what_nobody_declares_trusted_is_anybodys_word() -> None:
    spec = SourceSpec(level="secret", categories=("pii", "health"), residency=("us", "eu"))

    assert source_label(spec, "x.y", trust="untrusted") == Label(
        "untrusted", "secret", ("health", "pii"), ("eu", "us"), ("x.y",)
    )
