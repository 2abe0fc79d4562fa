"""Trusted research environment. `import tre` loads only the researcher's client, on first use."""
