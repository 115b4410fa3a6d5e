"""Where an installation lives: the folder with its store, its files and its settings.

`PODIUM_HOME` when it is set; else the nearest `.podium` in this folder or one above it, as git does; else `.podium` in
this folder, made when something is first written.
"""

from __future__ import annotations

import os
from pathlib import Path

NAME = ".podium"
FILE = "podium.toml"
TOKEN = "PODIUM_TOKEN"  # noqa: S105 - the name of the variable that tells who acts


def find_home(start: Path | None = None) -> Path:
    """Return the folder of the installation, which need not exist yet."""
    if configured := os.environ.get("PODIUM_HOME"):
        return Path(configured).expanduser().absolute()
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / NAME).is_dir():
            return folder / NAME
    return here / NAME


def rules_folder(home: Path) -> Path:
    """Return the folder where the settings and policies of an installation stand."""
    return home.parent if home.name == NAME else home


def has_settings(home: Path) -> bool:
    """Return whether an installation has settings."""
    return (rules_folder(home) / FILE).exists()
