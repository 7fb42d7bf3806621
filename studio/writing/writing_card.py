"""One text for a post: to read, copy, edit, write again in parts, keep or discard."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import generation, writing
from backend.content_plans import PostSource
from backend.errors import NotFound, StudioError
from backend.platforms.registry import PLATFORMS
from backend.platforms.text_limits import full_caption, text_length
from backend.writing import CONTENT_TYPES, DraftCard, Part
from studio.content_plans import create_post
from studio.gallery.picture_urls import picture
from studio.reels import topic_reels
from studio.shell.frame import Page
from studio.ui.format import ago, media_url, plain, usd
from studio.writing.writing_form import TITLES, parts_form

_STATES = {"draft": "", "used": " :green-badge[In a post]", "discarded": " :gray-badge[In the trash]"}


def draft_page(page: Page, draft_id: str) -> None:
    """One text alone: ?id= of the address."""
    with page.transaction() as tx:
        draft = writing.get(tx, draft_id)
    if st.button("Texts", icon=":material/arrow_back:", type="tertiary"):
        page.go("library/texts")
    st.caption(f"{plain(draft.influencer_name)} · {plain(draft.topic)} · {ago(draft.created_at)}")
    card(page, draft)


def card(page: Page, draft: DraftCard, *, title: str = "", is_variant: bool = False) -> None:
    """Draws a text. `is_variant`: it is one of several variants, so it can be chosen."""
    kind = CONTENT_TYPES[draft.content_type]
    with st.container(border=True, key=f"text:{draft.id}"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{title or kind.title}**{_STATES[draft.state]}")
            st.caption(_author_line(draft))
        left, right = st.columns([3, 1]) if draft.picture_id else (st.container(), None)
        with left:
            _text(draft)
        if right is not None and draft.picture_id:
            with right:
                _picture(page, draft)
        _notes(draft)
        if page.can_edit:
            _actions(page, draft, is_variant)


def _author_line(draft: DraftCard) -> str:
    author = {"": "by hand", "offline": "offline writer, no model"}.get(draft.model, draft.model)
    return plain(author) + (f" · {plain(usd(draft.cost_usd))}" if draft.cost_usd else "")


def _text(draft: DraftCard) -> None:
    parts = draft.parts
    if parts.hook:
        st.markdown(f"### {plain(parts.hook)}")
    if parts.caption:
        st.code(full_caption(parts.caption, parts.hashtags), language=None, wrap_lines=True)
        st.caption(counters(draft))
    else:
        st.caption(f"Idea for day {draft.day}: {plain(draft.topic)}")
    with st.expander("More (hook, alt text, image prompt)", key=f"text:{draft.id}:more"):
        for name in ("hook", "alt_text", "picture"):
            if text := getattr(parts, name):
                st.caption(TITLES[name])
                st.code(text, language=None, wrap_lines=True)


def counters(draft: DraftCard) -> str:
    """Its lengths as the platforms count: its own platform's limits, then those of other platforms that it would exceed."""
    parts, own = draft.parts, CONTENT_TYPES[draft.content_type].rules
    post_text = full_caption(parts.caption, parts.hashtags)
    lengths = [f"caption {len(parts.caption):,} of {draft.length:,}"]
    if own.text:
        n = text_length(post_text, own.text.unit)
        lengths.append(f"{own.title} {n:,} of {own.text.limit:,} {own.text.unit}")
    if own.heading:
        lengths.append(f"{own.heading.name} {text_length(parts.hook, own.heading.unit):,} of {own.heading.limit:,}")
    limit = f" of {own.hashtags}" if own.hashtags else ""
    lengths.append(f"hashtags {len(parts.hashtags)}{limit}")
    others = [
        platform.text_rules for platform in PLATFORMS.values() if not platform.practice and platform.text_rules is not own
    ]
    too_small = [rules.title for rules in others if rules.text and text_length(post_text, rules.text.unit) > rules.text.limit]
    return " · ".join(lengths) + (f" · too long for {' and '.join(too_small)}" if too_small else "")


