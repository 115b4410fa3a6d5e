"""Secrets: private keys, keys and tokens of known forms, what is called a password, and what looks like a key.

1. A known form is certain: its first characters are unique, its length and alphabet are fixed.
2. What stands behind `password =`, `api_key:` and the like counts when it is a value and no code: quoted, or a mixture
   of letters and digits; never a call, a type, or something to be filled in (`<your key>`, `${KEY}`).
3. What is called nothing counts only as `random_text`, when it is long and as mixed as no word and no hash is.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from podium.gate.leaves import words
from podium.gate.redact.finding import Finding

_FORMS: dict[str, tuple[str, str]] = {
    "AKIA": ("access_key", r"AKIA[0-9A-Z]{16}"),
    "ASIA": ("access_key", r"ASIA[0-9A-Z]{16}"),
    "AIza": ("access_key", r"AIza[\w-]{35}"),
    "ATATT3": ("access_key", r"ATATT3[\w=-]{20,250}"),
    "AccountKey=": ("access_key", r"AccountKey=[A-Za-z0-9+/]{40,100}={0,2}"),
    "SG.": ("access_key", r"SG\.[\w-]{16,32}\.[\w-]{30,60}"),
    "dop_v1_": ("access_key", r"dop_v1_[a-f0-9]{64}"),
    "eyJ": ("token", r"eyJ[\w-]{8,4000}+\.eyJ[\w-]{8,8000}+\.[\w-]{8,2000}"),
    "gh": ("access_key", r"gh[opusr]_[A-Za-z0-9]{36,255}"),
    "github_pat_": ("access_key", r"github_pat_\w{22,255}"),
    "glpat-": ("access_key", r"glpat-[\w-]{20,64}"),
    "gsk_": ("access_key", r"gsk_[A-Za-z0-9]{40,64}"),
    "hf_": ("access_key", r"hf_[A-Za-z]{30,40}"),
    "hooks.slack.com": ("access_key", r"hooks\.slack\.com/services/[\w/]{30,80}"),
    "hvs.": ("access_key", r"hvs\.[\w-]{24,120}"),
    "npm_": ("access_key", r"npm_[A-Za-z0-9]{36}"),
    "pypi-": ("access_key", r"pypi-AgE[\w-]{50,250}"),
    "k_live_": ("access_key", r"[srp]k_live_[A-Za-z0-9]{16,128}"),
    "k_test_": ("access_key", r"[srp]k_test_[A-Za-z0-9]{16,128}"),
    "shpat_": ("access_key", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    "sk-": ("access_key", r"sk-(?:[a-z]{2,8}[0-9]{0,2}-){0,2}[A-Za-z0-9_-]{20,200}"),
    "xai-": ("access_key", r"xai-[A-Za-z0-9]{60,100}"),
    "xox": ("access_key", r"xox[abeoprs]-[A-Za-z0-9-]{10,250}"),
    "ya29.": ("access_key", r"ya29\.[\w-]{20,400}"),
    ":AA": ("access_key", r"[0-9]{8,10}:AA[\w-]{33}"),
}
"""What each is found by, its kind, and its whole form."""

_READY = tuple(
    (sign, kind, re.compile(rf"(?<![A-Za-z0-9_]){form}(?![A-Za-z0-9])")) for sign, (kind, form) in _FORMS.items()
)
_HEADER = re.compile(r"(?:bearer|basic) $", re.IGNORECASE)
_IN_HEADER = re.compile(r"[\w.~+/-]{16,4000}=*")

_BEGIN = "-----BEGIN "
_LABEL = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_END = "-----END "
_LONGEST_KEY = 8_000
_KEY_BODY = re.compile(r"[A-Za-z0-9+/=\s:,\\]{20,8000}")

_CALLED = re.compile(
    r"password|passwd|passphrase|passcode|pwd|secret|token|api[_-]?key|(?:access|secret|auth|encryption|signing)[_-]?key"
    r"|credentials?|_pass(?![a-z])|(?<![a-z])pass(?=[=:])|(?<![a-z])pin(?![a-z])"
)
_SIGNS = ("pass", "pwd", "secret", "token", "apikey", "_key", "-key", "credential", "pin ", "pin:")
"""What the names of secrets have in common; looking for each by itself is twenty times as fast as `_CALLED`."""

_BACK = 10
"""Characters by which a name may begin before its sign: `encryption_key`."""

_REST = r"(?:[_-](?:key|value|token|id))?[\"']?\]?\s{0,3}"
_QUOTED = re.compile(_REST + r"(?:=>|:=|[:=])\s{0,3}([\"'])([^\"'\s]{6,200})\1")
_BARE = re.compile(_REST + r"[:=]\s{0,3}([^\s\"'`,;()\[\]{}<>]{8,200})(?=[\s,;]|$)")
_SAID = re.compile(r"(?: code)?(?: is|:| =)\s{1,2}([^\s,;()<>]{4,64})")
_SECRET_NAME = re.compile(
    r"(?i)(?:^|[_\-.])(?:passwords?|passwd|passphrases?|pwd|secrets?|token|(?:access|auth|refresh|bearer)[_-]?tokens"
    r"|api[_-]?keys?|private[_-]?keys?|credentials?|client[_-]?secret|access[_-]?keys?)$"
)
_LONGEST_NAME = 64
"""Characters at the end of a name that say what it is."""

_PLACE_NAME = re.compile(r"(?i)(?:page|next|prev(?:ious)?|continuation|cursor|sync|resume|start|end|stop)[_-]?token$")
"""What is called a token and says where to go on."""
_TO_FILL_IN = re.compile(
    r"(?i)^(?:[<$\[{%*#]|x{3,}|\.{3}|your|example|placeholder|changeme|redacted|none|null|true|false|self\.|os\.|env)"
    r"|\$\{|\(\)|\{\{"
)
_PLAIN = re.compile(r"(?i)(?!.*(?:pass|secret|word|token|field|input|user))[a-z]{8,}$")
_LONG = re.compile(r"(?<![A-Za-z0-9_+/=.\-])[A-Za-z0-9_+/=\-]{28,128}(?![A-Za-z0-9_+/=\-])")
_RUNS = re.compile(r"[a-z]+|[A-Z]+|[0-9]+|[^A-Za-z0-9]+")
_CODE = re.compile(r"^[A-Za-z_]++(?:[.\-/][A-Za-z_]++)*+\d{0,2}$")


def known_forms(text: str, start: int, end: int) -> Iterator[Finding]:
    """Find keys and tokens of known forms in a word."""
    for sign, kind, form in _READY:
        if text.find(sign, start, end) < 0:
            continue
        for found in form.finditer(text, start, end):
            if _mixed(found[0]):
                yield Finding(kind, found.start(), found.end(), 1.0)
    if _HEADER.search(text, max(0, start - 7), start) and (found := _IN_HEADER.match(text, start, end)) is not None:
        yield Finding("token", found.start(), found.end(), 0.9)


def private_keys(text: str) -> Iterator[Finding]:
    """Find private keys, also those whose end is missing."""
    at = text.find(_BEGIN)
    while at >= 0:
        end = at + len(_BEGIN)
        if (label := _LABEL.match(text, at)) is not None:
            end = _end_of_key(text, label.end())
            yield Finding("private_key", at, end, 1.0)
        at = text.find(_BEGIN, end)


def _end_of_key(text: str, start: int) -> int:
    end = text.find(_END, start, start + _LONGEST_KEY)
    if end >= 0:
        line = text.find("-----", end + len(_END), end + 80)
        return line + 5 if line >= 0 else end
    body = _KEY_BODY.match(text, start)
    return body.end() if body is not None else start


def called_secrets(text: str, small: str) -> Iterator[Finding]:
    """Find what is called a password, a token, a key; `small` is the text in small letters."""
    for sign in _SIGNS:
        place = small.find(sign)
        while place >= 0:
            called = _CALLED.search(small, max(0, place - _BACK), place + 20)
            if called is not None and called.start() <= place < called.end():
                value = _value_after(text, called.end(), said=called[0].startswith(("passw", "passc", "passp", "pin")))
                if value is not None:
                    yield value
            place = small.find(sign, place + len(sign))


def _value_after(text: str, place: int, *, said: bool) -> Finding | None:
    if (found := _QUOTED.match(text, place)) is not None:
        plain = said and _PLAIN.match(found[2]) is not None
        return Finding("password", found.start(2), found.end(2), 0.85) if plain or not _is_code(found[2]) else None
    if (found := _BARE.match(text, place)) is not None and _mixed(found[1]) and not _is_code(found[1]):
        return Finding("password", found.start(1), found.end(1), 0.75)
    if said and (found := _SAID.match(text, place)) is not None:
        value = found[1].rstrip(".!?'\"")
        if any(char.isdigit() for char in value) and not _TO_FILL_IN.search(value):
            return Finding("password", found.start(1), found.start(1) + len(value), 0.7)
    return None


def is_secret_name(name: str) -> bool:
    """Whether what is called so is a secret, whatever it looks like."""
    return _is_secret_name(name[-_LONGEST_NAME:])


@lru_cache(maxsize=1024)
def _is_secret_name(name: str) -> bool:
    said = words(name)
    return _SECRET_NAME.search(said) is not None and _PLACE_NAME.search(said) is None


def random_texts(text: str, start: int, end: int) -> Iterator[Finding]:
    """Find what is as mixed as a key, in a word."""
    for found in _LONG.finditer(text, start, end):
        if _is_random(found[0].rstrip("=")):
            yield Finding("random_text", found.start(), found.end(), 0.6)


def _is_random(word: str) -> bool:
    digits = sum(char.isdigit() for char in word)
    lower = sum(char.islower() for char in word)
    upper = sum(char.isupper() for char in word)
    if min(digits, lower, upper) < 3 or len(_RUNS.findall(word)) < len(word) * 0.4:
        return False
    return _entropy(word) >= min(4.3, math.log2(len(word)) * 0.85)


def _entropy(word: str) -> float:
    """Return bits a character."""
    total = len(word)
    return -sum(count / total * math.log2(count / total) for count in Counter(word).values())


def _mixed(value: str) -> bool:
    return any(char.isdigit() for char in value) and any(char.isalpha() for char in value)


def _is_code(value: str) -> bool:
    """Whether it is something to fill in, a name, or a path rather than a value."""
    return _TO_FILL_IN.search(value) is not None or _CODE.match(value) is not None
