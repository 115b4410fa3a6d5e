from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from podium.adapters.models.catalogue import QWEN, SMOL, LocalModel
from podium.app.models import Candidate, InstalledModels, check, detect
from podium.errors import EffectError
from podium.testing.conformance.models import answer, asking
from podium.testing.model_server import Fault, ModelServer
from podium.testing.scripted import ScriptedModel

pytestmark = pytest.mark.anyio


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"PODIUM_MODELS": str(tmp_path)}


def usable(candidates: list[Candidate]) -> list[str]:
    return [candidate.name for candidate in candidates if candidate.ok]


def pretend_fetched(model: LocalModel, env: dict[str, str]) -> None:
    with (Path(env["PODIUM_MODELS"]) / model.file).open("wb") as file:
        file.truncate(model.size)


async def test_without_anything_there_are_only_next_steps(env: dict[str, str]) -> None:
    candidates = await detect(env, ports={})

    assert usable(candidates) == []
    assert [(candidate.name, candidate.reason, candidate.next_step) for candidate in candidates] == snapshot(
        [
            ("local/qwen2.5-coder-1.5b", "it has not been fetched", "podium models fetch qwen2.5-coder-1.5b"),
            ("local/smollm2-135m", "it has not been fetched", "podium models fetch smollm2-135m"),
        ]
    )


async def test_nothing_to_choose_from_says_how_to_get_a_model(env: dict[str, str]) -> None:
    with pytest.raises(EffectError) as caught:
        await InstalledModels(env, ports={}).choose(asking("Hello"))

    assert (caught.value.code, caught.value.kind, caught.value.message, caught.value.help) == snapshot(
        (
            "EF001",
            "invalid_input",
            "no model is configured and none was found on this machine",
            "run `podium models fetch` for a local one, or set `OPENAI_API_KEY`; see `podium models list`",
        )
    )


async def test_keys_come_before_servers_and_servers_before_local_models(env: dict[str, str]) -> None:
    pretend_fetched(QWEN, env)
    async with ModelServer(names=["nomic-embed-text", "qwen3:8b"]) as server:
        port = int(server.url.rpartition(":")[2])
        found = await detect({**env, "OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k"}, ports={"ollama": port})

    assert [candidate.name for candidate in found] == [
        "openai/gpt-5-mini",
        "anthropic/claude-haiku-4-5",
        "ollama/qwen3:8b",
        "local/qwen2.5-coder-1.5b",
        "local/smollm2-135m",
    ]


async def test_a_server_of_one_s_own_is_asked_for_its_models(env: dict[str, str]) -> None:
    async with ModelServer(ScriptedModel(["hello"]), names=["mistral-small"]) as server:
        models = InstalledModels({**env, "OPENAI_BASE_URL": server.base_url}, ports={})
        chosen = await models.choose(asking("Hello"))
        reply = await answer(chosen, asking("Hello"))
        await models.close()

    assert (chosen.name, reply.text) == ("openai/mistral-small", "hello")


async def test_a_named_model_needs_no_listing(env: dict[str, str]) -> None:
    found = await detect({**env, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_MODEL": "mine"}, ports={})

    assert usable(found) == ["openai/mine"]


async def test_a_configured_server_that_is_down_is_said_not_skipped(env: dict[str, str]) -> None:
    found = await detect({**env, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, ports={})

    assert (found[0].ok, found[0].next_step) == (False, "set OPENAI_MODEL")
    assert found[0].reason.startswith("it does not list its models: ")


@pytest.mark.parametrize("kind", ["page", "closed"])
async def test_what_is_no_model_server_is_not_taken_for_one(env: dict[str, str], kind: str) -> None:
    async with ModelServer() as server:
        port = int(server.url.rpartition(":")[2])
        if kind == "page":
            server.listing = b"<html>hello</html>"
        else:
            await server.__aexit__()

        found = await detect(env, ports={"vllm": port})

    assert [candidate.provider for candidate in found] == ["local", "local"]


async def test_podium_model_picks_by_name_and_then_no_other_is_used(env: dict[str, str]) -> None:
    async with ModelServer(names=["a", "b"]) as server:
        port = int(server.url.rpartition(":")[2])
        wanting = {**env, "OPENAI_API_KEY": "k", "PODIUM_MODEL": "ollama/b"}
        models = InstalledModels(wanting, ports={"ollama": port})
        chosen = await models.choose(asking("Hello"))
        await models.close()

    assert chosen.name == "ollama/b"


async def test_a_name_that_is_not_there_is_no_reason_to_take_another(env: dict[str, str]) -> None:
    with pytest.raises(EffectError) as caught:
        await InstalledModels({**env, "OPENAI_API_KEY": "k", "PODIUM_MODEL": "ollama/b"}, ports={}).choose(asking("x"))

    assert caught.value.message == "`PODIUM_MODEL` is `ollama/b`, and no such model is there"


async def test_the_small_model_is_used_only_when_it_is_named(env: dict[str, str]) -> None:
    pretend_fetched(SMOL, env)

    unnamed = await detect(env, ports={}, runtime=True)
    named = await detect({**env, "PODIUM_MODEL": "local/smollm2-135m"}, ports={}, runtime=True)

    assert (usable(unnamed), usable(named)) == ([], ["local/smollm2-135m"])
    assert named[0].name == "local/smollm2-135m"


async def test_a_fetched_model_without_its_runtime_is_no_model(env: dict[str, str]) -> None:
    pretend_fetched(QWEN, env)

    assert usable(await detect(env, ports={}, runtime=False)) == []


async def test_check_asks_and_says_why_not(env: dict[str, str]) -> None:
    async with ModelServer(names=["a"]) as server:
        (found, *_) = await detect({**env, "OPENAI_BASE_URL": server.base_url}, ports={})
        good = await check(found)
        server.model = ScriptedModel([Fault(status=500)])
    bad = await check(found)

    assert good == found
    assert (bad.ok, bad.reason.partition(" could")[0]) == (False, "EF003: `openai/a`")


async def test_a_key_stands_in_nothing_that_is_shown(env: dict[str, str]) -> None:
    found = await detect({**env, "OPENAI_API_KEY": "sk-secret", "ANTHROPIC_API_KEY": "sk-secret"}, ports={})

    assert "sk-secret" not in repr(found)


def test_looking_for_models_imports_no_provider_library() -> None:
    script = (
        "import asyncio, sys\nfrom podium.app.models import detect\n"
        "asyncio.run(detect({'OPENAI_API_KEY': 'k'}, ports={'none': 9}))\n"
        "print([name for name in ('pydantic_ai', 'openai', 'anthropic', 'httpx2', 'llama_cpp') if name in sys.modules])"
    )

    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert shown.strip() == "[]"
