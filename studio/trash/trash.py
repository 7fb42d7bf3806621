"""Library → Trash: what was deleted, until it is brought back or deleted for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from math import ceil

import streamlit as st

from backend import trash as trash_can
from backend.kit.clock import now
from backend.trash import KINDS, TrashCard, TrashItem, TrashKind
from studio.gallery.picture_urls import picture
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, count, media_url, plain
from studio.ui.notices import queue_toast, show_queued_toasts, toast_errors

TAKE = 30
_TITLES: dict[TrashKind, tuple[str, str]] = {
    "picture": ("picture", "Pictures"),
    "video": ("video", "Videos"),
    "reel": ("reel", "Reels"),
    "text": ("text", "Texts"),
    "post": ("post", "Posts"),
    "board": ("board", "Boards"),
    "track": ("track", "Music"),
}
_ICONS: dict[TrashKind, str] = {
    "picture": ":material/imagesmode:",
    "video": ":material/movie:",
    "reel": ":material/smart_display:",
    "text": ":material/notes:",
    "post": ":material/calendar_month:",
    "board": ":material/dashboard:",
    "track": ":material/music_note:",
}
_CHOSEN = "trash:chosen:"


def trash(page: Page) -> None:
    """Of the top bar's influencer, or of all."""
    show_queued_toasts()
    days = page.app.settings.retention.trash_days
    with page.transaction() as tx:
        counts = trash_can.count(tx, page.influencer_id)
    if not sum(counts.values()):
        sentence = f"What you delete is kept here for {count(days, 'day')}, and can be brought back until then."
        empty_state("The trash is empty", sentence, icon=":material/delete:")
        return
    kinds = _choose_kinds(counts)
    slot = f"trash:take:{page.influencer_id}:{','.join(kinds)}"
    take = st.session_state.setdefault(slot, TAKE)
    with page.transaction() as tx:
        trash_page = trash_can.page(tx, kinds=kinds, influencer_id=page.influencer_id, take=take)
    st.caption(f"Kept for {count(days, 'day')}, then deleted for good.")
    if page.can_edit:
        _bulk_actions(page, trash_page.cards, kinds)
    for card in trash_page.cards:
        _row(page, card, days)
    if trash_page.next_cursor and st.button("Show older ones"):
        st.session_state[slot] = take + TAKE
        st.rerun()


def _choose_kinds(counts: dict[TrashKind, int]) -> tuple[TrashKind, ...]:
    chosen = st.segmented_control(
        "Show",
        ["all", *KINDS],
        default="all",
        format_func=lambda kind: "Everything" if kind == "all" else f"{_TITLES[kind][1]} {counts[kind]:,}",
        key="trash:kind",
        required=True,
        label_visibility="collapsed",
    )
    return tuple(kind for kind in KINDS if chosen in (None, "all", kind))


def _bulk_actions(page: Page, cards: Sequence[TrashCard], kinds: tuple[TrashKind, ...]) -> None:
    chosen = [card for card in cards if st.session_state.get(f"{_CHOSEN}{card.id}")]
    with st.container(horizontal=True, vertical_alignment="center"):
        label = "Clear" if chosen else "Select all"
        st.button(label, on_click=_select, args=(cards, not chosen), key="trash:select")
        if chosen:
            st.button(f"Restore {len(chosen)}", icon=":material/restore_from_trash:", on_click=_restore, args=(page, chosen))
            if st.button(f"Delete {len(chosen)} for good", icon=":material/delete_forever:"):
                confirm(
                    f"Delete {_counted(chosen)} for good?",
                    "Nobody can bring that back. What was published stays on its platform.",
                    action="Delete for good",
                    act=partial(_erase, page, chosen),
                )
        elif st.button("Empty the trash", icon=":material/delete_sweep:"):
            what = "everything" if len(kinds) > 1 else f"all {_TITLES[kinds[0]][1].lower()}"
            confirm(
                f"Delete {what} in the trash for good?",
                "Of all influencers. Nobody can bring that back. What was published stays on its platform.",
                action="Empty the trash",
                act=partial(_empty, page, kinds),
            )


def _row(page: Page, card: TrashCard, days: int) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"trash:{card.id}"):
        title = plain(" ".join(card.title.split())[:160]) or "Untitled"
        if page.can_edit:
            st.checkbox(f"Select {title}", key=f"{_CHOSEN}{card.id}", label_visibility="collapsed", width="content")
        with st.container(width=64):
            if card.asset_id:
                picture(media_url(page.workspace.id, card.asset_id, w=160), alt=card.title, ratio="1")
            else:
                st.markdown(f"## {_ICONS[card.kind]}")
        with st.container(gap="xxsmall"):
            st.markdown(title)
            left = max(0, ceil((card.deleted_at + timedelta(days=days) - now()) / timedelta(days=1)))
            owner = f"{plain(card.influencer_name)} · " if card.influencer_name and not page.influencer_id else ""
            kind = _TITLES[card.kind][0].capitalize()
            st.caption(f"{_ICONS[card.kind]} {kind} · {owner}deleted {ago(card.deleted_at)} · {count(left, 'day')} left")
        if page.can_edit:
            st.button(
                "Restore",
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
    """“2 pictures and 1 post”."""
    parts = [count(n, _TITLES[kind][0]) for kind in KINDS if (n := sum(card.kind == kind for card in cards))]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _restore(page: Page, cards: Sequence[TrashCard]) -> None:
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            trash_can.restore(tx, _items(cards))
        queue_toast(f"{_counted(cards)} restored.", ":material/restore_from_trash:")


def _erase(page: Page, cards: Sequence[TrashCard]) -> None:
    with page.transaction(needs="editor") as tx:
        trash_can.erase(tx, _items(cards))
    queue_toast(f"{_counted(cards)} deleted for good.", ":material/delete_forever:")


def _empty(page: Page, kinds: tuple[TrashKind, ...]) -> None:
    with page.transaction(needs="editor") as tx:
        n = trash_can.empty(tx, kinds)
    queue_toast(f"{count(n, 'thing')} deleted for good.", ":material/delete_forever:")
