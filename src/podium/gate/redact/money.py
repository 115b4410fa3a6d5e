"""Accounts: payment cards, IBANs, addresses of crypto currencies. All of them have checksums."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

from podium.gate.redact.context import before, words
from podium.gate.redact.finding import Finding

_CARD = re.compile(r"(?<![\d.\w])\d(?:[ \-]?\d){11,22}(?!\d|[.,]\d)")
_ISSUER = re.compile(r"4|5[0-8]|2[2-7]|3[0-9]|6\d|1800|2131|9[2-9]|8[0-9]")
_GROUPS = re.compile(r"\d+")
_CARD_WORDS = words(r"cards?", "credit", "debit", "cc", "visa", "master ?card", "amex", "maestro", "pan", "carte")
_SHOP_CARD = re.compile(r"4|5[1-5]|2[2-7]|3[0-9]|6\d|50|5[6-8]")

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ \-]?[A-Z0-9]){11,30}(?![A-Za-z0-9])")
_IBAN_WORDS = words("iban", "account", "transfer", "konto", "compte", "cuenta", "conto")
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28,
    "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20,
    "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
    "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
    "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}  # fmt: skip

_ETHEREUM = re.compile(r"(?<![A-Za-z0-9])0x[0-9a-fA-F]{40}(?![A-Za-z0-9])")
_BITCOIN = re.compile(r"(?<![A-Za-z0-9])(?:[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[02-9ac-hj-np-z]{11,71})(?![A-Za-z0-9])")


def cards(text: str, start: int, end: int) -> Iterator[Finding]:
    """Find numbers of payment cards."""
    for found in _CARD.finditer(text, start, end):
        yield from _cards_in(text, found)


def _cards_in(text: str, found: re.Match[str]) -> Iterator[Finding]:
    """Look at every run of groups: what stands beside a card number (a date, an amount) may look like a part of it."""
    groups = list(_GROUPS.finditer(text, found.start(), found.end()))
    sizes = [0, *accumulate(len(group[0]) for group in groups)]
    for first in range(len(groups)):
        for last in range(len(groups), first, -1):
            count = sizes[last] - sizes[first]
            if not 12 <= count <= 19:
                continue
            digits = "".join(group[0] for group in groups[first:last])
            if _is_card(digits, groups=last - first, text=text, start=groups[first].start()):
                yield Finding("card", groups[first].start(), groups[last - 1].end(), 1.0)
                return


def _is_card(digits: str, *, groups: int, text: str, start: int) -> bool:
    """A checksum of one digit is not enough: one number in ten has it. The issuer, and its length or the words do."""
    if not _luhn(digits) or digits.count(digits[0]) == len(digits) or not _ISSUER.match(digits):
        return False
    usual = _SHOP_CARD.match(digits) is not None and (len(digits) in (14, 15, 16))
    return (usual and (groups in (1, 3, 4))) or _CARD_WORDS.search(before(text, start)) is not None


def _luhn(digits: str) -> bool:
    total = sum(int(digit) for digit in digits[-1::-2])
    total += sum(_DOUBLED[digit] for digit in digits[-2::-2])
    return total % 10 == 0


_DOUBLED = {str(digit): (2 * digit) // 10 + (2 * digit) % 10 for digit in range(10)}


def ibans(text: str, start: int, end: int) -> Iterator[Finding]:
    """Find IBANs; one with a wrong checksum where the words say that it is one, for people mistype."""
    for found in _IBAN.finditer(text, start, end):
        written = found[0]
        length = _IBAN_LENGTHS.get(written[:2])
        if length is None:
            continue
        size = _end_after(written, length)
        if size is None:
            continue
        number = written[:size].replace(" ", "").replace("-", "")
        if _mod_97(number):
            yield Finding("iban", found.start(), found.start() + size, 1.0)
        elif _IBAN_WORDS.search(before(text, found.start())):
            yield Finding("iban", found.start(), found.start() + size, 0.7)


def _end_after(written: str, length: int) -> int | None:
    """Return where the first `length` letters and digits end, when a word ends there too."""
    count = 0
    for place, char in enumerate(written):
        count += char not in " -"
        if count == length:
            rest = written[place + 1 : place + 2]
            return place + 1 if not rest or rest in " -" else None
    return None


def _mod_97(number: str) -> bool:
    return int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1


def wallets(text: str, start: int, end: int) -> Iterator[Finding]:
    """Find addresses of Bitcoin and Ethereum, in a word."""
    for found in _ETHEREUM.finditer(text, start, end):
        yield Finding("wallet", found.start(), found.end(), 0.9)
    for found in _BITCOIN.finditer(text, start, end):
        if _is_bitcoin(found[0]):
            yield Finding("wallet", found.start(), found.end(), 1.0)


def _is_bitcoin(address: str) -> bool:
    from stdnum import bitcoin  # noqa: PLC0415 - stdnum takes 40 ms to load, and few texts need it

    return bitcoin.is_valid(address)
