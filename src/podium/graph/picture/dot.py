"""A picture in the language of Graphviz: what is inside a node is a cluster."""

from __future__ import annotations

from collections.abc import Iterator

from podium.graph.picture.metrics import lines_of
from podium.graph.picture.scene import Figure, LinkKind, Scene
from podium.graph.picture.svg_style import colour

_STYLES: dict[LinkKind, str] = {
    "data": "",
    "after": "style=dashed",
    "choice": "penwidth=2.5",
    "handled": 'style=dashed, color="#b31d28"',
    "revise": 'style=dotted, color="#8a4600", constraint=false',
}
_FILLS = {
    "done": "#dafbe1",
    "failed": "#ffebe9",
    "waiting": "#fbefff",
    "running": "#ddf4ff",
    "skipped": "#eeeeee",
    "partly": "#fff8c5",
}


def dot(scene: Scene, *, name: str) -> str:
    """Return a picture."""
    head = [
        f"digraph {quoted(name)} {{",
        "  compound=true",
        '  node [shape=box, style="rounded,filled", fillcolor="#f6f8fa", fontname="Helvetica"]',
        '  edge [fontname="Helvetica", fontsize=11]',
    ]
    return "\n".join([*head, *_scene(scene, "  "), "}"]) + "\n"


def _scene(scene: Scene, indent: str) -> Iterator[str]:
    for figure in scene.figures:
        yield from _figure(figure, indent)
    figures = {figure.id: figure for figure in scene.figures}
    for link in scene.links:
        attributes = [_STYLES[link.kind]] if _STYLES[link.kind] else []
        attributes += [f"label={quoted(link.port)}"] if link.port else []
        source, target = figures[link.source].place, figures[link.target].place
        yield f"{indent}{quoted(source)} -> {quoted(target)}" + (f" [{', '.join(attributes)}]" if attributes else "")


def _figure(figure: Figure, indent: str) -> Iterator[str]:
    label = "\n".join(" ".join(text for text, _ in line) for line in lines_of(figure, narrow=True))
    fill = f", fillcolor={quoted(_FILLS[colour(figure.standing.status)])}" if figure.standing else ""
    node = f"{quoted(figure.place)} [label={quoted(label)}{fill}]"
    if not figure.parts:
        yield indent + node
        return
    # lines lead to nodes, not to clusters; the node itself stands in its cluster, above what is inside
    yield f"{indent}subgraph {quoted(f'cluster {figure.place}')} {{"
    yield f"{indent}  {node}"
    for part in figure.parts:
        if part.name:
            yield f"{indent}  subgraph {quoted(f'cluster {figure.place}.{part.name}')} {{"
            yield f"{indent}    label={quoted(part.name)}"
            yield from _scene(part, f"{indent}    ")
            yield f"{indent}  }}"
        else:
            yield from _scene(part, f"{indent}  ")
    yield f"{indent}}}"


def quoted(text: str) -> str:
    """Return text as a quoted id; a line break becomes one of Graphviz."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
