"""`podium schema`: the JSON Schema of workflow files, for editors and for programs that write files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from podium.cli.console import put, say


def schema(
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there.")] = None,
) -> None:
    """Print the JSON Schema of workflow files.

    It knows the node types of this installation, plug-ins included.
    """
    from podium.app.nodes import shipped_nodes
    from podium.errors import UsageError
    from podium.spec.schema import workflow_schema

    text = json.dumps(workflow_schema(shipped_nodes().configs()), indent=1, ensure_ascii=False, sort_keys=True)
    if output is None:
        put(text)
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError("SP025", f"cannot write `{output}`: {reason}", help="check the path") from error
    say(f"wrote {output}")
