"""What every `ToolPort` must do. Subclass, give the fixture `port`, and run with pytest and anyio.

```python
class TestMyTool(ToolPortSuite):
    @pytest.fixture
    async def port(self):
        port = MyTool(…)            # with the functions of `podium.testing.conformance.subject` behind it
        yield port
        await port.close()
```
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from podium.effects.ports import ToolPort
from podium.errors import EffectError
from podium.ids import EffectKey
from podium.node.calls import ToolReply

KEY = EffectKey("0123456789abcdef0123456789abcdef")
AMPLE_S = 60.0
"""Longer than anything here takes on a busy machine."""

SUBJECT = {"add", "echo", "fail", "forever", "seen", "which_key"}


def _ignore(_text: str) -> None:
    """Progress that nobody watches."""


async def call(port: ToolPort, function: str, timeout_s: float = AMPLE_S, **arguments: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the value of one call."""
    reply = await port.call(function, arguments, key=KEY, timeout_s=timeout_s, progress=_ignore)
    assert isinstance(reply, ToolReply)
    return reply.value


async def refusal(port: ToolPort, function: str, timeout_s: float = AMPLE_S, **arguments: Any) -> EffectError:  # noqa: ANN401
    """Return the error that a call ends with."""
    with pytest.raises(EffectError) as caught:
        await call(port, function, timeout_s, **arguments)
    return caught.value


@pytest.mark.anyio
class ToolPortSuite:
    """The claims."""

    async def test_the_target_has_a_name(self, port: ToolPort) -> None:
        """Records and breakers need one."""
        assert port.target

    async def test_functions_carry_schemas_that_calls_can_be_checked_against(self, port: ToolPort) -> None:
        """Names, docs, and JSON Schemas of arguments and results."""
        functions = await port.functions()

        assert set(functions) == SUBJECT
        assert {name: info.name for name, info in functions.items()} == {name: name for name in SUBJECT}
        assert functions["echo"].about == "Return the text."
        add = functions["add"].parameters
        assert (add["type"], set(add["properties"]), add["required"]) == ("object", {"a", "b"}, ["a"])
        assert functions["which_key"].parameters.get("properties", {}) == {}
        assert functions["add"].result.problems({"sum": 3}) == []
        assert functions["add"].result.problems({"sum": "3"}) != []

    async def test_a_call_returns_text_or_structured_content(self, port: ToolPort) -> None:
        """The two forms of a value."""
        assert await call(port, "echo", text="grüße\n✓") == "grüße\n✓"
        assert await call(port, "add", a=2) == {"sum": 3}

    async def test_the_idempotency_key_reaches_the_tool(self, port: ToolPort) -> None:
        """Beside the arguments, not among them."""
        assert await call(port, "which_key") == KEY

    @pytest.mark.parametrize(
        "arguments", [{}, {"a": "2"}, {"a": 2, "c": 3}, {"a": None}], ids=["missing", "type", "unknown", "null"]
    )
    async def test_wrong_arguments_are_refused_without_being_sent(
        self, port: ToolPort, arguments: dict[str, Any]
    ) -> None:
        """Nothing happened, certainly."""
        before = await call(port, "seen")

        error = await refusal(port, "add", **arguments)

        assert (error.code, error.kind, error.landed) == ("EF010", "invalid_input", "no")
        assert await call(port, "seen") == before

    async def test_a_function_that_is_not_there_is_named(self, port: ToolPort) -> None:
        """EF011."""
        error = await refusal(port, "shout", text="x")

        assert (error.code, error.kind, error.landed) == ("EF011", "invalid_input", "no")
        assert "`shout`" in error.message

    async def test_a_failure_says_why(self, port: ToolPort) -> None:
        """The reason that the tool gave is in the message."""
        error = await refusal(port, "fail", reason="out of paper")

        assert error.kind == "failed"
        assert "out of paper" in error.message

    async def test_no_answer_in_time_leaves_open_whether_it_happened(self, port: ToolPort) -> None:
        """Timeout after sending is doubt."""
        await call(port, "echo", text="connected")

        error = await refusal(port, "forever", 0.2)

        assert (error.code, error.kind, error.landed) == ("EF016", "timeout", "unknown")

    async def test_after_a_timeout_the_next_call_works(self, port: ToolPort) -> None:
        """One call that hangs costs one call."""
        await refusal(port, "forever", 0.2)

        assert await call(port, "echo", text="again") == "again"

    async def test_cancelling_stops_the_work_and_nothing_else(self, port: ToolPort) -> None:
        """The other side learns of it, and the connection stays."""
        started = asyncio.Event()
        forever = port.call("forever", {}, key=KEY, timeout_s=AMPLE_S, progress=lambda _: started.set())
        async with asyncio.timeout(AMPLE_S), asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(forever)
            await started.wait()
            assert (await call(port, "seen"))["waiting"] == 1
            waiting.cancel()

        assert waiting.cancelled()
        async with asyncio.timeout(AMPLE_S):
            while (await call(port, "seen"))["waiting"]:  # noqa: ASYNC110 - the other side may be another process
                await asyncio.sleep(0.01)
        assert await call(port, "echo", text="still here") == "still here"

    async def test_calls_at_once_do_not_mix_their_answers(self, port: ToolPort) -> None:
        """From many tasks."""
        async with asyncio.TaskGroup() as tasks:
            calls = [tasks.create_task(call(port, "echo", text=str(number))) for number in range(25)]

        assert [task.result() for task in calls] == [str(number) for number in range(25)]

    async def test_closing_twice_is_closing_once(self, port: ToolPort) -> None:
        """Also when nothing was ever opened."""
        await port.close()
        await port.close()
