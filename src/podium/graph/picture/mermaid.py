"""A picture as a Mermaid flowchart: what is inside a node is a subgraph.

Ids are numbers of our own (`n0`, `n1`, …), so no name of a node can mean something to Mermaid; names stand in quoted
labels, with every character that Mermaid or HTML could read as more than text written by its number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from podium.graph.picture.metrics import lines_of
from podium.graph.picture.scene import Figure, Link, LinkKind, Scene
from podium.graph.picture.svg_style import colour

_ARROWS: dict[LinkKind, str] = {"data": "-->", "after": "-.->", "choice": "==>", "handled": "-.->", "revise": "-.->"}
_CLASSES = {
    "done": "fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
    "failed": "fill:#ffebe9,stroke:#b31d28,color:#1f2328",
    "waiting": "fill:#fbefff,stroke:#8250df,color:#1f2328",
    "running": "fill:#ddf4ff,stroke:#0969da,color:#1f2328",
    "skipped": "fill:#ffffff,stroke:#8c959f,color:#57606a,stroke-dasharray:5 4",
    "partly": "fill:#fff8c5,stroke:#9a6700,color:#1f2328",
}
_PLAIN = frozenset(" _-.,:()/?!=+*$%@'~^…")


def mermaid(scene: Scene) -> str:
    """Return a picture."""
    names = {place: f"n{number}" for number, place in enumerate(_places(scene))}
    lines = ["flowchart TD", *_scene(scene, names, "  "), *_statuses(scene, names)]
    return "\n".join(lines) + "\n"


def _places(scene: Scene) -> Iterator[str]:
    for figure in scene.figures:
        yield figure.place
        for part in figure.parts:
            yield f"{figure.place}.{part.name}/"
            yield from _places(part)


def _scene(scene: Scene, names: Mapping[str, str], indent: str) -> Iterator[str]:
    for figure in scene.figures:
        yield from _figure(figure, names, indent)
    places = {figure.id: figure.place for figure in scene.figures}
    for link in scene.links:
        yield f"{indent}{names[places[link.source]]} {_arrow(link)} {names[places[link.target]]}"


def _figure(figure: Figure, names: Mapping[str, str], indent: str) -> Iterator[str]:
    name = names[figure.place]
    label = "<br/>".join(escaped(" ".join(text for text, _ in line)) for line in lines_of(figure, narrow=True))
    if not figure.parts:
        yield f'{indent}{name}["{label}"]'
        return
    yield f'{indent}subgraph {name}["{label}"]'
    for part in figure.parts:
        if part.name:
            yield f'{indent}  subgraph {names[f"{figure.place}.{part.name}/"]}["{escaped(part.name)}"]'
            yield from _scene(part, names, f"{indent}    ")
            yield f"{indent}  end"
        else:
            yield from _scene(part, names, f"{indent}  ")
    yield f"{indent}end"


def _arrow(link: Link) -> str:
    return f'{_ARROWS[link.kind]}|"{escaped(link.port)}"|' if link.port else _ARROWS[link.kind]


def _statuses(scene: Scene, names: Mapping[str, str]) -> Iterator[str]:
    found = dict(_coloured(scene))
    for one in sorted(set(found.values())):
        yield f"  classDef {one} {_CLASSES[one]}"
    for place, one in found.items():
        yield f"  class {names[place]} {one}"


def _coloured(scene: Scene) -> Iterator[tuple[str, str]]:
    for figure in scene.figures:
        if figure.standing:
            yield figure.place, colour(figure.standing.status)
        for part in figure.parts:
            yield from _coloured(part)


def escaped(text: str) -> str:
    """Return text as it may stand between quotes; `#35;` is how Mermaid writes a character by its number."""
    return "".join(one if one in _PLAIN or one.isalnum() else f"#{ord(one)};" for one in text)