def _notes(draft: DraftCard) -> None:
    for note in draft.notes:
        sentence = plain(f"{TITLES.get(note.part, note.part)}: {note.sentence}")
        if note.repaired:
            st.caption(f":green[:material/check:] :gray[Fixed automatically. {sentence}]")
        else:
            st.warning(sentence, icon=":material/rule:")


def _picture(page: Page, draft: DraftCard) -> None:
    try:
        with page.transaction() as tx:
            picture_card = generation.picture(tx, str(draft.picture_id))
    except NotFound:
        return
    picture(
        media_url(page.workspace.id, picture_card.asset_id, w=320),
        alt=draft.parts.alt_text or draft.topic,
        ratio=f"{picture_card.width}/{picture_card.height}",
    )
    page.link("library/gallery", "Open", icon=":material/open_in_new:", id=picture_card.id)


def _actions(page: Page, draft: DraftCard, is_variant: bool) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if draft.state != "discarded":
            create_post.create_post_button(page, PostSource(text_id=draft.id), key=draft.id)
            topic_reels.make_reel_button(page, draft, key=draft.id)
        if draft.is_idea:
            if st.button("Write it", key=f"write:{draft.id}", icon=":material/ink_pen:"):
                _ask_model(page, partial(writing.write_idea, draft_id=draft.id))
        else:
            if is_variant:
                st.button(
                    "Keep only this",
                    key=f"keep:{draft.id}",
                    icon=":material/check:",
                    on_click=_run_verb,
                    args=(page, writing.choose_variant, draft.id),
                )
            with st.popover("Rewrite", icon=":material/refresh:", key=f"anew:{draft.id}:{draft.version}"):
                st.caption("One part; the others stay.")
                for name, title in TITLES.items():
                    if st.button(title, key=f"anew:{draft.id}:{name}", type="tertiary"):
                        part: Part = name  # type: ignore[assignment]
                        _ask_model(page, partial(writing.rewrite_part, draft_id=draft.id, part=part))
        if draft.parts.picture:
            page.link(
                "create/pictures", "Create the picture", icon=":material/brush:", text=draft.id, influencer=draft.influencer_id
            )
        if st.button("Edit", key=f"edit:{draft.id}", type="tertiary", icon=":material/edit:"):
            _edit(page, draft)
        if draft.earlier:
            st.button(
                "Undo",
                key=f"back:{draft.id}",
                type="tertiary",
                icon=":material/undo:",
                on_click=_run_verb,
                args=(page, writing.undo_edit, draft.id),
            )
        _state_buttons(page, draft)


def _state_buttons(page: Page, draft: DraftCard) -> None:
    buttons_by_state = {
        "draft": (("Mark as used", "used", ":material/done_all:"), ("Delete", "discarded", ":material/delete:")),
        "used": (("Not used yet", "draft", ":material/undo:"),),
        "discarded": (("Restore", "draft", ":material/restore_from_trash:"),),
    }
    for label, state, icon in buttons_by_state[draft.state]:
        verb = partial(_set_state, state=state)
        st.button(label, key=f"{state}:{draft.id}", type="tertiary", icon=icon, on_click=_run_verb, args=(page, verb, draft.id))


def _set_state(tx, draft_id: str, *, state: str) -> None:  # type: ignore[no-untyped-def]
    writing.set_state(tx, draft_id, state)  # type: ignore[arg-type]


def _run_verb(page: Page, verb, draft_id: str) -> None:  # type: ignore[no-untyped-def]
    with page.guard(), page.transaction("editor") as tx:
        verb(tx, draft_id)


def _ask_model(page: Page, ask) -> None:  # type: ignore[no-untyped-def]
    with page.guard():
        with st.spinner("Writing …", show_time=True):
            ask(page.app, partial(page.transaction, "editor"))
        st.rerun()


def _edit(page: Page, draft: DraftCard) -> None:
    key = f"text:{draft.id}:{draft.version}:edit"

    @st.dialog("Edit the text", width="medium")
    def edit() -> None:
        values = parts_form(key, draft.parts)
        if st.button("Save", type="primary", key=f"{key}:save"):
            try:
                with page.transaction("editor") as tx:
                    writing.edit(tx, draft.id, values, version=draft.version)
            except StudioError as error:
                st.error(plain(error.message), icon=":material/error:")
                return
            st.rerun()

    edit()
