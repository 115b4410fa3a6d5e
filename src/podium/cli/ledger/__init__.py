"""`podium ledger …`: one file a command."""
