"""The arguments of a call as policies read them: by name, as numbers, and as what they stand for.

`Reading` says what some policy wants to know; only that is looked for. What a policy wants to know and cannot be told
exactly is *unreadable*, and denies: text above `MAX_TEXT`, an amount that is no decimal number of four digits, a name
that two arguments could have, anything that stands beyond `MAX_ARGUMENTS`.

Whom a call reaches, where it goes and how much it is worth is told by the names of its arguments (`to`, `amount`,
`path`), because no tool says so. A recipient that is no e-mail address has the domain "", a URL that two readers would
understand differently has the host "": no list of allowed ones holds them.
"""

from __future__ import annotations

import json
import math
import posixpath
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

from podium.gate.leaves import words

Json = Any

MAX_ARGUMENTS = 200
"""Single values in the arguments of one call."""

MAX_TEXT = 4096
"""Bytes of an argument that a policy reads by name."""

MAX_SEARCHED = 65_536
"""Characters of a text in which URLs are looked for."""

DERIVED = frozenset({"recipients", "domains", "hosts", "paths", "amount"})
"""What is made of arguments, whatever they are called."""

_LARGEST = Decimal("922337203685477.5807")
_NUMBER = re.compile(r"[+-]?(\d{1,15})(\.\d{1,4})?", re.ASCII)
_AMOUNT = re.compile(r"(?ix)(?:^|[_.\-]) (?: amounts? | price | sum | total | cost | fee | budget) (?:$|[_.\-])")
_RECIPIENT = re.compile(
    r"""(?ix)(?:^|[_.\-]) (?: to | cc | bcc | recipients? | receivers? | participants? | attendees? | invitees?
      | e?mails? | addressees? | address(?:es)? | payees? | channels? ) (?:$|[_.\-])"""
)
_PATH = re.compile(
    r"""(?ix)(?:^|[_.\-]) (?: paths? | files? | file_?(?:path|name) | folders? | director(?:y|ies) | dirs?
      | destination | dest | source | target ) (?:$|[_.\-])"""
)
_PLACE = re.compile(
    r"(?ix)(?:^|[_.\-]) (?: urls? | uris? | links? | hosts? | domains? | endpoint | webhook) (?:$|[_.\-])"
)
_URL = re.compile(r"""[A-Za-z][A-Za-z0-9+.\-]{0,30}:/{2}[^\s"'<>]*""")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.\-]{0,252}[a-z0-9])?|\[[0-9a-f:.]{2,45}\]")
_BETWEEN = re.compile(r"[\s<>\"()]+")
_PARTS = re.compile(r"[,;\r\n\u2028\u2029]+")
_SHOWN = re.compile(r"[^<>@]*(<[^<>@\s]*@[^<>@\s]*>)\s*")
_QUOTED = re.compile(r"\"[^\"@]*\"(?=\s*<)")
# what is between dots holds no dot: a pattern that could divide a name in several ways could be made to try all of them
_ADDRESS = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~\-]{1,64}@((?:[a-z0-9\-]{1,63}\.)*[a-z0-9\-]{1,63})")
_USERINFO = re.compile(r"[^\s/?#<>\"']*['\"][^\s/?#<>\"']*@")


class Reading(NamedTuple):
    """What some policy wants to know of the arguments.

    Attributes:
        tags: The names that are read as text; `numbers`: as numbers. None stands for all of them.
        derived: Which of `DERIVED`.
    """

    tags: frozenset[str] | None = frozenset()
    numbers: frozenset[str] | None = frozenset()
    derived: frozenset[str] = frozenset()

    @property
    def nothing(self) -> bool:
        """Whether the arguments do not matter."""
        return self == _NOTHING

    def also(self, other: Reading) -> Reading:
        """Return what one of both wants to know."""
        return Reading(
            None if self.tags is None or other.tags is None else self.tags | other.tags,
            None if self.numbers is None or other.numbers is None else self.numbers | other.numbers,
            self.derived | other.derived,
        )


_NOTHING = Reading()


