"""Who is acting: until identities are configured, the operating system's user."""

from __future__ import annotations

import getpass
import os


def principal() -> str:
    """Return the user's name; the user's number where the system knows no name (containers)."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid-{os.getuid()}"
