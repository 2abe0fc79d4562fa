"""Directories of people: what an identity provider and its clients compute. Pure, but for random secrets."""
