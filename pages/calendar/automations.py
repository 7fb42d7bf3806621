"""Automations: what starts and runs by itself."""

import streamlit as st

from studio.automations import detail, overview
from studio.shell.frame import frame

page = frame("calendar/automations", needs="viewer")
with page.guard():
    new = st.query_params.get("new")
    if automation_id := st.query_params.get("id"):
        detail.show(page, automation_id)
    elif new == overview.CHOOSE and page.can_edit:
        overview.choose(page)
    elif new and page.can_edit:
        detail.show_new(page, new)
    else:
        overview.show(page)
