"""Who drives which run."""
