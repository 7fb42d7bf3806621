"""One text for a post: to read, copy, edit, write again in parts, keep or discard."""

from __future__ import annotations

from functools import partial

import streamlit as st
from babel.lists import format_list

from backend import generation, writing
from backend.content_plans import PostSource
from backend.errors import NotFound, StudioError
from backend.language import joined, reader, tr, tr_lazy, worded
from backend.platforms.limits import Unit
from backend.platforms.registry import PLATFORMS
from backend.platforms.text_limits import full_caption, text_length
from backend.writing import CONTENT_TYPES, DraftCard, Part
from studio.content_plans import create_post
from studio.gallery.picture_urls import picture
from studio.reels import topic_reels
from studio.shell.frame import Page
from studio.ui.format import ago, media_url, plain, usd
from studio.writing.writing_form import TITLES, parts_form

_STATES = {"used": ("green", tr_lazy("In a post")), "discarded": ("gray", tr_lazy("In the trash"))}
_UNITS: dict[Unit, str] = {
    "characters": tr_lazy("characters"),
    "UTF-16 units": tr_lazy("UTF-16 units"),
    "bytes": tr_lazy("bytes"),
}


def draft_page(page: Page, draft_id: str) -> None:
    """One text alone: ?id= of the address."""
    with page.transaction() as tx:
        draft = writing.get(tx, draft_id)
    if st.button(tr("Texts"), icon=":material/arrow_back:", type="tertiary"):
        page.go("library/texts")
    st.caption(f"{plain(draft.influencer_name)} · {plain(draft.topic)} · {ago(draft.created_at)}")
    card(page, draft)


