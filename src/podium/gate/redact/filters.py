"""Filters: rules on content, for what goes out and for what comes back.

A filter is the installation's own, in `[filters.NAME]` of `podium.toml`, or somebody else's who keeps to
`ContentFilter`. It says by which of its rules a text does not pass; it never changes a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from podium.gate.redact.detect import Patterns
from podium.gate.redact.patterns import Pattern

Direction = Literal["request", "reply"]

_BUILT_IN = Patterns()


class ContentFilter(Protocol):
    """A filter. The same text gives the same verdict; it may take a while, but no more than the caller waits."""

    def refusal(self, text: str, *, direction: Direction) -> str:
        """Return the name of the rule by which a text does not pass, "" when it passes."""
        ...


@dataclass(frozen=True, kw_only=True)
class OwnFilter:
    """A filter out of `podium.toml`.

    Attributes:
        terms: Words and phrases that must not occur, whatever their case, as whole words.
        patterns: Regular expressions that must not match.
        kinds: Kinds of findings that must not occur.
        max_chars: The longest text, 0 for any length.
        directions: What it is asked about.
    """

    terms: Sequence[str] = ()
    patterns: Sequence[Pattern] = ()
    kinds: frozenset[str] = frozenset()
    max_chars: int = 0
    directions: frozenset[Direction] = frozenset({"request", "reply"})

    def refusal(self, text: str, *, direction: Direction) -> str:
        """Return `max_chars`, `terms`, `patterns` or the kind that was found; "" when it passes."""
        if direction not in self.directions:
            return ""
        if self.max_chars and len(text) > self.max_chars:
            return "max_chars"
        if has_term(text, self.terms):
            return "terms"
        if any(pattern.matches(text) for pattern in self.patterns):
            return "patterns"
        if self.kinds:
            return next((found.kind for found in _BUILT_IN.find(text) if found.kind in self.kinds), "")
        return ""


def has_term(text: str, terms: Sequence[str]) -> bool:
    """Whether one of the terms stands in the text as a whole word, whatever its case."""
    return next(terms_in(text, terms), None) is not None


def terms_in(text: str, terms: Sequence[str]) -> Iterator[str]:
    """Yield the terms that stand in the text as whole words, whatever their case."""
    folded = text.casefold()
    for term in terms:
        wanted = term.casefold()
        place = folded.find(wanted) if wanted else -1
        while place >= 0:
            end = place + len(wanted)
            if not (_joins(folded[place - 1 : place], wanted[0]) or _joins(folded[end : end + 1], wanted[-1])):
                yield term
                break
            place = folded.find(wanted, place + 1)


def _joins(beside: str, edge: str) -> bool:
    """Whether the word goes on beyond the edge of the term."""
    return beside.isalnum() and edge.isalnum()
