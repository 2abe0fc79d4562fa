"""The database: where it runs, its tables, who may do what in it, and the only commits in the house."""
