"""What was written: the model of a workflow file, loading it, and what is wrong with it."""
