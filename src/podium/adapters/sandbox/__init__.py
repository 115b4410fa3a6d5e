"""Sandboxes: where programs run that nobody vouches for."""
