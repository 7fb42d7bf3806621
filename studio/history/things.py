"""What a history and the audit log show of the things that they tell of: icons, groups, links."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from backend.history import NOUN_GROUPS, NounGroup
from backend.language import tr, tr_lazy
from studio.shell.frame import Page

GROUP_LABELS: dict[NounGroup, str] = {
    "pictures": tr_lazy("Pictures"),
    "videos": tr_lazy("Videos"),
    "texts": tr_lazy("Texts"),
    "posts": tr_lazy("Posts"),
    "influencers": tr_lazy("Influencers"),
    "models": tr_lazy("Models"),
    "automations": tr_lazy("Automations"),
    "settings": tr_lazy("Settings"),
}
_ICONS: dict[NounGroup, str] = {
    "pictures": ":material/imagesmode:",
    "videos": ":material/movie:",
    "texts": ":material/notes:",
    "posts": ":material/calendar_month:",
    "influencers": ":material/face_3:",
    "models": ":material/model_training:",
    "automations": ":material/auto_mode:",
    "settings": ":material/settings:",
}
GROUP_ICONS: Mapping[str, str] = {noun: _ICONS[group] for group, nouns in NOUN_GROUPS.items() for noun in nouns}
"""Noun of events -> the icon of its group."""
_PAGES: Mapping[str, str] = {
    "picture": "library/gallery",
    "board": "library/boards",
    "clip": "library/videos",
    "reel": "create/reels",
    "track": "library/music",
    "text": "library/texts",
    "template": "create/prompts",
    "wildcard": "create/prompts",
    "plan": "calendar/post",
    "campaign": "calendar/calendar",
    "snippet": "calendar/calendar",
    "channel": "settings/channels",
    "influencer": "influencers/influencers",
    "voice": "influencers/influencers",
    "lexicon_entry": "create/reels",
    "consent": "settings/consents",
    "lora": "models/loras",
    "dataset": "models/datasets",
    "training": "models/training",
    "trial": "models/comparisons",
    "workflow": "models/workflows",
    "automation": "calendar/automations",
    "job": "settings/jobs",
    "workspace": "settings/workspace",
    "member": "settings/workspace",
    "invitation": "settings/workspace",
    "budget": "settings/costs",
    "api_key": "settings/api_keys",
    "webhook_endpoint": "settings/webhooks",
    "notice_target": "settings/notices",
}
"""Noun -> the page that shows it."""
_BY_ID = {"picture", "board", "reel", "plan", "influencer", "lora", "dataset", "training", "automation", "job"}
"""Nouns whose page opens one of them by its id."""


def open_link(page: Page, noun: str, noun_id: str) -> None:
    """A link to where the thing is shown; nothing where no page shows it."""
    file = _PAGES.get(noun)
    if file:
        by_id = {"id": noun_id} if noun in _BY_ID and " " not in noun_id and noun_id else {}
        with st.container(width="content"):
            page.link(file, tr("Open"), **by_id)
