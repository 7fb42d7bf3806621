"""Accounts on platforms."""
