"""The detector that needs no model and no network.

1. One look finds whether there is anything to look closer at: an `@`, a `://`, a figure, the first letters of a key.
   What a text lacks costs next to nothing, so most of a text is never read twice.
2. What was found in a text is remembered for a while: the same system prompt goes by a hundred times.
3. A long text is looked at in pieces that overlap by more than the longest thing there is to find; nothing is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Protocol

from podium.gate.redact import money, network, people, secrets
from podium.gate.redact.context import lowered
from podium.gate.redact.finding import KINDS, Finding
from podium.gate.redact.phones import phones

PIECE = 65_536
"""Characters that are looked at in one go: about five milliseconds of prose, in a thread."""

OVERLAP = 16_384
"""Characters by which pieces overlap; the longest token that is told by its form has 14,000."""

_FIGURES = re.compile(r"\d(?:[ .\-/()\u00a0]{0,3}\d)*")
"""Figures that may belong together."""

_FIGURE = re.compile(r"\d")

LEAST = 6
"""Figures of the shortest number that is told by itself."""

MARGIN = 24
"""Characters around it that may be a part of it: the letters of an IBAN, an extension."""

LONG_WORD = 16
"""Characters of the shortest key there is, and of most things that have no six figures in a row."""

LONGER_WORD = 26
"""Characters of the shortest address of a crypto currency; of what is a key only by its looks there are more."""


class Detector(Protocol):
    """What finds things in texts. `podium.testing.conformance.detectors` has the suite that every one passes."""

    @property
    def kinds(self) -> frozenset[str]:
        """What it can find."""
        ...

    def find(self, text: str) -> tuple[Finding, ...]:
        """Return what it finds, overlapping or not, in any order. The same text gives the same findings.

        Called in a thread of its own when it is not the built-in one.
        """
        ...


_KINDS = frozenset(KINDS) - {"known_secret"}


class Patterns:
    """The built-in detector."""

    @property
    def kinds(self) -> frozenset[str]:
        """All kinds but `known_secret`, which takes the secrets."""
        return _KINDS

    def find(self, text: str) -> tuple[Finding, ...]:
        """Return what is found in a text of any length."""
        if len(text) <= PIECE:
            return look(text)
        found: dict[Finding, None] = {}
        for start in range(0, len(text) - OVERLAP, PIECE - OVERLAP):
            for one in look(text[start : start + PIECE]):
                found[one._replace(start=one.start + start, end=one.end + start)] = None
        return tuple(found)


@lru_cache(maxsize=512)
def look(text: str) -> tuple[Finding, ...]:
    """Return what is found in one piece."""
    return tuple(_found(text))


def _found(text: str) -> Iterator[Finding]:
    small = lowered(text)
    yield from _in_words(text)
    yield from secrets.called_secrets(text, small)
    yield from network.emails(text)
    yield from network.urls(text)
    yield from network.machines(text)
    yield from people.documents(text, small)
    yield from people.postcodes(text, small)
    yield from _in_numbers(text)


def _in_words(text: str) -> Iterator[Finding]:
    """Look at words that are long enough to be a key; there is a figure in every one."""
    yield from secrets.private_keys(text)
    place = 0
    for word in text.split():
        if len(word) < LONG_WORD or _FIGURE.search(word) is None:
            continue
        place = text.find(word, place)
        end = place + len(word)
        yield from secrets.known_forms(text, place, end)
        yield from people.national_ids_in_a_word(text, place, end)
        if len(word) >= LONGER_WORD:
            yield from secrets.random_texts(text, place, end)
            yield from money.wallets(text, place, end)
        place = end


def _in_numbers(text: str) -> Iterator[Finding]:
    """Look at numbers, and around those that are long enough."""
    numbers: list[tuple[int, int]] = []
    for found in _FIGURES.finditer(text):
        start, end = found.span()
        if end - start >= LEAST:
            numbers.append((start, end))
        elif end - start <= 3 and text[start:end].isdecimal():
            yield from people.age(text, start, end)
    for start, end in _regions(text, numbers):
        yield from money.cards(text, start, end)
        yield from money.ibans(text, start, end)
        yield from phones(text, start, end)
        yield from people.national_ids(text, start, end)
        yield from people.dates(text, start, end)


def _regions(text: str, numbers: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the stretches around numbers, those that touch as one; none ends inside a word."""
    last_start, last_end = 0, -1
    for start, end in numbers:
        start, end = max(0, start - MARGIN), min(len(text), end + MARGIN)  # noqa: PLW2901 - widened
        while end < len(text) and not text[end].isspace() and end - start < 4 * MARGIN + 64:
            end += 1  # noqa: PLW2901 - widened
        if start <= last_end:
            last_end = max(last_end, end)
            continue
        if last_end >= 0:
            yield last_start, last_end
        last_start, last_end = start, end
    if last_end >= 0:
        yield last_start, last_end


_loaded = False


def needs_loading(text: str) -> bool:
    """Whether looking at a text would first load the tables of numbers, which takes a tenth of a second."""
    return not _loaded and len(text) >= LEAST and _FIGURE.search(text) is not None


def load() -> None:
    """Load the tables of numbers; in a thread, where something else is going on."""
    global _loaded  # noqa: PLW0603 - whether a library is loaded is a fact of the process
    look("Tel. +49 30 901820, 0301 23456, 123-45-6789")
    _loaded = True
