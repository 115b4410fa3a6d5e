"""LI021."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, cast

from podium.lint.rule import Remark
from podium.lint.subject import Call, Subject
from podium.spec.diagnostic import Severity
from podium.spec.model import Template


class EmptyDefault:
    """An empty default that lets a run begin without something it needs.

    Why is this bad? An input without a default is asked for. One whose default is empty text is not: the run begins,
    and writes to nowhere, or sends to nobody, without anybody having looked.

    Wrong:

    ```yaml
    podium: 1
    name: notice
    inputs:
      recipient: {type: text, default: ""}
    tools:
      mail: {mcp: [mail-server], effect: irreversible, delivery: once, approval: required}
    nodes:
      send: {tool: mail.send, with: {to: "${inputs.recipient}", text: Hello.}}
    ```

    Right:

    ```yaml
    podium: 1
    name: notice
    inputs:
      recipient: {type: text}
    tools:
      mail: {mcp: [mail-server], effect: irreversible, delivery: once, approval: required}
    nodes:
      send: {tool: mail.send, with: {to: "${inputs.recipient}", text: Hello.}}
    ```

    Found only where the input is an argument of a call that changes the world and nothing tests it.
    """

    code: ClassVar[str] = "LI021"
    name: ClassVar[str] = "empty-default"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at inputs whose default is blank, and at who reads them."""
        for top, workflow in subject.workflows:
            formulas = [text.strip() for text in subject.formulas(top)]
            for name, spec in workflow.inputs.items():
                blank = not spec.required and isinstance(spec.default, str) and not spec.default.strip()
                readers = [text for text in formulas if re.search(rf"\binputs\s*(\.\s*{name}\b|\[)|\binputs$", text)]
                if blank and readers and all(text == f"inputs.{name}" for text in readers):
                    calls = [call.name for call in subject.calls if call.spot.scope.top == top and _gives(call, name)]
                    if calls:
                        message = f"input `{name}` is empty unless somebody gives it, and `{calls[0]}` needs it"
                        loc = (*top, "inputs", name, "default")
                        yield Remark(message, loc, "take the default out; then the input is asked for")


def _gives(call: Call, name: str) -> bool:
    """Whether a call that changes the world has the input as one of its arguments, as a whole."""
    given = getattr(call.spot.node.config, "with_", None)
    arguments = cast("dict[str, Any]", given.value) if isinstance(given, Template) else {}
    return call.changes and f"${{inputs.{name}}}" in arguments.values()
