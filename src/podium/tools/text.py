"""Text, taken apart without a model: what a pattern finds, numbered.

```yaml
tools:
  text: {python: podium.tools.text, effect: none, delivery: repeatable, trust: trusted}
```

Small models refer to things by number far better than by name, so what is found carries its number.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from podium.effects.function import tool
from podium.errors import EffectError

MAX_TEXT = 1_000_000
"""Characters of a text that is searched."""


class Found(TypedDict):
    """A match: its number from 1, and its first group (the whole match when the pattern has no group)."""

    number: int
    text: str


@tool(effect="none", delivery="repeatable")
def find(
    text: Annotated[str, Field(max_length=MAX_TEXT)],
    pattern: Annotated[str, Field(min_length=1, max_length=200)],
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1_000,
) -> list[Found]:
    """Find every match of a Python regular expression (`^` and `$` at each line), in order, at most `limit`."""
    try:
        matches = re.finditer(pattern, text, re.MULTILINE)
    except re.error as error:
        raise EffectError(
            "EF026",
            f"`{pattern}` is not a regular expression: {error}",
            kind="invalid_input",
            help="see the syntax of Python's `re`",
        ) from error
    groups = (match[1] if match.re.groups else match[0] for match in islice(matches, limit))
    return [Found(number=number, text=group.strip()) for number, group in enumerate(groups, start=1)]
