"""What went wrong with a program in a sandbox, said in the same words by every profile."""

from __future__ import annotations

from podium.errors import EffectError


def raised(kind: str, message: str, *, line: int = 0, printed: str = "") -> EffectError:
    """Return the error for code that raised an exception."""
    where = f" in line {line}" if line else ""
    told = f"{kind}: {message}" if message else kind
    tail = printed.strip()[-500:]
    return EffectError(
        "EF061",
        f"the code raised {told[:1000]}{where}",
        kind="failed",
        help=f"it last printed: {tail}" if tail else "correct the code, or its inputs",
    )


def beyond(what: str, setting: str) -> EffectError:
    """Return the error for code that went beyond a limit: `took more than 10s to compute`."""
    return EffectError("EF062", f"the code {what}", kind="limit", help=f"raise `limits.{setting}`, or do less at once")


def no_python(message: str, *, line: int = 0) -> EffectError:
    """Return the error for source that cannot be compiled."""
    where = f" in line {line}" if line else ""
    return EffectError("EF064", f"the code is no Python{where}: {message[:500]}", kind="invalid_input")


def broken(target: str, why: str) -> EffectError:
    """Return the error for a sandbox that itself failed."""
    return EffectError("EF065", f"`{target}` failed: {why}", kind="unavailable", help="see `podium doctor`")
