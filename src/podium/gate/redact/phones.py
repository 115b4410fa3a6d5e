"""Phone numbers: an international one is told by itself, any other by how it is grouped and by the words beside it.

People write numbers of their own country in a hundred ways, and most of them are also an order number or a measure.
So what has no `+` counts when a word near it speaks of phones, or when it has the form of a national number that
nothing else has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from podium.gate.redact.context import after, before, words
from podium.gate.redact.finding import Finding

_CANDIDATE = re.compile(
    r"(?<![\w+\-=/])(?<!\d[.,])(?:\+|\(\+?)?\d{1,15}+(?:(?:\)[ .\-/]?|[ .\-/\u00a0]{1,2}\(?|\()\d{1,12}+){0,7}"
    r"(?: ?(?:x|ext\.?|#) ?\d{1,6})?(?![\w]|[.,:]\d)"
)
_STRONG = words(
    r"(?:tele|mobile ?|cell ?|home ?|work ?|smart)?phones?(?: ?(?:number|no\.?|nr\.?))?", r"tel\.?", r"t[eé]l[eé]phone",
    r"tel[eé]fono", r"telefone?", "mobile", r"m[oó]vil", "cell", r"cellulare", "fax", "whatsapp", "handy", "hotline",
    r"(?:call|phone|ring|text|reach|dial|contact)(?:ing|s|ed)? (?:me|us|you|him|her|them|back)(?: back)?(?: at| on)?",
    r"(?:my|his|her|our|your|their) (?:\w+ )?number(?: is)?", r"(?:desk|office|direct|contact)(?=:)",
    r"dial(?:l?ing)?", "sms", "landline", "voicemail",
)  # fmt: skip
_WEAK = words(
    "call(?:s|ed|ing)?", "office", "desk", r"answering(?: at)?", "messages? to", "registered", "reach(?:able)?", "ring",
    "contact", r"direct(?: line)?", "extension", "pager",
)  # fmt: skip
_OTHER = words(
    "account", "order", "invoice", "ticket", "card", "serial", "isbn", "issn", "version", "zip", "port", "ssn", "id",
    "policy", "reference", "ref", "tracking", "license", "licence", "passport", "security", "routing", "suite", "apt",
    "box", "date", "social", "tax", "member", "customer",
)  # fmt: skip
_NORTH_AMERICA = re.compile(r"(?:1[ .\-])?(?:[2-9]\d\d\) ?|[2-9]\d\d[.\-])[2-9]\d\d[.\-]\d{4}$")
_TRUNK = re.compile(r"0\d{1,4}\)?(?:[ .\-/]\d{2,4}){2,4}$|0\d{2,4}\)?[ \-/]{1,3}\d{5,8}$|00[1-9]\d(?:[ \-]\d+)+$")
_DATE = re.compile(r"\d{4}[\-./]\d{1,2}[\-./]\d{1,2}|\d{1,2}[\-./]\d{1,2}[\-./](?:\d{4}|\d{2}$)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d([\-./])\d\d?\1\d\d?(?!\d)")
_FIGURES = re.compile(r"\d+")
_EXTENSION = re.compile(r" ?(?:x|ext\.?|#) ?\d{1,6}$")


def phones(text: str, start: int, end: int) -> Iterator[Finding]:
    """Find phone numbers."""
    for found in _CANDIDATE.finditer(text, start, end):
        written = found[0]
        if len(written) < 7:
            continue
        place = found.start()
        if written.startswith("(") and ")" not in written:
            place, written = place + 1, written[1:]
        score = _score(text, place, written.rstrip("("))
        if score:
            yield Finding("phone", place, place + len(written.rstrip("( ")), score)


def _score(text: str, start: int, written: str) -> float:
    number = _EXTENSION.sub("", written).lstrip("(")
    groups = _FIGURES.findall(number)
    count = sum(map(len, groups))
    if not 7 <= count <= 15 or _DATE.match(number) or _YEAR.search(number) or number.count("/") > 1:
        return 0.0
    if number.startswith("+"):
        return 0.95 if _is_international(number) else 0.0
    if _NORTH_AMERICA.match(number):
        return 0.75
    front, back = before(text, start).rpartition("\n"), after(text, start + len(written))
    line, back = front[2], back.partition("\n")[0]
    if _STRONG.search(back) or (len(groups) > 1 and _WEAK.search(back)):
        return 0.8
    line = line if line.strip() else front[0].rpartition("\n")[2]  # a form has what it asks for on the line above
    strong = _STRONG.search(line) is not None
    if strong or (len(groups) > 1 and count <= 13 and _WEAK.search(line)):
        return (0.8 if strong else 0.7) if not _is_other(line) else 0.0
    return 0.6 if _TRUNK.match(number) and 9 <= count <= 14 and _is_national(number) else 0.0


def _is_other(line: str) -> bool:
    """Whether the last word before it says that the number is something else."""
    others = [found.end() for found in _OTHER.finditer(line)]
    ours = [found.end() for found in (*_STRONG.finditer(line), *_WEAK.finditer(line))]
    return bool(others) and max(others) > max(ours, default=-1)


@lru_cache(maxsize=2048)
def _is_international(number: str) -> bool:
    import phonenumbers  # noqa: PLC0415 - takes 50 ms to load, and few texts need it

    try:
        parsed = phonenumbers.parse(number.replace("(0)", ""), None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(parsed)


_REGIONS = ("GB", "DE", "FR", "IT", "CH", "AT", "BE", "NL", "SE", "FI", "IE", "AU", "ZA", "JP", "IN", "BR", "TR")
"""Countries in which a number begins with 0 when it is called from inside."""


@lru_cache(maxsize=2048)
def _is_national(number: str) -> bool:
    import phonenumbers  # noqa: PLC0415 - as above

    if number.startswith("00"):
        return _is_international("+" + number[2:])
    for region in _REGIONS:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(number, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False
