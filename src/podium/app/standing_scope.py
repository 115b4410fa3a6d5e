"""What `--for` says: the bounds within which a yes counts for later calls, too.

| written | means |
|---|---|
| `run` | in this run |
| `recipient=ada@example.org` | to these recipients (several: write it several times) |
| `origin=https://example.org` | with addresses of these origins only |
| `uses=5` | so many calls, this one included |
| `until=2h`, `until=2027-01-31` | until then |
| `max=500`, `max=amount:500` | as long as the amounts come to no more, this one included |

All that is said must hold. Whoever says neither `run` nor `until` agrees for 30 days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from podium.errors import UsageError
from podium.gate.standing import amount_of, fits, has_left, mark, origin
from podium.ids import RunId
from podium.spec.standing import Scope
from podium.units import parse_duration

Json = Any

DEFAULT_UNTIL = timedelta(days=30)
_MS = timedelta(milliseconds=1)
_KINDS = ("run", "recipient", "origin", "uses", "until", "max")


def scope_of(
    said: Sequence[str], *, effect: str, workflow: str, run: RunId, arguments: Mapping[str, Json], now: int
) -> Scope:
    """Return the scope that was meant.

    Raises:
        UsageError: AP087 when it cannot be read, or does not fit the call at which it is given.
    """
    given: dict[str, list[str]] = {}
    for text in said:
        kind, _, value = text.partition("=")
        if kind not in _KINDS or bool(value) != (kind != "run"):
            raise _wrong(f"`{text}` is no bound", "one of " + ", ".join(f"`{known}`" for known in _KINDS))
        given.setdefault(kind, []).append(value)
    argument, most = _most(given.get("max"), arguments)
    scope = Scope(
        effect=effect,
        workflow=workflow,
        run=run if "run" in given else "",
        uses=_uses(given.get("uses")),
        until=_until(given.get("until"), now, endless="run" in given),
        argument=argument,
        most_micro=most,
        recipients=tuple(sorted({mark(one) for one in given.get("recipient", ())})),
        origins=tuple(sorted({mark(_origin(one)) for one in given.get("origin", ())})),
    )
    fitting = fits(scope, effect=effect, workflow=workflow, run=run, arguments=arguments, now=now)
    if not fitting or not has_left(scope, {}, "", arguments):  # type: ignore[arg-type]
        raise _wrong("that does not fit the call that is asked about", "say bounds that this call is within")
    return scope


def _uses(said: list[str] | None) -> int:
    if not said:
        return 0
    if not said[-1].isdecimal() or not 1 <= int(said[-1]) <= 1_000_000:
        raise _wrong(f"`uses={said[-1]}` is no number of calls", "from 1 to 1000000")
    return int(said[-1])


def _until(said: list[str] | None, now: int, *, endless: bool) -> int:
    if not said:
        return 0 if endless else now + DEFAULT_UNTIL // _MS
    text = said[-1]
    try:
        return now + parse_duration(text) // _MS
    except ValueError:
        pass
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise _wrong(f"`until={text}` is no time", "such as `2h` or `2027-01-31`") from None
    at = round((day if day.tzinfo else day.replace(tzinfo=UTC)).timestamp() * 1000)
    if at <= now:
        raise _wrong(f"`until={text}` is over already", "say a time to come")
    return at


def _most(said: list[str] | None, arguments: Mapping[str, Json]) -> tuple[str, int]:
    if not said:
        return "", 0
    name, _, number = said[-1].rpartition(":")
    most = amount_of(number)
    if most is None:
        raise _wrong(f"`max={said[-1]}` is no amount", "such as `max=500` or `max=amount:500`")
    numbers = [
        one for one, value in arguments.items() if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    if not name and len(numbers) != 1:
        raise _wrong(
            "which argument is the amount?", "name it: " + ", ".join(f"`max={one}:{number}`" for one in arguments)
        )
    return name or numbers[0], most


def _origin(text: str) -> str:
    found = origin(text)
    if not found:
        raise _wrong(f"`{text}` is no origin", "such as `origin=https://example.org`")
    return found


def _wrong(message: str, step: str) -> UsageError:
    return UsageError("AP087", message, help=step)
