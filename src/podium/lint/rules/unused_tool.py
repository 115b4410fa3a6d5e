"""LI002."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class UnusedTool:
    """A tool that is granted and that no node uses.

    Why is this bad? A grant is a permission. One that nobody needs is one that somebody else may find.

    Wrong:

    ```yaml
    podium: 1
    name: history
    tools:
      git: {mcp: [mcp-server-git], effect: read, delivery: repeatable}
      files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed}
    nodes:
      commits:
        tool: git.git_log
        with: {repo_path: .}
    ```

    Right:

    ```yaml
    podium: 1
    name: history
    tools:
      git: {mcp: [mcp-server-git], effect: read, delivery: repeatable}
    nodes:
      commits:
        tool: git.git_log
        with: {repo_path: .}
    ```
    """

    code: ClassVar[str] = "LI002"
    name: ClassVar[str] = "unused-tool"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Compare the grants of each workflow with what its nodes name."""
        for top in dict.fromkeys(scope.top for scope in subject.scopes):
            twins = {spec.twin for spec in dict(subject.workflows)[top].tools.values()}
            used = {call.tool.grant for call in subject.calls if call.spot.scope.top == top}
            for name in dict(subject.workflows)[top].tools:
                if name not in used and name not in twins:
                    message = f"tool `{name}` is granted and not used"
                    yield Remark(message, (*top, "tools", name), "delete the grant", on_key=True)
