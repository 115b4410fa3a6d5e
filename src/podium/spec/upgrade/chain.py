"""All steps from older versions of the language to this one, applied in order when a file is loaded.

A file is never rewritten by loading it: a note (SP023) says what was read as what, and `podium fmt --upgrade` writes
it. A newer version is refused (SP006), since a part that is not understood could be a rule that must hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from podium.spec.positions import Written
from podium.spec.upgrade import from_0
from podium.spec.upgrade.step import Upgraded

STEPS: Mapping[int, Callable[[Written], Upgraded]] = {0: from_0.upgrade}
"""`{version: the step to the next one}`."""


def upgraded(root: Written) -> Upgraded:
    """Return the file in this version of the language; as it is when it is in this version, or in none."""
    changes: list[str] = []
    for version in sorted(STEPS):
        if version_of(root) == version:
            root, more = STEPS[version](root)
            changes += more
    return Upgraded(root, tuple(changes))


def version_of(root: Written) -> int | None:
    """Return the version that a file says it is written in, None when it says no number."""
    written = root.children.get("podium")
    return written.value if written is not None and type(written.value) is int else None
