"""Several tables planned, drawn and printed together: one budget, less noise, and tables that agree to the unit."""
