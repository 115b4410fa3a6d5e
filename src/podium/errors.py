"""Everything that Podium raises on purpose.

    PodiumError                     code, message, help
    ├── UsageError                  the person asked for something that is not there (CLI exit code 2)
    │   └── SpecError               a file is wrong; carries its diagnostics
    ├── NodeError                   a node attempt failed; `kind` decides retries and `on_error`
    │   ├── ExpressionError         an expression gave an error value, or not what was wanted
    │   └── EffectError             an effect failed; says whether it certainly did not happen
    │       └── EffectDenied        the gate said no
    ├── StoreError                  the store cannot do it now: locked, full, damaged
    │   ├── Fenced                  another worker owns the run; stop, nothing was written
    │   └── Rejected                this one write breaks a rule of the ledger; nothing was written
    │       └── OverBudget          a budget that runs share has no room for this effect
    └── LedgerError                 the evidence does not hold; names the first bad record

Messages are one lower-case sentence without a full stop, with user text in backticks, and say what to do next in
`help`. A code has a page, `docs/errors/CODE.md`. Codes by area: SP spec, EX expression, GR graph, LI lint, GA gate,
EF effect, EN engine, LE ledger, ST store, AP app and CLI.
"""

from __future__ import annotations

from typing import Literal

ErrorKind = Literal[
    "timeout",  # no answer in time
    "unavailable",  # could not be reached, or its breaker is open
    "rate_limited",  # asked to come back later
    "invalid_input",  # the request is wrong; the same request fails again
    "invalid_output",  # an answer came and is not what was asked for
    "refused",  # the model or the tool declined
    "failed",  # the tool ran and reported an error
    "denied",  # the gate said no
    "cancelled",  # a person or a deadline stopped it
    "limit",  # a budget or a bound was reached
    "internal",  # a defect of Podium or of a plug-in
]
"""What went wrong, as `retry.on` and `on_error` name it."""


class PodiumError(Exception):
    """A failure with a stable code.

    Attributes:
        code: Such as `SP014`; has a page in `docs/errors`.
        message: One sentence for the person who must fix it.
        help: The next step, or "".
    """

    def __init__(self, code: str, message: str, *, help: str = "") -> None:  # noqa: A002 - the field's usual word
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class UsageError(PodiumError):
    """The command or the call cannot be carried out as given; nothing was done."""


class NodeError(PodiumError):
    """One attempt of a node failed.

    Attributes:
        kind: What `retry.on` and `on_error` decide by.
        retry_after_s: Seconds the other side asked us to wait, or None.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        kind: ErrorKind,
        help: str = "",  # noqa: A002 - as in PodiumError
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(code, message, help=help)
        self.kind: ErrorKind = kind
        self.retry_after_s = retry_after_s


class ExpressionError(NodeError):
    """An expression failed while it ran; an error value is a failure, never true."""

    def __init__(self, message: str, *, help: str = "") -> None:  # noqa: A002 - as in PodiumError
        super().__init__("EX001", message, kind="invalid_input", help=help)


class EffectError(NodeError):
    """An effect failed.

    Attributes:
        landed: `"no"` when it certainly did not happen (refused connection, validation, a clear error answer);
            `"unknown"` when it may have happened (timeout or reset after sending): that is doubt.
        tokens: What a failed model call has cost all the same, as (input, output, cached); zeros when it is not known.
    """

    tokens: tuple[int, int, int] = (0, 0, 0)

    def __init__(
        self,
        code: str,
        message: str,
        *,
        kind: ErrorKind,
        landed: Literal["no", "unknown"] = "no",
        help: str = "",  # noqa: A002 - as in PodiumError
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(code, message, kind=kind, help=help, retry_after_s=retry_after_s)
        self.landed: Literal["no", "unknown"] = landed


class EffectDenied(EffectError):
    """The gate refused the effect; nothing left the process."""

    def __init__(self, code: str, message: str, *, help: str = "") -> None:  # noqa: A002 - as in PodiumError
        super().__init__(code, message, kind="denied", help=help)


class StoreError(PodiumError):
    """The store could not do what was asked; nothing was written."""


class Fenced(StoreError):
    """Another worker has claimed the run since; whatever this one still does is not recorded."""

    def __init__(self, run: str, epoch: int) -> None:
        super().__init__("ST002", f"run `{run}` was taken over by another worker after epoch {epoch}")


class Rejected(StoreError):
    """This single write broke a rule (duplicate key, ended run, kill switch); the rest of its batch went through."""


class OverBudget(Rejected):
    """A budget beyond the run has no room for the most that an effect can use.

    Attributes:
        budget: Its name and period, `support/2026-11`.
        verdict: `wait` when only open reservations stand in the way (ST020), `limit` when spending does (ST021).
        unit: What is short: `tokens`, `nano_usd`, `calls` or `micro_wh`.
    """

    def __init__(self, budget: str, verdict: Literal["wait", "limit"], unit: str) -> None:
        if verdict == "wait":
            super().__init__("ST020", f"budget `{budget}` is held by calls that are under way")
        else:
            super().__init__("ST021", f"budget `{budget}` has not enough left", help="raise it in podium.toml")
        self.budget = budget
        self.verdict: Literal["wait", "limit"] = verdict
        self.unit = unit


class LedgerError(PodiumError):
    """The evidence does not hold.

    Attributes:
        stream: The run or `_admin`.
        seq: The first record that is wrong, or None when the stream as a whole is.
    """

    def __init__(self, code: str, message: str, *, stream: str, seq: int | None, help: str = "") -> None:  # noqa: A002
        super().__init__(code, message, help=help)
        self.stream = stream
        self.seq = seq
