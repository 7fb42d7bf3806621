"""Forms for texts and ideas."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from backend import writing
from backend.language import tr, tr_lazy, tr_plural, worded
from backend.writing import CONTENT_TYPES, GOALS, IdeasOrder, TextParts, WriteOrder
from studio.ui.format import lines

_FIELD_LINES = {"hook": 1, "caption": 5, "hashtags": 2, "alt_text": 2, "picture": 3}
TITLES = {
    "hook": tr_lazy("Hook"),
    "caption": tr_lazy("Caption"),
    "hashtags": tr_lazy("Hashtags"),
    "alt_text": tr_lazy("Alt text"),
    "picture": tr_lazy("Picture prompt"),
}


def order_form(key: str, influencer_id: str, *, disabled: bool) -> tuple[WriteOrder | None, int]:
    """(the order, how many variants); the order is None until there is a topic. Raises Invalid."""
    topic = st.text_area(
        tr("What is the post about?"),
        key=f"{key}:topic",
        max_chars=writing.MAX_TOPIC,
        height=80,
        disabled=disabled,
        placeholder=tr("morning yoga on the terrace"),
    )
    left, right = st.columns(2)
    kind = left.selectbox(
        tr("For"),
        list(CONTENT_TYPES),
        format_func=lambda content_type: worded(CONTENT_TYPES[content_type].title),
        key=f"{key}:kind",
        disabled=disabled,
    )
    style = right.text_input(
        tr("Style"), key=f"{key}:style", max_chars=writing.MAX_STYLE, placeholder=tr("motivational"), disabled=disabled
    )
    if note := CONTENT_TYPES[kind].note:
        st.caption(worded(note))
    left, right = st.columns(2, vertical_alignment="bottom")
    length = left.number_input(
        tr("Max. caption length"), 40, 2200, writing.CAPTION_CHARACTERS, 10, key=f"{key}:length", disabled=disabled
    )
    n = right.number_input(tr("Variants"), 1, writing.MAX_VARIANTS, 3, key=f"{key}:n", disabled=disabled)
    brief = brief_fields(key, disabled=disabled)
    on = st.date_input(
        tr("Date of the post"),
        None,
        format="DD/MM/YYYY",
        key=f"{key}:on",
        disabled=disabled,
        help=tr("So the text fits the weekday, the season and local holidays."),
    )
    sponsored = st.toggle(
        tr("Paid partnership"),
        key=f"{key}:sponsored",
        disabled=disabled,
        help=tr("Puts the ad label of their language at the start of the caption, and keeps it there."),
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
    with st.expander(tr("Goal and audience"), icon=":material/target:"):
        left, right = st.columns(2)
        goal = left.selectbox(
            tr("Goal"),
            list(GOALS),
            format_func=lambda goal: worded(GOALS[goal]),
            key=f"{key}:goal",
            disabled=disabled,
            help=tr("What readers should do, or what the post is for."),
        )
        call = right.text_input(
            tr("Call to action"),
            key=f"{key}:call",
            max_chars=writing.MAX_CALL_TO_ACTION,
            placeholder=tr("link in bio"),
            disabled=disabled,
        )
        audience = st.text_input(
            tr("Audience"),
            key=f"{key}:audience",
            max_chars=writing.MAX_AUDIENCE,
            disabled=disabled,
            placeholder=tr("the audience on the influencer's page"),
        )
    return {"goal": goal or "", "call_to_action": call, "audience": audience}


def _sponsor(key: str, *, disabled: bool) -> dict[str, Any]:
    sponsor = st.text_input(
        tr("Sponsor and product"),
        key=f"{key}:sponsor",
        max_chars=writing.MAX_SPONSOR,
        disabled=disabled,
        placeholder=tr("Hydra Bottles, for the 500 ml steel bottle"),
    )
    must_say = st.text_area(
        tr("Must be included, one per line"),
        key=f"{key}:must_say",
        height=70,
        disabled=disabled,
        placeholder="@hydrabottles\nBELLA20",
        help=tr("The caption contains these words exactly as they are here."),
    )
    return {"sponsor": sponsor, "must_say": lines(must_say)}


def ideas_form(key: str, influencer_id: str, *, first: date, disabled: bool) -> IdeasOrder:
    """`first`: the date that is offered as the first day. Raises Invalid."""
    topic = st.text_input(
        tr("What are the ideas about?"),
        key=f"{key}:topic",
        max_chars=writing.MAX_TOPIC,
        disabled=disabled,
        placeholder=tr("the influencer's usual topics"),
    )
    left, middle, right = st.columns([4, 3, 5])
    start = left.date_input(tr("From"), first, format="DD/MM/YYYY", key=f"{key}:first", disabled=disabled)
    days = middle.number_input(tr("Days"), 1, writing.MAX_DAYS, 7, key=f"{key}:days", disabled=disabled)
    style = right.text_input(tr("Style"), key=f"{key}:style", max_chars=writing.MAX_STYLE, disabled=disabled)
    kinds = st.pills(
        tr("Post types"),
        list(CONTENT_TYPES),
        default=["instagram-post", "instagram-reel"],
        selection_mode="multi",
        format_func=lambda content_type: worded(CONTENT_TYPES[content_type].title),
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
        edited = st.text_area(worded(title), shown, key=f"{key}:{name}", height=30 + 24 * max(_FIELD_LINES[name], 2))
        values[name] = (
            tuple(tag if tag.startswith("#") else f"#{tag}" for tag in edited.split()) if name == "hashtags" else edited
        )
        if name == "caption":
            st.caption(tr_plural("{n:,} character", "{n:,} characters", len(edited)))
    return values
