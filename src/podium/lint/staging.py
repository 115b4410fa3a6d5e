"""What a workflow puts into its outbox, and which commits let it happen: read off the graph, before any run."""

from __future__ import annotations

from collections.abc import Iterator

from podium.lint.subject import Call, Spot, Subject


def is_staged(call: Call) -> bool:
    """Whether a call certainly goes into the outbox: its node or its grant says so. A policy may say so, too."""
    if not call.changes or call.spot.role == "compensation" or call.grant is None:
        return False
    return bool(getattr(call.tool, "staged", False)) or call.grant.staged_of(call.tool.function)


def commits(subject: Subject) -> tuple[Spot, ...]:
    """Return the nodes that release what is prepared."""
    return tuple(spot for spot in subject.spots if spot.node.config.releases() is not None)


def commits_of(call: Call, found: tuple[Spot, ...]) -> tuple[Spot, ...]:
    """Return those of the commits that release what a call prepares, in its scope or in one around it."""
    return tuple(spot for spot in found if any(_releases(spot, inner) for inner in _outwards(call.spot)))


def _outwards(spot: Spot) -> Iterator[Spot]:
    """Yield a node and those that it stands inside; of a sub-workflow, each node that runs it."""
    yield spot
    for caller in spot.scope.callers:
        yield from _outwards(caller)


def _releases(commit: Spot, spot: Spot) -> bool:
    if commit.scope is not spot.scope or commit.index == spot.index:
        return False
    named = commit.node.config.releases()
    return spot.index in commit.scope.outcomes.before[commit.index] and (
        named == "all" or (named is not None and spot.scope.graph.nodes[spot.index].id in named)
    )


def asks(commit: Spot) -> bool:
    """Whether people must agree before a commit releases anything."""
    config = commit.node.config
    return getattr(config, "approve", None) is not None or getattr(config, "approval", "never") != "never"
