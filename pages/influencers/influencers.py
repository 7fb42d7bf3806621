"""Influencers: the list, and the page of one with everything of hers."""

import streamlit as st

from studio.influencers import hub, influencers
from studio.shell.frame import frame

page = frame("influencers/influencers", needs="viewer")
with page.guard():
    if influencer_id := st.query_params.get("id"):
        hub.show(page, influencer_id)
    else:
        influencers.listing(page)
