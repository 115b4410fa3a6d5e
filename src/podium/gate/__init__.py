"""May it? Decisions, labels, budgets, approvals. Pure: facts in, decision out."""
