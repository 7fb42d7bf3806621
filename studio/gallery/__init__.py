"""Gallery and boards."""
