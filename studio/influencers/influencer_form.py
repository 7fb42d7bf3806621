"""The fields of an influencer: all of them as a form for the wizard (name and description first, the rest in expanders), and
parts of them for the tabs of her page: persona, and look."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import streamlit as st

from backend import influencers
from backend.influencers import InfluencerCard, InfluencerDraft, Persona
from backend.language import tr, worded
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
    start = values_of(card)
    with st.form(key, border=False):
        values = _person_fields(key, start, disabled)
        with st.expander(tr("How they speak"), icon=":material/chat:"):
            values |= _topic_fields(key, start, disabled) | _voice_fields(key, start, disabled, voices)
        with st.expander(tr("How they look in pictures"), icon=":material/palette:"):
            values |= _look_fields(key, start, disabled)
        with st.expander(tr("Language, time zone, AI mark"), icon=":material/public:"):
            values |= _locale_fields(key, start, disabled) | _ai_mark_field(key, start, disabled)
        submitted = st.form_submit_button(submit, type="primary", disabled=disabled)
    return draft_of(card, values) if submitted else None


def persona_fields(key: str, start: Mapping[str, str], *, disabled: bool, voices: Mapping[str, str]) -> dict[str, str]:
    """Name, persona, language and time zone: their values, by name. `start`: those that the widgets begin with."""
    left, right = st.columns(2, gap="large")
    with left:
        values = _person_fields(key, start, disabled)
        values |= _topic_fields(key, start, disabled) | _locale_fields(key, start, disabled)
    with right:
        values |= _voice_fields(key, start, disabled, voices)
    return values


def look_fields(key: str, start: Mapping[str, str], *, disabled: bool) -> dict[str, str]:
    """What prompts and files of their pictures get. As `persona_fields`."""
    return _look_fields(key, start, disabled) | _ai_mark_field(key, start, disabled)


def values_of(card: InfluencerCard | None) -> dict[str, str]:
    """The values of all fields, as the widgets hold them. None: of an influencer who is not there yet."""
    persona = card.persona if card else Persona()
    zones = influencers.time_zones()
    return {
        "name": card.name if card else "",
        "bio": persona.bio,
        "topics": "\n".join(persona.topics),
        "do": "\n".join(persona.do),
        "dont": "\n".join(persona.dont),
        "tone": persona.tone,
        "style": persona.style,
        "audience": persona.audience,
        "voice_style": persona.voice_style,
        "never_say": "\n".join(persona.never_say),
        "sample_lines": "\n".join(persona.sample_lines),
        "examples": "\n\n".join(persona.examples),
        "trigger_word": card.trigger_word if card else "",
        "look_prompt": card.look_prompt if card else "",
        "look_negative": card.look_negative if card else "",
        "language": card.language if card else next(iter(influencers.LANGUAGES)),
        "time_zone": card.time_zone if card else _browser_zone(zones),
        "ai_mark": "on" if card is None or card.ai_mark else "off",
    }


def draft_of(card: InfluencerCard | None, values: Mapping[str, str]) -> InfluencerDraft:
    """The draft of `card` with these values of fields; what they do not name stays. Raises backend.errors.Invalid."""
    values_before = card.draft().model_dump() if card else {}
    changed: dict[str, Any] = {name: value for name, value in values.items() if name in InfluencerDraft.model_fields}
    persona = {name: _LISTS.get(name, str)(value) for name, value in values.items() if name in Persona.model_fields}
    if persona:
        changed["persona"] = Persona(**{**values_before.get("persona", {}), **persona})
    if "ai_mark" in values:
        changed["ai_mark"] = values["ai_mark"] == "on"
    return InfluencerDraft(**{**values_before, **changed})


def _person_fields(key: str, start: Mapping[str, str], disabled: bool) -> dict[str, str]:
    name = st.text_input(
        tr("Name"),
        start["name"],
        max_chars=80,
        placeholder=tr("For example: Bella"),
        disabled=disabled,
        key=f"{key}:first",
        help=tr("3 to 80 characters, any language."),
    )
    bio = st.text_area(
        tr("Description"),
        start["bio"],
        max_chars=2000,
        height=90,
        disabled=disabled,
        key=f"{key}:bio",
        placeholder=tr("A travel vlogger from Lisbon who loves old trams, street food and honest reviews."),
    )
    return {"name": name, "bio": bio}


def _voice_fields(key: str, start: Mapping[str, str], disabled: bool, voices: Mapping[str, str]) -> dict[str, str]:
    tone = st.text_input(
        tr("Tone"), start["tone"], placeholder=tr("warm, curious, a little ironic"), disabled=disabled, key=f"{key}:tone"
    )
    style = st.text_input(
        tr("Writing style"),
        start["style"],
        placeholder=tr("short sentences, one emoji at most"),
        disabled=disabled,
        key=f"{key}:style",
    )
    audience = st.text_input(
        tr("Audience"),
        start["audience"],
        max_chars=200,
        disabled=disabled,
        placeholder=tr("people in their twenties who travel by train"),
        key=f"{key}:audience",
    )
    voice_style = _style_select(key, start["voice_style"], disabled, voices)
    more = _example_fields(key, start, disabled)
    return {"tone": tone, "audience": audience, "style": style, "voice_style": voice_style, **more}


def _topic_fields(key: str, start: Mapping[str, str], disabled: bool) -> dict[str, str]:
    topics = st.text_area(tr("Topics (one per line)"), start["topics"], height=90, disabled=disabled, key=f"{key}:topics")
    left, right = st.columns(2)
    do = left.text_area(tr("Always do (one per line)"), start["do"], height=90, disabled=disabled, key=f"{key}:do")
    dont = right.text_area(tr("Never do (one per line)"), start["dont"], height=90, disabled=disabled, key=f"{key}:dont")
    return {"topics": topics, "do": do, "dont": dont}


def _style_select(key: str, current: str, disabled: bool, voices: Mapping[str, str]) -> str:
    """The writing style; one that was deleted or never trained stays chosen until somebody chooses another."""
    options = {"": tr("None"), **({current: tr("Style no longer available")} if current else {}), **voices}
    if len(options) == 1:
        return ""
    ids = list(options)
    return st.selectbox(
        tr("Trained writing style"),
        ids,
        index=ids.index(current),
        format_func=lambda style_id: options[style_id],
        disabled=disabled,
        help=tr("From Models → Writing styles. Texts follow it, in addition to these fields."),
        key=f"{key}:voice_style",
    )


def _example_fields(key: str, start: Mapping[str, str], disabled: bool) -> dict[str, str]:
    """Words they never say, typical lines and example posts: texts follow these and are checked against them."""
    never_say = st.text_area(
        tr("Words they never say (one per line)"),
        start["never_say"],
        height=70,
        disabled=disabled,
        placeholder=tr("guys\nno pain no gain"),
        help=tr("Every text is checked for them, including hashtags."),
        key=f"{key}:never_say",
    )
    sample_lines = st.text_area(
        tr("Typical lines (one per line)"),
        start["sample_lines"],
        height=90,
        disabled=disabled,
        placeholder=tr("Small steps still count."),
        key=f"{key}:sample_lines",
    )
    examples = st.text_area(
        tr("Example posts (an empty line between two)"),
        start["examples"],
        height=140,
        disabled=disabled,
        help=tr("Up to ten. New texts follow their style and never copy them."),
        key=f"{key}:examples",
    )
    return {"never_say": never_say, "sample_lines": sample_lines, "examples": examples}


def _look_fields(key: str, start: Mapping[str, str], disabled: bool) -> dict[str, str]:
    trigger = st.text_input(
        tr("Trigger word"),
        start["trigger_word"],
        placeholder=tr("made from the name if empty"),
        disabled=disabled,
        help=tr("The word that stands for this face in prompts. Lowercase letters, digits and _."),
        key=f"{key}:trigger_word",
    )
    prompt = st.text_area(
        tr("Added to every prompt"),
        start["look_prompt"],
        height=70,
        max_chars=1000,
        disabled=disabled,
        placeholder=tr("freckles, natural light"),
        key=f"{key}:look_prompt",
    )
    negative = st.text_area(
        tr("Negative prompt for every picture"),
        start["look_negative"],
        height=70,
        max_chars=1000,
        disabled=disabled,
        key=f"{key}:look_negative",
    )
    return {"trigger_word": trigger, "look_prompt": prompt, "look_negative": negative}


def _locale_fields(key: str, start: Mapping[str, str], disabled: bool) -> dict[str, str]:
    tags, zones = list(influencers.LANGUAGES), list(influencers.time_zones())
    left, right = st.columns(2)
    language = left.selectbox(
        tr("Language"),
        tags,
        index=tags.index(start["language"]),
        format_func=lambda tag: worded(influencers.LANGUAGES[tag]),
        disabled=disabled,
        key=f"{key}:language",
    )
    zone = right.selectbox(
        tr("Time zone"), zones, index=zones.index(start["time_zone"]), disabled=disabled, key=f"{key}:time_zone"
    )
    return {"language": language, "time_zone": zone}


def _ai_mark_field(key: str, start: Mapping[str, str], disabled: bool) -> dict[str, str]:
    mark = st.toggle(
        tr("Mark pictures as AI-made"),
        start["ai_mark"] == "on",
        disabled=disabled,
        help=tr(
            "Writes the standard “made by AI” mark into every file. Many platforms and laws ask for it. What "
            "you publish always carries it, whatever you choose here."
        ),
        key=f"{key}:ai_mark",
    )
    return {"ai_mark": "on" if mark else "off"}


def _browser_zone(zones: Sequence[str]) -> str:
    """The browser's time zone, so that a first influencer needs no choice; the first of `zones` when it is not among them."""
    zone = st.context.timezone
    return zone if isinstance(zone, str) and zone in zones else zones[0]
