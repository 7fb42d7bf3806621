"""Workflows: users' own ComfyUI graphs, imported, mapped, tried and approved."""

import streamlit as st

from studio.shell.frame import frame
from studio.workflows import workflows

page = frame("models/workflows", needs="viewer")
with page.guard():
    if graph_id := st.query_params.get("id"):
        workflows.workflow_page(page, graph_id)
    else:
        workflows.workflows_page(page)
