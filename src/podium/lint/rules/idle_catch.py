"""LI017."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, get_args

from podium.errors import ErrorKind
from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class IdleCatch:
    """A `catch` that nothing reaches, because those before it take all that it is for.

    Why is this bad? The first `catch` that fits is taken. What stands after one that takes everything never runs.

    Wrong:

    ```yaml
    podium: 1
    name: careful
    nodes:
      work:
        scope:
          answer: {llm: Name a colour.}
        catch:
          - do: {sorry: {transform: Not possible.}}
          - on: [timeout]
            do: {later: {transform: Try later.}}
    ```

    Right:

    ```yaml
    podium: 1
    name: careful
    nodes:
      work:
        scope:
          answer: {llm: Name a colour.}
        catch:
          - on: [timeout]
            do: {later: {transform: Try later.}}
          - do: {sorry: {transform: Not possible.}}
    ```

    Which kinds of error the nodes inside can really raise is not looked at.
    """

    code: ClassVar[str] = "LI017"
    name: ClassVar[str] = "idle-catch"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at each `catch` in its order."""
        for spot in subject.spots:
            taken = set[str]()
            for number, catch in enumerate(getattr(spot.node.config, "catch", ()) if spot.node.type == "scope" else ()):
                kinds = set[str](catch.on or get_args(ErrorKind))
                if kinds <= taken:
                    message = "this `catch` is never reached: those before it take everything that it is for"
                    yield Remark(message, (*spot.loc, "catch", number), "put it further up, or delete it")
                taken |= kinds
