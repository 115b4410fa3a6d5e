"""Podium: orchestration for AI agents under governance."""
