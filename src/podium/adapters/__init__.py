"""The world: stores, models, tools, dispatch."""
