"""Workflows built in Python: the same model as in a file, checked by the same rules."""
