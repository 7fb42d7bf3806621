"""Consents: what their page draws."""
