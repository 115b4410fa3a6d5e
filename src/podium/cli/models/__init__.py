"""`podium models …`: one file a command."""
