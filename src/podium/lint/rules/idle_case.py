"""LI020."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class IdleCase:
    """A case of a switch that is never taken.

    Why is this bad? The first case that holds is taken. A condition that stands further up, or one that always holds,
    leaves nothing for this one.

    Wrong:

    ```yaml
    podium: 1
    name: sort
    inputs:
      pages: {type: integer, default: 3}
    nodes:
      size:
        switch:
          - {when: inputs.pages > 10, then: skim}
          - {when: inputs.pages > 10, then: read}
      skim: {llm: Read the headings.}
      read: {llm: Read all of it.}
    ```

    Right:

    ```yaml
    podium: 1
    name: sort
    inputs:
      pages: {type: integer, default: 3}
    nodes:
      size:
        switch:
          - {when: inputs.pages > 100, then: skim}
          - {when: inputs.pages > 10, then: read}
      skim: {llm: Read the headings.}
      read: {llm: Read all of it.}
    ```

    With `matches: all` each case that holds is taken, so that there an equal condition loses nothing.
    """

    code: ClassVar[str] = "LI020"
    name: ClassVar[str] = "idle-case"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at the cases of each switch in their order."""
        for spot in subject.spots:
            config: Any = spot.node.config  # known by its type key alone
            if spot.node.type != "switch" or getattr(config, "matches", "first") != "first":
                continue
            before = dict[str, int]()
            for number, case in enumerate(config.switch):
                loc, text = (*spot.loc, "switch", number), " ".join(case.when.split())
                if "true" in before:
                    yield Remark("a case before this one always holds", loc, "put it further down")
                elif text in before:
                    help_ = "change the condition, or delete the case"
                    yield Remark(f"case {before[text] + 1} has the same condition", (*loc, "when"), help_)
                elif text == "false":
                    yield Remark("this case never holds", (*loc, "when"), "delete it")
                before.setdefault(text, number)
            if "true" in before and config.else_:
                message = "a case always holds, so `else` is never taken"
                yield Remark(message, (*spot.loc, "else"), "delete it", on_key=True)
