"""`podium stop`: kill switches, and what is stopped."""
