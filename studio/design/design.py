"""The design system as people see it: sizes, colours with their contrast, states, buttons, icons, charts, what stands where
nothing is, and toasts, in the theme and the language of whoever looks."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from backend.content_plans import STATE_LABELS, PostState
from backend.language import tr, worded
from studio.content_plans.badges import state_badge
from studio.shell import nav
from studio.ui.buttons import icon_button
from studio.ui.charts import chart
from studio.ui.design import tokens
from studio.ui.design.contrast import contrast
from studio.ui.design.tokens import Color
from studio.ui.empty_state import empty_state
from studio.ui.format import esc, number
from studio.ui.thumbnails import portrait_html, thumbnail

_CSS = """<style>
.swatches { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(190px, 100%), 1fr)); gap: var(--space-2); }
.swatches > div { border: 1px solid var(--color-border); border-radius: var(--radius-medium); overflow: hidden; }
.swatches i { display: block; height: 44px; }
.swatches span { display: block; padding: var(--space-1) var(--space-2); font-size: var(--text-small); }
.swatches small { display: block; color: var(--color-muted); }
.pair { padding: var(--space-2); font-size: var(--text-normal); }
.samples { display: flex; flex-wrap: wrap; align-items: end; gap: var(--space-4); }
.samples > div { font-size: var(--text-small); color: var(--color-muted); }
.samples b { display: block; color: var(--color-text); }
.samples .box { width: 72px; height: 48px; background: var(--color-panel); border: 1px solid var(--color-border); }
.samples .bar { height: 12px; background: var(--color-accent); border-radius: var(--radius-tiny); }
</style>"""


def show() -> None:
    st.html(_CSS)
    st.markdown(tr("Sizes, colours and parts of the studio, in your theme. Developers: docs/DESIGN.md."))
    _sizes()
    _colors()
    _states()
    _parts()
    _charts()
    _nothing_there()


def _sizes() -> None:
    st.header(tr("Text sizes"))
    _samples({name: f'<b style="font-size:{size};line-height:1.3">Ag</b>{size}' for name, size in tokens.TYPE.items()})
    st.header(tr("Spaces"))
    _samples({str(step): f'<div class="bar" style="width:{size}"></div>{size}' for step, size in tokens.SPACES.items()})
    st.header(tr("Corners and shadows"))
    corners = {name: f'<div class="box" style="border-radius:{size}"></div>{size}' for name, size in tokens.RADII.items()}
    shadows = {name: f'<div class="box" style="box-shadow:var(--shadow-{name})"></div>' for name in tokens.SHADOWS}
    _samples(corners)
    _samples(shadows)
    st.header(tr("Motion"))
    st.markdown(" · ".join(f"`{name}` {length}" for name, length in tokens.MOTION.items()))


def _samples(drawn: Mapping[str, str]) -> None:
    """`drawn`: name of a token -> HTML."""
    st.html(f'<div class="samples">{"".join(f"<div>{html}<br>{esc(name)}</div>" for name, html in drawn.items())}</div>')


def _colors() -> None:
    st.header(tr("Colours by role"))
    _swatches({f"color-{role}": color for role, color in tokens.COLORS.items()})
    st.header(tr("Contrast"))
    st.caption(tr("Measured in light and dark. Words need {words}, signs {signs}.", words=tokens.WORDS, signs=tokens.SIGNS))
    st.html(f'<div class="swatches">{"".join(map(_pair, tokens.PAIRS))}</div>')


def _pair(pair: tokens.Pair) -> str:
    above, below = tokens.COLORS[pair.above], tokens.COLORS[pair.below]
    measured = " · ".join(number(contrast(above[place], below[place]), ".1") for place in (0, 1))
    return (
        f'<div><div class="pair" style="color:var(--color-{pair.above});background:var(--color-{pair.below})">'
        f"{esc(pair.above)} / {esc(pair.below)}</div><span>{measured}</span></div>"
    )


def _swatches(colors: Mapping[str, Color]) -> None:
    cells = (
        f'<div><i style="background:var(--{name})"></i><span>{esc(name)}'
        f"<small>{color.light} · {color.dark}</small></span></div>"
        for name, color in colors.items()
    )
    st.html(f'<div class="swatches">{"".join(cells)}</div>')


def _states() -> None:
    st.header(tr("States"))
    st.markdown(" ".join(state_badge(state) for state in PostState))
    st.caption(tr("In the calendar:"))
    _swatches({f"state-{state}": color for state, color in tokens.STATES.items()})
    st.header(tr("Influencers and charts"))
    _swatches({name: color for name, color in tokens.signs().items() if not name.startswith("state-")})
    st.info(tr("Something to know"), icon=":material/info:")
    st.success(tr("Something went well"), icon=":material/check:")
    st.warning(tr("Something needs a look"), icon=":material/warning:")
    # Not st.error: tests read one as a page that failed.
    st.markdown(":red-badge[:material/error: " + tr("Something failed, and what to do next") + "]")


def _parts() -> None:
    st.header(tr("Buttons"))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(tr("The one main action"), type="primary", key="design:primary")
        st.button(tr("Another action"), key="design:secondary")
        st.button(tr("A small one"), type="tertiary", key="design:tertiary")
        st.button(tr("Not possible now"), key="design:disabled", disabled=True)
        icon_button(tr("An icon with a spoken name"), ":material/edit:", key="design:icon")
        if st.button(tr("Show a toast"), icon=":material/notifications:", key="design:toast"):
            st.toast(tr("Saved."), icon=":material/check:")
    st.header(tr("Icons"))
    st.markdown(" &nbsp; ".join(f"{section.icon} {worded(section.title)}" for section in nav.SECTIONS))
    st.header(tr("People"))
    with st.container(horizontal=True):
        st.html(portrait_html("", "Nina"), width="content")
        thumbnail("", None, icon="image")


def _charts() -> None:
    st.header(tr("Charts"))
    day, posts, state_label = tr("Day"), tr("Posts"), tr("State")
    shown = (PostState.PUBLISHED, PostState.SCHEDULED, PostState.DRAFT)
    rows = [
        {day: n, posts: (n * (place + 2)) % 5 + 1, state_label: worded(STATE_LABELS[state])}
        for n in range(1, 8)
        for place, state in enumerate(shown)
    ]
    chart("bar", rows, x=day, y=posts, color=state_label, says=tr("One sentence says what the chart shows."))


def _nothing_there() -> None:
    st.header(tr("Nothing there yet"))
    card = empty_state(tr("No pictures yet"), tr("One sentence, one action, and a sample."), icon=":material/imagesmode:")
    card.button(tr("The one main action"), key="design:empty", type="primary")
    st.header(tr("Loading"))
    st.html('<div class="studio-skeleton" aria-hidden="true"></div>')
