"""`podium policy explain RUN [NODE]`: which policies decided, on which facts, and whether they still would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from podium.cli.console import Format, emit, say
from podium.cli.options import OptionalNode, Output, RunArgument
from podium.cli.policy.folder import bundle_in

if TYPE_CHECKING:
    from rich.console import Group

    from podium.app.installation import Installation
    from podium.app.policy_explain import Explained

Json = Any


def explain(run: RunArgument, node: OptionalNode = "", output: Output = Format.table) -> None:
    """Explain the decisions of a run.

    Each is made again by the policies that were in force, and by those in the folder now.
    """
    from podium.app.policy_explain import explained
    from podium.cli.session import within

    bundle = bundle_in(None)

    async def work(installation: Installation) -> list[Explained]:
        found = await installation.find_run(run)
        return [one async for one in explained(installation, found, bundle, node=node)]

    told = within(work)
    emit([_json(one) for one in told], output, lambda: _group(told))
    if not told and output is Format.table:
        say("nothing was decided" + (f" at `{node}`" if node else ""))


def _json(one: Explained) -> dict[str, Json]:
    decision = one.decision
    return {
        "path": decision.path,
        "seq": decision.seq,
        "effect": decision.effect,
        "verdict": decision.verdict,
        "reasons": list(decision.reasons),
        "policies": decision.digest,
        "judged": [part._asdict() for part in one.then.judged] if one.then else [],
        "obligations": [{"kind": part.kind, "by": part.reason} for part in one.then.obligations] if one.then else [],
        "facts": one.facts,
        "note": one.note,
        "now": one.now,
    }


def _group(told: list[Explained]) -> Group:
    from rich.console import Group
    from rich.text import Text

    return Group(*(Text(line) for one in told for line in _lines(one)))


def _lines(one: Explained) -> list[str]:
    decision = one.decision
    lines = [f"{decision.path}  {decision.effect}  {decision.verdict}: {', '.join(decision.reasons)}"]
    if decision.digest:
        lines.append(f"  policies {decision.digest[:12]}")
    if one.then is not None:
        for part in one.then.judged:
            by = ", ".join(part.policies) or "no policy"
            lines.append(f"  {part.principal}: {'allowed' if part.allowed else 'denied'} by {by}")
        lines += [f"  {part.kind} demanded by {part.reason.partition(':')[2]}" for part in one.then.obligations]
    if one.facts:
        lines.append("  " + ", ".join(f"{name}={_short(value)}" for name, value in one.facts.items()))
    lines += [f"  {text}" for text in (one.note, one.now) if text]
    return [*lines, ""]


def _short(value: Json) -> str:
    text = "|".join(str(part) for part in cast("list[Json]", value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else text[:59] + "…"
