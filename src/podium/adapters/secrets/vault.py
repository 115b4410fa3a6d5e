"""The secrets of a process: fetched when a call needs one, kept for a minute, and blotted out of what comes back.

Whatever value was given out is remembered as long as the process lives, and so are the forms in which others write it
down (percent-encoded, base64, inside JSON): `hide` puts its reference in their place.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from podium.adapters.secrets.providers import fetch
from podium.clock import Clock, SystemClock
from podium.errors import EffectError
from podium.spec.settings.secrets import SecretSource

Json = Any

REFERENCE = re.compile(r"\$\{\s*secrets\.([a-z][a-z0-9_]*)\s*\}")
FRESH_S = 60.0
"""How long a value is used before it is fetched again: a new one is taken up within a minute."""

LEAST_CHARS = 4
"""Shorter values cannot be told from ordinary text and are not looked for."""


class Vault:
    """See the module's rules; relative paths in `sources` begin in `folder`."""

    def __init__(
        self,
        sources: Mapping[str, SecretSource] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        folder: Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._sources = dict(sources or {})
        self._environ = os.environ if environ is None else environ
        self._folder = folder or Path()
        self._clock = clock or SystemClock()
        self._kept: dict[str, tuple[str, float]] = {}
        self._forms: dict[str, str] = {}
        self._until: dict[str, float] = {}
        self._pattern: re.Pattern[str] | None = None

    async def value(self, name: str) -> str:
        """Return the value of a secret.

        Raises:
            EffectError: EF014, EF070 or EF071 when it cannot be had.
        """
        now = self._clock.monotonic()
        kept = self._kept.get(name)
        if kept is not None and now - kept[1] < FRESH_S:
            return kept[0]
        value = await fetch(name, self._sources.get(name), self._environ, self._folder)
        self._kept[name] = (value, now)
        self._remember(name, value)
        return value

    async def fill(self, text: str, *, where: str) -> str:
        """Return a text of a grant with the secrets in it; nothing but `${secrets.name}` may stand there.

        Raises:
            EffectError: EF014 when there is another `${…}`, or a secret is not set; EF070, EF071.
        """
        if "${" in REFERENCE.sub("", text):
            raise EffectError(
                "EF014",
                f"{where} holds an expression",
                kind="invalid_input",
                help="only `${secrets.name}` can stand there",
            )
        values = {name: await self.value(name) for name in REFERENCE.findall(text)}
        return REFERENCE.sub(lambda match: values[match[1]], text)

    @property
    def known(self) -> tuple[str, ...]:
        """The values that were given out so far."""
        return tuple(self._forms)

    def learn(self, reference: str, value: str, *, until: float) -> None:
        """Blot out a value that was not fetched here, such as a token, by putting `reference` in its place.

        After `until`, by the monotonic clock, it is worth nothing and forgotten.
        """
        now = self._clock.monotonic()
        over = {form for form, end in self._until.items() if end < now}
        self._forms = {form: said for form, said in self._forms.items() if form not in over}
        self._until = {form: end for form, end in self._until.items() if form not in over}
        self._until |= dict.fromkeys(self._add(reference, value), until)

    def hide(self, text: str) -> str:
        """Return a text in which references stand in the place of values."""
        return (
            text
            if self._pattern is None
            else self._pattern.sub(lambda match: self._forms.get(match[0], match[0]), text)
        )

    def hide_in(self, value: Json) -> Json:
        """Return a JSON value in which references stand in the place of values, keys included."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, list):
            return [self.hide_in(item) for item in cast("list[Json]", value)]
        if isinstance(value, dict):
            return {self.hide(key): self.hide_in(item) for key, item in cast("dict[str, Json]", value).items()}
        if isinstance(value, int | float) and not isinstance(value, bool) and str(value) in self._forms:
            return self._forms[str(value)]
        return value

    def _remember(self, name: str, value: str) -> None:
        self._add(f"${{secrets.{name}}}", value)

    def _add(self, reference: str, value: str) -> set[str]:
        """Look for a value in all its forms from now on; return those."""
        encoded = value.encode()
        every = {
            value,
            quote(value, safe=""),
            quote(value),
            base64.b64encode(encoded).decode(),
            base64.urlsafe_b64encode(encoded).decode(),
            json.dumps(value)[1:-1],
        }
        forms = {form for form in every if len(form) >= LEAST_CHARS}
        if not forms <= self._forms.keys():
            self._forms = {**self._forms, **dict.fromkeys(forms, reference)}
            longest_first = sorted(self._forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(re.escape(form) for form in longest_first))
        return forms
