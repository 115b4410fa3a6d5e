"""LI028."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.leaks import leaks
from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class UnvouchedBranch:
    """A call that happens because of what anybody may have written.

    Why is this bad? Whoever can write into the source decides that something is done, though not to whom. Conditions,
    switches, handlers, the number of items of a map and the rounds of a loop decide. At run time a person is asked.

    Wrong:

    ```yaml
    podium: 1
    name: clean-up
    tools:
      tickets: {mcp: [ticket-server], effect: read, delivery: repeatable}
      store: {mcp: [store-server], effect: write, delivery: keyed}
    nodes:
      ticket: {tool: tickets.read, with: {id: T-7}}
      delete:
        tool: store.delete
        with: {path: cache/index}
        when: ticket.out.wish == 'delete'
    ```

    Right: a person who agrees to the value that decides, or a model whose answer is one of a few words that the author
    has named.

    ```yaml
    podium: 1
    name: clean-up
    tools:
      tickets: {mcp: [ticket-server], effect: read, delivery: repeatable}
      store: {mcp: [store-server], effect: write, delivery: keyed}
    nodes:
      ticket: {tool: tickets.read, with: {id: T-7}}
      wish: {human: Shall this be done?, show: ticket.out.wish}
      delete:
        tool: store.delete
        with: {path: cache/index}
        when: wish.out == 'delete'
    ```
    """

    code: ClassVar[str] = "LI028"
    name: ClassVar[str] = "unvouched-branch"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at the decisions that lead to calls."""
        for leak in leaks(subject):
            if leak.kind == "decisions":
                message = f"a person will be asked, since anybody can bring this about{leak.where}: {leak.ways[0]}"
                help_ = "show what decides to a person before, let `endorse` check it, or declare `approval: required`"
                yield Remark(message, leak.loc, help_)
