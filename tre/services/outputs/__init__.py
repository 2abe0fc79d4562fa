"""Output requests, verb by verb: submit, check, vote, release, show."""
