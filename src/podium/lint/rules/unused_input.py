"""LI001."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class UnusedInput:
    """An input that nothing reads.

    Why is this bad? Whoever starts the workflow fills in a value that changes nothing, and believes that it does.

    Wrong:

    ```yaml
    podium: 1
    name: greeting
    inputs:
      name: {type: text, default: Ada}
      tone: {type: text, default: friendly}
    nodes:
      greet: {llm: "Greet ${inputs.name}."}
    ```

    Right: use it, or take it out.

    ```yaml
    podium: 1
    name: greeting
    inputs:
      name: {type: text, default: Ada}
      tone: {type: text, default: friendly}
    nodes:
      greet: {llm: "Greet ${inputs.name} in a ${inputs.tone} tone."}
    ```
    """

    code: ClassVar[str] = "LI001"
    name: ClassVar[str] = "unused-input"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look for the name in every expression that reads inputs; `inputs` as a whole reads all of them."""
        for top in dict.fromkeys(scope.top for scope in subject.scopes):
            readers = [text for text in subject.formulas(top) if re.search(r"\binputs\b", text)]
            if any(not re.search(r"\binputs\s*[.\[]", text) for text in readers):
                continue
            for name in dict(subject.workflows)[top].inputs:
                if not any(re.search(rf"\b{name}\b", text) for text in readers):
                    message = f"input `{name}` is never used"
                    loc = (*top, "inputs", name)
                    yield Remark(message, loc, "use it in an expression, or delete it", on_key=True)
