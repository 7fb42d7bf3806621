"""Boards: pictures gathered, arranged, downloaded as a ZIP."""

import streamlit as st

from studio.gallery import boards
from studio.shell.frame import frame

page = frame("library/boards", needs="viewer")
with page.guard():
    if board_id := st.query_params.get("id"):
        boards.detail(page, board_id)
    else:
        boards.listing(page)
