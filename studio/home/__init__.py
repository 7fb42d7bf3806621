"""Home: what the day brings."""
