"""What the detector finds, what it takes for something that it is not, and what it costs.

Recall is counted over the entities of the corpus that have a form of their own (`STRUCTURED`): one is found when a
finding of its kind covers it whole. False hits are counted over texts that hold no personal data by themselves: the
source and the pages of this project, and the documentation of what it is built on, in pieces of 2 KB. Links and
addresses of authors are there and are no false hits, so these kinds are left out. The signs of injected instructions
are counted over the texts of `tests/gate/redact/injection.yaml`.

    python -m benchmarks.pii
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import Figure, Promise, tell
from ruamel.yaml import YAML

from podium.gate.redact.detect import load, look
from podium.gate.redact.injection import signs_of_injection

ROOT = Path(__file__).parents[1]
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
"""Entities of the corpus that have a form, and what we call them."""

ALSO = {"AGE": "age", "ZIP_CODE": "postcode"}
"""Those that have a form only together with the words beside them."""

THERE = frozenset({"url", "email", "date", "ip"})
"""Kinds that documentation and source are full of, rightly."""

PIECE = 2_048
PROMISES = (
    Promise("pii.recall.structured", at_least=94),
    Promise("pii.sentence.mean", at_most=300),
)


def corpus() -> Path | None:
    """Return the file of marked sentences, None where it is not."""
    folder = Path(os.environ.get("PODIUM_CORPORA") or ROOT.parent / "shared" / "corpora")
    file = folder / "pii" / "synth_v2_dev.json"
    return file if file.is_file() else None


def recall(sentences: Sequence[dict[str, Any]], kinds: dict[str, str]) -> tuple[Counter[str], Counter[str]]:
    """Return how many entities of each kind were found, and how many there are."""
    found: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for sentence in sentences:
        findings = look(sentence["full_text"])
        for span in sentence["spans"]:
            kind = kinds.get(span["entity_type"])
            if kind is None:
                continue
            start, end = span["start_position"], span["end_position"]
            there[kind] += 1
            found[kind] += any(one.kind == kind and one.start <= start and end <= one.end for one in findings)
    return found, there


def pieces(folder: Path, suffixes: Sequence[str], most: int) -> Iterator[str]:
    """Yield texts of 2 KB out of the files of a folder, in the order of their names."""
    left = most
    for file in sorted(path for path in folder.rglob("*") if path.suffix in suffixes or path.name in suffixes):
        text = file.read_text(encoding="utf-8", errors="ignore")[: 20 * PIECE]
        for start in range(0, len(text), PIECE):
            if not left:
                return
            left -= 1
            yield text[start : start + PIECE]


def negatives() -> dict[str, list[str]]:
    """Return texts without personal data of their own, by what they are."""
    packages = Path(sysconfig.get_paths()["purelib"])
    return {
        "prose": [*pieces(ROOT / "docs", (".md",), 1_000), *pieces(packages, ("METADATA", ".rst"), 1_500)],
        "code": [*pieces(ROOT / "src", (".py",), 2_000), *pieces(packages / "sqlalchemy", (".py",), 1_500)],
        "tables": [*pieces(packages, (".csv", ".dat", ".json"), 1_000)],
    }


def microseconds(texts: Sequence[str]) -> list[float]:
    """Return the processor time that looking at each text takes, sorted; nothing is remembered from before."""
    look.cache_clear()
    lasted: list[float] = []
    for text in dict.fromkeys(texts):
        started = time.thread_time()
        look(text)
        lasted.append((time.thread_time() - started) * 1e6)
    return sorted(lasted)


def of_corpus(file: Path) -> list[Figure]:
    """Return recall and cost over the corpus."""
    sentences: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    found, there = recall(sentences, STRUCTURED)
    also, there_too = recall(sentences, ALSO)
    lasted = microseconds([sentence["full_text"] for sentence in sentences])
    rates = [
        Figure(name=f"pii.recall.{kind}", value=100 * (found + also)[kind] / count, unit=f"% of {count}")
        for kind, count in sorted((there + there_too).items())
    ]
    return [
        Figure(name="pii.recall.structured", value=100 * found.total() / there.total(), unit=f"% of {there.total()}"),
        *rates,
        Figure(name="pii.sentence.mean", value=sum(lasted) / len(lasted), unit="µs"),
        Figure(name="pii.sentence.p99", value=lasted[len(lasted) * 99 // 100], unit="µs"),
    ]


def of_negatives() -> list[Figure]:
    """Return false hits and cost over texts without personal data."""
    figures: list[Figure] = []
    for name, texts in negatives().items():
        lasted = microseconds(texts)
        hits = Counter(one.kind for text in texts for one in look(text) if one.kind not in THERE)
        per_mb = hits.total() / (sum(map(len, texts)) / 1e6)
        told = ", ".join(f"{count} {kind}" for kind, count in hits.most_common(4))
        figures += [
            Figure(name=f"pii.{name}.false_hits", value=per_mb, unit=f"a MB ({told or 'none'})"),
            Figure(name=f"pii.{name}.2kb.p50", value=lasted[len(lasted) // 2], unit="µs"),
            Figure(name=f"pii.{name}.2kb.p99", value=lasted[len(lasted) * 99 // 100], unit="µs"),
        ]
    return figures


def of_injection() -> list[Figure]:
    """Return how many texts that talk to a model are noticed, and how many others."""
    yaml: Any = YAML(typ="safe", pure=True)
    texts = yaml.load(ROOT / "tests" / "gate" / "redact" / "injection.yaml")
    return [
        Figure(
            name=f"injection.{name}.{told}",
            value=100 * sum(bool(signs_of_injection(text)) for text in group[told]) / len(group[told]),
            unit=f"% of {len(group[told])} noticed",
        )
        for name, group in (("own", texts), ("held", texts["held"]))
        for told in ("attacks", "benign")
    ]


if __name__ == "__main__":
    load()
    file = corpus()
    if file is None:
        sys.stderr.write("no recall: pii/synth_v2_dev.json is not there; set PODIUM_CORPORA to where it is\n")
    tell("pii", [*(of_corpus(file) if file else []), *of_negatives(), *of_injection()], PROMISES)
