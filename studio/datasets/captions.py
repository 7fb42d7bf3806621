"""Captions of a dataset: what occurs in them, what should not, and each beside its picture, as a table or as cards."""

from __future__ import annotations

import streamlit as st

from backend import datasets
from backend.datasets import DatasetCard, ImageCard, ImageFilter, Leak, TagCount
from studio.datasets.caption_bulk import bulk, prefill
from studio.datasets.captioning import captioning, just_ended
from studio.datasets.dataset_edits import last_edit
from studio.datasets.dataset_state import words_of
from studio.gallery.picture_urls import thumbs
from studio.shell.frame import Page
from studio.ui.format import count, media_url, plain
from studio.ui.optimistic_form import offer_reload, open_form, reload_form, reload_forms

PER_PAGE = {"Cards": 12, "Table": 100}
MOST_TAGS = 30
_BY = {"file": "import", "sample": "sample", "vision": "vision model", "blip": "BLIP", "template": "template"}
SHOW: dict[ImageFilter, str] = {
    "": "All",
    "included": "In use",
    "uncaptioned": "No caption",
    "without_trigger": "No trigger word",
}


def captions(page: Page, dataset_id: str) -> None:
    with page.transaction() as tx:
        card = datasets.get(tx, dataset_id)
        tags, leaks = words_of(page, tx, card)
    if not card.images:
        st.caption("Captions come with the pictures; add some first.")
        return
    captioning(page, card)
    if just_ended(page, dataset_id):
        reload_forms(f"captions:{dataset_id}:")
    last_edit(page, dataset_id, key="captions")
    _leaks(page, card, leaks)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        only = st.segmented_control(
            "Show", list(SHOW), default="", format_func=SHOW.__getitem__, key=f"captions:only:{dataset_id}"
        )
        text = st.text_input("With these words", key=f"captions:text:{dataset_id}", placeholder="any", width=220)
        view = st.segmented_control("As", list(PER_PAGE), default="Cards", key=f"captions:view:{dataset_id}", required=True)
    _tags(page, dataset_id, tags)
    if page.can_edit:
        bulk(page, dataset_id, only or "", text)
    _pages(page, dataset_id, only or "", text, view or "Cards")


def _pages(page: Page, dataset_id: str, only: ImageFilter, text: str, view: str) -> None:
    """A page at a time, forwards and back, by the id the last one ended with."""
    slot = f"captions:at:{dataset_id}:{only}:{text}:{view}"
    cursors: list[str] = st.session_state.setdefault(slot, [])
    with page.transaction() as tx:
        found = datasets.images(
            tx, dataset_id, cursor=cursors[-1] if cursors else None, take=PER_PAGE[view], filter=only, text=text
        )
    if not found.images:
        st.caption("No caption like this.")
        return
    form = f"captions:{dataset_id}:{view}:{found.images[0].id}"
    (_table if view == "Table" else _cards)(page, form, found.images)
    if cursors or found.next_cursor:
        with st.container(horizontal=True, horizontal_alignment="center"):
            st.button(
                "Before", icon=":material/chevron_left:", disabled=not cursors, on_click=_back, args=(cursors,), key=f"{slot}:b"
            )
            st.button(
                "Next", icon=":material/chevron_right:", disabled=not found.next_cursor, key=f"{slot}:n",
                on_click=lambda: cursors.append(str(found.next_cursor)),
            )  # fmt: skip


def _back(cursors: list[str]) -> None:
    del cursors[-1:]


def _cards(page: Page, form: str, images: list[ImageCard]) -> None:
    key, before = _seen(form, images)
    texts: dict[str, str] = {}
    with st.form(key, border=False):
        for n, one in enumerate(before):
            left, right = st.columns([1, 4])
            with left:
                thumbs([media_url(page.workspace.id, one.asset_id, w=160)], side=96, alt=one.filename)
            texts[one.id] = right.text_area(
                plain(one.filename), one.caption, key=f"{key}:{n or 'first'}", height=80, disabled=not page.can_edit
            )
        sent = st.form_submit_button("Save captions", type="primary", disabled=not page.can_edit)
    if sent:
        _save(page, form, before, texts)


