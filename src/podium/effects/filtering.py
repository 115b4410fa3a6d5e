"""Which filters a call and its answer must pass, and asking them: somebody else's in a thread, no answer is a no."""

from __future__ import annotations

import re
from collections.abc import Sequence

from podium.effects.effect import Effect
from podium.effects.loss import aside
from podium.effects.safeguards import Safeguards
from podium.errors import EffectError
from podium.gate.redact.filters import ContentFilter, Direction, OwnFilter
from podium.gate.redact.texts import Text

UNKNOWN = "failed"
"""The rule by which a text does not pass a filter that could not say."""


async def refusal(asked: ContentFilter, texts: Sequence[Text], *, direction: Direction) -> str:
    """Return the rule by which one of the texts does not pass, "" when all pass."""

    def ask() -> str:
        return next((rule for text in texts if (rule := asked.refusal(text.text, direction=direction))), "")

    try:
        return ask() if isinstance(asked, OwnFilter) else await aside(ask)
    except (EffectError, ValueError):
        return UNKNOWN


def filters_of(effect: Effect, safeguards: Safeguards) -> tuple[str, ...]:
    """Return the names of the filters that an effect and its answer must pass."""
    always = safeguards.loss.always(effect.name)
    if not effect.obligations and not always:
        return ()
    demanded = [one for one in effect.obligations if one.kind == "filter"]
    names = [name for one in demanded for name in names_in(one.settings, "filter") or ("",)]
    return tuple(dict.fromkeys((*names, *always)))


def names_in(settings: tuple[tuple[str, str], ...], key: str) -> tuple[str, ...]:
    """Return the names in a setting, which stand between commas or spaces."""
    return tuple(name for name in re.split(r"[,\s]+", dict(settings).get(key, "")) if name)
