"""Who published a version of a workflow: four eyes may exclude them from deciding about its runs."""

from __future__ import annotations

from collections.abc import Mapping

from podium.ids import ADMIN, WorkflowVersion
from podium.ledger.record import AdminNoted
from podium.ledger.store import RunStore

WORD = "author"


async def author_of(store: RunStore, version: WorkflowVersion, texts: Mapping[str, str]) -> str:
    """Return who published a version first; "" when its texts do not care, or nobody knows."""
    if not any(WORD in text for text in texts.values()):
        return ""
    after = 0
    while records := await store.records(ADMIN, after=after):
        for record in records:
            body = record.body
            if isinstance(body, AdminNoted) and body.action == "workflow.published" and body.subject == version:
                return "" if body.by == "system" else body.by
        after = records[-1].seq
    return ""
