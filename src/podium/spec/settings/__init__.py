"""The installation's settings, as written in `podium.toml`: one section a module."""
