"""Other ways of writing the same: signs that nobody sees, wide letters, and a known value in an encoding.

A reader, or a program at the other end, takes these for what they stand for, so they are looked for, too. A value that
is cut into parts, encrypted, or encoded twice is not found by any of this.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus

from podium.gate.redact.finding import Finding

_SIGNS = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff"
)
_UNSEEN = re.compile(f"[{_SIGNS}]")
_OTHERWISE = re.compile(f"[{_SIGNS}\uff01-\uff5e\u3000]")
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_LEAST = 6
"""Characters of the shortest encoding that is looked for."""


def also_seen(text: str, find: Callable[[str], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield what is found in a text as its reader sees it, at the places where it stands in the text itself."""
    if _OTHERWISE.search(text) is None:
        return
    plain = text.translate(_WIDE)
    unseen = frozenset(found.start() for found in _UNSEEN.finditer(plain))
    places = [place for place in range(len(plain)) if place not in unseen]
    for found in find("".join(map(plain.__getitem__, places))):
        yield found._replace(start=places[found.start], end=places[found.end - 1] + 1)


@lru_cache(maxsize=256)
def encodings(value: str) -> tuple[str, ...]:
    """Return a value and the ways in which it is commonly written inside other texts, without repetition."""
    said = value.encode(errors="surrogatepass")
    url = quote(said, safe="")
    found = [value, value[::-1], url, url.replace("%20", "+"), quote_plus(said), quote(said)]
    found += [_small(one) for one in found[2:]]
    found += [html.escape(value), json.dumps(value)[1:-1], said.hex(), said.hex().upper()]
    for before in range(3):
        found += _base64(said, before)
    return tuple(dict.fromkeys(one for one in found if len(one) >= _LEAST))


def _small(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text)


def _base64(said: bytes, before: int) -> Iterator[str]:
    """Yield those characters that stand for nothing but the value, with so many bytes (modulo 3) before it."""
    whole = base64.b64encode(bytes(before) + said).decode()
    kept = whole[(before * 8 + 5) // 6 : (before + len(said)) * 8 // 6]
    yield kept
    yield kept.replace("+", "-").replace("/", "_")
