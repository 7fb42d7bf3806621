"""Costs and limits."""
