"""Videos from pictures."""
