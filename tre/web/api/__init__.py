"""The JSON API: the same services, for programs, with a personal token."""
