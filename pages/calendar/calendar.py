"""The calendar: what is planned, moved by mouse, finger or keys."""

import streamlit as st

from studio.content_plans import calendar, plan
from studio.shell.frame import frame

page = frame("calendar/calendar", needs="viewer")
with page.guard():
    if plan_id := st.query_params.get("id"):
        plan.show_page(page, plan_id)
    else:
        calendar.show(page)
