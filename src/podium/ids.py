"""Names of things: what each one looks like and where a new one comes from.

Ids are text, so that they stand in YAML, logs and URLs unchanged. A run id is random; everything inside a run is
*named* by where it stands (a node path), never by a counter, so that a resumed run finds its own results again.

```python
NodePath("drafts[3]/write~2")     # item 3 of the map `drafts`, node `write`, second revise round
```
"""

from __future__ import annotations

import hashlib
import os
import threading
from functools import lru_cache
from typing import NewType, Protocol

RunId = NewType("RunId", str)
"""`r` and 12 Crockford base32 digits (60 random bits), or `_admin` for the installation's own stream."""

NodeId = NewType("NodeId", str)
"""`[a-z][a-z0-9_]*`, not a word of CEL; unique within its scope (the workflow, or the body of a map)."""

NodePath = NewType("NodePath", str)
"""`node([index])?(~round)?` segments joined by `/`. Round 0 is not written."""

WorkflowVersion = NewType("WorkflowVersion", str)
"""SHA-256 of the workflow's resolved closure as canonical JSON, in lower-case hex (64 characters)."""

Digest = NewType("Digest", str)
"""SHA-256 in lower-case hex (64 characters)."""

EffectKey = NewType("EffectKey", str)
"""Idempotency key of an effect, 32 lower-case hex characters; all attempts of one effect share it."""

WorkerId = NewType("WorkerId", str)
"""`w` and 12 Crockford base32 digits; fresh for every process."""

ADMIN = RunId("_admin")
"""The stream of records that belong to the installation and to no run."""

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


class IdSource(Protocol):
    """Where random bytes come from; tests own one that is reproducible."""

    def random_bytes(self, count: int) -> bytes:
        """Return `count` bytes that nobody can guess."""
        ...


class SystemIds:
    """The operating system's random numbers.

    Fetched 4 KiB at a time: each call of `os.urandom` lets another thread take the interpreter, and beside a busy one
    getting it back costs a hundred times what the bytes do.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool = b""

    def random_bytes(self, count: int) -> bytes:
        """Return `count` bytes of `os.urandom`; none is given out twice."""
        with self._lock:
            if len(self._pool) < count:
                self._pool = os.urandom(max(count, 4096))
            taken, self._pool = self._pool[:count], self._pool[count:]
        return taken


def _token(prefix: str, ids: IdSource) -> str:
    return _name(prefix, ids.random_bytes(8))


def _name(prefix: str, random: bytes) -> str:
    bits = int.from_bytes(random, "big")
    return prefix + "".join(_CROCKFORD[(bits >> shift) & 31] for shift in range(55, -5, -5))


def named_run_id(digest: bytes) -> RunId:
    """Return the run id that follows from a digest: the same for the same."""
    return RunId(_name("r", digest[:8]))


def new_run_id(ids: IdSource) -> RunId:
    """Return a run id that has not been used before (60 random bits)."""
    return RunId(_token("r", ids))


def new_worker_id(ids: IdSource) -> WorkerId:
    """Return a worker id for this process."""
    return WorkerId(_token("w", ids))


def child_path(parent: NodePath | None, node: NodeId, *, round_: int = 0) -> NodePath:
    """Return the path of `node` inside `parent` (a map item such as `drafts[3]`, or None for the workflow)."""
    name = f"{node}~{round_}" if round_ else node
    return NodePath(f"{parent}/{name}" if parent else name)


def item_path(map_path: NodePath, index: int) -> NodePath:
    """Return the path of one item of a map, such as `drafts[3]`; it prefixes the nodes of its body."""
    return NodePath(f"{map_path}[{index}]")


@lru_cache(maxsize=4096)
def effect_key(root: RunId, path: NodePath, effect: str, *, turn: int = 0, position: int = 0) -> EffectKey:
    """Return the idempotency key of an effect (architecture, rule 4: names, not counters).

    `turn` and `position` tell the calls of one node apart: the turn of a conversation, and the place of the call
    in the recorded response that asked for it.
    """
    name = "\x00".join((root, path, str(turn), str(position), effect))
    return EffectKey(hashlib.sha256(name.encode()).hexdigest()[:32])
