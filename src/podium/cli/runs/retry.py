"""`podium runs retry RUN`: let a failed run go on from where it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.cli.console import Format
from podium.cli.options import Output, RunArgument

if TYPE_CHECKING:
    from podium.app.installation import Installation


def retry(run: RunArgument, output: Output = Format.table) -> None:
    """Run the failed nodes of an ended run again.

    What is finished stays finished.
    """
    from podium.cli.finish import drive_and_report, leave_with
    from podium.cli.session import within
    from podium.engine.control import retry as ask_to_retry

    async def work(installation: Installation) -> None:
        found = await installation.find_run(run)
        await ask_to_retry(installation.store, installation.ids, found, by=installation.principal)
        leave_with(await drive_and_report(installation, found, form=output), output)

    within(work)
