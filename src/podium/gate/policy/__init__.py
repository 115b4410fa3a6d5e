"""Policies as code: who may do what, in Cedar or in a short YAML form that becomes Cedar. Pure; it reads no file."""
