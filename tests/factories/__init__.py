"""Rows that tests start from, one noun a file."""
