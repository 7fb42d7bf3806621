"""Everything that runs in the background: live, cancel, try again, log."""

import streamlit as st

from studio.jobs import jobs
from studio.shell.frame import frame

page = frame("settings/jobs", needs="viewer")
with page.guard():
    if job_id := st.query_params.get("id"):
        jobs.detail(page, job_id)
    else:
        jobs.listing(page)
