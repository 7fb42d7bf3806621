"""Comparisons: the same prompts and seeds with several versions, scores, blind votes, one suggestion."""

import streamlit as st

from studio.comparisons import comparisons
from studio.shell.frame import frame

page = frame("models/comparisons", needs="viewer")
with page.guard():
    if trial_id := st.query_params.get("id"):
        comparisons.detail(page, trial_id)
    elif run_id := st.query_params.get("run"):
        comparisons.of_run(page, run_id)
    else:
        comparisons.listing(page)
