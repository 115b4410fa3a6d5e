"""LI006."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, cast

from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Loc, Severity

Json = Any

_TOKENS = re.compile(
    r"""
    -----BEGIN[A-Z ]*PRIVATE\ KEY----- |
    \b(?:AKIA|ASIA)[0-9A-Z]{16}\b |             # Amazon
    \bgh[pousr]_[A-Za-z0-9]{36,}\b |            # GitHub
    \bglpat-[A-Za-z0-9_-]{20,} |                # GitLab
    \bxox[abprs]-[A-Za-z0-9-]{10,} |            # Slack
    \bsk-[A-Za-z0-9_-]{20,} |                   # OpenAI, Anthropic
    \bAIza[0-9A-Za-z_-]{35}\b |                 # Google
    \beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+ |    # a JSON web token
    \b[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s:@$]+@                         # a URL with a password
    """,
    re.VERBOSE,
)
_SECRET_KEY = re.compile(r"(?:^|[_-])(?:password|passwd|secret|token|api[_-]?key|private[_-]?key)$", re.IGNORECASE)


class SecretInClear:
    """A text that looks like a password, a token or a key.

    Why is this bad? A workflow is kept under version control, stored with every run and shown to whoever may read it.

    Wrong:

    ```yaml
    podium: 1
    name: orders
    tools:
      erp:
        mcp: [erp-server]
        effect: read
        delivery: repeatable
        env: {ERP_TOKEN: hunter2-hunter2}
    nodes:
      open: {tool: erp.open_orders}
    ```

    Right: refer to it; it never reaches a prompt, a record or a log.

    ```yaml
    podium: 1
    name: orders
    tools:
      erp:
        mcp: [erp-server]
        effect: read
        delivery: repeatable
        env: {ERP_TOKEN: "${secrets.erp_token}"}
    nodes:
      open: {tool: erp.open_orders}
    ```
    """

    code: ClassVar[str] = "LI006"
    name: ClassVar[str] = "secret-in-clear"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at every text of the workflow; the text itself is never shown."""
        written = subject.workflow.model_dump(by_alias=True, exclude_unset=True)
        for loc, text in _texts(written, ()):
            if _TOKENS.search(text) or _named_secret(loc, text):
                message = "this text looks like a secret"
                yield Remark(message, loc, "refer to it as `${secrets.name}`, and change it", secret=True)


def _named_secret(loc: Loc, text: str) -> bool:
    """Tell whether a plain value stands under a key that names a secret, in settings, arguments or an environment."""
    key = loc[-1] if loc else ""
    in_values = loc[:1] == ("tools",) or "with" in loc
    return in_values and isinstance(key, str) and bool(_SECRET_KEY.search(key)) and "${" not in text and len(text) >= 8


def _texts(value: Json, loc: Loc) -> Iterator[tuple[Loc, str]]:
    if isinstance(value, str):
        yield loc, value
    elif isinstance(value, dict):
        for key, inner in cast("dict[str, Json]", value).items():
            yield from _texts(inner, (*loc, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(cast("list[Json]", value)):
            yield from _texts(inner, (*loc, index))
