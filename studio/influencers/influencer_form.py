"""The forms of an influencer: the whole of it for the wizard (name and description first, the rest in expanders), and its parts
for the tabs of her page: persona, and look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import streamlit as st

from backend import influencers
from backend.influencers import InfluencerCard, InfluencerDraft, Persona
from studio.ui.format import lines, paragraphs

_LISTS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("topics", "do", "dont", "never_say", "sample_lines"), lines),
    "examples": paragraphs,
}
"""Fields of a persona that are typed one a line, or with an empty line between two."""


def influencer_form(
    key: str,
    card: InfluencerCard | None,
    *,
    submit: str,
    disabled: bool = False,
    voices: Mapping[str, str] = MappingProxyType({}),
) -> InfluencerDraft | None:
    """The draft when submitted, else None. The name's widget is `<key>:first` (studio.ui.forms).

    `voices`: writing styles that can be theirs, id -> name.

    Raises backend.errors.Invalid with what to change.
    """
    with st.form(key, border=False):
        values = _person_fields(key, card, disabled)
        with st.expander("How they speak", icon=":material/chat:"):
            values |= _topic_fields(card, disabled) | _voice_fields(card, disabled, voices)
        with st.expander("How they look in pictures", icon=":material/palette:"):
            values |= _look_fields(f"{key}:look", card, disabled)
        with st.expander("Language, time zone, AI mark", icon=":material/public:"):
            values |= _locale_fields(card, disabled) | _ai_mark_field(card, disabled)
        submitted = st.form_submit_button(submit, type="primary", disabled=disabled)
    return _draft(card, values) if submitted else None


def persona_form(key: str, card: InfluencerCard, *, disabled: bool, voices: Mapping[str, str]) -> InfluencerDraft | None:
    """Name, persona, language and time zone; the look stays as in `card`. As `influencer_form`."""
    with st.form(key, border=False):
        left, right = st.columns(2, gap="large")
        with left:
            values = _person_fields(key, card, disabled)
            values |= _topic_fields(card, disabled) | _locale_fields(card, disabled)
        with right:
            values |= _voice_fields(card, disabled, voices)
        submitted = st.form_submit_button("Save", type="primary", disabled=disabled)
    return _draft(card, values) if submitted else None


def look_form(key: str, card: InfluencerCard, *, disabled: bool) -> InfluencerDraft | None:
    """What prompts and files of their pictures get; the persona stays as in `card`. As `influencer_form`."""
    with st.form(key, border=False):
        values = _look_fields(f"{key}:first", card, disabled) | _ai_mark_field(card, disabled)
        submitted = st.form_submit_button("Save", type="primary", disabled=disabled)
    return _draft(card, values) if submitted else None


def _draft(card: InfluencerCard | None, values: Mapping[str, str]) -> InfluencerDraft:
    """The draft of `card` with the values of a form's fields. Raises backend.errors.Invalid."""
    values_before = card.draft().model_dump() if card else {}
    changed: dict[str, Any] = {name: value for name, value in values.items() if name in InfluencerDraft.model_fields}
    persona = {name: _LISTS.get(name, str)(value) for name, value in values.items() if name in Persona.model_fields}
    if persona:
        changed["persona"] = Persona(**{**values_before.get("persona", {}), **persona})
    if "ai_mark" in values:
        changed["ai_mark"] = values["ai_mark"] == "on"
    return InfluencerDraft(**{**values_before, **changed})


def _person_fields(key: str, card: InfluencerCard | None, disabled: bool) -> dict[str, str]:
    name = st.text_input(
        "Name",
        card.name if card else "",
        max_chars=80,
        placeholder="For example: Bella",
        disabled=disabled,
        key=f"{key}:first",
        help="3 to 80 characters, any language.",
    )
    bio = st.text_area(
        "Description",
        card.persona.bio if card else "",
        max_chars=2000,
        height=90,
        disabled=disabled,
        placeholder="A travel vlogger from Lisbon who loves old trams, street food and honest reviews.",
    )
    return {"name": name, "bio": bio}


def _voice_fields(card: InfluencerCard | None, disabled: bool, voices: Mapping[str, str]) -> dict[str, str]:
    tone = st.text_input(
        "Tone", card.persona.tone if card else "", placeholder="warm, curious, a little ironic", disabled=disabled
    )
    style = st.text_input(
        "Style of writing",
        card.persona.style if card else "",
        placeholder="short sentences, one emoji at most",
        disabled=disabled,
    )
    audience = st.text_input(
        "Who follows them?",
        card.persona.audience if card else "",
        max_chars=200,
        disabled=disabled,
        placeholder="people in their twenties who travel by train",
    )
    voice_style = _style_select(card, disabled, voices)
    more = _example_fields(card, disabled)
    return {
        "tone": tone,
        "audience": audience,
        "style": style,
        "voice_style": voice_style,
        **more,
    }


