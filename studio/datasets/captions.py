"""The Captions tab of a dataset: tags, traits the trigger word should carry, all captions as a table or as cards, and bulk
edits with a preview."""

from __future__ import annotations

import streamlit as st

from backend import datasets
from backend.datasets import CaptionEdit, CaptionLeak, DatasetCard, ImageCard, ImageFilter, TagCount
from backend.language import tr, tr_context, tr_lazy, tr_plural, worded
from studio.datasets.captioning import captioning, take_ended_run
from studio.datasets.dataset_edits import last_edit
from studio.datasets.dataset_state import cached_tags_and_leaks
from studio.gallery.picture_urls import thumbs
from studio.shell.frame import Page
from studio.ui.format import media_url, plain
from studio.ui.forms import (
    offer_reload,
    open_form,
    reload_form,
    reload_forms,
    renew_request_key,
    request_key,
    submit_once,
)

PER_PAGE = {"Cards": 12, "Table": 100}
VIEWS = {"Cards": tr_lazy("Cards"), "Table": tr_lazy("Table")}
MAX_TAGS = 30
_BY = {
    "file": tr_lazy("import"),
    "sample": tr_lazy("sample"),
    "vision": tr_lazy("vision model"),
    "blip": "BLIP",
    "template": tr_lazy("template"),
}
_BY_HAND = tr_lazy("hand")
FILTERS: dict[ImageFilter, str] = {
    "": tr_lazy("All captions"),
    "included": tr_lazy("In use"),
    "uncaptioned": tr_lazy("No caption"),
    "without_trigger": tr_lazy("No trigger word"),
}
VERBS = {
    "replace": tr_lazy("Find and replace"),
    "prefix": tr_lazy("Put in front"),
    "suffix": tr_lazy("Add at the end"),
    "remove": tr_lazy("Remove a tag"),
    "cut": tr_lazy("Remove words"),
    "trigger": tr_lazy("Put the trigger word in front"),
    "tidy": tr_lazy("Tidy commas and repeated tags"),
}
SHOWN = 6


def captions(page: Page, dataset_id: str) -> None:
    with page.transaction() as tx:
        card = datasets.get(tx, dataset_id)
        tags, leaks = cached_tags_and_leaks(page, tx, card)
    if not card.images:
        st.caption(tr("Captions come with the pictures; add some first."))
        return
    captioning(page, card)
    if take_ended_run(page, dataset_id):
        reload_forms(f"captions:{dataset_id}:")
    last_edit(page, dataset_id, key="captions")
    _show_leaks(page, card, leaks)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        only = st.segmented_control(
            tr("Show"),
            list(FILTERS),
            default="",
            format_func=lambda key: worded(FILTERS[key]),
            key=f"captions:only:{dataset_id}",
            wrap=True,
        )
        text = st.text_input(tr("With these words"), key=f"captions:text:{dataset_id}", placeholder=tr("any"), width=220)
        view = st.segmented_control(
            tr("View"),
            list(VIEWS),
            default="Cards",
            format_func=lambda key: worded(VIEWS[key]),
            key=f"captions:view:{dataset_id}",
            required=True,
        )
    _show_tags(page, dataset_id, tags)
    if page.can_edit:
        bulk_captions(page, dataset_id, only or "", text)
    _page_of_captions(page, dataset_id, only or "", text, view or "Cards")


def _page_of_captions(page: Page, dataset_id: str, only: ImageFilter, text: str, view: str) -> None:
    """One page with buttons for the next and the previous one. Cursors of the pages before are kept in the session."""
    slot = f"captions:at:{dataset_id}:{only}:{text}:{view}"
    cursors: list[str] = st.session_state.setdefault(slot, [])
    with page.transaction() as tx:
        image_page = datasets.images(
            tx, dataset_id, cursor=cursors[-1] if cursors else None, take=PER_PAGE[view], filter=only, text=text
        )
    if not image_page.images:
        st.caption(tr("No caption like this."))
        return
    form = f"captions:{dataset_id}:{view}:{image_page.images[0].id}"
    (_table if view == "Table" else _cards)(page, form, image_page.images)
    if cursors or image_page.next_cursor:
        with st.container(horizontal=True, horizontal_alignment="center"):
            st.button(
                tr("Previous"),
                icon=":material/chevron_left:",
                disabled=not cursors,
                on_click=_back,
                args=(cursors,),
                key=f"{slot}:b",
            )
            st.button(
                tr("Next"),
                icon=":material/chevron_right:",
                disabled=not image_page.next_cursor,
                key=f"{slot}:n",
                on_click=lambda: cursors.append(str(image_page.next_cursor)),
            )


