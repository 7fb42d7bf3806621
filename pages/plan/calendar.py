"""The calendar: what is planned, moved by mouse, finger or keys."""

import streamlit as st

from studio.frame import frame
from studio.widgets import calendar, plan

page = frame("Calendar", icon=":material/calendar_month:", needs="viewer")
with page.guard():
    if plan_id := st.query_params.get("id"):
        plan.one(page, plan_id)
    else:
        calendar.show(page)
