"""The LoRA library."""

import streamlit as st

from studio.loras import loras
from studio.shell.frame import frame

page = frame("models/loras", needs="viewer")
with page.guard():
    if lora_id := st.query_params.get("id"):
        loras.detail(page, lora_id)
    else:
        loras.library(page)