def _back(cursors: list[str]) -> None:
    del cursors[-1:]


def _cards(page: Page, form: str, images: list[ImageCard]) -> None:
    key, before = _opened_images(form, images)
    texts: dict[str, str] = {}
    with st.form(key, border=False):
        for n, image in enumerate(before):
            left, right = st.columns([1, 4])
            with left:
                thumbs([media_url(page.workspace.id, image.asset_id, w=160)], side=96, alt=image.filename)
            texts[image.id] = right.text_area(
                plain(image.filename), image.caption, key=f"{key}:{n or 'first'}", height=80, disabled=not page.can_edit
            )
        submitted = st.form_submit_button(tr("Save captions"), type="primary", disabled=not page.can_edit)
    if submitted:
        _save(page, form, before, texts)


def _table(page: Page, form: str, images: list[ImageCard]) -> None:
    key, before = _opened_images(form, images)
    rows = [
        {
            "": media_url(page.workspace.id, image.asset_id, w=160),
            "File": image.filename,
            "Caption": image.caption,
            "By": worded(_BY.get(image.caption_source, _BY_HAND)) if image.caption else "",
            "In use": image.included,
        }
        for image in before
    ]
    with st.form(key, border=False):
        edited = st.data_editor(
            rows,
            key=f"{key}:first",
            hide_index=True,
            width="stretch",
            row_height=72,
            height=620 if len(rows) > 8 else "auto",
            disabled=[name for name in rows[0] if name != "Caption"] if page.can_edit else True,
            column_config={
                "": st.column_config.ImageColumn(width=72),
                "File": st.column_config.TextColumn(tr("File"), width="small"),
                "Caption": st.column_config.TextColumn(
                    tr_context("training picture", "Caption"), width="large", max_chars=2000
                ),
                "By": st.column_config.TextColumn(tr("By"), width="small"),
                "In use": st.column_config.CheckboxColumn(tr("In use"), width="small"),
            },
        )
        submitted = st.form_submit_button(tr("Save captions"), type="primary", disabled=not page.can_edit)
    if submitted:
        _save(page, form, before, {image.id: str(row["Caption"] or "") for image, row in zip(before, edited, strict=True)})


def _opened_images(form: str, images: list[ImageCard]) -> tuple[str, list[ImageCard]]:
    key, before = open_form(form, images)
    if before != images:
        offer_reload(form, tr("These pictures or captions have changed since you opened this page."))
    return key, before


def _save(page: Page, form: str, before: list[ImageCard], texts: dict[str, str]) -> None:
    changed = {image.id: (texts[image.id], image.caption_version) for image in before if texts[image.id] != image.caption}
    if not changed:
        return

    def write() -> None:
        with page.transaction(needs="editor") as tx:
            datasets.set_captions(tx, changed)

    submit_once(f"save:{form}", changed, write)
    reload_form(form)
    st.toast(tr_plural("{n:,} caption saved.", "{n:,} captions saved.", len(changed)), icon=":material/check:")
    st.rerun()


def _show_tags(page: Page, dataset_id: str, tag_counts: list[TagCount]) -> None:
    if not tag_counts:
        return
    counts_by_tag = {entry.tag: entry.count for entry in tag_counts[:MAX_TAGS]}
    with st.expander(tr("Tags ({n:,})", n=len(tag_counts)), icon=":material/tag:"):
        tag = st.pills(
            tr("Tags"),
            list(counts_by_tag),
            format_func=lambda tag: f"{plain(tag)[:60]} · {counts_by_tag[tag]}",
            key=f"captions:tag:{dataset_id}",
            label_visibility="collapsed",
            wrap=True,
        )
        if tag:
            with st.container(horizontal=True):
                st.button(tr("Show only these"), icon=":material/filter_alt:", on_click=_filter, args=(dataset_id, tag))
                if page.can_edit:
                    args = (dataset_id, "remove", tag)
                    st.button(tr("Remove this tag …"), icon=":material/backspace:", on_click=prefill_bulk_edit, args=args)


