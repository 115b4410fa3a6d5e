"""Reading a `.cedar` file: its policies with their places, or what is wrong with them.

The text is divided at the semicolons first, so that a mistake is told at the policy in which it stands and an id that
is missing can be made from the line. What Cedar's parser would not survive (brackets within brackets within brackets)
is refused before it sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, NamedTuple

from podium.gate.policy.library import TOO_DEEP, form_of
from podium.gate.policy.rule import ID, OBLIGATIONS, Rule
from podium.spec.diagnostic import Diagnostic, Place
from podium.spec.finding import Finding
from podium.spec.positions import Positions, Span
from podium.spec.suggest import did_you_mean

Json = Any

MAX_BYTES = 1 << 20
MAX_DEPTH = 40
"""Brackets within brackets."""

MAX_WORDS = 4096
"""Characters of one policy, without texts in quotes, commas and blanks."""

MAX_POLICY = 65_536
"""Characters of one policy."""

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|[;(){}\[\]]|[^\s,";(){}\[\]/]+|[\s,]+|.', re.DOTALL)
_NAMED = re.compile(r"[`']([^`']+)[`']")


class _Statement(NamedTuple):
    text: str
    span: Span


def parse(text: str, file: str) -> tuple[list[Rule], list[Diagnostic]]:
    """Return the policies of a file that can be read, and what is wrong with the others."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    starts = accumulate((len(line) + 1 for line in text.split("\n")[:-1]), initial=0)
    positions = Positions(text, line_starts=tuple(starts))
    rules: list[Rule] = []
    findings: list[Finding] = []
    for statement in _statements(text, findings):
        rule = _rule(statement, file, positions, findings)
        if rule is not None:
            rules.append(rule)
    return rules, [
        Diagnostic(code=found.code, message=found.message, file=file, place=positions.at(found.span), help=found.help)
        for found in findings
    ]


def _statements(text: str, findings: list[Finding]) -> Iterator[_Statement]:
    """Yield what stands between the semicolons, without the comments before it."""
    start, depth, deepest, words = -1, 0, 0, 0
    for token in _TOKEN.finditer(text):
        part = token[0]
        if part.isspace() or part.startswith("//"):
            continue
        start = token.start() if start < 0 else start
        if part in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif part in ")]}":
            depth -= 1
        words += 0 if part[0] in '",' else len(part)
        if part == ";":
            span = Span(start=start, end=token.end())
            if deepest > MAX_DEPTH or words > MAX_WORDS or token.end() - start > MAX_POLICY:
                findings.append(Finding("GA015", "this policy is too long or too deep", span, "make several of it"))
            else:
                yield _Statement(text[start : token.end()], span)
            start, depth, deepest, words = -1, 0, 0, 0
    if start >= 0:
        span = Span(start=start, end=len(text.rstrip()))
        findings.append(Finding("GA015", "this policy does not end", span, "end it with `;`"))


def _rule(statement: _Statement, file: str, positions: Positions, findings: list[Finding]) -> Rule | None:
    try:
        form = form_of(statement.text)
    except ValueError as error:
        findings.append(_refused(statement, str(error)))
        return None
    found = list(form["staticPolicies"].values())
    if form["templates"] or len(found) != 1:
        message = "expected one policy without `?principal` and `?resource`"
        findings.append(Finding("GA015", message, statement.span, "name whom and what it is about"))
        return None
    place = positions.at(statement.span)
    written: Json = found[0].get("annotations", {}).get("id")
    rule = Rule(written or f"{file}:{place.line}", file, place, statement.text, found[0])
    if written is not None and not ID.fullmatch(written):
        message = "expected letters, digits and `_.:/-` as the id of a policy, at most 100"
        findings.append(Finding("GA017", message, statement.span, 'such as `@id("no-outside-mail")`'))
    findings.extend(_obligation(rule, statement))
    return rule


def named_once(words: str, text: str) -> str:
    """Return what a message names in quotes and what stands in the text exactly once, "" for nothing."""
    return next((word for word in _NAMED.findall(words) if text.count(word) == 1), "")


def place_in(rule: Rule, words: str) -> Place:
    """Return where in a policy stands what a message names; where the policy begins when that is not clear."""
    word = named_once(words, rule.text)
    if not word or not rule.file.endswith(".cedar"):
        return rule.place
    before = rule.text[: rule.text.index(word)]
    line = before.count("\n")
    column = len(before) - before.rfind("\n") if line else rule.place.column + len(before)
    return Place(rule.place.line + line, column, column + len(word))


def _refused(statement: _Statement, words: str) -> Finding:
    """Return Cedar's words, at the token that it names where there is only one such."""
    if words == TOO_DEEP:
        return Finding("GA015", words, statement.span, "make several of it, or a list of it: `[…].contains(…)`")
    span = statement.span
    if word := named_once(words, statement.text):
        offset = span.start + statement.text.index(word)
        span = Span(start=offset, end=offset + len(word))
    return Finding("GA015", f"this is no Cedar: {' '.join(words.split())}", span, "see docs/reference/policies.md")


def _obligation(rule: Rule, statement: _Statement) -> Iterator[Finding]:
    """Yield what is wrong with the obligation of a policy."""
    kind = rule.annotations.get("obligation")
    if kind is None:
        return
    if kind not in OBLIGATIONS:
        known = ", ".join(f"`{one}`" for one in OBLIGATIONS)
        help_ = did_you_mean(kind, OBLIGATIONS) or f"known are {known}"
        yield Finding("GA018", f"`{kind}` is no obligation", statement.span, help_)
    elif rule.effect == "permit":
        message = "an obligation stands at a `forbid`: forbidden unless it is fulfilled"
        yield Finding("GA018", message, statement.span, "turn it into a `forbid`, or delete `@obligation`")
