"""Datasets: pictures with captions to train on."""

import streamlit as st

from studio.datasets import datasets
from studio.shell.frame import frame

page = frame("models/datasets", needs="viewer")
with page.guard():
    if dataset_id := st.query_params.get("id"):
        datasets.detail(page, dataset_id)
    else:
        datasets.listing(page)