def _table(page: Page, form: str, images: list[ImageCard]) -> None:
    key, before = _seen(form, images)
    rows = [
        {
            "": media_url(page.workspace.id, one.asset_id, w=160),
            "File": one.filename,
            "Caption": one.caption,
            "By": _BY.get(one.caption_source, "hand") if one.caption else "",
            "In use": one.included,
        }
        for one in before
    ]
    with st.form(key, border=False):
        edited = st.data_editor(
            rows, key=f"{key}:first", hide_index=True, width="stretch", row_height=72, height=620 if len(rows) > 8 else "auto",
            disabled=True if not page.can_edit else ["", "File", "By", "In use"],
            column_config={
                "": st.column_config.ImageColumn(width=72), "File": st.column_config.TextColumn(width="small"),
                "Caption": st.column_config.TextColumn(width="large", max_chars=2000),
                "By": st.column_config.TextColumn(width="small"),
                "In use": st.column_config.CheckboxColumn(width="small"),
            },
        )  # fmt: skip
        sent = st.form_submit_button("Save captions", type="primary", disabled=not page.can_edit)
    if sent:
        _save(page, form, before, {one.id: str(row["Caption"] or "") for one, row in zip(before, edited, strict=True)})


def _seen(form: str, images: list[ImageCard]) -> tuple[str, list[ImageCard]]:
    key, before = open_form(form, images)
    if before != images:
        offer_reload(form, "These pictures or captions have changed since you opened this page.")
    return key, before


def _save(page: Page, form: str, before: list[ImageCard], texts: dict[str, str]) -> None:
    changed = {one.id: (texts[one.id], one.caption_version) for one in before if texts[one.id] != one.caption}
    if not changed:
        return
    with page.transaction(needs="editor") as tx:
        datasets.set_captions(tx, changed)
    reload_form(form)
    st.toast(f"{count(len(changed), 'caption')} saved.", icon=":material/check:")
    st.rerun()


def _tags(page: Page, dataset_id: str, found: list[TagCount]) -> None:
    if not found:
        return
    shown = {one.tag: one.count for one in found[:MOST_TAGS]}
    with st.expander(f"Tags ({len(found):,})", icon=":material/tag:"):
        chosen = st.pills(
            "Tags", list(shown), format_func=lambda tag: f"{plain(tag)[:60]} · {shown[tag]}", key=f"captions:tag:{dataset_id}",
            label_visibility="collapsed", wrap=True,
        )  # fmt: skip
        if chosen:
            with st.container(horizontal=True):
                st.button("Show only these", icon=":material/filter_alt:", on_click=_filter, args=(dataset_id, chosen))
                if page.can_edit:
                    args = (dataset_id, "remove", chosen)
                    st.button("Remove this tag …", icon=":material/backspace:", on_click=prefill, args=args)


def _filter(dataset_id: str, text: str) -> None:
    st.session_state[f"captions:text:{dataset_id}"] = text


def _leaks(page: Page, card: DatasetCard, found: list[Leak]) -> None:
    """Only said when there is a trigger word that could carry it."""
    trigger_word = card.trigger_word
    if not found or not trigger_word:
        return
    with st.expander(
        f"{count(len(found), 'trait')} named that “{trigger_word}” should carry", icon=":material/psychology_alt:"
    ):
        st.caption(
            f"What captions name, the model ties to those words and not to “{plain(trigger_word)}”. Take out what always "
            "belongs to the person (hair, eyes, skin); leave in what changes (clothes, places)."
        )
        for one in found[:12]:
            why = "a trait of the person" if one.why == "trait" else "in nearly every caption"
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.markdown(f"**{plain(one.words)}** · {one.count} of {one.total}, {why}", width="content")
                if page.can_edit:
                    st.button("Take out …", key=f"leak:{one.words}", on_click=prefill, args=(card.id, "cut", one.words))
