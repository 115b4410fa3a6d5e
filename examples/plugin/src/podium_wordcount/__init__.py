"""A sample plug-in of Podium: counting words."""
