"""One function per verb. Each takes a transaction and an actor, calls the rules, and never commits."""
