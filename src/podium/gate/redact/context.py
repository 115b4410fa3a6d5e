"""Words beside a number that say what it is: many numbers are only told by them."""

from __future__ import annotations

import re

BEFORE, AFTER = 48, 14
"""Characters that are looked at on either side."""


_WORD_AT_END = re.compile(r"\w+$")


def words(*alternatives: str) -> re.Pattern[str]:
    """Return what finds any of these words in a text of small letters; each is a regular expression."""
    return re.compile(r"(?<![^\W_])(?:" + "|".join(alternatives) + r")(?![^\W_])")


def before(text: str, start: int) -> str:
    """Return what stands before a place, in small letters."""
    return text[max(0, start - BEFORE) : start].lower()


def after(text: str, end: int) -> str:
    """Return the little after a place that may say what it is, in small letters."""
    near = text[end : end + AFTER]
    if len(near) == AFTER and near[-1].isalnum():
        near = _WORD_AT_END.sub("", near)  # half a word says something else
    return near.lower()


def lowered(text: str) -> str:
    """Return a text in small letters in which everything stands where it stood."""
    small = text.lower()
    return small if len(small) == len(text) else text.translate(_SMALL)


_SMALL = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
