"""What shall happen: the compiled form of a workflow, its expressions, joins and skips. Pure."""
