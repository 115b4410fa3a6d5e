"""`podium new NAME`: write a starter workflow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from podium.cli.console import put, say

TEMPLATE = """\
# {name}: draft something, check it, ask a person, save it.
#   podium lint {file}
#   podium run {file} --input topic="our new search"
podium: 1                        # version of the language
name: {name}
description: Draft a short announcement, have it approved, and save it.

inputs:                          # what a run is started with
  topic: {{type: text, about: What the announcement is about}}
  words: {{type: integer, default: 60}}

tools:                           # what this workflow may use; everything else is denied
  files: {{python: podium.tools.files, root: ./out, effect: write, delivery: keyed, only: [write]}}

nodes:
  draft:                         # a language model writes; edges come from references such as ${{draft.out}}
    llm: |
      Write a friendly announcement on ${{inputs.topic}} in at most ${{inputs.words}} words.
    retry: {{max: 3, backoff: 1s, on: [timeout, unavailable, rate_limited]}}

  check:                         # a condition; when it does not hold, `draft` is sent back to work with the reason
    validate:
      - {{check: "size(draft.out) < 2000", message: "the text is too long, write less than 2000 characters"}}
    revise: draft
    max: 2

  approve:                       # the run waits here, also for days, and costs nothing while it does
    human: Save this announcement?
    show: draft.out
    after: [check]
    expires: 24h
    on_expiry: reject

  save:                          # an effect: recorded before and after, repeated only as its delivery allows
    tool: files.write
    with: {{path: announcement.md, text: "${{approve.out}}"}}

result: approve.out
"""


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the workflow, such as `weekly-report`.")],
    folder: Annotated[Path, typer.Option("--in", metavar="FOLDER", help="Where to write it.")] = Path(),
) -> None:
    """Write a commented starter workflow."""
    from podium.errors import UsageError

    if not re.fullmatch(r"[a-z][a-z0-9-]{0,63}", name):
        raise UsageError(
            "AP009",
            f"`{name}` cannot be the name of a workflow",
            help="use lower-case letters, digits and `-`, beginning with a letter",
        )
    file = folder / f"{name}.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as stream:
            stream.write(TEMPLATE.format(name=name, file=file))
    except FileExistsError:
        raise UsageError("AP009", f"`{file}` exists already", help="choose another name; nothing was changed") from None
    except OSError as error:
        raise UsageError("AP009", f"cannot write `{file}`: {error.strerror or error}") from error
    put(str(file))
    say(f'next:\n  podium lint {file}\n  podium run {file} --input topic="our new search"')
