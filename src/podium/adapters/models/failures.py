"""What a provider's failure means: from the errors of its client to the kinds that retries decide by.

| what happened | code, kind | landed |
|---|---|---|
| no connection (refused, no route, not opened in time) | EF003 unavailable | no |
| no answer in time | EF002 timeout | unknown |
| connection lost while the answer came | EF003 unavailable | unknown |
| HTTP 429 | EF004 rate_limited, with the seconds asked for | no |
| HTTP 5xx, overloaded | EF003 unavailable | no |
| HTTP 401, 403; quota used up | EF005 invalid_input | no |
| other HTTP 4xx, redirects, prompt too long | EF006 invalid_input | no |
| a stream that is broken, ends early or says nothing | EF007 invalid_output | no |
| refusal, content filter | EF008 refused | no |

`landed` is about doubt: an answer that came and is unusable leaves none.

Messages carry what the provider said, shortened, without the key; of a 401 or 403 they carry nothing, because
providers repeat the key there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, cast

import httpx2
from pydantic_ai import exceptions as theirs

from podium.adapters.models.http import WrongOrigin
from podium.effects.answer import invalid_answer
from podium.errors import EffectError

MAX_RETRY_AFTER_S = 3600.0
"""The longest wait that a provider may ask for."""


class Target(NamedTuple):
    """Whom an error is about.

    Attributes:
        name: The model's name.
        base_url: Where it is served.
        key_setting: The environment variable that holds the key.
        secret: The key, to be kept out of messages.
    """

    name: str
    base_url: str
    key_setting: str
    secret: str


def timed_out(target: Target, timeout_s: float) -> EffectError:
    """Return the error for an answer that did not come in time."""
    return EffectError(
        "EF002",
        f"`{target.name}` did not answer within {timeout_s:g} s",
        kind="timeout",
        landed="unknown",
        help="give the step a longer `timeout`, ask for less, or lower `max_tokens`",
    )


def from_provider(error: Exception, target: Target, timeout_s: float) -> EffectError:
    """Return our error for one of the client's; the cause is the caller's to chain."""
    match error:
        case theirs.ContentFilterError():
            return refused(target)
        case theirs.ModelConnectionError():
            return _from_connection(error, target, timeout_s)
        case theirs.ModelQuotaExceededError():
            return _account(target, "has no quota left")
        case theirs.ModelContextWindowExceededError():
            return rejected(target, "says that the prompt is too long", help="pass less, or choose a larger model")
        case theirs.ModelOverloadedError():
            return unreachable(target, "is overloaded", retry_after_s=error.retry_after)
        case theirs.ModelHTTPError():
            return from_status(error.status_code, target, said=_said(error.body), retry_after_s=error.retry_after)
        case theirs.ModelAPIError() if (status := _redirect(error)) is not None:
            return from_status(status, target)
        case httpx2.TimeoutException():
            return timed_out(target, timeout_s)
        case httpx2.TransportError():
            return unreachable(target, "broke the connection off", sent=True)
        case _:
            return invalid_answer(f"`{target.name}` gave no usable answer: {_clean(str(error), target)}")


def from_status(status: int, target: Target, *, said: str = "", retry_after_s: float | None = None) -> EffectError:
    """Return our error for an HTTP status of 300 and more."""
    more = f": {_clean(said, target)}" if said else ""
    match status:
        case 401 | 403:
            return _account(target, f"refused the key (HTTP {status})")
        case 402:
            return _account(target, "has no quota left")
        case 429:
            return _rate_limited(target, retry_after_s)
        case _ if status >= 500:
            return unreachable(target, f"cannot answer now (HTTP {status})", retry_after_s=retry_after_s)
        case 404:
            return rejected(target, f"is not known at {target.base_url}{more}", help="see `podium models list`")
        case _ if status < 400:
            return rejected(target, f"answered with a redirect from {target.base_url}", help="set the final address")
        case _:
            return rejected(target, f"rejected the request (HTTP {status}){more}")


def unreachable(target: Target, what: str, *, sent: bool = False, retry_after_s: float | None = None) -> EffectError:
    """Return the error for a server that cannot be reached or cannot serve now."""
    return EffectError(
        "EF003",
        f"`{target.name}` {what}",
        kind="unavailable",
        landed="unknown" if sent else "no",
        help=f"is the server at {target.base_url} running? `podium models check` asks it",
        retry_after_s=_bounded(retry_after_s),
    )


def rejected(target: Target, what: str, *, help: str = "") -> EffectError:  # noqa: A002 - as in PodiumError
    """Return the error for a request that would fail again."""
    return EffectError("EF006", f"`{target.name}` {what}", kind="invalid_input", help=help or "change the request")


def refused(target: Target) -> EffectError:
    """Return the error for a model that declined."""
    return EffectError(
        "EF008",
        f"`{target.name}` declined to answer",
        kind="refused",
        help="look at the prompt and what was put into it",
    )


def _from_connection(error: theirs.ModelConnectionError, target: Target, timeout_s: float) -> EffectError:
    if any(isinstance(cause, WrongOrigin) for cause in _causes(error)):
        return rejected(target, f"answered with a redirect from {target.base_url}", help="set the final address")
    if error.phase in {"connect", "pool"}:
        return unreachable(target, f"could not be reached at {target.base_url}")
    if isinstance(error, theirs.ModelTimeoutError):
        return timed_out(target, timeout_s)
    return unreachable(target, "broke the connection off", sent=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _account(target: Target, what: str) -> EffectError:
    return EffectError(
        "EF005",
        f"`{target.name}` {what}",
        kind="invalid_input",
        help=f"set `{target.key_setting}` in the environment of this process, then `podium models check`",
    )


def _rate_limited(target: Target, retry_after_s: float | None) -> EffectError:
    wait = _bounded(retry_after_s)
    return EffectError(
        "EF004",
        f"`{target.name}` is rate limited" + (f", come back in {wait:.0f} s" if wait is not None else ""),
        kind="rate_limited",
        help="`retry` waits and tries again; a map asks less at once with a lower `concurrency`",
        retry_after_s=wait,
    )


def _bounded(seconds: float | None) -> float | None:
    return None if seconds is None else min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def _redirect(error: theirs.ModelAPIError) -> int | None:
    status = getattr(error.__cause__, "status_code", None)
    return status if isinstance(status, int) and 300 <= status < 400 else None


def _said(body: object) -> str:
    """Return the provider's own words out of an error body."""
    if isinstance(body, dict):
        fields = cast("dict[str, object]", body)
        inner = fields.get("error", fields)
        if isinstance(inner, dict):
            return str(cast("dict[str, object]", inner).get("message") or "")
        return str(inner)
    return body if isinstance(body, str) else ""


def _clean(text: str, target: Target) -> str:
    line = " ".join(text.split())
    if target.secret:
        line = line.replace(target.secret, "***")
    return line if len(line) <= 200 else line[:200] + "…"
