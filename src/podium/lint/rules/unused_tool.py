"""LI002."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class UnusedTool:
    """A tool, or a function of one, that is granted and that no node uses.

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
        """Compare the grants of each workflow with what its nodes name; a type that names nothing may use them all."""
        for top in dict.fromkeys(scope.top for scope in subject.scopes):
            if any(spot.node.config.hears() is None for spot in subject.within(top)):
                continue
            tools = dict(subject.workflows)[top].tools
            twins = {spec.twin for spec in tools.values() if isinstance(spec.twin, str)}
            used = {(call.tool.grant, call.tool.function) for call in subject.calls if call.spot.scope.top == top}
            for name, spec in tools.items():
                loc = (*top, "tools", name)
                if name in twins:
                    continue
                if not any(grant == name for grant, _ in used):
                    yield Remark(f"tool `{name}` is granted and not used", loc, "delete the grant", on_key=True)
                    continue
                if any(grant == name and function not in spec.only for grant, function in used):
                    continue  # what is named instead has been said already
                for number, function in enumerate(spec.only):
                    if (name, function) not in used:
                        message = f"function `{function}` of tool `{name}` is granted and not used"
                        yield Remark(message, (*loc, "only", number), "delete it from `only`")
