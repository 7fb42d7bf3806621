"""Where an influencer posts, and by which rules."""

from __future__ import annotations

import streamlit as st

from backend.influencers import InfluencerCard
from backend.language import tr
from studio.channels import channels as channel_list
from studio.content_plans import posting_rules
from studio.shell.frame import Page


def channels_tab(page: Page, card: InfluencerCard) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        channel_list.show_for(page, card)
    with right:
        st.header(tr("Posting rules"), anchor=False)
        posting_rules.form(page, card.id, offer_practice_channel=False)
        if page.can_edit:
            st.header(tr("Pause publishing"), anchor=False)
            posting_rules.influencer_switch(page, card)
