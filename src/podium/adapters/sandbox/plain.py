"""Values that come out of a sandbox, made into JSON or refused: nothing is guessed."""

from __future__ import annotations

import math
from typing import Any, cast

from podium.errors import EffectError

Json = Any

MAX_DEPTH = 64


def plain(value: object, *, where: str = "the result", depth: int = 0) -> Json:
    """Return the value as JSON; a tuple becomes a list.

    Raises:
        EffectError: EF063 when it is none: a set, a date, a number that is not finite, a key that is no text.
    """
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise no_json(where, f"holds `{value}`")
    if depth >= MAX_DEPTH:
        raise no_json(where, f"is more than {MAX_DEPTH} levels deep")
    if isinstance(value, list | tuple):
        return [plain(inner, where=where, depth=depth + 1) for inner in cast("list[object]", value)]
    if not isinstance(value, dict):
        raise no_json(where, f"holds a `{type(value).__name__}`")
    made: dict[str, Json] = {}
    for key, inner in cast("dict[object, object]", value).items():
        if not isinstance(key, str):
            raise no_json(where, f"has the key `{key!r}`, which is no text")
        made[key] = plain(inner, where=where, depth=depth + 1)
    return made


def no_json(where: str, why: str) -> EffectError:
    """Return the error for what cannot leave a sandbox."""
    return EffectError(
        "EF063",
        f"{where} of the code {why}" if where == "the result" else f"{where} {why}",
        kind="invalid_output",
        help="give texts, numbers, lists and mappings; turn everything else into text, such as `str(value)`",
    )
