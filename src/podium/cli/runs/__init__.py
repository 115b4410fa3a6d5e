"""`podium runs …`: one file a command."""
