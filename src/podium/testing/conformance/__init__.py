"""Conformance suites: one class a port; every implementation, ours or yours, subclasses it and passes."""
