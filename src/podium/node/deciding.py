"""Who decides where values differ: a model that chooses by number, or a person.

Both are shown the same candidates in the same order. A model's choice is an effect like any other: it is recorded, and
a run that goes on elsewhere takes the same. A person gives one of the values, or its number; for fields that differ an
object, `{field: value or number}`. Whoever says yes and nothing else takes the first candidate.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from msgspec.structs import replace

from podium.errors import EffectError, NodeError
from podium.node.agreement import Agreed, Conflict
from podium.node.calls import Message, ModelCall
from podium.node.contract import Context, Park, Question

Json = Any

HUMAN_TIME = timedelta(hours=24)
"""How long a person has to decide."""

TRIES = 3
"""Questions to a model about one conflict, until its answer can be used."""


def question(ctx: Context, found: Agreed, *, wrong: Json = None) -> Park:
    """Ask a person to choose; `wrong` is what they said before, when it was none of the values."""
    fields = {conflict.field: list(conflict.candidates) for conflict in found.conflicts}
    what = " and ".join(conflict.what for conflict in found.conflicts)
    text = f"`{ctx.path}`: values differ on {what}. Which one counts?"
    if wrong is not None:
        text += f" `{json.dumps(wrong, ensure_ascii=False)[:80]}` is none of them."
    return Park(Question(text=text, show={"candidates": fields.get("", fields)}, expires=HUMAN_TIME))


def chosen(found: Agreed, said: Json) -> list[Json]:
    """Return one value per conflict, as a person said.

    Raises:
        LookupError: something that was named is none of the values.
    """
    if not found.conflicts or not found.conflicts[0].field:
        return [conflict.candidates[0] if said is None else conflict.find(said) for conflict in found.conflicts]
    fields = cast("Mapping[str, Json]", said if isinstance(said, dict) else {} if said is None else {"": said})
    if not fields.keys() <= {conflict.field for conflict in found.conflicts}:
        raise LookupError(json.dumps(said))
    return [
        conflict.find(fields[conflict.field]) if conflict.field in fields else conflict.candidates[0]
        for conflict in found.conflicts
    ]


async def judged(ctx: Context, prompt: str, found: Agreed) -> list[Json]:
    """Return one value per conflict, as a model chose.

    Raises:
        NodeError: EN062 when its answers cannot be used.
        EffectError: when there is no answer.
    """
    return [await _judged(ctx, prompt, conflict, place * TRIES) for place, conflict in enumerate(found.conflicts)]


async def _judged(ctx: Context, prompt: str, conflict: Conflict, first_turn: int) -> Json:
    numbers = list(range(1, len(conflict.candidates) + 1))
    listed = "\n".join(f"{number}. {_shown(value)}" for number, value in enumerate(conflict.candidates, 1))
    text = f"{prompt}\n\nThe answers differ on {conflict.what}:\n{listed}\n\nGive the number of the one that counts."
    schema: dict[str, Json] = {
        "type": "object",
        "properties": {"choice": {"enum": numbers}},
        "required": ["choice"],
        "additionalProperties": False,
    }
    call = ModelCall(messages=(Message(role="user", text=text),), schema=schema)
    for turn in range(first_turn, first_turn + TRIES):
        try:
            reply = await ctx.call_model(replace(call, turn=turn))
        except EffectError as error:
            if error.kind != "invalid_output":
                raise
            continue
        match reply.value:
            case {"choice": int(number)} if number in numbers:
                return conflict.candidates[number - 1]
            case _:
                continue
    raise NodeError(
        "EN062",
        f"the judge named none of {len(numbers)} values on {conflict.what}",
        kind="invalid_output",
        help="say in `judge` what to choose by, or let a person decide with `on_conflict: human`",
    )


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
