"""The reference of the command line is written from its declarations: `PODIUM_GOLDEN=write` writes it anew."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from typer._click.core import Command, Context
from typer.cli import get_docs_for_click
from typer.core import TyperGroup
from typer.main import get_command

from podium.cli import exits
from podium.cli.main import app

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"


def written() -> str:
    command = get_command(app)
    with Context(command) as context:
        page = get_docs_for_click(  # its context is the one that commands run in
            obj=command,
            ctx=context,  # pyright: ignore[reportArgumentType]
            name="podium",
            title="The command line",
        )
    codes = (exits.__doc__ or "").partition("\n\n")[2]
    page = page.replace("```console\n$ ", "```text\n").replace("**:\n", "**\n")
    return f"{page.rstrip()}\n\n## Exit codes\n\n{codes.strip()}\n"


def test_the_page_says_what_the_commands_say() -> None:
    if os.environ.get("PODIUM_GOLDEN") == "write":
        PAGE.write_text(written())

    assert PAGE.read_text() == written()


def test_every_exit_code_is_told() -> None:
    told = {
        int(line.split("|")[1]) for line in PAGE.read_text().splitlines() if line.startswith("| ") and line[2].isdigit()
    }
    known = {value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)}

    assert told == known


def short_helps(command: Command, context: Context) -> Iterator[str]:
    yield command.get_short_help_str()
    if isinstance(command, TyperGroup):
        for name in command.list_commands(context):
            yield from short_helps(command.commands[name], context)


def test_every_command_is_told_in_a_line_that_fits() -> None:
    command = get_command(app)
    with Context(command) as context:
        assert [text for text in short_helps(command, context) if not text or text.endswith("...")] == []
