"""The face check: pictures kept out of the gallery, to show or reject, with undo."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from backend import gallery
from backend.errors import StudioError
from backend.gallery import GalleryFilters, ReviewDecision, TileCard
from backend.identity import GateState
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import count, media_url, plain
from studio.ui.picture_grid import Tile, picture_grid

PAGE_SIZE = 60
GATE_LABELS = {"held": "Held", "rejected": "Rejected"}


def review_queue(page: Page) -> None:
    with page.transaction() as tx:
        counts = gallery.held_counts(tx)
    shown = st.segmented_control(
        "Show",
        list(GATE_LABELS),
        default="held",
        format_func=lambda option: f"{GATE_LABELS[option]} ({counts[option]})",
        key="held:gate",
        label_visibility="collapsed",
        required=True,
    )
    gate: GateState = "rejected" if shown == "rejected" else "held"
    _undo_bar(page)
    take = st.session_state.setdefault("held:take", PAGE_SIZE)
    with page.transaction() as tx:
        page_of_tiles = gallery.tiles(tx, filters=GalleryFilters(gate=gate), take=take)
    if not page_of_tiles.tiles:
        _empty(page, gate)
        return
    bar = st.container()
    state = picture_grid(
        f"held:{gate}",
        tiles=[_tile(page, option) for option in page_of_tiles.tiles],
        selectable=page.can_edit,
        size=220,
        selection_round=st.session_state.get("held:round", 0),
    )
    with bar:
        _action_bar(page, gate, state.selected, [option.id for option in page_of_tiles.tiles])
    if state.opened:
        page.go("library/gallery", id=state.opened)
    if page_of_tiles.next_cursor and st.button("Show more", width="stretch"):
        st.session_state["held:take"] = take + PAGE_SIZE
        st.rerun()


def _tile(page: Page, card: TileCard) -> Tile:
    src = media_url(page.workspace.id, card.asset_id, w=320)
    line = "" if card.identity_line is None else f"{card.identity_score or 0:.2f} of {card.identity_line:.2f}"
    return Tile(id=card.id, src=src, alt=card.prompt, caption=line)


def _empty(page: Page, gate: str) -> None:
    if gate == "rejected":
        st.caption("Nothing was rejected.")
        return
    card = empty_state(
        "Nothing waits for a look",
        "Pictures that fall short of an influencer's identity threshold are kept here, if the influencer's page says so.",
        icon=":material/fact_check:",
    )
    if card.button("Influencers"):
        page.go("influencers/influencers")


def _action_bar(page: Page, gate: GateState, selected: Sequence[str], shown: Sequence[str]) -> None:
    if not page.can_edit:
        st.caption("An editor can show or reject these pictures.")
        return
    chosen = list(selected or shown)
    label = f"{len(selected)} chosen" if selected else f"All {count(len(shown), 'picture')} below"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{label}**", width="content")
        act = partial(_decide, page, chosen, gate)
        st.button(
            "Show in the gallery", icon=":material/check:", type="primary", key="held:approve", on_click=act, args=("approved",)
        )
        if gate == "held":
            st.button("Reject", icon=":material/close:", key="held:reject", on_click=act, args=("rejected",))


def _decide(page: Page, ids: list[str], gate: GateState, decision: ReviewDecision) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            before = gallery.decide(tx, ids, decision, expected=gate)
    except StudioError as error:
        st.toast(plain(error.message), icon=":material/error:")
        return
    st.session_state["held:undo"] = (decision, before)
    st.session_state["held:round"] = st.session_state.get("held:round", 0) + 1


def _undo_bar(page: Page) -> None:
    if "held:undo" not in st.session_state:
        return
    decision, before = st.session_state["held:undo"]
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        result_text = "in the gallery now" if decision == "approved" else "rejected"
        st.markdown(f"{count(len(before), 'picture')} {result_text}.", width="content")
        st.button("Undo", icon=":material/undo:", key="held:undo:do", on_click=_undo_decision, args=(page, before, decision))
        st.button("Fine", type="tertiary", key="held:undo:fine", on_click=lambda: st.session_state.pop("held:undo", None))


def _undo_decision(page: Page, before: dict[str, str], decision: ReviewDecision) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            gallery.undo_decision(tx, before, expected="open" if decision == "approved" else "rejected")
    except StudioError as error:
        st.toast(plain(error.message), icon=":material/error:")
    st.session_state.pop("held:undo", None)
