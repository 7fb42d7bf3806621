"""Everything the studio knows and does, without Streamlit. Processes are in studio/, workers/ and ops/; here only
`python -m backend.db.migrations` and the children of engines and decoders run on their own."""

VERSION = "0.6.0"
"""As in pyproject.toml."""
