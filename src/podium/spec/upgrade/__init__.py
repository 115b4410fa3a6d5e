"""Files in older versions of the language: one module for each step from a version to the next."""
