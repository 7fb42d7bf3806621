"""Writing styles: learned from PDFs, measured, and written with."""

import streamlit as st

from studio.shell.frame import frame
from studio.writing_styles import writing_styles

page = frame("models/writing_styles", needs="viewer")
with page.guard():
    if style_id := st.query_params.get("id"):
        writing_styles.style_page(page, style_id)
    else:
        writing_styles.styles_page(page)
