"""The rules: what an auditor reads. Standard library and `disclosure` only; no database, clock, path or random number."""
