"""What every detector of personal data must keep to, whoever wrote it.

```python
class TestMine(DetectorSuite):
    @pytest.fixture
    def detector(self) -> Detector:
        return Mine()

    @pytest.fixture
    def example(self) -> tuple[str, str]:
        return "kind", "a text in which there is one"
```
"""

from __future__ import annotations

from podium.gate.redact.detect import Detector

TEXTS = ("", " ", "\n\n", "plain words", "ünïcödé 😀 text", "1" * 500, "a@" * 200, "\x00\x01", "<EMAIL_1>")
"""Texts that are no trouble to a detector that keeps to the rules."""


class DetectorSuite:
    """Needs the fixtures `detector` and `example`: a kind, and a text in which it finds one."""

    def test_it_finds_what_it_says_it_finds(self, detector: Detector, example: tuple[str, str]) -> None:
        """The example is found, of a kind that it has announced."""
        kind, text = example

        assert kind in {found.kind for found in detector.find(text)}
        assert {found.kind for found in detector.find(text)} <= detector.kinds

    def test_findings_lie_inside_the_text(self, detector: Detector, example: tuple[str, str]) -> None:
        """Places are places, and scores are between 0 and 1."""
        for text in (*TEXTS, example[1], example[1] * 3):
            for found in detector.find(text):
                assert 0 <= found.start < found.end <= len(text)
                assert 0 <= found.score <= 1

    def test_the_same_text_gives_the_same_findings(self, detector: Detector, example: tuple[str, str]) -> None:
        """What is approved is looked at again before it is sent."""
        for text in (*TEXTS, example[1]):
            assert sorted(detector.find(text)) == sorted(detector.find(text))

    def test_an_empty_text_holds_nothing(self, detector: Detector) -> None:
        """Nothing is found in nothing."""
        assert detector.find("") == ()
