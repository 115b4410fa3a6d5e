"""Where records stand."""
