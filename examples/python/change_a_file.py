"""Change a workflow file by program, and keep its comments and its order.

python examples/python/change_a_file.py examples/triage-ticket.yaml
"""

from __future__ import annotations

import sys
from pathlib import Path

import podium


def with_longer_answers(file: Path) -> str:
    """Return the file with twice the tokens for every model."""
    wf = podium.Workflow.from_yaml(file)
    for node in wf.values():
        if node.type == "llm":
            node.set(max_tokens=2048)
    return wf.to_yaml()


if __name__ == "__main__":
    print(with_longer_answers(Path(sys.argv[1])), end="")
