"""Finding the question that `approve` and `reject` are to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from podium.cli.console import say
from podium.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podium.app.agreeing import Wish
    from podium.app.installation import Installation
    from podium.gate.approval import Verdict
    from podium.gate.roles import Voter
    from podium.ids import NodePath, RunId
    from podium.observe.view import RunView

Json = Any


def open_approval(view: RunView, node: str) -> NodePath:
    """Return the path of the approval that is meant: the one given, or the only one.

    A node that was named and asks something else is returned, too: whoever answers it is told what it asks.

    Raises:
        UsageError: AP007 when none is open there, AP008 when several are and none was named.
    """
    paths = [waiting.path for waiting in view.waits if waiting.wait and waiting.wait.reason == "approval"]
    named = [waiting.path for waiting in view.waits if waiting.path == node and waiting.wait]
    if named and named[0] in [*paths, *_other_questions(view)]:
        return named[0]
    if node or not paths:
        what = f"`{node}` of run `{view.run}`" if node else f"run `{view.run}`"
        known = "it waits for: " + ", ".join(f"`{path}`" for path in paths) if paths else ""
        raise UsageError("AP007", f"{what} does not wait for an approval", help=known or _how_it_stands(view))
    if len(paths) > 1:
        raise UsageError("AP008", f"run `{view.run}` waits for several approvals", help="name one: " + ", ".join(paths))
    return paths[0]


def _other_questions(view: RunView) -> list[NodePath]:
    return [waiting.path for waiting in view.waits if waiting.wait and waiting.wait.reason in {"ask", "doubt"}]


def _how_it_stands(view: RunView) -> str:
    stands = f"it has ended: {view.ended}; " if view.ended else ""
    return f"{stands}`podium runs show {view.run}` shows how it stands"


def decide(
    run: str,
    node: str,
    verdict: Verdict,
    reason: str,
    *,
    value: Json = None,
    to: str = "",
    bounds: Sequence[str] = (),
    seen: str = "",
) -> None:
    """Say something to an open approval as the person at this terminal; `seen`: subject of what they read."""
    from podium.app.agreeing import grant
    from podium.app.overview import read_timeline
    from podium.cli.session import within
    from podium.engine.control import answer

    async def work(installation: Installation) -> None:
        found = await installation.find_run(run)
        path = open_approval((await read_timeline(installation.store, found)).view, node)
        wish = await _wish(installation, found, path, bounds) if bounds else None
        await answer(
            *(installation.store, installation.ids, found, path),
            verdict=verdict,
            by=installation.principal,
            channel="cli",
            reason=reason,
            value=value,
            voter=installation.voter,
            to=_somebody(installation, to) if to else None,
            now=installation.clock.now(),
            seen=seen,
        )
        say(f"{verdict} `{path}` of run {found} as {installation.principal}")
        if wish is not None:
            await grant(installation.standing, installation.ids, wish)
            say(f"and more of its kind, as `{wish.body.id}`; take it back with: podium grants revoke {wish.body.id}")
        if await _is_open(installation, found, path):
            say("it waits for more; `podium inbox show` tells for whom")
        else:
            await say_if_nobody_drives(installation, found)

    within(work)


async def _wish(installation: Installation, run: RunId, path: NodePath, said: Sequence[str]) -> Wish:
    from podium.app.agreeing import wish_for

    now, voter = installation.clock.now(), installation.voter
    return await wish_for(installation.store, installation.ids, run, path, said=said, voter=voter, now=now)


def _somebody(installation: Installation, name: str) -> Voter:
    """Return somebody else by name, with what they hold now; a stranger when nobody knows them."""
    from podium.gate.roles import STRANGER, Voter

    people = installation.people
    if not people.configured:
        return Voter(name, assumed=True)
    return people.named(name) or Voter(STRANGER + name)


async def _is_open(installation: Installation, run: RunId, path: NodePath) -> bool:
    from podium.engine.asked import read_asked

    return path in await read_asked(installation.store, run)


async def say_if_nobody_drives(installation: Installation, run: RunId) -> None:
    """Say how the run goes on when no living process will pick it up."""
    from podium.app.serving import is_served

    if not await is_served(installation.home, run):
        say(f"nobody drives this run now; go on with: podium runs resume {run}")
