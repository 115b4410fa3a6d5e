"""LI029."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class GovernorOff:
    """A workflow in which nobody looks for circles.

    Why is this bad? A loop that repeats the same calls with the same answers goes on to its last round, and pays for
    each. Where the repetition is meant, a number that is high enough says so and still ends what never ends.

    Wrong:

    ```yaml
    podium: 1
    name: heartbeat
    governor: {repeats: 0}
    nodes:
      line: {transform: Hello.}
    ```

    Right:

    ```yaml
    podium: 1
    name: heartbeat
    governor: {repeats: 100}
    nodes:
      line: {transform: Hello.}
    ```
    """

    code: ClassVar[str] = "LI029"
    name: ClassVar[str] = "governor-off"
    severity: ClassVar[Severity] = "note"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look for limits of the governor that are switched off."""
        for top, workflow in subject.workflows:
            spec = workflow.governor
            if spec is None:
                continue
            for key in ("repeats", "per_minute"):
                if getattr(spec, key) == 0:
                    message = f"`{key}: 0` switches a limit of the governor off"
                    yield Remark(message, (*top, "governor", key), "give a number that is high enough")
