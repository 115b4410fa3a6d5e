"""Numbers that states and authorities give to people, dates of birth, ages, postcodes.

National numbers are a table: a form, the library's checksum, and whether the form alone is enough. What has a weak
checksum and looks like any number needs a word beside it.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple, Protocol, cast

from podium.gate.redact.context import before, words
from podium.gate.redact.finding import Finding

_ID_WORDS = words(
    "ssn", "social(?: security)?(?: number| no)?", "national (?:id|insurance|identity)", "nino", "ni number",
    "tax(?:payer)? ?id", "tin", "itin", r"steuer-?(?:id|nummer|identifikationsnummer)", "idnr", "bsn", "sofi", "pesel",
    "cpf", "aadhaar", "aadhar", "dni", "nie", "nif", "codice fiscale", "personnummer",
    r"person(?:al)? (?:id|number|code)", "identity (?:card|number)", "id (?:card|number|no)", "hetu", "cpr", "avs",
    "ahv", r"num[eé]ro de s[eé]curit[eé]", "insee", "nir", "rijksregister", "sin", "tfn", "pan", "nhs", "medicare",
    "curp", "rfc", "egn", "cnp", "oib", "emso", "rodn[eé]", "isikukood", "rrn", "my number",
)  # fmt: skip


class _Form(NamedTuple):
    """A national number.

    Attributes:
        form: How it is written.
        check: The module of `stdnum` that knows its checksum; "" for none.
        alone: Whether the form and the checksum are enough without a word beside them.
    """

    form: re.Pattern[str]
    check: str
    alone: bool


_BEFORE = r"(?<![\w.\-/])"
"""What may not stand right before a number."""


def _form(form: str, check: str, *, alone: bool) -> _Form:
    return _Form(re.compile(rf"{_BEFORE}{form}(?![\w]|[.\-]\w)"), check, alone)


_WITH_LETTERS = (
    _form(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]", "", alone=True),  # UK: no checksum
    _form(r"\d{8}-?[A-HJ-NP-TV-Z]", "es.dni", alone=True),
    _form(r"[XYZ]-?\d{7}-?[A-HJ-NP-TV-Z]", "es.nie", alone=True),
    _form(r"[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}", "fr.nir", alone=True),
    _form(r"\d{6}[-+ABCDEFYXWVU]\d{3}[0-9A-Y]", "fi.hetu", alone=True),
    _form(r"[A-Z]{4}\d{6}[HM][A-Z]{5}[0-9A-Z]\d", "mx.curp", alone=True),
    _form(r"\d{7}[A-W][A-IW]?", "ie.pps", alone=False),
)
_IN_A_WORD = (
    _form(r"[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPR-T][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]", "it.codicefiscale", alone=True),
)
_OF_DIGITS = (
    _form(r"\d{3}-\d{2}-\d{4}", "us.ssn", alone=True),
    _form(r"9\d{2}-[7-9]\d-\d{4}", "us.itin", alone=True),
    _form(r"\d{3}[ .]?\d{2}[ .]?\d{4}", "us.ssn", alone=False),
    _form(r"\d{3}\.\d{3}\.\d{3}-\d{2}", "br.cpf", alone=True),
    _form(r"756\.?\d{4}\.?\d{4}\.?\d{2}", "ch.ssn", alone=True),
    _form(r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", "be.nn", alone=True),
    _form(r"(?:19|20)?\d{6}[-+]\d{4}", "se.personnummer", alone=True),
    _form(r"\d{6}/\d{3,4}", "cz.rc", alone=True),
    _form(r"\d{2} ?\d{3} ?\d{3} ?\d{3}", "de.idnr", alone=False),
    _form(r"\d{11}", "pl.pesel", alone=False),
    _form(r"\d{11}", "hr.oib", alone=False),
    _form(r"\d{11}", "no.fodselsnummer", alone=False),
    _form(r"\d{11}", "br.cpf", alone=False),
    _form(r"\d{11}", "be.nn", alone=False),
    _form(r"\d{11}", "ee.ik", alone=False),
    _form(r"\d{13}", "ro.cnp", alone=False),
    _form(r"\d{13}", "za.idnr", alone=False),
    _form(r"\d{10}", "bg.egn", alone=False),
    _form(r"\d{3} ?\d{3} ?\d{4}", "gb.nhs", alone=False),
    _form(r"\d{9}", "nl.bsn", alone=False),
    _form(r"\d{9}", "pt.nif", alone=False),
    _form(r"\d{3}[ -]?\d{3}[ -]?\d{3}", "ca.sin", alone=False),
    _form(r"\d{3} ?\d{3} ?\d{3}", "au.tfn", alone=False),
    _form(r"\d{6}-?\d{4}", "dk.cpr", alone=False),
    _form(r"\d{4}[ -]?\d{4}[ -]?\d{4}", "in_.aadhaar", alone=False),
    _form(r"\d{4} ?\d{4} ?\d{4}", "jp.in_", alone=False),
    _form(r"\d{6}-[1-8]\d{6}", "kr.rrn", alone=True),
)
_ALONE = tuple(form for form in (*_WITH_LETTERS, *_OF_DIGITS) if form.alone)
_BESIDE = tuple(form for form in (*_WITH_LETTERS, *_OF_DIGITS) if not form.alone)
_ANY_ALONE = re.compile(f"{_BEFORE}(?:{'|'.join(form.form.pattern.removeprefix(_BEFORE) for form in _ALONE)})")
_SERIAL = re.compile(r"(?<![\w.\-])(?=[A-Z\-]*\d)[A-Z0-9]{1,4}[A-Z0-9\-]{4,17}(?![\w\-])")
_DOCUMENTS = (
    (
        "driver_license",
        ("driv", "führersch", "fuhrersch", "permis de"),
        words(r"driv(?:er|ers|er's|ing|er’s)(?: |-)?(?:s )?licen[sc]e(?: ?(?:number|no\.?|#))?",
              "f[uü]hrerschein(?:nummer)?", "permis de conduire"),
    ),
    (
        "passport",
        ("passp", "reisepass", "pasaporte"),
        words(r"passports?(?: ?(?:number|no\.?|#))?", "reisepass(?:nummer)?", "passeport", "pasaporte"),
    ),
)  # fmt: skip
_DATE = re.compile(
    r"(?<![\w./\-])(?:(?:19|20)\d{2}([\-./])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"
    r"(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+\-]\d{2}:?\d{2})?)?"
    r"|(?:0?[1-9]|[12]\d|3[01])([\-./])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d{2})(?![\w/\-]|\.\d)"
)
_BORN = words(
    r"born(?: on| in)?", r"birth(?:day|date)?", "dob", r"d\.o\.b\.?", "geboren", "n[eé]e?", "nacid[oa]", "nat[oa]"
)
_YEARS = re.compile(r"[ -]?(?:years?|yrs?)[ -]old\b|[ -]?y/?o\b", re.IGNORECASE)
_AGED = re.compile(r"\b(?:aged?:?|aged? of|turn(?:s|ed|ing)?|when (?:he|she|they|i) (?:was|were)) $")
_POSTCODE = re.compile(
    r"(?:zip|postal|post)[ -]?(?:code)?(?: is|:)? {0,2}([A-Z0-9]{3,5}(?:[ -]?[0-9A-Z]{2,4})?)(?!\w)", re.IGNORECASE
)


def national_ids(text: str, start: int, end: int) -> Iterator[Finding]:
    """Find the numbers that states give to people, at least six figures of which stand together."""
    if _ANY_ALONE.search(text, start, end) is not None:
        yield from _of_forms(_ALONE, text, start, end)
    if _ID_WORDS.search(before(text, start) + text[start:end].lower()) is not None:
        for found in _of_forms(_BESIDE, text, start, end):
            if _ID_WORDS.search(before(text, found.start)) is not None:
                yield found


def national_ids_in_a_word(text: str, start: int, end: int) -> Iterator[Finding]:
    """Find those whose figures stand apart from each other, in a word."""
    return _of_forms(_IN_A_WORD, text, start, end)


def _of_forms(forms: tuple[_Form, ...], text: str, start: int, end: int) -> Iterator[Finding]:
    for form in forms:
        for found in form.form.finditer(text, start, end):
            if _holds(form.check, found[0]):
                yield Finding("national_id", found.start(), found.end(), 0.95 if form.check and form.alone else 0.85)


def documents(text: str, small: str) -> Iterator[Finding]:
    """Find numbers of driving licences and passports: they have no common form, so a word must say so."""
    for kind, signs, named in _DOCUMENTS:
        if not any(sign in small for sign in signs):
            continue
        for word in named.finditer(small):
            found = _SERIAL.search(text, word.end(), word.end() + 32)
            if found is not None and not _DATE.match(text, found.start()):
                yield Finding(kind, found.start(), found.end(), 0.8)


def dates(text: str, start: int, end: int) -> Iterator[Finding]:
    """Find dates in figures; those of a birth are told by the words before them."""
    for found in _DATE.finditer(text, start, end):
        yield Finding("date", found.start(), found.end(), 0.8)
        if _BORN.search(before(text, found.start())):
            yield Finding("birth_date", found.start(), found.end(), 0.9)


def age(text: str, start: int, end: int) -> Iterator[Finding]:
    """Tell whether a number of at most three figures is somebody's age."""
    told = _YEARS.match(text, end) or (text[start - 2 : start - 1].isalpha() and _is_aged(text, start, end))
    if told and 0 < int(text[start:end]) < 125:
        yield Finding("age", start, end, 0.8)


def _is_aged(text: str, start: int, end: int) -> bool:
    beside = text[end : end + 1]
    return not beside.isalnum() and beside != "%" and _AGED.search(before(text, start)) is not None


def postcodes(text: str, small: str) -> Iterator[Finding]:
    """Find postcodes that are called so."""
    if "zip" in small or "postal" in small or "postcode" in small or "post code" in small:
        for found in _POSTCODE.finditer(text):
            if any(char.isdigit() for char in found[1]):
                yield Finding("postcode", found.start(1), found.end(1), 0.8)


class _Check(Protocol):
    def is_valid(self, number: str) -> bool: ...


@cache
def _check(name: str) -> _Check:
    # stdnum takes 40 ms to load and has a module for each number; few texts need any
    return cast("_Check", importlib.import_module(f"stdnum.{name}"))


def _holds(check: str, number: str) -> bool:
    return not check or _check(check).is_valid(number)
