"""Everything the studio knows and does; no Streamlit here, no process of its own."""

VERSION = "0.6.0"
"""As in pyproject.toml."""
