"""The wrappers around an effect, one a file, none knowing the others."""
