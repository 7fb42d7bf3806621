"""The inbox: what waits for a person, decided in place."""
