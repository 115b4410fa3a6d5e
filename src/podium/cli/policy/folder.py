"""The policies that commands look at: those of the installation, or of another folder; no store is needed for that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from podium.gate.policy.bundle import Bundle
    from podium.gate.policy.decide import Policies

Folder = Annotated[
    Path | None,
    typer.Option("--folder", metavar="FOLDER", help="Look at this folder instead of the installation's `policies`."),
]


def bundle_in(folder: Path | None) -> Bundle:
    """Return the policies of a folder with the settings of the installation; nothing is parsed yet."""
    from podium.app.home import find_home
    from podium.app.policies import read_policies
    from podium.app.settings import read_settings

    home = find_home()
    return read_policies(home, read_settings(home), folder=folder).bundle


def policies_in(folder: Path | None) -> Policies:
    """Return the policies of a folder, ready to decide.

    Raises:
        SpecError: when they are wrong.
        UsageError: AP072 when there are none.
    """
    from podium.app.policies import policies_folder
    from podium.app.policy_source import policies_of
    from podium.errors import UsageError

    bundle = bundle_in(folder)
    if not bundle.files:
        from podium.app.home import find_home

        where = folder or policies_folder(find_home())
        raise UsageError("AP072", f"there are no policies in `{where}`", help="see docs/howto/write-policies.md")
    return policies_of(bundle)
