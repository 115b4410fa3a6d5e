"""Did you mean …?: the nearest of the words that would have been right."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_CUTOFF = 0.6


def closest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that `word` was probably meant to be, None when none is near."""
    by_fold = {choice.casefold().replace("-", "_"): choice for choice in choices}
    found = get_close_matches(word.casefold().replace("-", "_")[:80], by_fold, n=1, cutoff=_CUTOFF)
    return by_fold[found[0]] if found else None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return the help text "did you mean `x`?", or "" when no choice is near."""
    found = closest(word, choices)
    return f"did you mean `{found}`?" if found else ""
