"""Runs the graph: fold, decide, and the loop that carries out what was decided."""
