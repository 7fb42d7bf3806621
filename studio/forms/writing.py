"""What a text or a plan of ideas is asked for by."""

from __future__ import annotations

import streamlit as st

from backend import writing
from backend.writing import CONTENT_TYPES, IdeasOrder, Parts, WriteOrder
from studio.format import count

_LINES = {"hook": 1, "caption": 5, "hashtags": 2, "alt_text": 2, "picture": 3}
TITLES = {"hook": "Hook", "caption": "Caption", "hashtags": "Hashtags", "alt_text": "Alt text", "picture": "Picture prompt"}


def order_form(key: str, influencer_id: str, *, disabled: bool) -> tuple[WriteOrder | None, int]:
    """(what to write, how many variants); None until there is a topic. Raises Invalid."""
    topic = st.text_area(
        "What is the post about?", key=f"{key}:topic", max_chars=writing.MAX_TOPIC, height=80, disabled=disabled,
        placeholder="morning yoga on the terrace",
    )  # fmt: skip
    left, right = st.columns(2)
    kind = left.selectbox(
        "For", list(CONTENT_TYPES), format_func=lambda one: CONTENT_TYPES[one].title, key=f"{key}:kind", disabled=disabled
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
    sponsored = st.toggle(
        "Paid partnership", key=f"{key}:sponsored", disabled=disabled,
        help="Puts the word for advertising in their language in front of the caption, and looks that it stays there.",
    )  # fmt: skip
    if not topic.strip():
        return None, int(n)
    order = WriteOrder(
        influencer_id=influencer_id, content_type=kind, topic=topic, style=style, sponsored=sponsored, length=int(length)
    )
    return order, int(n)


def ideas_form(key: str, influencer_id: str, *, disabled: bool) -> IdeasOrder:
    """Raises Invalid."""
    topic = st.text_input(
        "What should they be about?", key=f"{key}:topic", max_chars=writing.MAX_TOPIC, disabled=disabled,
        placeholder="whatever the influencer talks about",
    )  # fmt: skip
    left, right = st.columns(2)
    days = left.number_input("Days", 1, writing.MAX_DAYS, 7, key=f"{key}:days", disabled=disabled)
    style = right.text_input("Style", key=f"{key}:style", max_chars=writing.MAX_STYLE, disabled=disabled)
    kinds = st.pills(
        "Kinds of posts", list(CONTENT_TYPES), default=["instagram-post", "instagram-reel"], selection_mode="multi",
        format_func=lambda one: CONTENT_TYPES[one].title, key=f"{key}:kinds", disabled=disabled,
        wrap=True,
    )  # fmt: skip
    return IdeasOrder(influencer_id=influencer_id, days=int(days), topic=topic, style=style, kinds=tuple(kinds or ()))


def parts_form(key: str, parts: Parts) -> dict[str, object]:
    """The five parts as fields; returns what stands in them."""
    values: dict[str, object] = {}
    for name, title in TITLES.items():
        held = getattr(parts, name)
        shown = " ".join(held) if name == "hashtags" else str(held)
        said = st.text_area(title, shown, key=f"{key}:{name}", height=30 + 24 * max(_LINES[name], 2))
        values[name] = tuple(tag if tag.startswith("#") else f"#{tag}" for tag in said.split()) if name == "hashtags" else said
        if name == "caption":
            st.caption(count(len(said), "character"))
    return values
