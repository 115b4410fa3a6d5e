"""Detectors of others behind our port, each an extra."""
