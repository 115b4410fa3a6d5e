"""Public doubles and conformance suites for people who test workflows and adapters."""
