"""LI027."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.leaks import leaks
from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class UnvouchedArgument:
    """An argument that decides who or what is affected, and that anybody may have written.

    Why is this bad? Whoever can write into the source chooses the recipient, the amount or the path. At run time a
    person is asked each time, who may not expect it, and the run waits.

    Wrong:

    ```yaml
    podium: 1
    name: answer-tickets
    tools:
      tickets: {mcp: [ticket-server], effect: read, delivery: repeatable}
      mail: {mcp: [mail-server], effect: write, delivery: keyed}
    nodes:
      ticket: {tool: tickets.read, with: {id: T-7}}
      send: {tool: mail.send, with: {to: "${ticket.out.from}", body: We look into it.}}
    ```

    Right: show exactly that to a person before, let `endorse` check it, take it from somebody who is trusted, or say
    with `approval` who is asked about each call.

    ```yaml
    podium: 1
    name: answer-tickets
    tools:
      tickets: {mcp: [ticket-server], effect: read, delivery: repeatable}
      mail: {mcp: [mail-server], effect: write, delivery: keyed}
    nodes:
      ticket: {tool: tickets.read, with: {id: T-7}}
      known: {human: Is this our customer?, show: ticket.out.from}
      send: {tool: mail.send, with: {to: "${known.out}", body: We look into it.}}
    ```
    """

    code: ClassVar[str] = "LI027"
    name: ClassVar[str] = "unvouched-argument"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at what comes to critical arguments."""
        for leak in leaks(subject):
            if leak.kind == "argument":
                asked = "may be asked about a second call" if leak.again else "will be asked"
                message = f"a person {asked}, since nobody vouches for this{leak.where}: {leak.ways[0]}"
                help_ = "show it to a person before, let `endorse` check it, or declare `approval: required`"
                yield Remark(message, leak.loc, help_)
