"""Influencers: their personas and the LoRAs that draw them."""

import streamlit as st

from studio.influencers import influencers
from studio.shell.frame import frame

page = frame("influencers/influencers", needs="viewer")
with page.guard():
    if influencer_id := st.query_params.get("id"):
        influencers.detail(page, influencer_id)
    else:
        influencers.listing(page)
