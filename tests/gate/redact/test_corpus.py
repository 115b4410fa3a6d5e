"""Recall on marked sentences, and false hits on our own pages: floors below what `benchmarks.pii` measures."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from podium.gate.redact.detect import look

ROOT = Path(__file__).parents[3]
STRUCTURED = {
    "CREDIT_CARD": "card",
    "PHONE_NUMBER": "phone",
    "EMAIL_ADDRESS": "email",
    "DOMAIN_NAME": "url",
    "IBAN_CODE": "iban",
    "US_SSN": "national_id",
    "US_DRIVER_LICENSE": "driver_license",
    "IP_ADDRESS": "ip",
}


def test_what_has_a_form_is_found(corpora: Path) -> None:
    sentences = json.loads((corpora / "pii" / "synth_v2_dev.json").read_text(encoding="utf-8"))
    missed: list[tuple[str, str]] = []
    there = 0
    for sentence in sentences:
        found = look(sentence["full_text"])
        for span in sentence["spans"]:
            kind = STRUCTURED.get(span["entity_type"])
            if kind is None:
                continue
            there += 1
            start, end = span["start_position"], span["end_position"]
            if not any(one.kind == kind and one.start <= start and end <= one.end for one in found):
                missed.append((kind, span["entity_value"]))

    assert there > 150
    assert len(missed) <= 0.03 * there, missed


def test_what_is_no_entity_is_left_alone(corpora: Path) -> None:
    sentences = json.loads((corpora / "pii" / "synth_v2_dev.json").read_text(encoding="utf-8"))

    false = Counter(
        one.kind
        for sentence in sentences
        for one in look(sentence["full_text"])
        if not any(span["start_position"] < one.end and one.start < span["end_position"] for span in sentence["spans"])
    )

    assert false.total() <= 3, false


def test_our_own_source_holds_next_to_nothing() -> None:
    hits: Counter[str] = Counter()
    size = 0
    for file in sorted((ROOT / "src").rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        size += len(text)
        for start in range(0, len(text), 4_000):
            hits.update(one.kind for one in look(text[start : start + 4_000]))

    rightly = {"url", "email", "date", "ip"}
    assert sum(count for kind, count in hits.items() if kind not in rightly) <= 3 + size / 1e6 * 10, hits
