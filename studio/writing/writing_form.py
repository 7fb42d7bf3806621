"""Forms for texts and ideas."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from backend import writing
from backend.writing import CONTENT_TYPES, GOALS, IdeasOrder, TextParts, WriteOrder
from studio.ui.format import count, lines

_FIELD_LINES = {"hook": 1, "caption": 5, "hashtags": 2, "alt_text": 2, "picture": 3}
TITLES = {"hook": "Hook", "caption": "Caption", "hashtags": "Hashtags", "alt_text": "Alt text", "picture": "Picture prompt"}


def order_form(key: str, influencer_id: str, *, disabled: bool) -> tuple[WriteOrder | None, int]:
    """(the order, how many variants); the order is None until there is a topic. Raises Invalid."""
    topic = st.text_area(
        "What is the post about?",
        key=f"{key}:topic",
        max_chars=writing.MAX_TOPIC,
        height=80,
        disabled=disabled,
        placeholder="morning yoga on the terrace",
    )
    left, right = st.columns(2)
    kind = left.selectbox(
        "For",
        list(CONTENT_TYPES),
        format_func=lambda content_type: CONTENT_TYPES[content_type].title,
        key=f"{key}:kind",
        disabled=disabled,
    )
    style = right.text_input(
        "Style", key=f"{key}:style", max_chars=writing.MAX_STYLE, placeholder="motivational", disabled=disabled
    )
    if note := CONTENT_TYPES[kind].note:
        st.caption(note)
    left, right = st.columns(2, vertical_alignment="bottom")
    length = left.number_input(
        "Caption, characters at most", 40, 2200, writing.CAPTION_CHARACTERS, 10, key=f"{key}:length", disabled=disabled
    )
    n = right.number_input("Variants", 1, writing.MAX_VARIANTS, 3, key=f"{key}:n", disabled=disabled)
    brief = brief_fields(key, disabled=disabled)
    on = st.date_input(
        "Goes out on",
        None,
        format="DD/MM/YYYY",
        key=f"{key}:on",
        disabled=disabled,
        help="So that the text fits the weekday, the season and holidays where they live.",
    )
    sponsored = st.toggle(
        "Paid partnership",
        key=f"{key}:sponsored",
        disabled=disabled,
        help="Puts the word for advertising in their language in front of the caption, and looks that it stays there.",
    )
    if sponsored:
        brief |= _sponsor(key, disabled=disabled)
    if not topic.strip():
        return None, int(n)
    order = WriteOrder(
        influencer_id=influencer_id,
        content_type=kind,
        topic=topic,
        style=style,
        sponsored=sponsored,
        length=int(length),
        publish_on=on,
        **brief,
    )
    return order, int(n)


def brief_fields(key: str, *, disabled: bool = False) -> dict[str, Any]:
    """Fields for what a post is to achieve and for whom, in a closed expander."""
    with st.expander("Goal and audience", icon=":material/target:"):
        left, right = st.columns(2)
        goal = left.selectbox(
            "Goal",
            list(GOALS),
            format_func=GOALS.__getitem__,
            key=f"{key}:goal",
            disabled=disabled,
            help="What readers should do, or what the post is for.",
        )
        call = right.text_input(
            "Call to action",
            key=f"{key}:call",
            max_chars=writing.MAX_CALL_TO_ACTION,
            placeholder="link in bio",
            disabled=disabled,
        )
        audience = st.text_input(
            "Audience",
            key=f"{key}:audience",
            max_chars=writing.MAX_AUDIENCE,
            disabled=disabled,
            placeholder="who follows them, as the influencer's page says",
        )
    return {"goal": goal or "", "call_to_action": call, "audience": audience}


def _sponsor(key: str, *, disabled: bool) -> dict[str, Any]:
    sponsor = st.text_input(
        "Who pays, and for what",
        key=f"{key}:sponsor",
        max_chars=writing.MAX_SPONSOR,
        disabled=disabled,
        placeholder="Hydra Bottles, for the 500 ml steel bottle",
    )
    must_say = st.text_area(
        "Must be said, one a line",
        key=f"{key}:must_say",
        height=70,
        disabled=disabled,
        placeholder="@hydrabottles\nBELLA20",
        help="These words stand in the caption exactly as they are here.",
    )
    return {"sponsor": sponsor, "must_say": lines(must_say)}


def ideas_form(key: str, influencer_id: str, *, first: date, disabled: bool) -> IdeasOrder:
    """`first`: the date that is offered as the first day. Raises Invalid."""
    topic = st.text_input(
        "What should they be about?",
        key=f"{key}:topic",
        max_chars=writing.MAX_TOPIC,
        disabled=disabled,
        placeholder="whatever the influencer talks about",
    )
    left, middle, right = st.columns([4, 3, 5])
    start = left.date_input("From", first, format="DD/MM/YYYY", key=f"{key}:first", disabled=disabled)
    days = middle.number_input("Days", 1, writing.MAX_DAYS, 7, key=f"{key}:days", disabled=disabled)
    style = right.text_input("Style", key=f"{key}:style", max_chars=writing.MAX_STYLE, disabled=disabled)
    kinds = st.pills(
        "Kinds of posts",
        list(CONTENT_TYPES),
        default=["instagram-post", "instagram-reel"],
        selection_mode="multi",
        format_func=lambda content_type: CONTENT_TYPES[content_type].title,
        key=f"{key}:kinds",
        disabled=disabled,
        wrap=True,
    )
    brief = brief_fields(key, disabled=disabled)
    return IdeasOrder(
        influencer_id=influencer_id, days=int(days), topic=topic, style=style, kinds=tuple(kinds or ()), first=start, **brief
    )


def parts_form(key: str, parts: TextParts) -> dict[str, object]:
    """The five parts as fields; returns their values."""
    values: dict[str, object] = {}
    for name, title in TITLES.items():
        value = getattr(parts, name)
        shown = " ".join(value) if name == "hashtags" else str(value)
        edited = st.text_area(title, shown, key=f"{key}:{name}", height=30 + 24 * max(_FIELD_LINES[name], 2))
        values[name] = (
            tuple(tag if tag.startswith("#") else f"#{tag}" for tag in edited.split()) if name == "hashtags" else edited
        )
        if name == "caption":
            st.caption(count(len(edited), "character"))
    return values
