"""How a single value is written: plain where YAML allows it, quoted where not, in a block where it has lines.

The form depends on the value and, for texts of one or more lines, on the form that the author chose: a literal (`|`)
stays one, a folded text (`>`) stays one, a text that is too long for its line is folded. What cannot stand in a block
without loss (control characters, several line ends at the end) is written in double quotes.
"""

from __future__ import annotations

import json
import re
from typing import Any

from podium.spec.finding import Refused
from podium.spec.positions import Span
from podium.spec.scalars import plain

Json = Any

_NOT_PRINTABLE = re.compile("[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufdcf\ufdf0-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")  # fmt: skip  # noqa: E501 - one class of characters
_INDICATOR = re.compile(r"[,\[\]{}#&*!|>'\"%@`]|[-?:](?:\s|$)")
_BREAKS_PLAIN = re.compile(r":(?:\s|$)|\s#")
_BREAKS_IN_FLOW = re.compile(r"[,\[\]{}]|^[?:-]")
_DOCUMENT_MARK = re.compile(r"(?:---|\.\.\.)(?:\s|$)")
_BREAK = re.compile(r"(?<=\S) (?=\S)")
_NOWHERE = Span(start=0, end=0)


def inline(text: str, *, flow: bool) -> str:
    """Return a text on one line; `flow` when it stands within brackets."""
    if _plain(text, flow=flow):
        return text
    if "'" not in text and re.search(r'["\\]', text) and not _NOT_PRINTABLE.search(text) and "\n" not in text:
        return f"'{text}'"
    # JSON's escapes are all known to YAML, and what is left to escape has four or eight digits
    return _NOT_PRINTABLE.sub(_escape, json.dumps(text, ensure_ascii=False))


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _plain(text: str, *, flow: bool) -> bool:
    if not text or text != text.strip() or "\n" in text or "\t" in text or text == "<<":
        return False
    if _INDICATOR.match(text) or _BREAKS_PLAIN.search(text) or _DOCUMENT_MARK.match(text):
        return False
    if _NOT_PRINTABLE.search(text) or (flow and _BREAKS_IN_FLOW.search(text)):
        return False
    try:
        return isinstance(plain(text, _NOWHERE), str)
    except Refused:
        return False


def literal(text: str, *, tidy: bool) -> list[str] | None:
    """Return the header and the lines of a literal block; None when the text does not survive in one.

    With `tidy`, also None when a line ends with a space, which nobody sees in a block.
    """
    if not text.strip() or text.endswith("\n\n") or _NOT_PRINTABLE.search(text.replace("\t", " ")):
        return None
    lines = text.removesuffix("\n").split("\n")
    if not lines[-1].strip() or (tidy and any(line != line.rstrip() for line in lines)):
        return None
    first = next(line for line in lines if line.strip())
    indented = first[0].isspace() or any(lines[: lines.index(first)])
    header = f"|{'2' if indented else ''}{'' if text.endswith(chr(10)) else '-'}"
    return [header, *lines]


def folded(text: str, *, width: int) -> list[str] | None:
    """Return the header and the lines of a folded block, each `width` wide if it can be; None when it cannot be one."""
    paragraphs = text.removesuffix("\n").split("\n")
    if not paragraphs[0] or not paragraphs[-1] or _NOT_PRINTABLE.search(text):
        return None
    if any(paragraph != paragraph.strip() for paragraph in paragraphs):
        return None
    lines = [">" if text.endswith("\n") else ">-"]
    for number, paragraph in enumerate(paragraphs):
        lines += [""] if number else []
        lines += _wrapped(paragraph, width) if paragraph else []
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    """Break a paragraph at single spaces; a word that is longer than a line gets a line of its own."""
    lines: list[str] = []
    for word in _BREAK.split(text):
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def bare(value: Json) -> str:
    """Return a number, `true`, `false` or `null`."""
    return json.dumps(value)
