"""`podium dead …`: one file a command."""
