"""The first page of the day."""
