"""Addresses: of people (e-mail), of pages, of machines.

Each is looked for around the one character that it cannot be without; a text that lacks it costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from podium.gate.redact.context import before
from podium.gate.redact.finding import Finding

_LOCAL = re.compile(r"[^\s@<>()\[\]{},;:\"'|\\=/]{1,64}")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}")
_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]{1,14}", re.IGNORECASE)
_REST = re.compile(r"[^\s<>\"'`|\\^{}]{3,2000}")
_USER = re.compile(r"[^/?#@:]{0,64}:([^/?#@]{3,200})@")
_INSIDE_FOUR = re.compile(r"\.\d{1,3}\.\d{1,3}\.\d")
_FOUR = re.compile(r"(?<![\w.\-])\d{1,3}(?:\.\d{1,3}){3}(?![\w\-]|\.\d)")
_VERSION = re.compile(r"(?:\bv|version|release|[=~<>])\s{0,2}$")
_INSIDE_SIX = re.compile(r":[0-9A-Fa-f]{0,4}:")
_SIX = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{2,40}(?![\w:])")
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}(?![0-9A-Fa-f:])")
_MAC_DASHED = re.compile(r"(?<![0-9A-Za-z\-])[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}(?![0-9A-Za-z\-])")
_AFTER_URL = ".,;:!?)]}*_"


def emails(text: str) -> Iterator[Finding]:
    """Find e-mail addresses."""
    at = text.find("@")
    while at >= 0:
        local = _LOCAL.match(text[max(0, at - 64) : at][::-1])
        domain = _DOMAIN.match(text, at + 1)
        if local is not None and domain is not None:
            start = at - len(local[0])
            start += len(local[0]) - len(local[0][::-1].lstrip("."))
            yield Finding("email", start, domain.end(), 1.0)
        at = text.find("@", at + 1)


def urls(text: str) -> Iterator[Finding]:
    """Find addresses of pages, and passwords that stand in them."""
    at = text.find("://")
    while at >= 0:
        scheme = _SCHEME.match(text[max(0, at - 15) : at][::-1])
        rest = _REST.match(text, at + 3)
        if scheme is not None and rest is not None:
            yield Finding("url", at - len(scheme[0]), at + 3 + len(rest[0].rstrip(_AFTER_URL)), 0.95)
            if (user := _USER.match(rest[0])) is not None and not user[1].startswith(("$", "<", "{", "*")):
                yield Finding("password", at + 3 + user.start(1), at + 3 + user.end(1), 0.9)
        at = text.find("://", at + 3)
    at = text.find("www.")
    while at >= 0:
        domain = _DOMAIN.match(text, at)
        if domain is not None and not text[at - 1 : at].isalnum():
            rest = _REST.match(text, at)
            end = at + len(rest[0].rstrip(_AFTER_URL)) if rest is not None else domain.end()
            yield Finding("url", at, max(end, domain.end()), 0.9)
        at = text.find("www.", at + 4)


def machines(text: str) -> Iterator[Finding]:
    """Find addresses of machines: IP of both versions, and of network cards."""
    for inside in _INSIDE_FOUR.finditer(text):
        found = _FOUR.search(text, max(0, inside.start() - 3), inside.end() + 4)
        if found is not None and _is_four(found[0]) and not _VERSION.search(before(text, found.start())):
            yield Finding("ip", found.start(), found.end(), 0.95)
    last = 0
    for inside in _INSIDE_SIX.finditer(text):
        found = _SIX.search(text, max(last, inside.start() - 40), inside.end() + 40)
        if found is None:
            continue
        last = found.end()
        address = found[0] if found[0].endswith("::") else found[0].rstrip(".:")
        if address.count(":") >= 2 and _is_six(address):
            yield Finding("ip", found.start(), found.start() + len(address), 0.95)
        elif (card := _MAC.match(text, found.start())) is not None:
            yield Finding("mac", card.start(), card.end(), 0.95)
    if text.count("-") >= 5:
        for found in _MAC_DASHED.finditer(text):
            yield Finding("mac", found.start(), found.end(), 0.95)


def _is_four(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def _is_six(text: str) -> bool:
    """Whether it is an address that tells of a machine: `::` and `::1` do not."""
    try:
        address = IPv6Address(text)
    except ValueError:
        return False
    return not address.is_unspecified and not address.is_loopback and len(text) > 6
