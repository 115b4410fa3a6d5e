"""Reads the ledger: each module a fold."""
