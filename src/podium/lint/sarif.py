"""Findings as a SARIF 2.1.0 log, which code hosts and editors read.

One run, one result a finding, in the order in which they are given. Columns count characters. A rule's page stands in
its `help` as a path below the project, `docs/errors/LI004.md`: `helpUri` must be absolute, and nothing here points
to a host. `partialFingerprints` hold the place as keys, so that a finding stays the same one when lines move. No line
of the file is copied: it may hold a secret.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from podium.lint.lint import all_rules
from podium.lint.rule import Rule
from podium.spec.diagnostic import Diagnostic

Json = Any

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
"""How the format is named in a log; nothing is fetched."""

_LEVELS = {"error": "error", "warning": "warning", "note": "note"}


def sarif(diagnostics: Sequence[Diagnostic], *, version: str) -> Json:
    """Return the log; `version` is that of Podium."""
    codes = sorted({diagnostic.code for diagnostic in diagnostics})
    numbers = {code: number for number, code in enumerate(codes)}
    rules = {rule.code: rule for rule in all_rules()}
    driver = {
        "name": "podium",
        "semanticVersion": version,
        "rules": [_rule(code, rules.get(code)) for code in codes],
    }
    results = [_result(diagnostic, numbers[diagnostic.code]) for diagnostic in diagnostics]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def page_of(code: str) -> str:
    """Return where a code is explained, as a path below the project."""
    return f"docs/errors/{code}.md"


def _rule(code: str, rule: Rule | None) -> Json:
    page = page_of(code)
    about: dict[str, Json] = {
        "id": code,
        "help": {"text": f"See {page}", "markdown": f"See [{page}]({page})"},
        "properties": {"page": page},
    }
    if rule is not None:
        first, _, rest = inspect.cleandoc(type(rule).__doc__ or "").partition("\n")
        why = rest.strip().partition("\n\n")[0].removeprefix("Why is this bad? ")
        about |= {
            "name": rule.name,
            "shortDescription": {"text": first},
            "fullDescription": {"text": " ".join(why.split())},
            "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        }
    return about


def _result(diagnostic: Diagnostic, number: int) -> Json:
    text = f"{diagnostic.message}; {diagnostic.help}" if diagnostic.help else diagnostic.message
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": number,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": _place(diagnostic)}],
        "partialFingerprints": {"place/v1": f"{diagnostic.code}:{'/'.join(map(str, diagnostic.loc))}"},
    }


def _place(diagnostic: Diagnostic) -> Json:
    found: dict[str, Json] = {"artifactLocation": {"uri": quote(PurePath(diagnostic.file).as_posix())}}
    if (place := diagnostic.place) is not None:
        found["region"] = {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.line,
            "endColumn": place.end_column,
        }
    return found
