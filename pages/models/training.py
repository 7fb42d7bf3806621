"""LoRA training: runs with their curves, samples and versions; new runs from old ones; several compared."""

import streamlit as st

from studio.shell.frame import frame
from studio.training import training, training_compare, training_run

page = frame("models/training", needs="viewer")
query = st.query_params
with page.guard():
    if run_id := query.get("id"):
        training_run.detail(page, run_id, zone=training.own_zone())
    elif (run_id := query.get("duplicate")) and page.can_edit:
        step = query.get("step", "")
        training.follow_up_form(page, run_id, int(step) if step.isdigit() else None)
    elif "compare" in query:
        training_compare.compare_runs(page, [run for run in query["compare"].split(",") if run])
    else:
        training.listing(page)
