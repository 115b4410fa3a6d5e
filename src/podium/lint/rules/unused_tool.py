"""LI002."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity
from podium.spec.model import UsesTool


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
        """Compare the grants with what nodes name."""
        used = {spot.node.config.grant for spot in subject.spots if isinstance(spot.node.config, UsesTool)}
        for name in subject.workflow.tools:
            if name not in used:
                yield Remark(f"tool `{name}` is granted and not used", ("tools", name), "delete the grant", on_key=True)
