"""A tool: what acts on the world is granted, allowed and recorded, and stands here rather than in the node type."""

from __future__ import annotations

from pathlib import Path

from podium import EffectError, ToolSettings, tool


class Settings(ToolSettings):
    """What stands beside `python:` in a grant."""

    root: Path
    """The folder that is read."""


@tool(effect="read", delivery="repeatable")
def words_of(name: str, settings: Settings) -> str:
    """Return the text of a file in the folder."""
    path = (settings.root / name).resolve()
    if not path.is_relative_to(settings.root.resolve()):
        raise EffectError("WC001", f"`{name}` is outside of the folder", kind="invalid_input")
    return path.read_text(encoding="utf-8")
