"""The Check tab of a dataset: readiness, fixes with preview, near-duplicates side by side, aspect-ratio buckets and
thresholds."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend import datasets, jobs
from backend.datasets import (
    Bucket,
    BucketPreview,
    FixPreview,
    FixSuggestion,
    ImageCard,
    NearDuplicateGroup,
    Readiness,
    Stats,
    Thresholds,
)
from backend.kit.ids import new_id
from backend.language import tr, tr_context, tr_lazy, tr_plural, worded
from studio.datasets.dataset_edits import last_edit
from studio.datasets.dataset_state import cached_readiness, train_side
from studio.gallery.picture_urls import picture
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.format import media_url, percent, plain
from studio.ui.forms import renew_request_key, request_key

SHOWN = 24
GROUPS = 6
WIDTH = 140
"""px of each picture in a group: two fit side by side on a phone."""
FRAMINGS = {"face": tr_lazy("face"), "bust": tr_lazy("bust"), "body": tr_lazy("body")}


def readiness(page: Page, dataset_id: str) -> bool:
    """Shows blockers and warnings; True when training may start."""
    with page.transaction() as tx:
        state = cached_readiness(page, tx, datasets.get(tx, dataset_id))
    return _show_readiness(state)


def _show_readiness(state: Readiness) -> bool:
    included = state.stats.included
    st.markdown(tr_plural("Trains on **{n:,} picture**.", "Trains on **{n:,} pictures**.", included))
    for blocker in state.blockers:
        st.error(plain(worded(blocker.sentence)), icon=":material/block:")
    if not state.blockers:
        st.success(tr("Ready to train."), icon=":material/check_circle:")
    for warning in state.warnings:
        st.warning(plain(worded(warning.sentence)), icon=":material/lightbulb:")
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
        st.button(tr("Measure them now"), icon=":material/straighten:", on_click=_scan, args=(page, dataset_id))
    if page.can_edit:
        _suggestions(page, dataset_id, datasets.suggestions(state.stats, card.trigger_word))
    if state.stats.included:
        _framing(state.stats)
    _groups(page, dataset_id)
    if state.stats.included:
        buckets(page, dataset_id)
    with st.expander(tr("Thresholds"), icon=":material/tune:"):
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
    st.markdown("### " + tr("Quick fixes"))
    with st.container(horizontal=True):
        for fix in fixes:
            if st.button(tr("{fix} ({n:,})", fix=worded(fix.title), n=fix.count), key=f"fix:{fix.key}"):
                st.dialog(tr("Before anything changes"), width="large")(_preview)(page, dataset_id, fix.key)


def _preview(page: Page, dataset_id: str, key: str) -> None:
    side = train_side(page)
    with page.guard():
        with page.transaction() as tx:
            preview = datasets.preview_fix(tx, dataset_id, key, side=side)
        if not preview.count:
            st.info(tr("There is nothing left to do here."))
            return
        _show_preview(page, preview)
        st.caption(tr("You can undo it afterwards under “Changes”."))
        label = (
            tr_plural("Rewrite {n:,} caption", "Rewrite {n:,} captions", preview.count)
            if preview.captions
            else tr_plural("Leave out {n:,} picture", "Leave out {n:,} pictures", preview.count)
        )
        if st.button(label, type="primary"):
            ids = [caption.image_id for caption in preview.captions] or [image.id for image in preview.out]
            with page.transaction(needs="editor") as tx:
                datasets.apply_fix(tx, dataset_id, key, image_ids=ids, side=side, request_key=request_key(f"fix:{key}"))
            renew_request_key(f"fix:{key}")
            st.rerun()


def _show_preview(page: Page, preview: FixPreview) -> None:
    if preview.kept:
        n = len(preview.kept)
        kept_text = tr_plural(
            "**{n:,} picture stays**, the best of each group:", "**{n:,} pictures stay**, the best of each group:", n
        )
        st.markdown(kept_text)
        _strip(page, preview.kept)
    if preview.out:
        n = len(preview.out)
        st.markdown(tr_plural("**{n:,} picture would be left out:**", "**{n:,} pictures would be left out:**", n))
        _strip(page, preview.out, reasons=True)
    for change in preview.captions[:SHOWN]:
        before = plain(change.before) or tr("*empty*")
        st.markdown(f":small[{before}]  \n**{plain(change.after)}**")
    if len(preview.captions) > SHOWN:
        st.caption(tr_plural("and {n:,} more caption", "and {n:,} more captions", len(preview.captions) - SHOWN))


def _strip(page: Page, cards: list[ImageCard], *, reasons: bool = False) -> None:
    with st.container(horizontal=True):
        for card in cards[:SHOWN]:
            with st.container(width=110, gap="xsmall"):
                picture(media_url(page.workspace.id, card.asset_id, w=160), alt=card.filename, ratio="1")
                if reasons:
                    sentences = [worded(reason.sentence) for reason in card.reasons if reason.code != "without_trigger"]
                    st.caption(plain("; ".join(sentences)))
    if len(cards) > SHOWN:
        st.caption(tr_plural("and {n:,} more picture", "and {n:,} more pictures", len(cards) - SHOWN))


def _framing(stats: Stats) -> None:
    with_face = stats.face + stats.bust + stats.body
    st.markdown("### " + tr("Framing"))
    if not with_face:
        st.caption(tr("No frontal face was found in these pictures, so nothing can be said about the mix."))
        return
    parts = [
        f"{worded(FRAMINGS[name])} **{n}** ({percent(n / with_face)})"
        for name, n in (("face", stats.face), ("bust", stats.bust), ("body", stats.body))
    ]
    if stats.unknown:
        parts.append(tr("no face found **{n}**", n=stats.unknown))
    st.markdown(" · ".join(parts))


def _groups(page: Page, dataset_id: str) -> None:
    take = st.session_state.setdefault(f"check:groups:{dataset_id}", GROUPS)
    with page.transaction() as tx:
        groups = datasets.near_duplicate_groups(tx, dataset_id, take=take + 1, side=train_side(page))
    if not groups:
        return
    st.markdown("### " + tr("Near-duplicates, side by side"))
    for group in groups[:take]:
        _group(page, group)
    if len(groups) > take and st.button(tr("Show more groups"), width="stretch"):
        st.session_state[f"check:groups:{dataset_id}"] = take + GROUPS
        st.rerun()


def _group(page: Page, group: NearDuplicateGroup) -> None:
    with st.container(border=True):
        with st.container(horizontal=True):
            for card in group.images[:12]:
                with st.container(width=WIDTH, gap="xsmall"):
                    _member(page, card, best=card.id == group.best_id)
        if len(group.images) > 12:
            st.caption(tr_plural("and {n:,} more picture", "and {n:,} more pictures", len(group.images) - 12))


def _member(page: Page, card: ImageCard, *, best: bool) -> None:
    picture(media_url(page.workspace.id, card.asset_id, w=320), alt=card.filename, ratio="1")
    state = tr(":green-badge[best]") if best else "" if card.included else tr(":gray-badge[left out]")
    sharpness = tr("sharpness {sharpness:.0f}", sharpness=card.sharpness)
    st.markdown(f"{plain(card.filename)} {state}  \n:small[{card.width} × {card.height} · {sharpness}]")
    if page.can_edit:
        st.button(
            tr_context("picture", "Keep only this"), key=f"keep:{card.id}", on_click=_keep, args=(page, card), width="stretch"
        )


def _keep(page: Page, card: ImageCard) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        datasets.keep_only(tx, card.id, request_key=new_id("req"))


def buckets(page: Page, dataset_id: str) -> None:
    """kohya's buckets of the included pictures, crops applied, in an expander; a warning is shown outside of it."""
    side_key, batch_key = f"buckets:{dataset_id}", f"buckets:batch:{dataset_id}"
    side = st.session_state.setdefault(side_key, max(train_side(page), 64))
    batch = st.session_state.setdefault(batch_key, 1)
    with page.transaction() as tx:
        preview = datasets.bucket_preview(tx, dataset_id, resolution=int(side), batch=int(batch))
    if preview.warning:
        st.warning(worded(preview.warning), icon=":material/crop:")
    with st.expander(tr("Picture shapes in training (buckets)"), icon=":material/aspect_ratio:"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.number_input(tr("Training resolution, px"), 64, 4096, step=64, key=side_key, width=180)
            st.number_input(tr("Batch"), 1, 64, key=batch_key, width=120)
        _table(preview)


def _table(preview: BucketPreview) -> None:
    st.dataframe(
        [_row(bucket) for bucket in preview.buckets],
        hide_index=True,
        width="stretch",
        column_config={
            "Bucket": st.column_config.TextColumn(tr("Bucket")),
            "Pictures": st.column_config.ProgressColumn(
                tr("Pictures"), format="%d", min_value=0, max_value=max((bucket.count for bucket in preview.buckets), default=1)
            ),
            "Cut off at most": st.column_config.NumberColumn(tr("Cut off at most"), format="percent"),
            "Would be enlarged": st.column_config.NumberColumn(tr("Would be enlarged")),
        },
    )
    st.caption(
        tr(
            "Aspect-ratio buckets as kohya makes them, in steps of 64 px. The built-in trainer cuts every "
            "picture to a square around its middle: crop pictures to 1:1 to decide yourself what it sees."
        )
    )


def _row(bucket: Bucket) -> dict[str, object]:
    return {
        "Bucket": f"{bucket.width} × {bucket.height}",
        "Pictures": bucket.count,
        "Cut off at most": bucket.cut,
        "Would be enlarged": bucket.enlarged,
    }


def thresholds_form(key: str, current: Thresholds, *, disabled: bool = False) -> Thresholds | None:
    """Filled with `current`; returns the new thresholds when submitted, else None. Raises Invalid (by Thresholds)."""
    with st.form(key, border=False):
        st.caption(tr("They apply at once; no picture is measured again."))
        left, middle, right = st.columns(3)
        sharpness = left.number_input(
            tr("Sharpness, at least"),
            0.0,
            20_000.0,
            current.sharpness,
            placeholder=tr("from the set"),
            disabled=disabled,
            help=tr("Empty: a quarter of the set's median, between 4 and 150. Sharp photographs have 1,000 and more."),
        )
        dark = left.number_input(tr("Brightness, at least"), 0.0, 255.0, current.dark, disabled=disabled)
        bright = left.number_input(tr("Brightness, at most"), 0.0, 255.0, current.bright, disabled=disabled)
        contrast = middle.number_input(tr("Contrast, at least"), 0.0, 127.0, current.contrast, disabled=disabled)
        clipped = middle.number_input(
            tr("Pure black or white, at most"), 0.0, 1.0, current.clipped, step=0.05, disabled=disabled
        )
        near_bits = middle.number_input(
            tr("Near-duplicates differ by at most (bits of 64)"),
            0,
            16,
            current.near_bits,
            disabled=disabled,
            help=tr("0: only equal hashes"),
        )
        max_faces = right.number_input(tr("Faces, at most"), 1, 20, current.max_faces, disabled=disabled)
        face_from = right.number_input(
            tr("“Face” from this share of the height"), 0.0, 1.0, current.face_from, step=0.01, disabled=disabled
        )
        bust_from = right.number_input(tr("“Bust” from this share"), 0.0, 1.0, current.bust_from, step=0.01, disabled=disabled)
        submitted = st.form_submit_button(tr("Apply"), disabled=disabled)
    if not submitted:
        return None
    return Thresholds(
        sharpness=sharpness,
        dark=dark,
        bright=bright,
        contrast=contrast,
        clipped=clipped,
        near_bits=near_bits,
        max_faces=max_faces,
        face_from=face_from,
        bust_from=bust_from,
    )
