"""LI019."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class UnusedFlow:
    """A sub-workflow that no node runs.

    Why is this bad? It is not even checked: only what is run is compiled. Its tools are granted for nothing.

    Wrong:

    ```yaml
    podium: 1
    name: greeting
    flows:
      greet:
        podium: 1
        name: greet
        nodes:
          line: {transform: Hello.}
    nodes:
      line: {transform: Hello.}
    ```

    Right:

    ```yaml
    podium: 1
    name: greeting
    flows:
      greet:
        podium: 1
        name: greet
        nodes:
          line: {transform: Hello.}
        result: line.out
    nodes:
      line: {subflow: greet}
    ```
    """

    code: ClassVar[str] = "LI019"
    name: ClassVar[str] = "unused-flow"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Compare what is defined with what is run."""
        run = {scope.top for scope in subject.scopes}
        for top, workflow in subject.workflows:
            for name in workflow.flows if top in run else ():
                loc = (*top, "flows", name)
                if loc not in run:
                    yield Remark(f"no node runs `{name}`", loc, "run it with `subflow:`, or delete it", on_key=True)
