"""LI024."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Scope, Spot, Subject
from podium.spec.diagnostic import Severity


class LockInLock:
    """Locks that wait for each other for ever.

    Why is this bad? A node keeps its lock as long as what is inside it is at work. A node inside with the same lock
    can never have it, and the run rests for ever. So it may with two locks that are taken one inside the other, here
    in this order and there in the other.

    Wrong:

    ```yaml
    podium: 1
    name: readings
    nodes:
      both:
        scope:
          first: {llm: Read the first page., lock: desk}
          second: {llm: Read the second page.}
        result: "'read'"
        lock: desk
    ```

    Right: lock what is inside, or what is around it.

    ```yaml
    podium: 1
    name: readings
    nodes:
      both:
        scope:
          first: {llm: Read the first page., lock: desk}
          second: {llm: Read the second page., lock: desk}
        result: "'read'"
    ```
    """

    code: ClassVar[str] = "LI024"
    name: ClassVar[str] = "lock-in-lock"
    severity: ClassVar[Severity] = "error"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at the locks that are held around each lock; `after` are those that may be taken while one is held."""
        nested = [(spot, held) for spot in subject.spots if spot.node.config.lock for held in _held(spot.scope)]
        after: dict[str, set[str]] = {}
        for spot, held in nested:
            after.setdefault(held, set()).add(str(spot.node.config.lock))
        for spot, held in nested:
            lock = str(spot.node.config.lock)
            if held == lock:
                message = f"`{spot.node.id}` waits for the lock `{lock}`, which is held around it"
                yield Remark(message, (*spot.loc, "lock"), "take one of the two locks out")
            elif held in _reached(after, lock):
                message = f"`{lock}` is taken while `{held}` is held, and elsewhere the other way round"
                yield Remark(message, (*spot.loc, "lock"), "take them in the same order everywhere")


def _held(scope: Scope, seen: frozenset[int] = frozenset()) -> frozenset[str]:
    """Return the locks that may be held around the nodes of a scope."""
    found = frozenset[str]()
    if id(scope) in seen:
        return found
    for caller in scope.callers:
        detached = bool(getattr(caller.node.config, "detached", False))
        if not detached:
            found |= _own(caller) | _held(caller.scope, seen | {id(scope)})
    return found


def _own(spot: Spot) -> frozenset[str]:
    """Return the lock that a node holds while what is inside it is at work; a fallback holds that of its node."""
    holder = spot.scope.graph.nodes[spot.index] if spot.role == "fallback" else spot.node
    return frozenset({holder.config.lock} if holder.config.lock else ())


def _reached(after: dict[str, set[str]], lock: str) -> set[str]:
    """Return the locks that may be taken while `lock` is held, directly or through others."""
    found: set[str] = set()
    open_ = [lock]
    while open_:
        new = after.get(open_.pop(), set()) - found
        found |= new
        open_ += new
    return found
