"""How the nodes of a run stand, one for each figure of the workflow's picture.

A figure stands for a node in every item and every round. Of rounds the last one counts (`check~1`, not `check`); items
are counted, and the figure has the colour of what a person should look at first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from podium.graph.picture.scene import Standing
from podium.observe.view import NodeView

_INDEX = re.compile(r"\[\d+\]")
_ROUND = re.compile(r"~\d+")
_WELL = ("running", "done", "skipped")
"""What is looked at last, in this order; everything else comes before it, failures first."""


def standings(nodes: Iterable[NodeView]) -> dict[str, Standing]:
    """Return `{place: how it stands}`; a node that has not begun is not in it."""
    last = {_ROUND.sub("", node.path): node.label for node in nodes}
    found: dict[str, Counter[str]] = {}
    for path, label in last.items():
        found.setdefault(_INDEX.sub("", path), Counter())[label] += 1
    return {place: Standing(min(labels, key=_rank), _words(labels)) for place, labels in found.items()}


def _rank(label: str) -> tuple[int, str]:
    if label in _WELL:
        return 2 + _WELL.index(label), label
    return (1 if label in {"waiting", "retrying", "revised", "stopped"} else 0), label


def _words(labels: Counter[str]) -> str:
    if labels.total() == 1:
        return next(iter(labels))
    return ", ".join(f"{count} {label}" for label, count in labels.items())
