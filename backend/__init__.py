"""Everything the studio knows and does; no Streamlit here, no process of its own."""
