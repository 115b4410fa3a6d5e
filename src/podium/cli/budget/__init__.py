"""`podium budget …`: one file a command."""
