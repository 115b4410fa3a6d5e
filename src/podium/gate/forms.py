"""The ways in which one thing is written: an address, a link, an account, an amount, a date, a path.

Two values are the same thing when they have a form in common. Forms never widen: `example.com/a` is not `example.com`,
a link that hides a user before its host has no form, and neither has a path with `..` in it.

```python
set(forms("https://Example.com/a")) & set(found_in("see example.com/a, or www.example.com"))   # nothing is in common
set(forms(50.0)) & set(found_in("send $50.00 to them"))                                        # {"number:50"}
```
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

Json = Any

SHORTEST = 3
"""Characters of a text that may be looked for inside another: shorter ones stand everywhere by chance."""

_MAIL = re.compile(r"(?<![\w.+%@/-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{2,24}(?![\w@-]|\.\w)")
_URL = re.compile(r"(?i)(?<![\w@.-])(?:https?://|www\.)[^\s<>\"'`(){}|\\^\[\]]+")
_NUMBER = re.compile(r"(?<![\w.,:/+-])[-+]?\d[\d,]{0,20}(?:\.\d{1,9})?(?![\w%]|[.,:/-]\d)")
_ACCOUNT = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{1,4}){3,9}(?!\w)")
_DATES = (
    re.compile(r"(?<![\w.-])(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?![\w-]|\.\d)"),
    re.compile(r"(?<![\w./])(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})(?![\w/]|\.\d)"),
    re.compile(r"(?<![\w.])(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})(?![\w]|\.\d)"),
)
_LINK = re.compile(
    r"""(?ix)(?<![\w@.-])(?:
        (?:[a-z][a-z0-9+.-]{1,20}://|mailto:|javascript:|data:|tel:|sms:|www\.)[^\s<>"'`(){}|\\^\[\]]+
      | (?:[\w-]{1,63}\.){1,8}[a-z]{2,24}/[^\s<>"'`(){}|\\^\[\]]*
    )"""
)
_BEFORE, _AFTER = r"(?<![\w@./:\\+\-#%&=?~])", r"(?![\w@/\\+\-#%&=~])(?![.:,?]\w)"


def plain(text: str) -> str:
    """Return a text as it is compared: one way of writing each character, one blank between words.

    Only what is the same character to everybody becomes the same (NFC): a ligature in a path is another path.
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


def forms(value: Json) -> Iterator[str]:
    """Yield the forms of a whole value: of a text its own, and those of the thing that it is."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float | Decimal):
        yield from _number(str(value))
        return
    text = plain(str(value))
    if not text:
        return
    yield f"text:{text}"
    if _ACCOUNT.fullmatch(text):
        yield f"account:{text.replace(' ', '')}"
    if " " in text:
        return
    if _MAIL.fullmatch(text):
        yield f"mail:{_small(text)}"
    if _URL.fullmatch(text):
        yield from _link(text)
    if found := _DATES[0].fullmatch(text):  # in a call only as nobody can misread it
        yield from _date(found)
    if "/" in text and "//" not in text and ".." not in text.split("/"):
        yield f"path:{text.removeprefix('./')}"


def found_in(text: str) -> Iterator[str]:
    """Yield the forms of the addresses, links, accounts, numbers and dates that stand in a text."""
    text = plain(text)
    for mail in _MAIL.finditer(text):
        yield f"mail:{_small(mail[0])}"
    for url in _URL.finditer(text):
        yield from _link(url[0].rstrip(".,;:!?*_"))
    for account in _ACCOUNT.finditer(text):
        yield f"account:{account[0].replace(' ', '')}"
    for number in _NUMBER.finditer(text):
        yield from _number(number[0].replace(",", ""))
    for pattern in _DATES:
        for found in pattern.finditer(text):
            yield from _date(found)


def stands_in(value: str, text: str, *, fold: bool = False) -> bool:
    """Whether a value of some length stands in a text as a whole word or words, not as a piece of a longer one.

    Args:
        fold: Capitals make no difference.
    """
    wanted, where = plain(value), plain(text)
    if not SHORTEST <= len(wanted) <= len(where) or wanted.casefold() not in where.casefold():
        return False
    pattern = f"{_BEFORE}{re.escape(wanted)}{_AFTER}"
    return re.search(pattern, where, re.IGNORECASE if fold else 0) is not None


def sentences(text: str) -> str:
    """Return a text with a blank between sentences, also where its writer left it out."""
    return re.sub(r"(?<=[a-z0-9])\.(?=[A-Z][a-z]+(?:\s|$))", ". ", plain(text))


def links(text: str) -> tuple[str, ...]:
    """Return what a reader of a text could follow, such as `https://example.com/a`, `www.example.com`."""
    text = unicodedata.normalize("NFKC", text)
    if not ("/" in text or ":" in text or "www." in text.casefold()):
        return ()  # most texts are told apart by it in a tenth of the time
    return tuple(found[0].rstrip(".,;:!?*_") for found in _LINK.finditer(text))


def origin(value: str) -> str:
    """Return the domain of an address, or the host of a link; "" for anything else."""
    text = plain(value)
    if _MAIL.fullmatch(text):
        return _small(text).rpartition("@")[2]
    return _host(text) if _URL.fullmatch(text) else ""


def _small(text: str) -> str:
    return text.lower() if text.isascii() else text  # beyond ASCII, two letters may become one


def _host(text: str) -> str:
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
    except ValueError:
        return ""
    if parts.username is not None or parts.hostname is None or port not in (None, 80, 443):
        return ""
    return parts.hostname


def _link(text: str) -> Iterator[str]:
    host = _host(text)
    if host:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        rest = (parts.path if parts.path != "/" else "") + (parts.query and f"?{parts.query}")
        yield f"link:{host}{rest}" + (parts.fragment and f"#{parts.fragment}")


def _number(text: str) -> Iterator[str]:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return
    if number.is_finite():
        yield f"number:{number.normalize():f}"


def _date(found: re.Match[str]) -> Iterator[str]:
    try:
        yield f"date:{date(int(found['y']), int(found['m']), int(found['d'])).isoformat()}"
    except ValueError:
        return
