"""Forms of writing styles: name of a style, text to write."""

from __future__ import annotations

import streamlit as st

from backend import writing_styles
from backend.language import tr, tr_lazy, worded
from backend.writing_styles import StyleTextDraft, WritingStyleCard, WritingStyleDraft

OFFLINE_WORDS = 400
"""Words at most that the offline writer writes (`engines.local.offline_writer.style`)."""


def name_form(
    key: str, style: WritingStyleCard | None = None, *, submit: str, models: bool = False
) -> WritingStyleDraft | None:
    """The draft when submitted. `models`: with a field for the model that writes. Raises backend.errors.Invalid with what to
    change."""
    with st.form(key, border=False):
        name = st.text_input(
            tr("Name"),
            style.name if style else "",
            max_chars=80,
            placeholder=tr("For example: Grandmother's letters"),
            key=f"{key}:name",
        )
        keep_forever = st.toggle(
            tr("Keep until I delete it"),
            style.kept if style else True,
            key=f"{key}:kept",
            help=tr("Off: it is deleted when nobody has used it for a while. A style that an influencer uses is always kept."),
        )
        model = style.model if style else ""
        if models:
            model = st.text_input(
                tr("Model"),
                model,
                max_chars=200,
                placeholder=tr("The studio's default"),
                key=f"{key}:model",
                help=tr(
                    "The language model that writes in it, for example anthropic/claude-opus-4.5. Empty: the studio's default."
                ),
            )
        submitted = st.form_submit_button(submit, type="primary")
    return WritingStyleDraft(name=name, kept=keep_forever, model=model) if submitted else None


def text_form(
    key: str, style: WritingStyleCard, *, is_model: bool, variants: dict[str, int], disabled: bool = False
) -> StyleTextDraft | None:
    """`variants`: how often each topic was written about, so that the next text differs."""
    source_language = style.card.language if style.card else ""
    with st.form(key, border=True):
        topic = st.text_area(
            tr("What is it about?"),
            height=90,
            max_chars=writing_styles.MAX_TOPIC,
            key=f"{key}:topic",
            placeholder=tr("The first cold morning of the year, and why I like it"),
        )
        left, right = st.columns(2)
        max_words = writing_styles.MAX_TEXT_WORDS if is_model else OFFLINE_WORDS
        words = left.number_input(tr("Words"), 20, max_words, min(300, max_words), step=10, key=f"{key}:words")
        languages = {
            tag: worded(name)
            for tag, name in {source_language: tr_lazy("As the source"), **writing_styles.LANGUAGES}.items()
            if tag == source_language or is_model or tag in ("en", "it")
        }
        if source_language in writing_styles.LANGUAGES:
            languages[source_language] = tr("{language} (as the source)", language=languages[source_language])
        language = right.selectbox(
            tr("Language"), list(languages), format_func=lambda tag: languages[tag], key=f"{key}:language"
        )
        submitted = st.form_submit_button(tr("Write"), type="primary", icon=":material/ink_pen:", disabled=disabled)
    if not submitted:
        return None
    return StyleTextDraft(topic=topic, words=int(words), language=language, variant=variants.get(topic.strip(), 0))
