"""Wordcount: counts the words of a text, and says which stand in it most often.

```yaml run="ok"
podium: 1
name: count-words
nodes:
  words: {wordcount: the cat and the dog, top: 1}
result: words.out
```
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from podium import node_type


@dataclass
class Counted:
    """What it gives."""

    words: int
    often: list[str]


@node_type
async def wordcount(
    text: Annotated[str, Field(description="The text.")],
    top: Annotated[int, Field(description="How many of the most frequent words to name.", ge=0, le=100)] = 3,
) -> Counted:
    """Count the words of a text."""
    words = [word.lower() for word in re.findall(r"\w+", text)]
    ranked = sorted(Counter(words).items(), key=lambda item: (-item[1], item[0]))
    return Counted(words=len(words), often=[word for word, _ in ranked[:top]])
