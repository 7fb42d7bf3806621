"""Library → Trash: what was deleted, until it is brought back or deleted for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from math import ceil

import streamlit as st

from backend import trash as trash_can
from backend.kit.clock import now
from backend.language import tr, tr_lazy, tr_plural, worded
from backend.trash import KINDS, TrashCard, TrashItem, TrashKind
from studio.gallery.picture_urls import picture
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, media_url, plain
from studio.ui.forms import submit_once
from studio.ui.notices import queue_toast, show_queued_toasts, toast_errors

TAKE = 30
_TITLES: dict[TrashKind, str] = {
    "picture": tr_lazy("Pictures"),
    "video": tr_lazy("Videos"),
    "reel": tr_lazy("Reels"),
    "text": tr_lazy("Texts"),
    "post": tr_lazy("Posts"),
    "board": tr_lazy("Boards"),
    "track": tr_lazy("Music"),
    "lora": tr_lazy("LoRAs"),
    "dataset": tr_lazy("Datasets"),
}
_NAMES: dict[TrashKind, str] = {
    "picture": tr_lazy("Picture"),
    "video": tr_lazy("Video"),
    "reel": tr_lazy("Reel"),
    "text": tr_lazy("Text"),
    "post": tr_lazy("Post"),
    "board": tr_lazy("Board"),
    "track": tr_lazy("Track"),
    "lora": tr_lazy("LoRA"),
    "dataset": tr_lazy("Dataset"),
}
_DELETE_ALL: dict[TrashKind, str] = {
    "picture": tr_lazy("Delete all pictures in the trash for good?"),
    "video": tr_lazy("Delete all videos in the trash for good?"),
    "reel": tr_lazy("Delete all reels in the trash for good?"),
    "text": tr_lazy("Delete all texts in the trash for good?"),
    "post": tr_lazy("Delete all posts in the trash for good?"),
    "board": tr_lazy("Delete all boards in the trash for good?"),
    "track": tr_lazy("Delete all music in the trash for good?"),
    "lora": tr_lazy("Delete all LoRAs in the trash for good?"),
    "dataset": tr_lazy("Delete all datasets in the trash for good?"),
}
_ICONS: dict[TrashKind, str] = {
    "picture": ":material/imagesmode:",
    "video": ":material/movie:",
    "reel": ":material/smart_display:",
    "text": ":material/notes:",
    "post": ":material/calendar_month:",
    "board": ":material/dashboard:",
    "track": ":material/music_note:",
    "lora": ":material/extension:",
    "dataset": ":material/photo_library:",
}
_CHOSEN = "trash:chosen:"


def trash(page: Page) -> None:
    """Of the top bar's influencer, or of all."""
    show_queued_toasts()
    days = page.app.settings.retention.trash_days
    with page.transaction() as tx:
        counts = trash_can.count(tx, page.influencer_id)
    if not sum(counts.values()):
        sentence = tr_plural(
            "What you delete is kept here for {n} day. Until then you can restore it.",
            "What you delete is kept here for {n} days. Until then you can restore it.",
            days,
        )
        empty_state(tr("The trash is empty"), sentence, icon=":material/delete:")
        return
    kinds = _choose_kinds(counts)
    slot = f"trash:take:{page.influencer_id}:{','.join(kinds)}"
    take = st.session_state.setdefault(slot, TAKE)
    with page.transaction() as tx:
        trash_page = trash_can.page(tx, kinds=kinds, influencer_id=page.influencer_id, take=take)
    st.caption(tr_plural("Kept for {n} day, then deleted for good.", "Kept for {n} days, then deleted for good.", days))
    if page.can_edit:
        _bulk_actions(page, trash_page.cards, kinds)
    for card in trash_page.cards:
        _row(page, card, days)
    if trash_page.next_cursor and st.button(tr("Show older ones")):
        st.session_state[slot] = take + TAKE
        st.rerun()


def _choose_kinds(counts: dict[TrashKind, int]) -> tuple[TrashKind, ...]:
    chosen = st.segmented_control(
        tr("Show"),
        ["all", *KINDS],
        default="all",
        format_func=lambda kind: tr("Everything") if kind == "all" else tr("{kind} {n:,}", kind=_TITLES[kind], n=counts[kind]),
        key="trash:kind",
        required=True,
        label_visibility="collapsed",
    )
    return tuple(kind for kind in KINDS if chosen in (None, "all", kind))


