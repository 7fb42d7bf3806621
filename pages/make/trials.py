"""Compare checkpoints: the same prompts and seeds with each of them, scores, blind votes, one suggestion."""

import streamlit as st

from studio.frame import frame
from studio.widgets import trials

page = frame("Compare checkpoints", icon=":material/compare:", needs="viewer")
with page.guard():
    if trial_id := st.query_params.get("id"):
        trials.detail(page, trial_id)
    elif run_id := st.query_params.get("run"):
        trials.of_run(page, run_id)
    else:
        trials.listing(page)
