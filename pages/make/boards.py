"""Boards: pictures gathered, arranged, packed."""

import streamlit as st

from studio.gallery import boards
from studio.shell.frame import frame

page = frame("Boards", icon=":material/dashboard:", needs="viewer")
with page.guard():
    if board_id := st.query_params.get("id"):
        boards.one(page, board_id)
    else:
        boards.all_of_them(page)
