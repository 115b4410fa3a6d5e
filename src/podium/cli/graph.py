"""`podium graph FILE`: the picture of a workflow, or of a run of it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import out, put, say
from podium.cli.options import complete_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.text import Text

    from podium.app.installation import Installation
    from podium.graph.model import Compiled
    from podium.graph.picture.scene import Scene, Standing


class Picture(StrEnum):
    """What a picture is made of."""

    terminal = "terminal"
    mermaid = "mermaid"
    svg = "svg"
    dot = "dot"


_STYLES = {
    "id": "bold",
    "type": "dim",
    "mark": "dim italic",
    "part": "dim bold",
    "after": "dim",
    "choice": "cyan",
    "handled": "red",
    "revise": "yellow",
}

MIN_WIDTH = 40


def graph(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A workflow, or `name@hash` of a published one.", show_default=False)
    ] = "",
    form: Annotated[Picture, typer.Option("--format", "-f", help="What to draw it with.")] = Picture.terminal,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to a file.")] = None,
    run: Annotated[
        str,
        typer.Option(
            "--run", metavar="RUN", help="Colour the nodes by how they stand in a run.", autocompletion=complete_run
        ),
    ] = "",
) -> None:
    """Draw a workflow.

    With a run its own version is drawn, whatever the file says by now. A terminal that is too narrow for boxes gets a
    list.
    """
    from podium.graph.picture.scene import scene_of

    compiled, found = _of_run(run, file) if run else (_compiled(file), None)
    text = _drawn(scene_of(compiled.graph, found), compiled.workflow.name, form, to_file=output is not None)
    if output is not None:
        _write(output, text if isinstance(text, str) else text.plain)
    elif isinstance(text, str):
        put(text.rstrip("\n"))
    else:
        out().print(text, soft_wrap=True)


def _compiled(file: str) -> Compiled:
    from podium.app.nodes import shipped_nodes
    from podium.app.origins import from_file, from_version, is_published
    from podium.cli.session import within
    from podium.errors import UsageError

    if not file:
        raise UsageError("AP031", "there is nothing to draw", help="name a workflow file, or a run with `--run`")
    if is_published(file):
        return within(lambda installation: from_version(installation, file))
    return from_file(Path(file), shipped_nodes())


def _of_run(run: str, file: str) -> tuple[Compiled, Mapping[str, Standing]]:
    """Return what a run runs and how its nodes stand; a file that says something else by now is mentioned."""
    from podium.app.overview import read_timeline
    from podium.cli.session import within
    from podium.graph.closure import closure
    from podium.observe.standings import standings

    async def read(installation: Installation) -> tuple[Compiled, Mapping[str, Standing]]:
        view = (await read_timeline(installation.store, await installation.find_run(run))).view
        return await installation.workflow(view.version), standings(view.nodes)

    compiled, found = within(read)
    if file and closure(_compiled(file).workflow) != closure(compiled.workflow):
        say(f"`{file}` is not what the run runs; this is the run's version")
    return compiled, found


def _drawn(scene: Scene, name: str, form: Picture, *, to_file: bool) -> str | Text:
    match form:
        case Picture.mermaid:
            from podium.graph.picture.mermaid import mermaid

            return mermaid(scene)
        case Picture.dot:
            from podium.graph.picture.dot import dot

            return dot(scene, name=name)
        case Picture.svg:
            from podium.graph.picture.svg import svg

            return svg(scene, name=name)
        case Picture.terminal:
            return _boxes(scene, 200 if to_file else max(MIN_WIDTH, out().width))


def _boxes(scene: Scene, width: int) -> Text:
    """Return boxes, or where they do not fit a list."""
    from rich.text import Text

    from podium.cli.words import style
    from podium.graph.picture.terminal import legend, terminal

    rows = terminal(scene, width=width)
    if rows is None:
        return _list(scene)
    text = Text()
    for row in (*rows, (), legend(scene)):
        for span in row:
            coloured = span.tag in {"box", "id", "standing"} and style(span.status)
            text.append(span.text, f"{_STYLES.get(span.tag, '')} {coloured or ''}".strip())
        text.append("\n")
    text.rstrip()
    return text


def _list(scene: Scene) -> Text:
    from rich.text import Text

    from podium.cli.words import style
    from podium.graph.picture.listing import listing

    text = Text()
    for entry in listing(scene):
        text.append(f"{'  ' * entry.depth}{entry.id}", f"bold {style(entry.status)}".strip())
        text.append(f"  {entry.what}" if entry.what else "", "dim")
        text.append(f"  {'; '.join(entry.comes)}" if entry.comes else "")
        text.append("\n")
    text.rstrip()
    return text


def _write(file: Path, text: str) -> None:
    from podium.errors import UsageError

    try:
        file.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    except OSError as error:
        message = f"`{file}` cannot be written: {error.strerror}"
        raise UsageError("AP034", message, help="name a file in a folder that is there") from error
    say(f"written to {file}")
