"""How far a workflow may go by itself."""

from __future__ import annotations

from typing import Literal

Autonomy = Literal["suggest", "supervised", "bounded", "autonomous"]
"""From the shortest leash to the longest: what writes is only prepared, and each asks; what writes asks; what cannot be
taken back asks; only policies, labels and grants decide who is asked."""
