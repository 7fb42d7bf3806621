"""Notices: what the signed-in person is told of, how, when and where."""

import streamlit as st

from studio.notices import notices
from studio.shell.frame import frame

page = frame("settings/notices")
with st.container(width=880):
    with page.guard():
        notices.show_preferences(page)
    with page.guard():
        notices.show_hours(page)
    with page.guard():
        notices.show_email(page)
    with page.guard():
        notices.show_targets(page)
