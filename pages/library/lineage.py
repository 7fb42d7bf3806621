"""Lineage: which datasets, runs and LoRAs a picture or video was made from."""

import streamlit as st

from studio.lineage import lineage
from studio.shell.frame import frame

page = frame("library/lineage", needs="viewer")
with page.guard():
    if thing_id := st.query_params.get("id"):
        lineage.show_lineage(page, st.query_params.get("noun", "picture"), thing_id)
    else:
        lineage.choose_start(page)
