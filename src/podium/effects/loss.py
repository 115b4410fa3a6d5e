"""What an installation does against loss of data, and how it looks at a call.

What is looked at: the messages to a model, the arguments of a tool. Not the schema of an answer, which the author
wrote; not what goes to another run or into a sandbox without a network, because it stays here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from podium.effects.effect import Effect
from podium.errors import EffectError
from podium.gate.redact.detect import Detector, Patterns, load, look, needs_loading
from podium.gate.redact.filters import ContentFilter
from podium.gate.redact.finding import Finding, kinds_of
from podium.gate.redact.masks import MASK
from podium.gate.redact.rules import LossRules, SinkKind
from podium.gate.redact.secrets import is_secret_name
from podium.gate.redact.texts import Text, rewritten, texts_of
from podium.gate.redact.unseen import also_seen, encodings
from podium.node.calls import Call, ModelCall, ToolCall

Json = Any
Looked = Mapping[Text, tuple[Finding, ...]]
"""What was found, by text; texts in which nothing was found are left out. Findings may overlap."""

FOREIGN_LIMIT_S = 10.0
"""The longest that somebody else's detector or filter may take for one call."""

_LONG = 8_192
"""Characters of a text that is looked at in a thread, so that whatever it holds the loop goes on."""

_BUILT_IN = Patterns()

_REFERENCE = re.compile(r"\$\{secrets\.\w{1,64}\}", re.ASCII)
"""What stands in the place of a secret until the tool itself is called."""

_NAMED = 200
"""Characters of a text that its name may explain; what is longer explains itself."""

_LEAST_SECRET = 6
"""Characters of the shortest secret of this installation that is looked for: shorter ones stand in any text."""


def _no_secrets() -> Sequence[str]:
    return ()


@dataclass(frozen=True, kw_only=True)
class DataLoss:
    """See the module's rules.

    Attributes:
        rules: What happens with what is found.
        detectors: Those beside the built-in one.
        secrets: The values of this installation's secrets.
        filters: By name. `always`: which of them are asked about which effects, without any obligation.
    """

    rules: LossRules = field(default_factory=LossRules)
    detectors: tuple[Detector, ...] = ()
    secrets: Callable[[], Sequence[str]] = _no_secrets
    filters: Mapping[str, ContentFilter] = field(default_factory=dict[str, ContentFilter])
    always: Callable[[str], Sequence[str]] = lambda _: ()

    async def look(self, texts: Iterable[Text]) -> Looked:
        """Look at texts of any length.

        Raises:
            EffectError: GA021 when somebody else's detector fails or takes too long; the call must not go on.
        """
        wanted = list(dict.fromkeys(texts))
        secrets = [value for value in self.secrets() if len(value) >= _LEAST_SECRET]
        looked: dict[Text, tuple[Finding, ...]] = {}
        for text in wanted:
            found = await _built_in(text)
            found += tuple(_known(secrets, text.text))
            if found:
                looked[text] = found
        for detector in self.detectors if wanted else ():
            foreign = await aside(lambda: [detector.find(text.text) for text in wanted])  # noqa: B023 - awaited here
            for text, found in zip(wanted, foreign, strict=True):
                if found:
                    looked[text] = looked.get(text, ()) + tuple(found)
        return looked


async def aside(work: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the work gives
    """Do somebody else's work in a thread, for a while.

    Raises:
        EffectError: GA021 when it fails or takes too long.
    """
    try:
        async with asyncio.timeout(FOREIGN_LIMIT_S):
            return await asyncio.to_thread(work)
    except Exception as error:  # whatever fails in somebody else's code, nobody has looked at the text
        raise EffectError(
            "GA021",
            f"what would be sent could not be looked at: {type(error).__name__}",
            kind="denied",
            help="see whether the detectors and filters named in podium.toml work",
        ) from error


def texts_of_call(call: Call) -> list[Text]:
    """Return the texts of a call that leave with it.

    Raises:
        RecursionError: its arguments are nested too deeply to be looked at.
    """
    if isinstance(call, ModelCall):
        return [Text("", message.text) for message in call.messages if message.text]
    return list(texts_of(call.arguments)) if isinstance(call, ToolCall) else []


def sink_of(effect: Effect) -> tuple[SinkKind, frozenset[str]]:
    """Return what sort of thing is called, and which kinds its grant says it sees."""
    call = effect.call
    if not isinstance(call, ToolCall):
        return "models", frozenset()
    grant = effect.grants.get(call.tool)
    if grant is None:
        return "tools", frozenset()
    trusted = grant.trust_of(call.function) == "trusted"
    return "trusted_tools" if trusted else "tools", kinds_of(grant.sees)


def rewrite_call(effect: Effect, change: Callable[[Text], str]) -> bool:
    """Change the texts of a call; tell whether anything was changed."""
    call = effect.call
    if isinstance(call, ModelCall):
        messages = tuple(replace(message, text=change(Text("", message.text))) for message in call.messages)
        if messages == call.messages:
            return False
        effect.call = replace(call, messages=messages)
        return True
    if not isinstance(call, ToolCall) or (arguments := rewritten(call.arguments, change)) is call.arguments:
        return False
    effect.call = replace(call, arguments=arguments)
    return True


async def _built_in(text: Text) -> tuple[Finding, ...]:
    if needs_loading(text.text):
        await asyncio.to_thread(load)
    found = await _as_written(text)
    if text.text.isascii():
        return found
    if len(text.text) > _LONG:
        return found + await asyncio.to_thread(lambda: tuple(also_seen(text.text, _BUILT_IN.find)))
    return found + tuple(also_seen(text.text, look))


async def _as_written(text: Text) -> tuple[Finding, ...]:
    if len(text.text) > _LONG:
        return await asyncio.to_thread(_BUILT_IN.find, text.text)
    if not text.name or len(text.text) > _NAMED:
        return look(text.text)
    if is_secret_name(text.name) and not MASK.fullmatch(text.text) and not _REFERENCE.fullmatch(text.text):
        return (Finding("password", 0, len(text.text), 0.9),)
    # the name says what the text is, as words before it would
    told = f"{text.name.replace('_', ' ')[:48]}: "
    return tuple(
        one._replace(start=one.start - len(told), end=one.end - len(told))
        for one in look(told + text.text)
        if one.start >= len(told)
    )


def _known(secrets: Iterable[str], text: str) -> Iterator[Finding]:
    """Yield where secrets of this installation stand, however they are written."""

    def find(text: str) -> Iterator[Finding]:
        return (one for value in secrets for way in encodings(value) for one in _occurrences(way, text))

    yield from find(text)
    if not text.isascii():
        yield from also_seen(text, find)


def _occurrences(value: str, text: str) -> Iterable[Finding]:
    place = text.find(value)
    while place >= 0:
        yield Finding("known_secret", place, place + len(value), 1.0)
        place = text.find(value, place + len(value))
