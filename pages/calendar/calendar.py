"""The calendar: what is planned, moved by mouse, finger or keys."""

import streamlit as st

from studio.content_plans import calendar
from studio.shell.frame import frame

page = frame("calendar/calendar", needs="viewer")
with page.guard():
    if plan_id := st.query_params.get("id"):
        page.go("calendar/post", id=plan_id)  # where posts were until 0.5.1
    calendar.show(page)
