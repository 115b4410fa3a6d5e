"""The contract of a node type. Public: plug-ins implement it."""
