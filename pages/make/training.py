"""LoRA training: runs, their curves, samples and checkpoints; new ones from old ones; several beside each other."""

import streamlit as st

from studio.shell.frame import frame
from studio.training import training, training_compare, training_run

page = frame("Training", icon=":material/model_training:", needs="viewer")
asked = st.query_params
with page.guard():
    if run_id := asked.get("id"):
        training_run.detail(page, run_id, zone=training.browser_zone())
    elif (run_id := asked.get("duplicate")) and page.can_edit:
        step = asked.get("step", "")
        training.follow_up_form(page, run_id, int(step) if step.isdigit() else None)
    elif "compare" in asked:
        training_compare.compare_runs(page, [one for one in asked["compare"].split(",") if one])
    else:
        training.listing(page)
