"""The contract of a lint rule: one class in one file of `podium.lint.rules`, which documents itself.

Its docstring is its page: the first line says what it finds, then follow the sections *Why is this bad?*, *Wrong* and
*Right*, the last two each with a whole workflow in a `yaml` block. The tests run every rule on its own examples, and
`docs/errors/CODE.md` is generated from the docstring.

A rule knows node types only by the graph, by `node.type` and by the protocols of `podium.spec.model`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple, Protocol

from podium.lint.subject import Subject
from podium.spec.diagnostic import Loc, Severity


class Remark(NamedTuple):
    """What a rule has to say.

    Attributes:
        loc: Keys from the top of the file.
        help: The next step.
        on_key: Whether the key is meant, not its value.
        secret: The line must not be shown: it holds what should not be read.
    """

    message: str
    loc: Loc
    help: str = ""
    on_key: bool = False
    secret: bool = False


class Rule(Protocol):
    """A rule; stateless.

    Attributes:
        code: `LI` and three digits; never used for anything else again.
        name: A few words with dashes, for people.
        severity: An error stops a run, a warning stops it under `--strict`.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity]

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Yield what it finds, in any order."""
        ...
