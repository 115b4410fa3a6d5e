"""Lint: is a workflow that compiles also sensible? Runs every rule in `podium.lint.rules` over the compiled form."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from podium.graph.model import Compiled
from podium.lint import rules
from podium.lint.premises import NOBODY_DECIDED, Premises
from podium.lint.rule import Remark, Rule
from podium.lint.subject import Subject
from podium.spec.diagnostic import Diagnostic
from podium.spec.positions import Positions


def lint(
    compiled: Compiled, positions: Positions, file: str, premises: Premises = NOBODY_DECIDED
) -> tuple[Diagnostic, ...]:
    """Return what the rules found, in the order of the places."""
    subject = Subject(compiled, premises)
    found = [_diagnostic(rule, remark, positions, file) for rule in all_rules() for remark in rule.check(subject)]
    return tuple(sorted(found, key=lambda diagnostic: (diagnostic.place or (0, 0, 0), diagnostic.code)))


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of the codes: the class of each module in `podium.lint.rules`."""
    names = [module.name for module in iter_modules(rules.__path__)]
    found = [rule for name in names for rule in _rules_in(name)]
    return tuple(sorted(found, key=lambda rule: rule.code))


def _rules_in(name: str) -> Iterator[Rule]:
    module = import_module(f"{rules.__name__}.{name}")
    for value in vars(module).values():
        if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "code"):
            yield value()


def _diagnostic(rule: Rule, remark: Remark, positions: Positions, file: str) -> Diagnostic:
    return Diagnostic(
        code=rule.code,
        message=remark.message,
        severity=rule.severity,
        file=file,
        place=positions.key(remark.loc) if remark.on_key else positions.value(remark.loc),
        help=remark.help,
        loc=remark.loc,
        secret=remark.secret,
    )
