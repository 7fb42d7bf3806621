"""The measures of a style for people: bars, figures and passages."""

from __future__ import annotations

import streamlit as st

from backend import writing_styles
from backend.language import tr, tr_lazy, worded
from backend.writing_styles import StyleProfile
from studio.ui.format import esc, number

_MARKS = {
    "comma": tr_lazy("Commas"),
    "semicolon": tr_lazy("Semicolons"),
    "colon": tr_lazy("Colons"),
    "dash": tr_lazy("Dashes"),
    "question": tr_lazy("Question marks"),
    "exclamation": tr_lazy("Exclamation marks"),
    "bracket": tr_lazy("Brackets"),
    "ellipsis": tr_lazy("Ellipses"),
    "quote": tr_lazy("Quoted parts"),
}
_PERSONS = {"I": tr_lazy("I"), "we": tr_lazy("We"), "you": tr_lazy("You"), "they": tr_lazy("He, she, they")}
_TENSES = {"past": tr_lazy("Past"), "present": tr_lazy("Present"), "future": tr_lazy("Future")}


def card(card: StyleProfile) -> None:
    _figures(card)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**{tr('Sentence length')}**")
        edges = ["1", *[str(n + 1) for n in writing_styles.BINS]]
        names = [f"{first}–{last}" for first, last in zip(edges[:-1], writing_styles.BINS, strict=True)] + [
            tr("over {n}", n=writing_styles.BINS[-1])
        ]
        _bars(
            [(tr("{range} words", range=name), share, f"{share:.0%}") for name, share in zip(names, card.lengths, strict=True)]
        )
        if card.person:
            st.markdown(f"**{tr('Person')}**")
            _bars([(worded(_PERSONS[name]), share, f"{share:.0%}") for name, share in _most_first(card.person)])
        if card.tense:
            st.markdown(f"**{tr('Tense')}**")
            _bars([(worded(_TENSES[name]), share, f"{share:.0%}") for name, share in _most_first(card.tense)])
    with right:
        st.markdown(f"**{tr('Punctuation, per 1,000 words')}**")
        _bars([(worded(_MARKS[name]), n, number(n, ".1")) for name, n in _most_first(card.punctuation) if n])
        if card.openings:
            st.markdown(f"**{tr('Sentences begin with')}**")
            _bars([(word.capitalize() if len(word) > 1 else word.upper(), n, f"{n:.0%}") for word, n in card.openings])
        if card.little_words:
            st.markdown(
                f"**{tr('Function words, per 1,000 words')}**",
                help=tr("They hardly depend on the topic, so they reveal the author."),
            )
            _bars([(word, n, number(n, ".1")) for word, n in card.little_words[:8]])
    st.markdown(f"**{tr('Examples')}**")
    st.caption(tr("The language model gets these with the measures, as material and never as instructions."))
    for excerpt in card.excerpts:
        with st.container(border=True):
            st.html(f'<div style="white-space:pre-wrap;font-size:.92rem;line-height:1.55">{esc(excerpt)}</div>')


def _figures(card: StyleProfile) -> None:
    spread = card.sentence
    figures = [
        (
            tr("Words per sentence"),
            f"{spread['mean']:.0f}",
            tr("mostly {low:.0f} to {high:.0f}", low=spread["p10"], high=spread["p90"]),
        ),
        (
            tr("Words per paragraph"),
            f"{card.paragraph:.0f}",
            tr("{n:.1f} sentences", n=card.paragraph_sentences),
        ),
        (tr("Different words"), f"{card.richness:.0f}", tr("in every 500")),
        (tr("Long words"), f"{card.long_words:.0%}", tr("7 letters or more")),
        (tr("Contractions"), number(card.contractions, ".1"), tr("per 1,000 words")),
        (tr("Recognisable"), "–" if card.apart is None else f"{card.apart:.0%}", _apart_note(card)),
    ]
    with st.container(horizontal=True):
        for name, value, more in figures:
            with st.container(border=True, width=150, gap="xxsmall"):
                st.caption(name)
                st.markdown(f"### {value}")
                st.caption(more)


def _apart_note(card: StyleProfile) -> str:
    if card.apart is None:
        return tr("no comparison in this language") if card.language != "en" else tr("too little source")
    return tr("of its pages recognised among other authors")


def _most_first(rates: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(rates.items(), key=lambda name_and_rate: -name_and_rate[1])


def _bars(rows: list[tuple[str, float, str]]) -> None:
    largest = max((value for _, value, _ in rows), default=0) or 1
    html_rows = "".join(_bar(name, value / largest, label) for name, value, label in rows)
    st.html(f'<table style="width:100%;border-collapse:collapse;font-size:.85rem">{html_rows}</table>')


def _bar(name: str, share: float, label: str) -> str:
    width, ink = max(1.0, share * 100), "background:var(--series-1);border-radius:3px;height:10px"
    return (
        f'<tr><td style="white-space:nowrap;padding:2px 10px 2px 0">{esc(name)}</td>'
        f'<td style="width:100%"><div style="{ink};width:{width:.1f}%"></div></td>'
        f'<td style="white-space:nowrap;padding:2px 0 2px 10px;text-align:right">{esc(label)}</td></tr>'
    )
