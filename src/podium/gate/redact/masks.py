"""What stands in the place of what was found: `<EMAIL_1>`, `<CARD_2>`, `<SECRET_1>`.

- The same value has the same mask wherever it stands in a run, so whoever reads the masked text can still tell one
  address from another.
- A mask of personal data can be put back (`Masks.value`); that of a secret cannot: of it only a digest is kept.
- A table is what the ledger says, and what was added since (`take_fresh`), which has to be written down before anything
  that it is used in leaves the process.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from podium.gate.redact.finding import KINDS, Finding

MASK = re.compile(r"<([A-Z][A-Z0-9_]{0,40})_([1-9]\d{0,6})>")
"""How a mask looks."""

_SECRET = "SECRET"  # noqa: S105 - a word, not a secret


class Mask(NamedTuple):
    """A mask, and the value behind it, or, for a secret, its digest: SHA-256 of run and value, hex."""

    mask: str
    value: str


class Masks:
    """The masks of one run."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._masks: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        self._last: dict[str, int] = {}
        self._fresh: list[Mask] = []

    def __len__(self) -> int:
        return len(self._masks)

    def add(self, recorded: Iterable[tuple[str, str]]) -> None:
        """Take what the ledger says, `(mask, value)`; what is known already stays."""
        for mask, value in recorded:
            self._take(mask, value)

    def mask(self, kind: str, value: str) -> str:
        """Return the mask of a value; the same one as before when it has one."""
        word = (
            _SECRET if KINDS.get(kind) == "secret" else re.sub(r"[^A-Z0-9]+", "_", kind.upper()).strip("_") or "VALUE"
        )
        kept = self._digest(value) if word == _SECRET else value
        found = self._masks.get((word, kept))
        if found is None:
            found = f"<{word}_{self._last.get(word, 0) + 1}>"
            self._take(found, kept)
            self._fresh.append(Mask(found, kept))
        return found

    def value(self, mask: str) -> str | None:
        """Return what stands behind a mask; None for a secret, and for what is no mask of this run."""
        return None if mask.startswith(f"<{_SECRET}_") else self._values.get(mask)

    def take_fresh(self) -> tuple[Mask, ...]:
        """Return what was added since the last call."""
        fresh, self._fresh = tuple(self._fresh), []
        return fresh

    def _take(self, mask: str, value: str) -> None:
        parts = MASK.fullmatch(mask)
        if parts is None or mask in self._values:
            return
        word, number = parts[1], int(parts[2])
        self._masks[word, value] = mask
        self._values[mask] = value
        self._last[word] = max(self._last.get(word, 0), number)

    def _digest(self, value: str) -> str:
        return hashlib.sha256(f"{self._run}\0{value}".encode(errors="surrogatepass")).hexdigest()


def masked(text: str, findings: Iterable[Finding], masks: Masks) -> str:
    """Return a text with masks in the place of what was found; the findings do not overlap and are in order."""
    pieces: list[str] = []
    place = 0
    for found in findings:
        pieces += (text[place : found.start], masks.mask(found.kind, text[found.start : found.end]))
        place = found.end
    return "".join((*pieces, text[place:]))


def unmasked(text: str, given: Mapping[str, str]) -> str:
    """Return a text with the values in the place of their masks, `{mask: value}`; other masks stay as they are."""
    return MASK.sub(lambda found: given.get(found[0], found[0]), text) if given else text


def masks_in(text: str) -> Iterator[str]:
    """Yield what looks like a mask."""
    return (found[0] for found in MASK.finditer(text))
