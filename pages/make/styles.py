"""Writing styles: learned from PDFs, measured, and written with."""

import streamlit as st

from studio.frame import frame
from studio.widgets import styles

page = frame("Writing styles", icon=":material/history_edu:", needs="viewer")
with page.guard():
    if style_id := st.query_params.get("id"):
        styles.one(page, style_id)
    else:
        styles.all_of_them(page)
