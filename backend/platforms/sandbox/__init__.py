"""The practice platform."""
