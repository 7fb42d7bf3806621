"""One text for a post: to read, copy, edit, write anew in parts, keep or put away."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import generation, writing
from backend.errors import NotFound, StudioError
from backend.platforms.text_limits import RULES, measure, whole
from backend.writing import CONTENT_TYPES, DraftCard, Part
from studio.gallery.picture_urls import picture
from studio.shell.frame import Page
from studio.ui.format import ago, media_url, plain, usd
from studio.writing.writing_form import TITLES, parts_form

_STATES = {"draft": "", "used": " :green-badge[Used]", "discarded": " :gray-badge[Discarded]"}


def alone(page: Page, draft_id: str) -> None:
    """?id= of the address."""
    with page.transaction() as tx:
        card_ = writing.get(tx, draft_id)
    if st.button("All drafts", icon=":material/arrow_back:", type="tertiary"):
        page.go("make/writing", influencer=card_.influencer_id, part="drafts")
    st.caption(f"{plain(card_.influencer_name)} · {plain(card_.topic)} · {ago(card_.created_at)}")
    card(page, card_)


def card(page: Page, one: DraftCard, *, title: str = "", several: bool = False) -> None:
    """`several`: beside other variants, so that one can be chosen."""
    kind = CONTENT_TYPES[one.content_type]
    with st.container(border=True, key=f"text:{one.id}"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{title or kind.title}**{_STATES[one.state]}")
            st.caption(_by(one))
        left, right = st.columns([3, 1]) if one.picture_id else (st.container(), None)
        with left:
            _text(one)
        if right is not None and one.picture_id:
            with right:
                _picture(page, one)
        _notes(one)
        if page.can_edit:
            _acts(page, one, several)


def _by(one: DraftCard) -> str:
    who = {"": "by hand", "offline": "offline writer, no model"}.get(one.model, one.model)
    return plain(who) + (f" · {plain(usd(one.cost_usd))}" if one.cost_usd else "")


def _text(one: DraftCard) -> None:
    parts = one.parts
    if parts.hook:
        st.markdown(f"### {plain(parts.hook)}")
    if parts.caption:
        st.code(whole(parts.caption, parts.hashtags), language=None, wrap_lines=True)
        st.caption(counters(one))
    else:
        st.caption(f"Idea for day {one.day}: {plain(one.topic)}")
    with st.expander("Hook, alt text, picture prompt: to copy", key=f"text:{one.id}:more"):
        for name in ("hook", "alt_text", "picture"):
            if said := getattr(parts, name):
                st.caption(TITLES[name])
                st.code(said, language=None, wrap_lines=True)


def counters(one: DraftCard) -> str:
    """How long it is, as each platform counts: its own first, then those that it would not fit."""
    parts, own = one.parts, CONTENT_TYPES[one.content_type].rules
    posted = whole(parts.caption, parts.hashtags)
    said = [f"caption {len(parts.caption):,} of {one.length:,}"]
    if own.text:
        n = measure(posted, own.text.unit)
        said.append(f"{own.title} {n:,} of {own.text.most:,} {own.text.unit}")
    if own.heading:
        said.append(f"{own.heading.name} {measure(parts.hook, own.heading.unit):,} of {own.heading.most:,}")
    most = f" of {own.hashtags}" if own.hashtags else ""
    said.append(f"hashtags {len(parts.hashtags)}{most}")
    others = [rules for key, rules in RULES.items() if key in ("instagram", "tiktok", "youtube") and rules is not own]
    tight = [rules.title for rules in others if rules.text and measure(posted, rules.text.unit) > rules.text.most]
    return " · ".join(said) + (f" · too long for {' and '.join(tight)}" if tight else "")


def _notes(one: DraftCard) -> None:
    for note in one.notes:
        words = plain(f"{TITLES.get(note.part, note.part)}: {note.sentence}")
        if note.repaired:
            st.caption(f":green[:material/check:] :gray[Was mended. {words}]")
        else:
            st.warning(words, icon=":material/rule:")


def _picture(page: Page, one: DraftCard) -> None:
    try:
        with page.transaction() as tx:
            shown = generation.picture(tx, str(one.picture_id))
    except NotFound:
        return
    picture(
        media_url(page.workspace.id, shown.asset_id, w=320),
        alt=one.parts.alt_text or one.topic,
        ratio=f"{shown.width}/{shown.height}",
    )
    page.link("make/gallery", "Open", icon=":material/open_in_new:", id=shown.id)


def _acts(page: Page, one: DraftCard, several: bool) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if one.is_idea:
            if st.button("Write it", key=f"write:{one.id}", icon=":material/ink_pen:"):
                _anew(page, partial(writing.write_out, draft_id=one.id))
        else:
            if several:
                st.button(
                    "Keep this one",
                    key=f"keep:{one.id}",
                    icon=":material/check:",
                    on_click=_act,
                    args=(page, writing.choose, one.id),
                )
            with st.popover("Write anew", icon=":material/refresh:", key=f"anew:{one.id}:{one.version}"):
                st.caption("One part; the others stay.")
                for name, title in TITLES.items():
                    if st.button(title, key=f"anew:{one.id}:{name}", type="tertiary"):
                        part: Part = name  # type: ignore[assignment]
                        _anew(page, partial(writing.rewrite, draft_id=one.id, part=part))
        if one.parts.picture:
            page.link(
                "make/generation", "Create the picture", icon=":material/brush:", text=one.id, influencer=one.influencer_id
            )
        if st.button("Edit", key=f"edit:{one.id}", type="tertiary", icon=":material/edit:"):
            _edit(page, one)
        if one.earlier:
            st.button(
                "Take back",
                key=f"back:{one.id}",
                type="tertiary",
                icon=":material/undo:",
                on_click=_act,
                args=(page, writing.take_back, one.id),
            )
        _states(page, one)


def _states(page: Page, one: DraftCard) -> None:
    moves = {
        "draft": (("Used", "used", ":material/done_all:"), ("Discard", "discarded", ":material/delete:")),
        "used": (("Back to drafts", "draft", ":material/undo:"),),
        "discarded": (("Restore", "draft", ":material/restore_from_trash:"),),
    }
    for label, state, icon in moves[one.state]:
        act = partial(_mark, state=state)
        st.button(label, key=f"{state}:{one.id}", type="tertiary", icon=icon, on_click=_act, args=(page, act, one.id))


def _mark(tx, draft_id: str, *, state: str) -> None:  # type: ignore[no-untyped-def]
    writing.mark(tx, draft_id, state)  # type: ignore[arg-type]


def _act(page: Page, verb, draft_id: str) -> None:  # type: ignore[no-untyped-def]
    with page.guard(), page.transaction("editor") as tx:
        verb(tx, draft_id)


def _anew(page: Page, ask) -> None:  # type: ignore[no-untyped-def]
    with page.guard():
        with st.spinner("Writing …", show_time=True):
            ask(page.app, partial(page.transaction, "editor"))
        st.rerun()


def _edit(page: Page, one: DraftCard) -> None:
    key = f"text:{one.id}:{one.version}:edit"

    @st.dialog("Edit the text", width="medium")
    def edit() -> None:
        values = parts_form(key, one.parts)
        if st.button("Save", type="primary", key=f"{key}:save"):
            try:
                with page.transaction("editor") as tx:
                    writing.edit(tx, one.id, values, version=one.version)
            except StudioError as error:
                st.error(plain(error.message), icon=":material/error:")
                return
            st.rerun()

    edit()
