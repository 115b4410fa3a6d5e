"""The edge between commands and the shell: every failure becomes a message, a next step and an exit code.

A command raises `PodiumError` and prints none of it. A traceback is shown only with `--debug`; without it, an error
that nobody foresaw is one line that says how to see more.
"""

from __future__ import annotations

from typing import Any, cast

import typer
from typer._click.core import Context
from typer.core import TyperGroup

from podium.cli import exits
from podium.cli.console import say
from podium.errors import PodiumError


def explain(error: PodiumError) -> str:
    """Return an error as people read it: code, sentence, next step; for a file, every finding at its place."""
    from podium.spec.diagnostic import SpecError

    if isinstance(error, SpecError):
        from podium.spec.render import render

        return render(error.diagnostics, texts=error.texts).rstrip("\n")
    help_text = f"\n  {error.help}" if error.help else ""
    return f"error: {error}{help_text}"


class Edge(TyperGroup):
    """The outermost group of commands."""

    # typer shows its own context class to users and takes the one below it here
    def invoke(self, ctx: Context) -> Any:  # noqa: ANN401 - as in the class above
        """Run the command; leave with its exit code."""
        try:
            return super().invoke(ctx)
        except (typer.TyperException, typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            raise typer.Exit(_report(error)) from None


def _report(error: Exception) -> int:
    """Print what went wrong to stderr and return the exit code."""
    cause = cause_of(error)
    if not isinstance(cause, PodiumError):
        step = "run the same command as `podium --debug …` and report what it shows"
        cause = PodiumError("AP001", f"unexpected {type(cause).__name__}: {cause}", help=step)
    say(explain(cause))
    return exits.for_error(cause)


def cause_of(error: Exception) -> Exception:
    """Return the first error of ours in a group of errors that ran side by side, else the first of all."""
    if not isinstance(error, ExceptionGroup):
        return error
    inner = cast("ExceptionGroup[Exception]", error).exceptions
    causes = [cause_of(one) for one in inner]
    return next((cause for cause in causes if isinstance(cause, PodiumError)), causes[0])
