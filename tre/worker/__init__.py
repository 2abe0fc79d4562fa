"""The platform's own process: checks, releases, the log. It alone lets anything leave."""
