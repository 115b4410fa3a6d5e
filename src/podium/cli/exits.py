"""Exit codes, which scripts may rely on.

| code | means |
|---|---|
| 0 | done |
| 1 | failed |
| 2 | the command or the file is wrong; nothing was done |
| 3 | done, with errors in some items |
| 8 | waiting for a person, a signal, or an answer to a doubt |
| 9 | denied: a person or the gate said no |
| 10 | a limit was reached |
| 130 | cancelled, or stopped by Ctrl-C |
"""

from __future__ import annotations

from typing import Final

from podium.errors import EffectDenied, PodiumError, UsageError

DONE: Final = 0
FAILED: Final = 1
USAGE: Final = 2
DONE_WITH_ERRORS: Final = 3
WAITING: Final = 8
DENIED: Final = 9
LIMIT: Final = 10
CANCELLED: Final = 130

_BY_STATUS = {
    "done": DONE,
    "done_with_errors": DONE_WITH_ERRORS,
    "failed": FAILED,
    "denied": DENIED,
    "limit": LIMIT,
    "cancelled": CANCELLED,
}


def for_status(status: str) -> int:
    """Return the exit code for how a run stands; one that has not ended is waiting."""
    return _BY_STATUS.get(status, WAITING)


def for_error(error: PodiumError) -> int:
    """Return the exit code for a command that could not be carried out."""
    match error:
        case UsageError():
            return USAGE
        case EffectDenied():
            return DENIED
        case _:
            return FAILED
