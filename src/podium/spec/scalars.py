r"""Single values: which plain texts are numbers, `true`, `false` or `null` (YAML 1.2 core), and what is refused.

So `on`, `no`, `1:30` and `2026-11-21` are text. Refused are numbers that would not survive (`.inf`, `.nan`, `1e999`,
more than `MAX_DIGITS` digits), `007`, by which people mean text, and escapes that give no character (`"\ud800"`).
"""

from __future__ import annotations

import math
import re
from typing import Any

from podium.spec.finding import Refused
from podium.spec.positions import Span

Json = Any
MAX_DIGITS = 400

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_NO_CHARACTER = re.compile("[\x00\ud800-\udfff]")


def plain(text: str, span: Span) -> Json:
    """Return what an unquoted text means.

    Raises:
        Refused: for a number that cannot be kept as written.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _LEADING_ZERO.fullmatch(text):
        help_ = f'write `"{text}"` for text, or leave out the leading zeros'
        raise Refused("SP008", f"`{text}` could be text or a number", span, help=help_)
    if _INTEGER.fullmatch(text):
        return _integer(text, span)
    if _FLOAT.fullmatch(text):
        return _float(text, span)
    if _NOT_FINITE.fullmatch(text):
        raise Refused("SP008", f"expected a finite number, got `{text}`", span, help="quote it if it is text")
    return checked(text, span)


def checked(text: str, span: Span) -> str:
    """Return a text in which every character is one.

    JSON writes characters beyond U+FFFF as two escapes; they arrive as two halves and are joined.

    Raises:
        Refused: for NUL and for half a character.
    """
    if not _NO_CHARACTER.search(text):
        return text
    try:
        joined = text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        joined = "\x00"
    if "\x00" in joined:
        raise Refused("SP005", "this text holds a character that no text can hold", span, help="check its `\\` escapes")
    return joined


def _integer(text: str, span: Span) -> int:
    if len(text) > MAX_DIGITS:
        message = f"expected a number of at most {MAX_DIGITS} digits"
        raise Refused("SP008", message, span, help="quote it if it is text")
    return int(text, 0)


def _float(text: str, span: Span) -> float:
    number = float(text)
    if math.isinf(number):
        raise Refused("SP008", "this number is too large to be kept", span, help="quote it if it is text")
    return number
