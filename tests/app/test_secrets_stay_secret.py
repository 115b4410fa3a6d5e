"""A canary: what a secret is stands nowhere but in the call of the tool, whatever the tool says back."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from anyio import to_thread

from podium.app.installation import Installation
from podium.app.overview import read_overview
from podium.engine.control import answer, open_questions
from podium.ids import NodePath
from podium.ledger.record import NodeParked
from podium.testing.scripted import ScriptedModel

pytestmark = pytest.mark.anyio

CANARY = "c4n4ry+in/a=coal mine"

WORKFLOW = """\
podium: 1
name: canary
tools:
  subject: {python: podium.testing.conformance.subject, effect: read, delivery: repeatable, approval: required}
nodes:
  echoed: {tool: subject.echo, with: {text: "${secrets.canary}"}}
  spoken: {llm: "What is ${echoed.out}?"}
  forged: {tool: subject.echo, with: {text: "${spoken.out}"}}
  broken: {tool: subject.add, with: {a: "${secrets.canary}"}, on_error: continue, after: [forged]}
result: "[echoed.out, forged.out]"
"""


def bytes_of(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


async def test_the_value_of_a_secret_is_nowhere_in_the_store_and_in_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODIUM_SECRET_CANARY", CANARY)
    file = tmp_path / "canary.yaml"
    file.write_text(WORKFLOW)
    model = ScriptedModel(["it is ${secrets.canary}"])
    shown: list[bytes] = []

    async with Installation.open(tmp_path / "home", models=model) as installation:
        published = await installation.publish(file)
        run = await installation.start(published, {})
        engine, store = await installation.engine(), installation.store
        while await engine.advance(run) == "approval":
            for path, parked in (await open_questions(store, run)).items():
                assert isinstance(parked.body, NodeParked)
                assert parked.body.question is not None
                shown.append(await store.payload(run, parked.body.question))
                await answer(store, installation.ids, run, NodePath(path), verdict="approved", by="ada", channel="test")
        overview = await read_overview(store, run)
        told = msgspec.json.encode(msgspec.to_builtins(overview, enc_hook=str))

    everything = await to_thread.run_sync(bytes_of, tmp_path / "home") + b"\n".join((*shown, told))
    assert overview.status == "done_with_errors"
    assert overview.result == ["${secrets.canary}", "it is ${secrets.canary}"]
    assert b"${secrets.canary}" in everything
    coded = base64.b64encode(CANARY.encode()).decode()
    assert [
        form for form in (CANARY, quote(CANARY), quote(CANARY, safe=""), coded) if form.encode() in everything
    ] == []
    assert [call.messages[-1].text for call in model.calls] == ["What is ${secrets.canary}?"]


@pytest.mark.parametrize("node", ['{llm: "Use ${secrets.canary}"}', '{transform: "${secrets.canary}"}'])
async def test_a_secret_cannot_be_written_where_others_would_read_it(node: str, tmp_path: Path) -> None:
    file = tmp_path / "canary.yaml"
    file.write_text(f"podium: 1\nname: canary\nnodes:\n  a: {node}\nresult: a.out\n")

    async with Installation.open(tmp_path / "home") as installation:
        with pytest.raises(Exception, match=r"secrets"):
            await installation.publish(file)