class Read(NamedTuple):
    """What the arguments say, sorted and hashable.

    Attributes:
        unreadable: Names of what is wanted and cannot be told.
        amount: As decimal text, None when there is none.
    """

    tags: tuple[tuple[str, str], ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()
    recipients: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    amount: str | None = None
    unreadable: tuple[str, ...] = ()


EMPTY = Read()


def read(arguments: Mapping[str, Json], wanted: Reading) -> Read:
    """Return what is wanted of the arguments."""
    if wanted.nothing or not arguments:
        return EMPTY
    leaves = _Leaves(arguments)
    unreadable = set(leaves.unclear(wanted))
    tags = _tags(leaves, wanted.tags, unreadable)
    numbers = _numbers(leaves, wanted.numbers, unreadable)
    derived = wanted.derived
    reached: list[str] = []
    if "recipients" in derived or "domains" in derived:
        reached = sorted({word for text in leaves.named(_RECIPIENT, unreadable) for word in _recipients(text)})
    hosts = _hosts(leaves, unreadable) if "hosts" in derived else ()
    paths = {_normal(text) for text in leaves.named(_PATH, unreadable)} if "paths" in derived else ()
    amount = _amount(leaves, unreadable) if "amount" in derived else None
    return Read(
        tags=tags,
        numbers=numbers,
        recipients=tuple(reached) if "recipients" in derived else (),
        domains=tuple(sorted({_domain(word) for word in reached})) if "domains" in derived else (),
        hosts=hosts,
        paths=tuple(sorted(paths)),
        amount=amount,
        unreadable=tuple(sorted(unreadable)),
    )


class _Leaves:
    """The single values of the arguments, `{name: value}`, those of the top first."""

    def __init__(self, arguments: Mapping[str, Json]) -> None:
        self.values: dict[str, Json] = {}
        self.twice: set[str] = set()
        self.cut: set[str] = set()
        waiting = deque[tuple[str, str, Json]]((str(name), str(name), value) for name, value in arguments.items())
        while waiting:
            top, name, value = waiting.popleft()
            if isinstance(value, dict | list) and value:
                waiting.extend((top, f"{name}.{key}", below) for key, below in _below(cast("Json", value)))
            elif len(self.values) >= MAX_ARGUMENTS:
                self.cut.add(top)
                break
            elif name in self.values:
                self.twice.add(name)
            elif value is not None and value not in ({}, []):
                self.values[name] = value
        self.cut.update(top for top, _, _ in waiting)

    def unclear(self, wanted: Reading) -> Iterator[str]:
        """Yield what is wanted and stands beyond the bound, or has a name that means two things."""
        for names in (wanted.tags, wanted.numbers):
            if names is None:
                yield from (*self.twice, *self.cut)
            else:
                yield from names & self.twice
                yield from (name for name in names if name not in self.values and _within(name, self.cut))
        if wanted.derived:
            yield from (*self.twice, *self.cut)

    def named(self, pattern: re.Pattern[str], unreadable: set[str]) -> Iterator[str]:
        """Yield the texts whose name fits."""
        for name, value in self.values.items():
            if pattern.search(words(name)):
                text = _text(value)
                if len(text) > MAX_SEARCHED:
                    unreadable.add(name)
                else:
                    yield text


def _below(value: Json) -> Iterable[tuple[str | int, Json]]:
    return cast("dict[str, Json]", value).items() if isinstance(value, dict) else enumerate(cast("list[Json]", value))


def _within(name: str, tops: set[str]) -> bool:
    return any(name == top or name.startswith(f"{top}.") for top in tops)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _tags(leaves: _Leaves, wanted: frozenset[str] | None, unreadable: set[str]) -> tuple[tuple[str, str], ...]:
    names = leaves.values.keys() if wanted is None else wanted & leaves.values.keys()
    found: list[tuple[str, str]] = []
    for name in sorted(names):
        text = _text(leaves.values[name])
        if len(text) > MAX_TEXT or len(text.encode(errors="replace")) > MAX_TEXT or not _is_text(text):
            unreadable.add(name)
        else:
            found.append((name, text))
    return tuple(found)


def _is_text(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _numbers(leaves: _Leaves, wanted: frozenset[str] | None, unreadable: set[str]) -> tuple[tuple[str, str], ...]:
    """Return the numbers; an argument that a policy reads as a number, by its name, must be one."""
    names = leaves.values.keys() if wanted is None else wanted & leaves.values.keys()
    found: list[tuple[str, str]] = []
    for name in sorted(names):
        number = as_number(leaves.values[name])
        if number is not None:
            found.append((name, decimal_text(number)))
        elif wanted is not None:
            unreadable.add(name)
    if wanted is not None:
        # what should be a number and is a list or a mapping stands under other names
        unreadable.update(name for name in wanted for other in leaves.values if other.startswith(f"{name}."))
    return tuple(found)


def as_number(value: Json) -> Decimal | None:
    """Return a number, or text that is one, exactly; None for what does not fit into a decimal of four digits."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    text = value.strip() if isinstance(value, str) else None
    if text is not None and not _NUMBER.fullmatch(text):
        return None
    try:
        number = Decimal(repr(value) if text is None else text)
        exact = number.quantize(Decimal("0.0001"))
    except InvalidOperation:
        return None
    return exact if exact == number and abs(exact) <= _LARGEST else None


def decimal_text(number: Decimal) -> str:
    """Return a number as Cedar writes it: at least one digit behind the point."""
    text = f"{number:f}"
    whole, _, part = text.partition(".")
    return f"{whole}.{part.rstrip('0') or '0'}"


def _amount(leaves: _Leaves, unreadable: set[str]) -> str | None:
    largest: Decimal | None = None
    for name, value in leaves.values.items():
        if not _AMOUNT.search(words(name)) or isinstance(value, bool):
            continue
        number = as_number(value)
        if number is None:
            unreadable.add(name)
        elif largest is None or abs(number) > largest:
            largest = abs(number)
    return None if largest is None else decimal_text(largest)


def _recipients(text: str) -> Iterator[str]:
    """Yield whom a text names: addresses, and whatever else stands between commas or beside an address.

    The name in front of an address in angle brackets does not count.
    """
    for part in _PARTS.split(_QUOTED.sub(" ", text)):
        shown = _SHOWN.fullmatch(part)
        told = shown[1] if shown else part
        if "@" in told:
            words = (word.lower().removeprefix("mailto:").strip("'") for word in _BETWEEN.split(told))
            yield from (word for word in words if word)
        elif whole := told.strip().lower():
            yield whole


def _domain(recipient: str) -> str:
    match = _ADDRESS.fullmatch(recipient)
    return match[1] if match and not match[1].startswith("-") and not match[1].endswith("-") else ""


def _hosts(leaves: _Leaves, unreadable: set[str]) -> tuple[str, ...]:
    found: set[str] = set()
    for name, value in leaves.values.items():
        if not isinstance(value, str):
            continue
        if len(value) > MAX_SEARCHED:
            unreadable.add(name)
            continue
        for url in _URL.finditer(value):
            # some readers take what is before an @ for a name, whatever stands in it
            found.add("" if _USERINFO.match(value, url.start() + url[0].index("//") + 2) else _host(url[0]))
        if _PLACE.search(words(name)):
            found.update(_place(part) for part in value.split())
    return tuple(sorted(found))


def _place(text: str) -> str:
    """Return the host of what should be a URL, or a host, as a whole."""
    return _host(text if _URL.match(text) else f"//{text.removeprefix('//')}")


def _host(url: str) -> str:
    """Return the host of a URL, "" where readers of it disagree."""
    if "\\" in url or not url.isprintable():
        return ""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
    shown = f"[{host}]" if ":" in host else host
    return shown if _HOST.fullmatch(shown) else ""


def _normal(path: str) -> str:
    return posixpath.normpath(path.strip().replace("\\", "/")) if path.strip() else ""
