"""Code in a process: the whole of Python, behind the walls of a profile.

The process reads the code and its inputs from stdin and writes its result to stdout, both JSON; what it prints goes to
stderr. Nothing of it is believed but what fits: it might have written the result itself.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn, cast

from podium.adapters.sandbox.child import Ended, run_child
from podium.adapters.sandbox.plain import no_json, plain
from podium.adapters.sandbox.profile import Wish, starting
from podium.adapters.sandbox.verdict import beyond, broken, no_python, raised
from podium.effects.ports import Progress
from podium.node.calls import CodeCall, CodeLimits, CodeReply
from podium.units import format_duration

if TYPE_CHECKING:
    from podium.adapters.sandbox.profile import Profile

Json = Any
_ENVELOPE = 4_096
"""Bytes around the result."""


class ProcessSandbox:
    """See the module's rules."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    @property
    def target(self) -> str:
        return f"sandbox/{self._profile.name}"

    async def run(self, call: CodeCall, *, timeout_s: float, progress: Progress) -> CodeReply:
        limits = call.limits
        request = {"source": call.source, "inputs": call.inputs, "files": call.files, "keep": call.keep}
        try:
            async with starting(self._profile, Wish(limits=limits)) as start:
                text, most = json.dumps(request).encode(), limits.output + _ENVELOPE
                ended = await run_child(start, text, most=most, timeout_s=timeout_s)
        except OSError as error:
            raise broken(self.target, f"{error.strerror or error}") from None
        printed = ended.printed.decode(errors="replace")
        progress(printed)
        if not ended.said:
            _without_result(ended, limits, printed)
        return _reply(call, _reading(ended.said), printed)

    async def close(self) -> None:
        """Nothing stays open."""


def _reading(said: bytes) -> Mapping[str, Json]:
    try:
        reply: object = json.loads(said)
    except (ValueError, RecursionError):
        raise no_json("the result", "cannot be read") from None
    if not isinstance(reply, dict):
        raise no_json("the result", "cannot be read")
    return cast("dict[str, Json]", reply)


def _reply(call: CodeCall, reply: Mapping[str, Json], printed: str) -> CodeReply:
    match reply:
        case {"syntax": str(message), "line": int(line)}:
            raise no_python(message, line=line)
        case {"raised": "MemoryError"}:
            raise beyond("used more than its memory", "memory")
        case {"refused": str(why)}:
            raise no_json("the result", why)
        case {"raised": str(kind), "message": str(message), "line": int(line)}:
            raise raised(kind, message, line=line, printed=printed)
        case {"value": value, "files": dict()}:
            files = cast("dict[str, Json]", reply["files"])
            kept = {name: str(files.get(name, "")) for name in call.keep}
            return CodeReply(value=plain(value), printed=printed, files=kept)
        case _:
            raise no_json("the result", "cannot be read")


def _without_result(ended: Ended, limits: CodeLimits, printed: str) -> NoReturn:
    """Raise what a process came to that said nothing.

    Raises:
        EffectError: always.
    """
    if ended.status == 128 + signal.SIGXCPU or (ended.status == 128 + signal.SIGKILL and not printed):
        raise beyond(f"computed for more than {format_duration(timedelta(milliseconds=limits.cpu_ms))}", "cpu")
    raise raised("SystemExit", f"its process ended with status {ended.status} and no result", printed=printed)