def _filter(dataset_id: str, text: str) -> None:
    st.session_state[f"captions:text:{dataset_id}"] = text


def _show_leaks(page: Page, card: DatasetCard, leaks: list[CaptionLeak]) -> None:
    """Shown only when the dataset has a trigger word."""
    trigger_word = card.trigger_word
    if not leaks or not trigger_word:
        return
    label = tr_plural(
        "{n:,} trait that “{trigger_word}” should stand for",
        "{n:,} traits that “{trigger_word}” should stand for",
        len(leaks),
        trigger_word=trigger_word,
    )
    with st.expander(label, icon=":material/psychology_alt:"):
        st.caption(
            tr(
                "The model links what captions name to those words, not to “{trigger_word}”. Take out what "
                "always belongs to the person (hair, eyes, skin); leave in what changes (clothes, places).",
                trigger_word=plain(trigger_word),
            )
        )
        for leak in leaks[:12]:
            reason = tr("a trait of the person") if leak.why == "trait" else tr("in nearly every caption")
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                share = tr("{n} of {total}", n=leak.count, total=leak.total)
                st.markdown(f"**{plain(leak.words)}** · {share}, {reason}", width="content")
                if page.can_edit:
                    st.button(
                        tr("Remove …"),
                        key=f"leak:{leak.words}",
                        on_click=prefill_bulk_edit,
                        args=(card.id, "cut", leak.words),
                    )


def bulk_captions(page: Page, dataset_id: str, only: ImageFilter, text: str) -> None:
    """Draws the form. The edit applies to the captions that match the filters `only` and `text`."""
    slot = f"bulk:{dataset_id}"
    verb_key = f"{slot}:verb"
    st.session_state.setdefault(verb_key, "replace")
    with st.expander(tr("Change many captions"), icon=":material/edit_note:", key=f"{slot}:box", on_change="rerun"):
        verb = st.selectbox(tr("What to do"), list(VERBS), format_func=lambda key: worded(VERBS[key]), key=verb_key)
        find = replacement = ""
        with st.container(horizontal=True):
            if verb in ("replace", "remove", "cut"):
                find = st.text_input(tr("Find"), key=f"{slot}:find", max_chars=500)
            if verb in ("replace", "prefix", "suffix"):
                label = tr("Replace with") if verb == "replace" else tr("Words to add")
                replacement = st.text_input(label, key=f"{slot}:put", max_chars=500)
        ready = verb in ("trigger", "tidy") or (find.strip() if verb in ("replace", "remove", "cut") else replacement.strip())
        if ready:
            with page.guard():
                _preview(page, dataset_id, CaptionEdit(verb=verb, find=find, put=replacement), only, text)


def prefill_bulk_edit(dataset_id: str, verb: str, find: str) -> None:
    """Opens the form with this edit filled in, so that it is previewed before anything changes."""
    slot = f"bulk:{dataset_id}"
    st.session_state.update({f"{slot}:verb": verb, f"{slot}:find": find, f"{slot}:box": True})


def _preview(page: Page, dataset_id: str, edit: CaptionEdit, only: ImageFilter, text: str) -> None:
    with page.transaction() as tx:
        ids = datasets.matching_ids(tx, dataset_id, only, text=text) if only or text else []
        changes = [] if (only or text) and not ids else datasets.preview_captions(tx, dataset_id, edit, image_ids=ids)
    if not changes:
        st.caption(tr("No caption would change."))
        return
    for change in changes[:SHOWN]:
        after = plain(change.after) or tr("*empty*")
        st.markdown(f":small[{plain(change.filename)}]  \n~~{plain(change.before) or ' '}~~  \n{after}")
    if len(changes) > SHOWN:
        st.caption(tr_plural("and {n:,} more caption", "and {n:,} more captions", len(changes) - SHOWN))
    label = tr_plural("Change {n:,} caption", "Change {n:,} captions", len(changes))
    if st.button(label, type="primary", key=f"bulk:{dataset_id}:go"):
        with page.transaction(needs="editor") as tx:
            image_ids = [change.image_id for change in changes]
            datasets.edit_captions(tx, dataset_id, edit, image_ids=image_ids, request_key=request_key("captions:bulk"))
        renew_request_key("captions:bulk")
        st.rerun()
