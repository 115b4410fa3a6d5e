"""Walls around the process of a tool server."""

from __future__ import annotations

from podium.spec.base import SpecModel


class SandboxSpec(SpecModel):
    """What a server may reach beyond its own program and the system's libraries.

    Without this it may reach whatever the user who runs Podium may.
    """

    network: bool = False
    """Whether it may use the network."""

    read: tuple[str, ...] = ()
    """Files and folders that it may read, such as `.`, the folder where Podium was started."""

    write: tuple[str, ...] = ()
    """Folders that it may also write to."""
