"""LI025."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.staging import commits, commits_of, is_staged
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class NeverReleased:
    """A write that is only prepared, and that no commit releases.

    Why is this bad? It never happens: when the run ends, what still stands in the outbox is dropped. A commit releases
    what the nodes that it names have prepared; with `all`, what nodes before it have.

    Wrong:

    ```yaml
    podium: 1
    name: letters
    tools:
      mail: {mcp: [mail-server], effect: write, delivery: keyed, approval: required, staged: true}
    nodes:
      ada: {tool: mail.send, with: {to: ada}}
      bob: {tool: mail.send, with: {to: bob}}
      post: {commit: [ada]}
    ```

    Right:

    ```yaml
    podium: 1
    name: letters
    tools:
      mail: {mcp: [mail-server], effect: write, delivery: keyed, approval: required, staged: true}
    nodes:
      ada: {tool: mail.send, with: {to: ada}}
      bob: {tool: mail.send, with: {to: bob}}
      post: {commit: [ada, bob]}
    ```
    """

    code: ClassVar[str] = "LI025"
    name: ClassVar[str] = "never-released"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look for the commits of each call that goes into the outbox."""
        found = commits(subject)
        for call in subject.calls:
            if is_staged(call) and not commits_of(call, found):
                message = f"`{call.name}` is only prepared here, and no commit after it releases it"
                help_ = "name the node in a `commit`, or let `commit: all` come after it"
                yield Remark(message, (*call.spot.loc, call.spot.node.type), help_)
