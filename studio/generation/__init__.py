"""Creating pictures."""
