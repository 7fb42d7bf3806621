"""The influencer's form: name and persona first; voice, look and locale in expanders."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import streamlit as st

from backend import influencers
from backend.influencers import InfluencerCard, InfluencerDraft, Persona
from studio.ui.format import lines, paragraphs


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
        values = (
            _person_fields(key, card, disabled)
            | _voice_fields(card, disabled, voices)
            | _look_fields(card, disabled)
            | _locale_fields(card, disabled)
        )
        submitted = st.form_submit_button(submit, type="primary", disabled=disabled)
    if not submitted:
        return None
    persona = Persona(
        bio=values["bio"],
        audience=values["audience"],
        tone=values["tone"],
        style=values["style"],
        topics=lines(values["topics"]),
        do=lines(values["do"]),
        dont=lines(values["dont"]),
        never_say=lines(values["never_say"]),
        sample_lines=lines(values["sample_lines"]),
        voice_style=values["voice_style"],
        examples=paragraphs(values["examples"]),
    )
    return InfluencerDraft(
        name=values["name"],
        trigger_word=values["trigger_word"],
        persona=persona,
        language=values["language"],
        time_zone=values["time_zone"],
        look_prompt=values["look_prompt"],
        look_negative=values["look_negative"],
        ai_mark=values["ai_mark"] == "on",
    )


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
        "Who are they?",
        card.persona.bio if card else "",
        max_chars=2000,
        height=90,
        disabled=disabled,
        placeholder="A travel vlogger from Lisbon who loves old trams, street food and honest reviews.",
    )
    return {"name": name, "bio": bio}


def _voice_fields(card: InfluencerCard | None, disabled: bool, voices: Mapping[str, str]) -> dict[str, str]:
    with st.expander("How they speak", icon=":material/chat:"):
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
        topics = st.text_area(
            "Topics, one a line", "\n".join(card.persona.topics) if card else "", height=90, disabled=disabled
        )
        left, right = st.columns(2)
        do = left.text_area("Always do, one a line", "\n".join(card.persona.do) if card else "", height=90, disabled=disabled)
        dont = right.text_area(
            "Never do, one a line", "\n".join(card.persona.dont) if card else "", height=90, disabled=disabled
        )
        more = _example_fields(card, disabled)
    return {
        "tone": tone,
        "audience": audience,
        "style": style,
        "voice_style": voice_style,
        "topics": topics,
        "do": do,
        "dont": dont,
        **more,
    }


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
        help="From Make → Writing styles. Texts take its manner, besides what stands here.",
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


def _look_fields(card: InfluencerCard | None, disabled: bool) -> dict[str, str]:
    with st.expander("How they look in pictures", icon=":material/palette:"):
        trigger = st.text_input(
            "Trigger word",
            card.trigger_word if card else "",
            placeholder="made from the name when empty",
            disabled=disabled,
            help="The one word that stands for this face in prompts. Small letters, digits and _.",
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
            "Kept out of every picture", card.look_negative if card else "", height=70, max_chars=1000, disabled=disabled
        )
    return {"trigger_word": trigger, "look_prompt": prompt, "look_negative": negative}


def _locale_fields(card: InfluencerCard | None, disabled: bool) -> dict[str, str]:
    with st.expander("Language, time zone, AI mark", icon=":material/public:"):
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
        mark = st.toggle(
            "Mark pictures as AI-made",
            card.ai_mark if card else True,
            disabled=disabled,
            help="Writes the standard “made by AI” mark into every file. Many platforms and laws ask for it. What is "
            "published always carries it, whatever you choose here.",
        )
    return {"language": language, "time_zone": zone, "ai_mark": "on" if mark else "off"}


def _browser_zone(zones: list[str]) -> int:
    """Index of the browser's time zone, so that a first influencer needs no choice; 0 when it is not among `zones`."""
    zone = st.context.timezone
    return zones.index(zone) if isinstance(zone, str) and zone in zones else 0