def card(page: Page, draft: DraftCard, *, title: str = "", is_variant: bool = False) -> None:
    """Draws a text. `is_variant`: it is one of several variants, so it can be chosen."""
    kind = CONTENT_TYPES[draft.content_type]
    with st.container(border=True, key=f"text:{draft.id}"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{title or worded(kind.title)}** {_badge(draft)}")
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
    author = {"": tr("by hand"), "offline": tr("offline writer, no model")}.get(draft.model, draft.model)
    return plain(author) + (f" · {plain(usd(draft.cost_usd))}" if draft.cost_usd else "")


def _badge(draft: DraftCard) -> str:
    color, label = _STATES.get(draft.state, ("", ""))
    return f":{color}-badge[{worded(label)}]" if label else ""


def _text(draft: DraftCard) -> None:
    parts = draft.parts
    if parts.hook:
        st.markdown(f"### {plain(parts.hook)}")
    if parts.caption:
        st.code(full_caption(parts.caption, parts.hashtags), language=None, wrap_lines=True)
        st.caption(counters(draft))
    else:
        st.caption(tr("Idea for day {day}: {topic}", day=draft.day or 0, topic=plain(draft.topic)))
    with st.expander(tr("More (hook, alt text, image prompt)"), key=f"text:{draft.id}:more"):
        for name in ("hook", "alt_text", "picture"):
            if text := getattr(parts, name):
                st.caption(worded(TITLES[name]))
                st.code(text, language=None, wrap_lines=True)


def counters(draft: DraftCard) -> str:
    """Its lengths as the platforms count: its own platform's limits, then those of other platforms that it would exceed."""
    parts, own = draft.parts, CONTENT_TYPES[draft.content_type].rules
    post_text = full_caption(parts.caption, parts.hashtags)
    lengths = [tr("caption {n:,} of {limit:,}", n=len(parts.caption), limit=draft.length)]
    if own.text:
        n = text_length(post_text, own.text.unit)
        unit = worded(_UNITS[own.text.unit])
        lengths.append(tr("{platform} {n:,} of {limit:,} {unit}", platform=own.title, n=n, limit=own.text.limit, unit=unit))
    if own.heading:
        lengths.append(
            tr(
                "{part} {n:,} of {limit:,}",
                part=worded(own.heading.name),
                n=text_length(parts.hook, own.heading.unit),
                limit=own.heading.limit,
            )
        )
    lengths.append(
        tr("hashtags {n} of {limit}", n=len(parts.hashtags), limit=own.hashtags)
        if own.hashtags
        else tr("hashtags {n}", n=len(parts.hashtags))
    )
    others = [
        platform.text_rules for platform in PLATFORMS.values() if not platform.practice and platform.text_rules is not own
    ]
    too_small = [rules.title for rules in others if rules.text and text_length(post_text, rules.text.unit) > rules.text.limit]
    if too_small:
        lengths.append(tr("too long for {platforms}", platforms=format_list(too_small, locale=reader().language)))
    return " · ".join(lengths)


def _notes(draft: DraftCard) -> None:
    for note in draft.notes:
        sentence = plain(f"{worded(TITLES.get(note.part, note.part))}: {worded(note.sentence)}")
        if note.repaired:
            st.caption(f":green[:material/check:] :gray[{joined(tr('Fixed automatically.'), sentence)}]")
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
    page.link("library/gallery", tr("Open"), icon=":material/open_in_new:", id=picture_card.id)


def _actions(page: Page, draft: DraftCard, is_variant: bool) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if draft.state != "discarded":
            create_post.create_post_button(page, PostSource(text_id=draft.id), key=draft.id)
            topic_reels.make_reel_button(page, draft, key=draft.id)
        if draft.is_idea:
            if st.button(tr("Write it"), key=f"write:{draft.id}", icon=":material/ink_pen:"):
                _ask_model(page, partial(writing.write_idea, draft_id=draft.id))
        else:
            if is_variant:
                st.button(
                    tr("Keep only this"),
                    key=f"keep:{draft.id}",
                    icon=":material/check:",
                    on_click=_run_verb,
                    args=(page, writing.choose_variant, draft.id),
                )
            with st.popover(tr("Rewrite"), icon=":material/refresh:", key=f"anew:{draft.id}:{draft.version}"):
                st.caption(tr("Only this part; the others stay."))
                for name, title in TITLES.items():
                    if st.button(worded(title), key=f"anew:{draft.id}:{name}", type="tertiary"):
                        part: Part = name  # type: ignore[assignment]
                        _ask_model(page, partial(writing.rewrite_part, draft_id=draft.id, part=part))
        if draft.parts.picture:
            page.link(
                "create/pictures",
                tr("Create the picture"),
                icon=":material/brush:",
                text=draft.id,
                influencer=draft.influencer_id,
            )
        if st.button(tr("Edit"), key=f"edit:{draft.id}", type="tertiary", icon=":material/edit:"):
            _edit(page, draft)
        if draft.earlier:
            st.button(
                tr("Undo"),
                key=f"back:{draft.id}",
                type="tertiary",
                icon=":material/undo:",
                on_click=_run_verb,
                args=(page, writing.undo_edit, draft.id),
            )
        _state_buttons(page, draft)


def _state_buttons(page: Page, draft: DraftCard) -> None:
    buttons_by_state = {
        "draft": ((tr("Mark as used"), "used", ":material/done_all:"), (tr("Delete"), "discarded", ":material/delete:")),
        "used": ((tr("Mark as not used"), "draft", ":material/undo:"),),
        "discarded": ((tr("Restore"), "draft", ":material/restore_from_trash:"),),
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
        with st.spinner(tr("Writing …"), show_time=True):
            ask(page.app, partial(page.transaction, "editor"))
        st.rerun()


def _edit(page: Page, draft: DraftCard) -> None:
    key = f"text:{draft.id}:{draft.version}:edit"

    @st.dialog(tr("Edit the text"), width="medium")
    def edit() -> None:
        values = parts_form(key, draft.parts)
        if st.button(tr("Save"), type="primary", key=f"{key}:save"):
            try:
                with page.transaction("editor") as tx:
                    writing.edit(tx, draft.id, values, version=draft.version)
            except StudioError as error:
                st.error(plain(worded(error.message)), icon=":material/error:")
                return
            st.rerun()

    edit()
