from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from podium.app.installation import Installation
from podium.app.overview import Ask, Fault, read_overview
from podium.errors import UsageError
from podium.observe.view import NodeStatus
from podium.spec.diagnostic import SpecError
from podium.testing.scripted import ScriptedModel

pytestmark = pytest.mark.anyio

GREET = """\
podium: 1
name: greet
inputs:
  who: {type: text, default: Ada}
nodes:
  hello: {llm: "Greet ${inputs.who}."}
  loud: {transform: "${hello.out}!"}
result: loud.out
"""
ASK = """\
podium: 1
name: ask
nodes:
  draft: {transform: {title: Hello}}
  approve: {human: Publish it?, show: draft.out, roles: [editor]}
result: approve.out
"""


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncGenerator[Installation]:
    async with Installation.open(tmp_path / "home", models=ScriptedModel(["Hello Ada"])) as opened:
        yield opened


def write(folder: Path, text: str) -> Path:
    file = folder / "workflow.yaml"
    file.write_text(text)
    return file


async def test_a_file_becomes_a_run_that_is_driven_and_shown(installation: Installation, tmp_path: Path) -> None:
    published = await installation.publish(write(tmp_path, GREET))
    run = await installation.start(published, {})

    status = await (await installation.engine()).advance(run)

    overview = await read_overview(installation.store, run)
    statuses: dict[str, NodeStatus] = {node.path: node.status for node in overview.view.nodes}
    assert (status, overview.status, overview.result) == ("done", "done", "Hello Ada!")
    assert statuses == {"hello": "done", "loud": "done"}
    assert (overview.view.workflow, overview.view.principal) == ("greet", installation.principal)
    assert (overview.fault, overview.asks) == (None, ())


async def test_a_run_is_compiled_from_what_was_published_not_from_the_file_as_it_is_now(
    installation: Installation, tmp_path: Path
) -> None:
    file = write(tmp_path, GREET)
    published = await installation.publish(file)
    file.write_text("podium: 1\nname: other\nnodes: {a: {transform: 1}}\n")

    async with Installation.open(installation.home, create=False) as another:
        compiled = await another.workflow(published.version)

    assert compiled.workflow == published.compiled.workflow


async def test_the_progress_of_a_run_reaches_only_those_who_watch(installation: Installation, tmp_path: Path) -> None:
    published = await installation.publish(write(tmp_path, GREET))
    heard: list[tuple[str, str]] = []
    run = await installation.start(published, {})

    with installation.watching(lambda _, path, text: heard.append((path, text))):
        await (await installation.engine()).advance(run)

    assert "".join(text for path, text in heard if path == "hello") == "Hello Ada"


async def test_a_wait_is_shown_with_its_words(installation: Installation, tmp_path: Path) -> None:
    published = await installation.publish(write(tmp_path, ASK))
    run = await installation.start(published, {})

    await (await installation.engine()).advance(run)

    overview = await read_overview(installation.store, run)
    (ask,) = overview.asks
    assert overview.status == "approval"
    assert ask == Ask(node=ask.node, text="Publish it?", show={"title": "Hello"})
    assert ask.node.wait is not None
    assert (ask.node.wait.reason, ask.node.wait.roles) == ("approval", ("editor",))


async def test_what_ended_a_run_is_told_with_its_place(installation: Installation, tmp_path: Path) -> None:
    text = "podium: 1\nname: late\nnodes:\n  stop: {end: failed, reason: It is too late.}\n"
    published = await installation.publish(write(tmp_path, text))
    run = await installation.start(published, {})

    await (await installation.engine()).advance(run)

    overview = await read_overview(installation.store, run)
    assert overview.fault == Fault(code="", message="It is too late.", node="stop")


async def test_a_wrong_file_is_refused_with_everything_that_is_wrong(
    installation: Installation, tmp_path: Path
) -> None:
    wrong = GREET.replace("inputs.who", "inputs.whom").replace("hello.out", "helo.out")

    with pytest.raises(SpecError) as caught:
        await installation.publish(write(tmp_path, wrong))

    assert len(caught.value.diagnostics) >= 2
    assert await installation.store.rows() == ()


async def test_a_run_is_found_by_its_first_letters(installation: Installation, tmp_path: Path) -> None:
    published = await installation.publish(write(tmp_path, ASK))
    first = await installation.start(published, {})
    await installation.start(published, {})

    assert await installation.find_run(first[:8]) == first
    assert await installation.find_run(first) == first
    with pytest.raises(UsageError, match="AP006: `r` fits several runs"):
        await installation.find_run("r")
    with pytest.raises(UsageError, match="AP002: there is no run `zz`"):
        await installation.find_run("zz")


async def test_all_who_ask_at_once_get_one_engine(tmp_path: Path) -> None:
    async with Installation.open(tmp_path) as installation:
        engines = await asyncio.gather(*(installation.engine() for _ in range(20)))

    assert len({id(engine) for engine in engines}) == 1
