"""Presidio as a detector beside the built-in one: it also finds names and places, by a language model.

It is an extra (`pip install podium[presidio]`) and off unless `[data_loss] detectors` names it, because its own set-up
fetches a language model from the internet when none is installed: install one (`en_core_web_lg`) before, on a machine
without a connection. Its recognisers for what the built-in detector finds are used as well; where both find something
at one place, the longer finding counts.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, Protocol, cast

from podium.errors import UsageError
from podium.gate.redact.finding import Finding

LANGUAGE = "en"

LEAST_SCORE = 0.5
"""What Presidio is less certain of is not taken."""

_KINDS = {
    "CREDIT_CARD": "card",
    "CRYPTO": "wallet",
    "DATE_TIME": "date",
    "EMAIL_ADDRESS": "email",
    "IBAN_CODE": "iban",
    "IP_ADDRESS": "ip",
    "MAC_ADDRESS": "mac",
    "PHONE_NUMBER": "phone",
    "URL": "url",
    "US_DRIVER_LICENSE": "driver_license",
    "US_PASSPORT": "passport",
    "US_SSN": "national_id",
    "US_ITIN": "national_id",
    "UK_NHS": "national_id",
    "UK_NINO": "national_id",
    "ES_NIF": "national_id",
    "ES_NIE": "national_id",
    "IT_FISCAL_CODE": "national_id",
    "PL_PESEL": "national_id",
    "IN_AADHAAR": "national_id",
    "IN_PAN": "national_id",
    "FI_PERSONAL_IDENTITY_CODE": "national_id",
}
"""Where its names and ours mean the same; its others are taken in small letters: `person`, `location`, `nrp`."""


class Result(Protocol):
    """What Presidio says of one finding."""

    @property
    def entity_type(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def score(self) -> float: ...


class Analyzer(Protocol):
    """The part of `presidio_analyzer.AnalyzerEngine` that is used."""

    def analyze(self, text: str, language: str) -> Sequence[Result]:
        """Return what is found in a text."""
        ...

    def get_supported_entities(self, language: str) -> Sequence[str]:
        """Return the names of what it can find."""
        ...


class Presidio:
    """The detector."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._kinds = frozenset(_kind(name) for name in analyzer.get_supported_entities(LANGUAGE))

    @property
    def kinds(self) -> frozenset[str]:
        """What it says it can find, in our names where there is one."""
        return self._kinds

    def find(self, text: str) -> tuple[Finding, ...]:
        """Return what Presidio finds."""
        return tuple(
            Finding(_kind(one.entity_type), one.start, one.end, min(1.0, max(0.0, one.score)))
            for one in self._analyzer.analyze(text, LANGUAGE)
            if one.score >= LEAST_SCORE and one.start < one.end
        )


def presidio() -> Presidio:
    """Return Presidio with its own defaults.

    Raises:
        UsageError: AP070 when it is not installed.
    """
    try:
        engine: Any = importlib.import_module("presidio_analyzer").AnalyzerEngine
    except ImportError:
        step = "install `podium[presidio]` and a language model for it, or leave it out of `[data_loss] detectors`"
        raise UsageError("AP070", "podium.toml: `presidio` is not installed", help=step) from None
    return Presidio(cast("Analyzer", engine()))


def _kind(name: str) -> str:
    return _KINDS.get(name, name.lower())
