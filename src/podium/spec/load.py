"""Loading a workflow file: text in, a model or diagnostics out.

Nothing that a file can contain raises: every problem becomes a diagnostic with its place, one per problem, in our own
words. A workflow comes out only when there is no error.

```python
loaded = load(text, file="release.yaml", node_types=registry.configs())
if loaded.workflow is None:
    print(render(loaded.diagnostics, texts={"release.yaml": loaded.text}))
```
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from podium.spec.diagnostic import Diagnostic
from podium.spec.model import NodeTypes, Workflow
from podium.spec.positions import Positions


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """What a file says.

    Attributes:
        workflow: None when any diagnostic is an error.
        diagnostics: In the order of their places.
        positions: Where everything is written.
        text: What was read, for showing lines of it.
    """

    workflow: Workflow | None
    diagnostics: tuple[Diagnostic, ...]
    positions: Positions
    text: str


def load(text: str, *, file: str, node_types: NodeTypes) -> Loaded:
    """Return the workflow written in `text`, or what is wrong with it; never raises for what is in it.

    `file` is the path as the person gave it, for messages.
    """
    raise NotImplementedError


def load_file(path: Path, *, node_types: NodeTypes) -> Loaded:
    """Return the workflow in a UTF-8 file; a file that cannot be read is diagnostic SP007."""
    raise NotImplementedError
