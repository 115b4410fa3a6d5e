"""A small value for any JSON Schema: what a scripted model or tool says when nobody told it what."""

from __future__ import annotations

from podium.spec.example import example_value

__all__ = ["example_value"]
