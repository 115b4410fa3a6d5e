"""Every detector passes the same suite: the built-in one, a scripted one, and Presidio behind its adapter.

Presidio itself is not installed here, because its set-up reaches out; what stands in for it has the interface that its
documentation describes (`AnalyzerEngine.analyze`, `get_supported_entities`, `RecognizerResult`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from podium.adapters.redact.presidio import Presidio, presidio
from podium.errors import UsageError
from podium.gate.redact.detect import Detector, Patterns
from podium.gate.redact.finding import Finding
from podium.testing.conformance.detectors import DetectorSuite


@dataclass(frozen=True)
class RecognizerResult:
    entity_type: str
    start: int
    end: int
    score: float


class AnalyzerEngine:
    """Finds capitalised pairs of words, and a card."""

    def analyze(self, text: str, language: str) -> Sequence[RecognizerResult]:
        assert language == "en"
        names = [RecognizerResult("PERSON", *found.span(), 0.85) for found in re.finditer(r"[A-Z]\w+ [A-Z]\w+", text)]
        cards = [RecognizerResult("CREDIT_CARD", *found.span(), 1.0) for found in re.finditer(r"\b\d{16}\b", text)]
        return [*names, *cards, *(RecognizerResult("NRP", 0, 1, 0.2) for _ in text[:1])]

    def get_supported_entities(self, language: str) -> Sequence[str]:
        return ["PERSON", "CREDIT_CARD", "NRP"]


class Vowels:
    """A scripted detector."""

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset({"vowel"})

    def find(self, text: str) -> tuple[Finding, ...]:
        return tuple(Finding("vowel", *found.span(), 0.7) for found in re.finditer("[aeiou]", text))


class TestPatterns(DetectorSuite):
    @pytest.fixture
    def detector(self) -> Detector:
        return Patterns()

    @pytest.fixture
    def example(self) -> tuple[str, str]:
        return "email", "write to anna@example.org"


class TestScripted(DetectorSuite):
    @pytest.fixture
    def detector(self) -> Detector:
        return Vowels()

    @pytest.fixture
    def example(self) -> tuple[str, str]:
        return "vowel", "hello"


class TestPresidio(DetectorSuite):
    @pytest.fixture
    def detector(self) -> Detector:
        return Presidio(AnalyzerEngine())

    @pytest.fixture
    def example(self) -> tuple[str, str]:
        return "person", "It was Anna Berg who came."


def test_presidio_s_names_become_ours_and_what_it_doubts_is_left_out() -> None:
    found = Presidio(AnalyzerEngine()).find("Anna Berg paid with 4111111111111111")

    assert found == (Finding("person", 0, 9, 0.85), Finding("card", 20, 36, 1.0))


def test_presidio_that_is_not_installed_is_a_mistake_of_the_settings() -> None:
    with pytest.raises(UsageError, match=r"AP070: podium\.toml: `presidio` is not installed"):
        presidio()