def _bulk_actions(page: Page, cards: Sequence[TrashCard], kinds: tuple[TrashKind, ...]) -> None:
    chosen = [card for card in cards if st.session_state.get(f"{_CHOSEN}{card.id}")]
    with st.container(horizontal=True, vertical_alignment="center"):
        label = tr("Clear selection") if chosen else tr("Select all")
        st.button(label, on_click=_select, args=(cards, not chosen), key="trash:select")
        if chosen:
            st.button(
                tr("Restore {n}", n=len(chosen)), icon=":material/restore_from_trash:", on_click=_restore, args=(page, chosen)
            )
            if st.button(tr("Delete {n} for good", n=len(chosen)), icon=":material/delete_forever:"):
                confirm(
                    tr("Delete for good: {what}?", what=_counted(chosen)),
                    tr("This cannot be undone. What was published stays on its platform."),
                    action=tr("Delete for good"),
                    act=partial(_erase, page, chosen),
                )
        elif st.button(tr("Empty the trash"), icon=":material/delete_sweep:"):
            confirm(
                tr("Delete everything in the trash for good?") if len(kinds) > 1 else worded(_DELETE_ALL[kinds[0]]),
                tr("Of all influencers. This cannot be undone. What was published stays on its platform."),
                action=tr("Empty the trash"),
                act=partial(_empty, page, kinds),
            )


def _row(page: Page, card: TrashCard, days: int) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"trash:{card.id}"):
        title = plain(" ".join(card.title.split())[:160]) or tr("Untitled")
        if page.can_edit:
            st.checkbox(
                tr("Select {title}", title=title), key=f"{_CHOSEN}{card.id}", label_visibility="collapsed", width="content"
            )
        with st.container(width=64):
            if card.asset_id:
                picture(media_url(page.workspace.id, card.asset_id, w=160), alt=card.title, ratio="1")
            else:
                st.markdown(f"## {_ICONS[card.kind]}")
        with st.container(gap="xxsmall"):
            st.markdown(title)
            left = max(0, ceil((card.deleted_at + timedelta(days=days) - now()) / timedelta(days=1)))
            owner = f"{plain(card.influencer_name)} · " if card.influencer_name and not page.influencer_id else ""
            deleted = tr("deleted {time}", time=ago(card.deleted_at))
            days_left = tr_plural("{n} day left", "{n} days left", left)
            st.caption(f"{_ICONS[card.kind]} {worded(_NAMES[card.kind])} · {owner}{deleted} · {days_left}")
        if page.can_edit:
            st.button(
                tr("Restore"),
                icon=":material/restore_from_trash:",
                key=f"restore:{card.id}",
                on_click=_restore,
                args=(page, [card]),
            )


def _select(cards: Sequence[TrashCard], on: bool) -> None:
    for card in cards:
        st.session_state[f"{_CHOSEN}{card.id}"] = on


def _items(cards: Sequence[TrashCard]) -> list[TrashItem]:
    return [TrashItem(kind=card.kind, id=card.id) for card in cards]


def _counted(cards: Sequence[TrashCard]) -> str:
    """“2 pictures, 1 post”."""
    return ", ".join(_counted_kind(kind, n) for kind in KINDS if (n := sum(card.kind == kind for card in cards)))


def _counted_kind(kind: TrashKind, n: int) -> str:
    match kind:
        case "picture":
            return tr_plural("{n:,} picture", "{n:,} pictures", n)
        case "video":
            return tr_plural("{n:,} video", "{n:,} videos", n)
        case "reel":
            return tr_plural("{n:,} reel", "{n:,} reels", n)
        case "text":
            return tr_plural("{n:,} text", "{n:,} texts", n)
        case "post":
            return tr_plural("{n:,} post", "{n:,} posts", n)
        case "board":
            return tr_plural("{n:,} board", "{n:,} boards", n)
        case "track":
            return tr_plural("{n:,} track", "{n:,} tracks", n)
        case "lora":
            return tr_plural("{n:,} LoRA", "{n:,} LoRAs", n)
        case "dataset":
            return tr_plural("{n:,} dataset", "{n:,} datasets", n)


def _restore(page: Page, cards: Sequence[TrashCard]) -> None:
    items = _items(cards)

    def act() -> None:
        with page.transaction(needs="editor") as tx:
            trash_can.restore(tx, items)

    with toast_errors():
        submit_once("trash:restore", items, act)
        queue_toast(tr("Restored: {what}.", what=_counted(cards)), ":material/restore_from_trash:")


def _erase(page: Page, cards: Sequence[TrashCard]) -> None:
    with page.transaction(needs="editor") as tx:
        trash_can.erase(tx, _items(cards))
    queue_toast(tr("Deleted for good: {what}.", what=_counted(cards)), ":material/delete_forever:")


def _empty(page: Page, kinds: tuple[TrashKind, ...]) -> None:
    with page.transaction(needs="editor") as tx:
        n = trash_can.empty(tx, kinds)
    queue_toast(tr_plural("{n:,} item deleted for good.", "{n:,} items deleted for good.", n), ":material/delete_forever:")
