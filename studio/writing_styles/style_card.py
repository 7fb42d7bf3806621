"""The measures of a style for people: bars, figures and passages."""

from __future__ import annotations

import streamlit as st

from backend import writing_styles
from backend.writing_styles import StyleProfile
from studio.ui.format import esc

_MARKS = {
    "comma": "Commas",
    "semicolon": "Semicolons",
    "colon": "Colons",
    "dash": "Dashes",
    "question": "Question marks",
    "exclamation": "Exclamation marks",
    "bracket": "Brackets",
    "ellipsis": "Ellipses",
    "quote": "Quoted parts",
}
_PERSONS = {"I": "I", "we": "We", "you": "You", "they": "He, she, they"}
_TENSES = {"past": "Past", "present": "Present", "future": "Future"}


def card(card: StyleProfile) -> None:
    _figures(card)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**How long sentences are**")
        edges = ["1", *[str(n + 1) for n in writing_styles.BINS]]
        names = [f"{first}–{last}" for first, last in zip(edges[:-1], writing_styles.BINS, strict=True)] + [
            f"over {writing_styles.BINS[-1]}"
        ]
        _bars([(f"{name} words", share, f"{share:.0%}") for name, share in zip(names, card.lengths, strict=True)])
        if card.person:
            st.markdown("**Who speaks, or is spoken of**")
            _bars([(_PERSONS[name], share, f"{share:.0%}") for name, share in _most_first(card.person)])
        if card.tense:
            st.markdown("**Tense**")
            _bars([(_TENSES[name], share, f"{share:.0%}") for name, share in _most_first(card.tense)])
    with right:
        st.markdown("**Punctuation, in 1,000 words**")
        _bars([(_MARKS[name], n, f"{n:.1f}") for name, n in _most_first(card.punctuation) if n])
        if card.openings:
            st.markdown("**Sentences begin with**")
            _bars([(word.capitalize() if len(word) > 1 else word.upper(), n, f"{n:.0%}") for word, n in card.openings])
        if card.little_words:
            st.markdown(
                "**Little words, in 1,000 words**", help="What it is about changes them little: they give an author away."
            )
            _bars([(word, n, f"{n:.1f}") for word, n in card.little_words[:8]])
    st.markdown("**Passages that show it**")
    st.caption("A language model is shown these with the measures. They are material, and never instructions to it.")
    for excerpt in card.excerpts:
        with st.container(border=True):
            st.html(f'<div style="white-space:pre-wrap;font-size:.92rem;line-height:1.55">{esc(excerpt)}</div>')


def _figures(card: StyleProfile) -> None:
    spread = card.sentence
    figures = [
        ("Words a sentence", f"{spread['mean']:.0f}", f"mostly {spread['p10']:.0f} to {spread['p90']:.0f}"),
        ("Words a paragraph", f"{card.paragraph:.0f}", f"{card.paragraph_sentences:.1f} sentences"),
        ("Different words", f"{card.richness:.0f}", "in every 500"),
        ("Long words", f"{card.long_words:.0%}", "7 letters or more"),
        ("Contractions", f"{card.contractions:.1f}", "in 1,000 words"),
        ("Told apart", "–" if card.apart is None else f"{card.apart:.0%}", _apart_note(card)),
    ]
    with st.container(horizontal=True):
        for name, value, more in figures:
            with st.container(border=True, width=150, gap="xxsmall"):
                st.caption(name)
                st.markdown(f"### {value}")
                st.caption(more)


def _apart_note(card: StyleProfile) -> str:
    if card.apart is None:
        return "no comparison in this language" if card.language != "en" else "too little source"
    return "of its pages from other authors'"


def _most_first(rates: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(rates.items(), key=lambda name_and_rate: -name_and_rate[1])


def _bars(rows: list[tuple[str, float, str]]) -> None:
    largest = max((value for _, value, _ in rows), default=0) or 1
    html_rows = "".join(_bar(name, value / largest, label) for name, value, label in rows)
    st.html(f'<table style="width:100%;border-collapse:collapse;font-size:.85rem">{html_rows}</table>')


def _bar(name: str, share: float, label: str) -> str:
    width, ink = max(1.0, share * 100), "background:#8f6bf2;opacity:.85;border-radius:3px;height:10px"
    return (
        f'<tr><td style="white-space:nowrap;padding:2px 10px 2px 0">{esc(name)}</td>'
        f'<td style="width:100%"><div style="{ink};width:{width:.1f}%"></div></td>'
        f'<td style="white-space:nowrap;padding:2px 0 2px 10px;text-align:right">{esc(label)}</td></tr>'
    )
