"""LI005."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity
from podium.spec.suggest import did_you_mean


class ToolNotGranted:
    """A call of a tool or function that the workflow does not grant.

    Why is this bad? What is not granted is denied, so the run would end there.

    Wrong:

    ```yaml
    podium: 1
    name: history
    tools:
      git: {mcp: [mcp-server-git], effect: read, delivery: repeatable, only: [git_log]}
    nodes:
      commits:
        tool: git.git_status
        with: {repo_path: .}
    ```

    Right: grant it, if it should be allowed.

    ```yaml
    podium: 1
    name: history
    tools:
      git: {mcp: [mcp-server-git], effect: read, delivery: repeatable, only: [git_status]}
    nodes:
      commits:
        tool: git.git_status
        with: {repo_path: .}
    ```
    """

    code: ClassVar[str] = "LI005"
    name: ClassVar[str] = "tool-not-granted"
    severity: ClassVar[Severity] = "error"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Compare what nodes name with the grants of their own workflow."""
        for call in subject.calls:
            tool, loc = call.tool, (*call.spot.loc, call.spot.node.type)
            if call.grant is None:
                help_ = did_you_mean(tool.grant, call.spot.scope.tools) or "grant it under `tools:`"
                yield Remark(f"tool `{tool.grant}` is not granted", loc, help_)
            elif (only := call.grant.only) and tool.function not in only:
                message = f"function `{tool.function}` of tool `{tool.grant}` is not granted"
                yield Remark(message, loc, did_you_mean(tool.function, only) or "add it to `only:`")
