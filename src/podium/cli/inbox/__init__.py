"""`podium inbox`: what waits for this person, over all runs."""
