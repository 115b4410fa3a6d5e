"""What a picture shows: the figures of a scope, the links between them, and the scopes inside a figure.

Every format draws the same scene. A figure's place (`drafts/write`, `pay.catch1/notify`) is unique in a picture and is
the node path without item numbers and rounds, so what a run says of its nodes finds its figure by it. Text comes
bounded and printable from here; formats only escape it.

Kinds of links: `data` (a value is read), `after` (only the order), `choice` (a switch starts it), `handled` (it takes
over when the source leaves by a port that is no success), `revise` (it may send an earlier node back to work).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, set_cell_size

from podium.graph.model import ASK, CONTINUE, Edge, Graph, GraphNode
from podium.spec.model import HANDLED_PORTS, UsesTool

LinkKind = Literal["data", "after", "choice", "handled", "revise"]

MEANS: Mapping[LinkKind, str] = {
    "data": "data",
    "after": "order only",
    "choice": "chosen",
    "handled": "not a success",
    "revise": "sent back",
}
"""What a legend says of the kinds."""

MAX_TEXT = 36
"""Cells of one line in a figure; more is cut off."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a node of a run stands.

    Attributes:
        status: The one that its colour shows, as `NodeView.label` has it.
        text: The same in words; for the items of a map such as `4 done, 1 failed`.
    """

    status: str
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A way from one figure of a scene to another, by their ids; `port` is "" for the ordinary one."""

    source: str
    target: str
    kind: LinkKind
    port: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A node.

    Attributes:
        detail: What its type says in a word or two, such as the function of a tool.
        marks: Further lines: conditions, and what happens when it fails.
        parts: The scenes inside it.
        standing: How it stands in the run that is shown, None when it has not begun or no run is shown.
    """

    place: str
    id: str
    type: str
    detail: str = ""
    marks: tuple[str, ...] = ()
    parts: tuple[Scene, ...] = ()
    standing: Standing | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """A scope.

    Attributes:
        name: Of a part that is not the main one, such as `finally`.
        figures: In a topological order.
    """

    name: str = ""
    figures: tuple[Figure, ...]
    links: tuple[Link, ...]


def inner(node: GraphNode) -> Iterator[tuple[str, Graph]]:
    """Yield the scopes inside a node with the names of their parts; the main one is called ""."""
    yield from node.bodies.items()


def kinds_of(scene: Scene) -> tuple[LinkKind, ...]:
    """Return the kinds of links that a scene has, also deep inside, in the order of `LinkKind`."""
    found = set(_kinds(scene))
    return tuple(kind for kind in MEANS if kind in found)


def _kinds(scene: Scene) -> Iterator[LinkKind]:
    for link in scene.links:
        yield link.kind
    for figure in scene.figures:
        for part in figure.parts:
            yield from _kinds(part)


def scene_of(graph: Graph, standings: Mapping[str, Standing] | None = None) -> Scene:
    """Return what a picture of a graph shows; `standings` is `{place: how it stands}`."""
    return _scene(graph, "", "", standings or {})


def _scene(graph: Graph, name: str, around: str, standings: Mapping[str, Standing]) -> Scene:
    figures = tuple(_figure(graph, node, around, standings) for node in graph.nodes)
    links = {link: None for node in graph.nodes for link in _links(graph, node)}
    return Scene(name=name, figures=figures, links=tuple(links))


def _figure(graph: Graph, node: GraphNode, around: str, standings: Mapping[str, Standing]) -> Figure:
    place = f"{around}{node.id}"
    return Figure(
        place=place,
        id=node.id,
        type=node.type,
        detail=shown(_detail(node)),
        marks=tuple(shown(mark) for mark in _marks(graph, node)),
        parts=tuple(
            _scene(body, part, f"{place}.{part}/" if part else f"{place}/", standings) for part, body in inner(node)
        ),
        standing=standings.get(place),
    )


def _links(graph: Graph, node: GraphNode) -> Iterator[Link]:
    for edge in node.outgoing:
        yield Link(node.id, graph.nodes[edge.target].id, _kind(edge), "" if edge.port == "out" else edge.port)
    if node.target >= 0:
        yield Link(node.id, graph.nodes[node.target].id, "revise", "revise")


def _kind(edge: Edge) -> LinkKind:
    if edge.kind != "control":
        return edge.kind
    return "handled" if edge.port.partition(".")[0] in HANDLED_PORTS else "choice"


def _detail(node: GraphNode) -> str:
    config: object = node.config
    if isinstance(config, UsesTool):
        return f"{config.grant}.{config.function}"
    if node.join is not None:
        count = len(node.join.sources)
        return f"{node.join.need} of {count}" if node.join.need else f"all of {count}"
    words = [f"as {body.variable}" if body.variable else body.flow for _, body in inner(node)]
    return words[0] if words else ""


def _marks(graph: Graph, node: GraphNode) -> Iterator[str]:
    if node.config.when is not None:
        yield f"when {node.config.when}"
    for port, handler in node.handlers.items():
        kind = port.partition(".")[2] or "error"
        if handler == ASK:
            yield f"asks after {kind}"
        elif handler == CONTINUE:
            yield f"goes on after {kind}" if node.default is None else "has a default"
    for other in node.fallbacks:
        yield f"or else {_what(other)}"
    if node.compensation is not None:
        yield f"undone by {_what(node.compensation)}"
    if node.config.lock:
        yield f"alone with {node.config.lock}"
    if node.cancels:
        yield f"withdraws {', '.join(graph.nodes[index].id for index in node.cancels)}"


def _what(node: GraphNode) -> str:
    return f"{node.type} {_detail(node)}".rstrip()


def shown(text: str) -> str:
    """Return text as one line that can be printed and is no longer than `MAX_TEXT` cells."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text[: 4 * MAX_TEXT]).split())
    return line if cell_len(line) <= MAX_TEXT else set_cell_size(line, MAX_TEXT - 1).rstrip() + "…"
