"""Reading `podium.toml`: the settings of one installation.

It stands with the installation and nowhere else: beside the folder `.podium`, or in the folder that `PODIUM_HOME`
names. Where somebody starts a command from cannot change which rules hold. The folder `policies/` stands at the same
place. No file means the defaults; a file that cannot be read, or says what is not known, stops everything.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from podium.app.home import FILE, rules_folder
from podium.errors import UsageError
from podium.spec.settings.model import Settings

__all__ = ["FILE", "read_settings", "rules_folder"]


def read_settings(home: Path) -> Settings:
    """Return the installation's settings.

    Raises:
        UsageError: AP070 when the file is no TOML, or says what is not known.
    """
    path = rules_folder(home) / FILE
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise UsageError("AP070", f"`{path}` cannot be read: {error.strerror}") from None
    try:
        return Settings.model_validate(tomllib.loads(written.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError("AP070", f"`{path}` is not TOML: {error}", help="correct the file") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            "AP070", f"`{path}`: `{place}`: {first['msg']}", help="see docs/reference/settings.md"
        ) from None
