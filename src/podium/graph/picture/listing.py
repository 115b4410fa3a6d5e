"""A picture in words: every figure on a line of its own, what is inside it indented, and what leads to it.

It is what a terminal shows when there is no room for boxes, and what a screen reader is told of an SVG.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from podium.graph.picture.scene import Figure, Link, Scene


class Entry(NamedTuple):
    """A figure in words.

    Attributes:
        depth: How many figures it is inside of.
        what: Type and detail; of a part that is not the main one, "".
        comes: What leads to it, and what else is to be said, each a short phrase.
    """

    depth: int
    id: str
    what: str
    comes: tuple[str, ...]
    status: str = ""


def listing(scene: Scene, depth: int = 0) -> Iterator[Entry]:
    """Yield the figures of a scene, those inside a figure after it."""
    for figure in scene.figures:
        standing = figure.standing
        yield Entry(
            depth,
            figure.id,
            f"{figure.type} {figure.detail}".rstrip(),
            (*_comes(figure, scene), *figure.marks, *((standing.text,) if standing else ())),
            standing.status if standing else "",
        )
        for part in figure.parts:
            if part.name:
                yield Entry(depth + 1, part.name, "", ())
            yield from listing(part, depth + 1 + bool(part.name))


def _comes(figure: Figure, scene: Scene) -> Iterator[str]:
    data, after = [list[str](), list[str]()]
    others = list[str]()
    for link in scene.links:
        if link.kind == "revise" and link.source == figure.id:
            others.append(f"may send {link.target} back")
        elif link.target == figure.id and link.kind in {"data", "after"}:
            (data if link.kind == "data" else after).append(_source(link))
        elif link.target == figure.id and link.kind in {"choice", "handled"}:
            others.append(f"on {link.port} of {link.source}")
    if data:
        yield f"from {', '.join(data)}"
    if after:
        yield f"after {', '.join(after)}"
    yield from others


def _source(link: Link) -> str:
    return f"{link.source} ({link.port})" if link.port else link.source
