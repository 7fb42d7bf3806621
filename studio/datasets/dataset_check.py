"""The Check tab of a dataset: readiness, fixes with preview, near-duplicates side by side, buckets and thresholds."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend import datasets, jobs
from backend.datasets import FixPreview, FixSuggestion, ImageCard, NearDuplicateGroup, Readiness, Stats
from backend.kit.ids import new_id
from studio.datasets.dataset_buckets import buckets
from studio.datasets.dataset_edits import last_edit
from studio.datasets.dataset_state import cached_readiness, train_side
from studio.datasets.thresholds_form import thresholds_form
from studio.gallery.picture_urls import picture
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.format import count, media_url, plain
from studio.ui.request_key import renew_request_key, request_key

SHOWN = 24
GROUPS = 6
WIDTH = 140
"""px of each picture in a group: two fit side by side on a phone."""


def readiness(page: Page, dataset_id: str) -> bool:
    """Shows blockers and warnings; True when training may start."""
    with page.transaction() as tx:
        state = cached_readiness(page, tx, datasets.get(tx, dataset_id))
    return _show_readiness(state)


def _show_readiness(state: Readiness) -> bool:
    st.markdown(f"**{count(state.stats.included, 'picture')}** will be trained on.")
    for blocker in state.blockers:
        st.error(plain(blocker.sentence), icon=":material/block:")
    if not state.blockers:
        st.success("Ready to train.", icon=":material/check_circle:")
    for warning in state.warnings:
        st.warning(plain(warning.sentence), icon=":material/lightbulb:")
    return not state.blockers


def check(page: Page, dataset_id: str, *, when_ready: Callable[[], None]) -> None:
    """Draws the tab. `when_ready` is called below the readiness when there are no blockers."""
    last_edit(page, dataset_id, key="check")
    with page.transaction() as tx:
        card = datasets.get(tx, dataset_id)
        state = cached_readiness(page, tx, card)
        scan = jobs.latest(tx, ("dataset", dataset_id), "dataset-scan")
    if _show_readiness(state):
        when_ready()
    scanning = follow(page, scan, key="check:scan")
    if state.stats.unmeasured and page.can_edit and not scanning:
        st.button("Measure them now", icon=":material/straighten:", on_click=_scan, args=(page, dataset_id))
    if page.can_edit:
        _suggestions(page, dataset_id, datasets.suggestions(state.stats, card.trigger_word))
    if state.stats.included:
        _framing(state.stats)
    _groups(page, dataset_id)
    if state.stats.included:
        buckets(page, dataset_id)
    with st.expander("Thresholds", icon=":material/tune:"):
        if draft := thresholds_form(f"thresholds:{dataset_id}", card.thresholds, disabled=not page.can_edit):
            with page.transaction(needs="editor") as tx:
                datasets.set_thresholds(tx, dataset_id, draft)
            st.rerun()


def _scan(page: Page, dataset_id: str) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        datasets.scan(tx, dataset_id, request_key=new_id("req"))


def _suggestions(page: Page, dataset_id: str, fixes: list[FixSuggestion]) -> None:
    if not fixes:
        return
    st.markdown("### What the studio can do about it")
    with st.container(horizontal=True):
        for fix in fixes:
            if st.button(f"{fix.title} ({fix.count:,})", key=f"fix:{fix.key}"):
                _preview(page, dataset_id, fix.key)


@st.dialog("Before anything changes", width="large")
def _preview(page: Page, dataset_id: str, key: str) -> None:
    side = train_side(page)
    with page.guard():
        with page.transaction() as tx:
            preview = datasets.preview_fix(tx, dataset_id, key, side=side)
        if not preview.count:
            st.info("There is nothing left to do here.")
            return
        _show_preview(page, preview)
        st.caption("You can take it back afterwards under “Changes”.")
        verb = (
            f"Rewrite {count(preview.count, 'caption')}" if preview.captions else f"Leave out {count(preview.count, 'picture')}"
        )
        if st.button(verb, type="primary"):
            ids = [caption.image_id for caption in preview.captions] or [image.id for image in preview.out]
            with page.transaction(needs="editor") as tx:
                datasets.apply_fix(tx, dataset_id, key, image_ids=ids, side=side, request_key=request_key(f"fix:{key}"))
            renew_request_key(f"fix:{key}")
            st.rerun()


def _show_preview(page: Page, preview: FixPreview) -> None:
    if preview.kept:
        st.markdown(f"**{count(len(preview.kept), 'picture stays', 'pictures stay')}**, the best of each group:")
        _strip(page, preview.kept)
    if preview.out:
        st.markdown(f"**{count(len(preview.out), 'picture')} would be left out:**")
        _strip(page, preview.out, reasons=True)
    for change in preview.captions[:SHOWN]:
        st.markdown(f":small[{plain(change.before) or '*empty*'}]  \n**{plain(change.after)}**")
    if len(preview.captions) > SHOWN:
        st.caption(f"and {len(preview.captions) - SHOWN:,} more")


def _strip(page: Page, cards: list[ImageCard], *, reasons: bool = False) -> None:
    with st.container(horizontal=True):
        for card in cards[:SHOWN]:
            with st.container(width=110, gap="xsmall"):
                picture(media_url(page.workspace.id, card.asset_id, w=160), alt=card.filename, ratio="1")
                if reasons:
                    st.caption(plain("; ".join(reason.sentence for reason in card.reasons if reason.code != "without_trigger")))
    if len(cards) > SHOWN:
        st.caption(f"and {len(cards) - SHOWN:,} more")


def _framing(stats: Stats) -> None:
    with_face = stats.face + stats.bust + stats.body
    st.markdown("### Framing")
    if not with_face:
        st.caption("No frontal face was found in these pictures, so nothing can be said about the mix.")
        return
    parts = [
        f"{name} **{n}** ({n / with_face:.0%})"
        for name, n in (("face", stats.face), ("bust", stats.bust), ("body", stats.body))
    ]
    st.markdown(" · ".join(parts) + (f" · no face found **{stats.unknown}**" if stats.unknown else ""))


def _groups(page: Page, dataset_id: str) -> None:
    take = st.session_state.setdefault(f"check:groups:{dataset_id}", GROUPS)
    with page.transaction() as tx:
        groups = datasets.near_duplicate_groups(tx, dataset_id, take=take + 1, side=train_side(page))
    if not groups:
        return
    st.markdown("### Look-alikes, side by side")
    for group in groups[:take]:
        _group(page, group)
    if len(groups) > take and st.button("Show more groups", width="stretch"):
        st.session_state[f"check:groups:{dataset_id}"] = take + GROUPS
        st.rerun()


def _group(page: Page, group: NearDuplicateGroup) -> None:
    with st.container(border=True):
        with st.container(horizontal=True):
            for card in group.images[:12]:
                with st.container(width=WIDTH, gap="xsmall"):
                    _member(page, card, best=card.id == group.best_id)
        if len(group.images) > 12:
            st.caption(f"and {len(group.images) - 12} more")


def _member(page: Page, card: ImageCard, *, best: bool) -> None:
    picture(media_url(page.workspace.id, card.asset_id, w=320), alt=card.filename, ratio="1")
    state = ":green-badge[best]" if best else "" if card.included else ":gray-badge[left out]"
    st.markdown(f"{plain(card.filename)} {state}  \n:small[{card.width} × {card.height} · sharpness {card.sharpness:.0f}]")
    if page.can_edit:
        st.button("Keep only this", key=f"keep:{card.id}", on_click=_keep, args=(page, card), width="stretch")


def _keep(page: Page, card: ImageCard) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        datasets.keep_only(tx, card.id, request_key=new_id("req"))
