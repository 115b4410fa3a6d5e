"""`podium policy …`: one file a command."""
