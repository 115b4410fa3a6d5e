"""Who is acting: until identities are configured, the operating system's user.

It is the user under whose number this process runs, never what the environment says (`LOGNAME`, `USER`): anybody can
set that to the name of somebody who may approve.
"""

from __future__ import annotations

import getpass
import os
import sys


def principal() -> str:
    """Return the user's name; the user's number where the system knows no name (containers)."""
    if sys.platform == "win32":  # there are no numbers of users there, and no other way to ask
        return getpass.getuser()
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"
