"""My history: what the signed-in person did here, with its undo."""

import streamlit as st

from studio.history import history
from studio.shell.frame import frame

page = frame("settings/history")
with st.container(width=880), page.guard():
    history.history_list(page)