def _topic_fields(card: InfluencerCard | None, disabled: bool) -> dict[str, str]:
    topics = st.text_area("Topics, one a line", "\n".join(card.persona.topics) if card else "", height=90, disabled=disabled)
    left, right = st.columns(2)
    do = left.text_area("Always do, one a line", "\n".join(card.persona.do) if card else "", height=90, disabled=disabled)
    dont = right.text_area("Never do, one a line", "\n".join(card.persona.dont) if card else "", height=90, disabled=disabled)
    return {"topics": topics, "do": do, "dont": dont}


def _style_select(card: InfluencerCard | None, disabled: bool, voices: Mapping[str, str]) -> str:
    """The writing style; one that was deleted or never trained stays chosen until somebody chooses another."""
    current = card.persona.voice_style if card else ""
    options = {"": "None", **({current: "A style that is not there now"} if current else {}), **voices}
    if len(options) == 1:
        return ""
    ids = list(options)
    return st.selectbox(
        "Learned writing style",
        ids,
        index=ids.index(current),
        format_func=lambda style_id: options[style_id],
        disabled=disabled,
        help="From Models → Writing styles. Texts follow it, besides what stands here.",
    )


def _example_fields(card: InfluencerCard | None, disabled: bool) -> dict[str, str]:
    """Words they never say, typical lines and example posts: texts follow these and are checked against them."""
    persona = card.persona if card else Persona()
    never_say = st.text_area(
        "Words they never say, one a line",
        "\n".join(persona.never_say),
        height=70,
        disabled=disabled,
        placeholder="guys\nno pain no gain",
        help="Every text is checked for them, hashtags too.",
    )
    sample_lines = st.text_area(
        "Lines typical of them, one a line",
        "\n".join(persona.sample_lines),
        height=90,
        disabled=disabled,
        placeholder="Small steps still count.",
    )
    examples = st.text_area(
        "Posts in their voice, with an empty line between two",
        "\n\n".join(persona.examples),
        height=140,
        disabled=disabled,
        help="Up to ten. Texts are written after them, and never copy them.",
    )
    return {"never_say": never_say, "sample_lines": sample_lines, "examples": examples}


def _look_fields(trigger_key: str, card: InfluencerCard | None, disabled: bool) -> dict[str, str]:
    trigger = st.text_input(
        "Trigger word",
        card.trigger_word if card else "",
        placeholder="made from the name when empty",
        disabled=disabled,
        help="The one word that stands for this face in prompts. Small letters, digits and _.",
        key=trigger_key,
    )
    prompt = st.text_area(
        "Added to every prompt",
        card.look_prompt if card else "",
        height=70,
        max_chars=1000,
        disabled=disabled,
        placeholder="freckles, natural light",
    )
    negative = st.text_area(
        "Negative prompt of every picture", card.look_negative if card else "", height=70, max_chars=1000, disabled=disabled
    )
    return {"trigger_word": trigger, "look_prompt": prompt, "look_negative": negative}


def _locale_fields(card: InfluencerCard | None, disabled: bool) -> dict[str, str]:
    tags, zones = list(influencers.LANGUAGES), list(influencers.time_zones())
    left, right = st.columns(2)
    language = left.selectbox(
        "Language",
        tags,
        index=tags.index(card.language) if card else 0,
        format_func=influencers.LANGUAGES.__getitem__,
        disabled=disabled,
    )
    zone = right.selectbox(
        "Time zone", zones, index=zones.index(card.time_zone) if card else _browser_zone(zones), disabled=disabled
    )
    return {"language": language, "time_zone": zone}


def _ai_mark_field(card: InfluencerCard | None, disabled: bool) -> dict[str, str]:
    mark = st.toggle(
        "Mark pictures as AI-made",
        card.ai_mark if card else True,
        disabled=disabled,
        help="Writes the standard “made by AI” mark into every file. Many platforms and laws ask for it. What is "
        "published always carries it, whatever you choose here.",
    )
    return {"ai_mark": "on" if mark else "off"}


def _browser_zone(zones: list[str]) -> int:
    """Index of the browser's time zone, so that a first influencer needs no choice; 0 when it is not among `zones`."""
    zone = st.context.timezone
    return zones.index(zone) if isinstance(zone, str) and zone in zones else 0
