"""Tools: MCP servers and Python modules."""
