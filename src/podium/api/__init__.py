"""Running workflows from Python: start, watch, answer, wait. Async; `podium.api.sync` is the same for other code."""
