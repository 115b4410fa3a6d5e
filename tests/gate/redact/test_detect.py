"""What is found in a text, and what is left alone."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.gate.redact.detect import OVERLAP, PIECE, Patterns, look
from podium.gate.redact.finding import KINDS, Finding, kinds_of, resolve

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAr4vK\nq1w2e3r4t5y6u7i8\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmN"

FOUND = [
    ("card", "Please charge 4111 1111 1111 1111 today", "4111 1111 1111 1111"),
    ("card", "amex 378282246310005.", "378282246310005"),
    ("card", "card 4012888888881881 12/27", "4012888888881881"),
    ("card", "the cc 503802053770 of mine", "503802053770"),
    ("iban", "to DE89 3704 0044 0532 0130 00 please", "DE89 3704 0044 0532 0130 00"),
    ("iban", "GB29NWBK60161331926819", "GB29NWBK60161331926819"),
    ("iban", "my IBAN is GB30NWBK60161331926819", "GB30NWBK60161331926819"),
    ("email", "write to <anna.b+x@mail.example.org>, please", "anna.b+x@mail.example.org"),
    ("email", "björn@exämple.se", "björn@exämple.se"),
    ("phone", "ring +44 20 8366 1177 now", "+44 20 8366 1177"),
    ("phone", "+46 (0)8 928 571 38 office", "+46 (0)8 928 571 38"),
    ("phone", "Phone:\n451 5986", "451 5986"),
    ("phone", "Fax: 463-612-6138x036", "463-612-6138x036"),
    ("phone", "Call me at (510) 748-8230 if", "(510) 748-8230"),
    ("phone", "Tel. 030 901820", "030 901820"),
    ("national_id", "123-45-6789", "123-45-6789"),
    ("national_id", "my SSN is 123456789", "123456789"),
    ("national_id", "NINO AB 12 34 56 C", "AB 12 34 56 C"),
    ("national_id", "CF: RSSMRA85T10A562S", "RSSMRA85T10A562S"),
    ("national_id", "DNI 54362315K", "54362315K"),
    ("national_id", "NIR 2 95 10 99 126 111 93", "2 95 10 99 126 111 93"),
    ("national_id", "PESEL 44051401359", "44051401359"),
    ("national_id", "Steuer-ID 36574261809", "36574261809"),
    ("national_id", "CPF 390.533.447-05", "390.533.447-05"),
    ("driver_license", "my driver's license number is 2270-66-1551", "2270-66-1551"),
    ("passport", "Passport No. C01X00T47", "C01X00T47"),
    ("birth_date", "She was born on 2/19/1956. Her", "2/19/1956"),
    ("birth_date", "DOB: 1956-02-19", "1956-02-19"),
    ("date", "On 2018-01-14 03:07:43, the", "2018-01-14 03:07:43"),
    ("age", "a 62-year-old male", "62"),
    ("age", "He just turned 75", "75"),
    ("postcode", "My zip code is 76400", "76400"),
    ("wallet", "pay 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2 now", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
    ("wallet", "0x52908400098527886E0F7030069857D2E4169EE7", "0x52908400098527886E0F7030069857D2E4169EE7"),
    ("url", "see https://example.org/a?b=c.", "https://example.org/a?b=c"),
    ("url", "at www.example.org/x, ok", "www.example.org/x"),
    ("ip", "from 106.31.73.20 today", "106.31.73.20"),
    ("ip", "address 6e40:4041:c617:e898:c11:40d2:c669:2eb4 blocked", "6e40:4041:c617:e898:c11:40d2:c669:2eb4"),
    ("ip", "at 2001:db8::8a2e:370:7334.", "2001:db8::8a2e:370:7334"),
    ("mac", "card 3c:22:fb:4a:9e:01 up", "3c:22:fb:4a:9e:01"),
    ("access_key", "key AKIAIOSFODNN7EXAMPLE.", "AKIAIOSFODNN7EXAMPLE"),
    ("access_key", "ghp_" + "a1B2" * 9, "ghp_" + "a1B2" * 9),
    ("access_key", '{"k":"sk-proj-' + "aB3d" * 8 + '"}', "sk-proj-" + "aB3d" * 8),
    ("token", f"jwt {JWT},", JWT),
    ("token", "Authorization: Bearer abcDEF123456789xyz00", "abcDEF123456789xyz00"),
    ("password", 'password = "correcthorse"', "correcthorse"),
    ("password", "my password is hunter2.", "hunter2"),
    ("password", "DB_PASSWORD=s3cr3tval9 next", "s3cr3tval9"),
    ("password", "postgres://app:Zx9_kk21@db.internal/x", "Zx9_kk21"),
    ("private_key", f"here:\n{KEY}\nend", KEY),
    ("random_text", "use f4Kp9Zt2Qw7Lm3Xc8Vb5Nh1Jd6Rs0YgA to sign", "f4Kp9Zt2Qw7Lm3Xc8Vb5Nh1Jd6Rs0YgA"),
]  # fmt: skip

LEFT_ALONE = [
    "The order number is 451 5986 and the total 1,234,567.89.",
    "Build 20260115 of version 10.4.2.1 took 123456789 ns.",
    "commit 3b18e512dba79e4c8300dd08aeb37f8e728b8dad fixes #1024",
    "id 550e8400-e29b-41d4-a716-446655440000",
    "password: str = Field(default=None)",
    "token = get_token(request)",
    'password = "${DB_PASSWORD}"',
    'api_key = "<your key>"',
    "the secret of good bread is time",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
    "| 4111 | 1112 | 1111 | 1111 |",
    "4111 1111 1111 1112 is no card",
    "x = 1234567890123456",
    "std::vector<int>::iterator it; a[1:2:3]",
    "see section 3.2.1 and page 17",
    "0.18.1 (2023-10-24):\n\n- call it again",
    "def test_of_a_very_long_name_that_says_what_it_tests(): pass",
    "He was 3 minutes late; it was 12:30.",
    "3 zip files, 45 in all",
    "@decorator",
    "a@b",
    "://",
]


def found_in(text: str, kind: str) -> list[str]:
    return [text[one.start : one.end] for one in resolve(one for one in look(text) if one.kind == kind)]


@pytest.mark.parametrize(("kind", "text", "value"), FOUND, ids=lambda part: str(part)[:30])
def test_what_is_there_is_found(kind: str, text: str, value: str) -> None:
    assert found_in(text, kind) == [value]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert [one for one in look(text) if one.kind != "date"] == []


def test_there_is_an_example_of_every_kind() -> None:
    assert {kind for kind, _, _ in FOUND} == Patterns().kinds


@pytest.mark.parametrize(("kind", "text", "value"), FOUND, ids=lambda part: str(part)[:30])
def test_it_is_found_wherever_it_stands_in_a_long_text(kind: str, text: str, value: str) -> None:
    for place in (0, PIECE - OVERLAP - 10, PIECE - 10, PIECE + OVERLAP):
        long = "word " * (place // 5) + "\n" + text + "\n" + "word " * 8_000

        kept = resolve(one for one in Patterns().find(long) if one.kind == kind)

        assert [long[one.start : one.end] for one in kept] == [value]


@given(st.text(max_size=300), st.sampled_from([text for _, text, _ in FOUND]), st.text(max_size=300))
def test_findings_lie_inside_the_text_whatever_stands_around(before: str, text: str, after: str) -> None:
    whole = before + text + after

    for one in look(whole):
        assert 0 <= one.start < one.end <= len(whole)
        assert one.kind in KINDS
        assert 0.5 <= one.score <= 1


def finding(kind: str, start: int, size: int, score: float) -> Finding:
    return Finding(kind, start, start + size, score)


FINDINGS = st.builds(
    finding,
    st.sampled_from(sorted(KINDS)),
    st.integers(0, 60),
    st.integers(1, 20),
    st.sampled_from([0.5, 0.8, 1.0]),
)


@given(st.lists(FINDINGS, max_size=20))
def test_resolved_findings_do_not_overlap_and_leave_out_only_what_overlaps(findings: list[Finding]) -> None:
    kept = resolve(findings)

    assert all(one.end <= other.start for one, other in pairwise(kept))
    for one in findings:
        assert any(one.start < other.end and other.start < one.end for other in kept)


def test_the_longest_finding_counts_then_the_most_certain() -> None:
    url, mail, card = Finding("url", 0, 30, 0.9), Finding("email", 10, 20, 1.0), Finding("card", 40, 56, 1.0)

    assert resolve([mail, url, Finding("phone", 40, 56, 0.6), card]) == (url, card)


def test_a_group_stands_for_its_kinds() -> None:
    assert kinds_of(["network", "email", "my_kind"]) == {"url", "ip", "mac", "email", "my_kind"}


@pytest.mark.parametrize(
    "piece",
    ["1", "1 ", "1-", "(1", "+1 ", "1.", "1:", ":", "a@", "@", "a.", "://", "www.", "eyJ-", "eyJa.", "sk-a-", "pass",
     "a_", 'password="a_', "pin 1", "-----BEGIN RSA PRIVATE KEY-----", "A1", "AB12 ", "a-", "0x", "Aa1", "zip 1",
     "ssn 1", "é", "\t"],
)  # fmt: skip
def test_no_text_keeps_it_busy(piece: str) -> None:
    # what would take more than linear time here would take hours, and the suite's own limit ends it
    look(piece * (PIECE // len(piece)))
    look(piece * (PIECE // len(piece)) + "!")
