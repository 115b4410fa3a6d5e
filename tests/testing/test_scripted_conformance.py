from __future__ import annotations

import pytest

from podium.effects.ports import ModelPort
from podium.testing.conformance.models import SLOW_S, ModelSuite
from podium.testing.scripted import Said, ScriptedModel


class TestScripted(ModelSuite):
    @pytest.fixture
    def model(self) -> ModelPort:
        return ScriptedModel()

    @pytest.fixture
    def slow_model(self) -> ModelPort:
        return ScriptedModel(answer=lambda _: Said(text="Hello.", after_s=SLOW_S))
