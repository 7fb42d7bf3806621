"""LoRA training: runs, their curves, samples and checkpoints."""

import streamlit as st

from studio.frame import frame
from studio.widgets import training

page = frame("Training", icon=":material/model_training:", needs="viewer")
with page.guard():
    if run_id := st.query_params.get("id"):
        training.detail(page, run_id)
    else:
        training.listing(page)
