"""LI016."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class LoopWithoutEnd:
    """A loop that nothing ends but its limit, which nobody has set.

    Why is this bad? Without `until` and `while` it runs as often as `max` says, and without `max` that is ten times:
    ten times the cost, although perhaps the first round was good enough.

    Wrong:

    ```yaml
    podium: 1
    name: polish
    nodes:
      refine:
        loop:
          draft: {llm: "Make this better: ${last}"}
        start: "'It was a dark night.'"
    ```

    Right: say when it is good enough, or how many rounds are meant.

    ```yaml
    podium: 1
    name: polish
    nodes:
      refine:
        loop:
          draft: {llm: "Make this shorter: ${last}"}
        start: "'It was a dark and stormy night.'"
        until: size(draft.out) < 30
        on_max: last
    ```
    """

    code: ClassVar[str] = "LI016"
    name: ClassVar[str] = "loop-without-end"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at loops."""
        for spot in subject.spots:
            written = spot.node.config.model_fields_set
            if spot.node.type == "loop" and not written & {"until", "while_", "max"}:
                message = f"nothing ends `{spot.node.id}` but its {getattr(spot.node.config, 'max', 0)} rounds"
                help_ = "add `until:`, or say how many rounds with `max:`"
                yield Remark(message, (*spot.loc, "loop"), help_, on_key=True)
