from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from podium.adapters.models.provider import anthropic_model, openai_model
from podium.effects.ports import ModelPort
from podium.testing.conformance.models import SLOW_S, ModelSuite
from podium.testing.model_server import ModelServer
from podium.testing.scripted import Said, ScriptedModel


def slow() -> ScriptedModel:
    return ScriptedModel(answer=lambda _: Said(text="Hello.", after_s=SLOW_S))


class TestOpenAI(ModelSuite):
    @pytest.fixture
    async def model(self) -> AsyncIterator[ModelPort]:
        async with ModelServer() as server:
            model = await asyncio.to_thread(openai_model, "stub-model", base_url=server.base_url)
            yield model
            await model.close()

    @pytest.fixture
    async def slow_model(self) -> AsyncIterator[ModelPort]:
        async with ModelServer(slow()) as server:
            model = await asyncio.to_thread(openai_model, "stub-model", base_url=server.base_url)
            yield model
            await model.close()


class TestAnthropic(ModelSuite):
    @pytest.fixture
    async def model(self) -> AsyncIterator[ModelPort]:
        async with ModelServer(names=["claude-haiku-4-5"]) as server:
            model = await asyncio.to_thread(anthropic_model, "claude-haiku-4-5", base_url=server.url, api_key="k")
            yield model
            await model.close()

    @pytest.fixture
    async def slow_model(self) -> AsyncIterator[ModelPort]:
        async with ModelServer(slow()) as server:
            model = await asyncio.to_thread(anthropic_model, "claude-haiku-4-5", base_url=server.url, api_key="k")
            yield model
            await model.close()
