"""Tools that ship with Podium, granted like any other by `python: podium.tools.<name>`."""
