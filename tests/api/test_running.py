"""A program starts runs, answers them and waits for them; what it sees is what was recorded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import podium
from podium.api.result import Event, Failure, RunNotDone, Waiting
from podium.errors import PodiumError, UsageError
from podium.spec.diagnostic import SpecError
from podium.testing import Said, ScriptedModel, run_workflow
from podium.testing.conformance import subject

pytestmark = pytest.mark.anyio


@podium.node_type
async def shout(text: str, times: int = 1) -> str:
    """Say it louder."""
    return " ".join([text.upper()] * times)


def announcement() -> podium.Workflow:
    wf = podium.Workflow("announce", inputs={"topic": str})
    draft = wf.llm("draft", f"Announce {wf.inputs.topic}.")
    loud = wf.node("loud", shout, draft.out, times=2)
    ask = wf.human("ask", "Publish?", show=loud)
    wf.result = ask.out
    return wf


def model() -> ScriptedModel:
    return ScriptedModel(answer=lambda _: "hello")


async def test_a_run_comes_back_with_its_value(tmp_path: Path) -> None:
    wf = podium.Workflow("greet", inputs={"name": {"type": str, "default": "Ada"}})
    wf.result = wf.transform("card", f"Dear {wf.inputs.name}").out

    result = await podium.run(wf, {"name": "Grace"}, home=tmp_path)

    assert (result.status, result.value, result.ok, result.waits, result.error) == (
        "done",
        "Dear Grace",
        True,
        (),
        None,
    )


async def test_a_file_is_run_as_well(tmp_path: Path) -> None:
    file = tmp_path / "greet.yaml"
    file.write_text("podium: 1\nname: greet\nnodes:\n  card: {transform: Hello.}\nresult: card.out\n")

    assert (await podium.run(file, home=tmp_path)).value == "Hello."
    assert (await podium.run(str(file), home=tmp_path)).value == "Hello."


async def test_a_run_that_waits_for_a_person_says_so_and_has_no_value(tmp_path: Path) -> None:
    result = await podium.run(announcement(), {"topic": "x"}, home=tmp_path, model=model())

    assert (result.status, result.ended, result.ok) == ("approval", False, False)
    assert result.waits == (Waiting(node="ask", reason="approval", question="Publish?", show="HELLO HELLO"),)
    with pytest.raises(RunNotDone, match=r"is waiting\(approval\), `ask` waits for approval") as caught:
        _ = result.value
    assert caught.value.code == "AP056"


async def test_a_failure_is_never_taken_for_a_value(tmp_path: Path) -> None:
    wf = podium.Workflow("check")
    wf.validate("check", "1 > 2", message="one is less")

    result = await podium.run(wf, home=tmp_path)

    assert result.error == Failure(
        code="EN053", message="one is less", node="check", help="add `revise:` to have it done again"
    )
    with pytest.raises(RunNotDone, match="failed: EN053: one is less"):
        _ = result.value


async def test_a_handle_answers_and_waits(tmp_path: Path) -> None:
    async with await podium.start(announcement(), {"topic": "x"}, home=tmp_path, model=model()) as run:
        assert (await run.rest()).status == "approval"
        await run.approve("ask", value="Changed.", reason="shorter")
        result = await run.wait()

        assert (result.status, result.value) == ("done", "Changed.")
        assert await run.status() == "done"


async def test_a_no_ends_it_as_denied(tmp_path: Path) -> None:
    async with await podium.start(announcement(), {"topic": "x"}, home=tmp_path, model=model()) as run:
        await run.rest()
        await run.reject("ask", reason="too loud")

        assert (await run.wait()).status == "denied"


async def test_whoever_watches_sees_the_nodes_and_the_end(tmp_path: Path) -> None:
    async with await podium.start(announcement(), {"topic": "x"}, home=tmp_path, model=model()) as run:
        await run.rest()
        await run.approve("ask")
        events = [event async for event in run.watch()]

    done = {(event.node, event.status) for event in events if event.kind == "node"}
    assert {("draft", "done"), ("loud", "done"), ("ask", "done")} <= done
    assert events[-1] == Event(kind="run", status="done")


async def test_whoever_watches_hears_what_a_model_says(tmp_path: Path) -> None:
    wf = podium.Workflow("slow")
    wf.wait("first", {"signal": "go", "expires": "1h"})
    wf.result = wf.llm("draft", "Say something.", after=["first"]).out
    heard: list[str] = []

    async with await podium.start(wf, home=tmp_path, model=ScriptedModel([Said(text="One.\nTwo.\n")])) as run:
        await run.rest()
        async for event in run.watch():
            if event == Event(kind="node", node="first", status="waiting"):
                await run.signal("go")
            if event.kind == "text":
                heard.append(event.text)

    assert "".join(heard) == "One.\nTwo.\n"


async def test_a_run_is_cancelled(tmp_path: Path) -> None:
    async with await podium.start(announcement(), {"topic": "x"}, home=tmp_path, model=model()) as run:
        await run.rest()
        await run.cancel(reason="never mind")

        assert (await run.wait()).status == "cancelled"


async def test_a_run_is_paused_and_goes_on(tmp_path: Path) -> None:
    wf = podium.Workflow("two")
    first = wf.wait("first", {"signal": "go", "expires": "1h"})
    wf.result = wf.transform("second", "Done.", after=[first]).out

    async with await podium.start(wf, home=tmp_path) as run:
        await run.rest()
        await run.pause(reason="lunch")
        await run.signal("go")
        assert (await run.rest()).status == "paused"
        await run.resume()

        assert (await run.wait()).value == "Done."


async def test_a_run_that_was_let_go_is_attached_to_again(tmp_path: Path) -> None:
    wf = announcement()
    resting = await podium.run(wf, {"topic": "x"}, home=tmp_path, model=model())

    async with await podium.attach(resting.run[:6], home=tmp_path, workflow=wf) as run:
        await run.approve("ask")

        assert (await run.wait()).value == "HELLO HELLO"


async def test_functions_of_a_module_are_tools(tmp_path: Path) -> None:
    wf = podium.Workflow("sum", tools={"desk": podium.grant(subject.add)})
    wf.result = wf.tool("three", "desk.add", with_={"a": 1, "b": 2}).out.sum

    assert (await podium.run(wf, home=tmp_path)).value == 3


async def test_a_tool_is_not_called_past_its_grant(tmp_path: Path) -> None:
    wf = podium.Workflow("sum", tools={"desk": podium.grant(subject.echo)})
    wf.result = wf.tool("three", "desk.add", with_={"a": 1}).out

    with pytest.raises(SpecError) as caught:
        await podium.run(wf, home=tmp_path)

    assert caught.value.code == "LI005"


async def test_inputs_that_do_not_fit_are_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        await podium.run(announcement(), {"topik": "x"}, home=tmp_path, model=model())

    assert caught.value.code == "EN010"


async def test_ending_the_loop_lets_go_of_a_run(tmp_path: Path) -> None:
    def program() -> str:
        async def main() -> str:
            return (await podium.start(announcement(), {"topic": "x"}, home=tmp_path, model=model())).run

        return asyncio.run(main())

    run = await asyncio.to_thread(program)

    async with await podium.attach(run, home=tmp_path, model=model(), workflow=announcement()) as handle:
        assert (await handle.rest()).status == "approval"


async def test_a_workflow_in_code_is_tested_as_a_file_is() -> None:
    result = await run_workflow(announcement(), inputs={"topic": "x"}, model=model(), answers={"ask": "approved"})

    assert (result.status, result.value) == ("done", "HELLO HELLO")
    assert [remark.code for remark in result.remarks] == []


def test_other_code_runs_workflows_too(tmp_path: Path) -> None:
    result = podium.sync.run(announcement(), {"topic": "x"}, home=tmp_path, model=model())

    assert result.status == "approval"
    with podium.sync.start(announcement(), {"topic": "y"}, home=tmp_path, model=model()) as run:
        assert run.rest().status == "approval"
        run.approve("ask")
        assert (run.wait().value, run.status()) == ("HELLO HELLO", "done")
        assert list(run.watch())[-1] == Event(kind="run", status="done")


def test_other_code_steers_them_as_well(tmp_path: Path) -> None:
    with podium.sync.start(announcement(), {"topic": "y"}, home=tmp_path, model=model()) as run:
        run.rest()
        run.pause()
        run.resume()
        run.signal("hello")
        run.reject("ask")
        assert run.wait().status == "denied"
    with podium.sync.start(announcement(), {"topic": "y"}, home=tmp_path, model=model()) as run:
        run.rest()
        run.cancel()
        assert run.wait().status == "cancelled"


def test_an_error_comes_through_and_ends_the_thread(tmp_path: Path) -> None:
    with pytest.raises(PodiumError):
        podium.sync.start(announcement(), {}, home=tmp_path, model=model())


async def test_inside_a_loop_the_sync_facade_refuses(tmp_path: Path) -> None:
    for call in (podium.sync.run, podium.sync.start):
        with pytest.raises(UsageError) as caught:
            call(announcement(), {"topic": "x"}, home=tmp_path)

        assert caught.value.code == "AP057"
