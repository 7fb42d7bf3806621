"""The face check on pages: an influencer's references, threshold and gate, and scores on pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st
from sqlalchemy.orm import Session

from backend import gallery, identity, jobs
from backend.engines.ports.image import ModelCard
from backend.errors import StudioError
from backend.generation import PictureCard
from backend.identity import GATES, GatePolicy, IdentityProfileCard
from backend.influencers import InfluencerCard
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.format import ago, count, media_url, plain
from studio.ui.forms import renew_request_key, request_key
from studio.ui.picture_grid import Tile, picture_grid

FEW_REFERENCES = 8
MAX_SHOWN = 120


def identity_section(page: Page, influencer: InfluencerCard) -> None:
    """References, threshold and gate of one influencer."""
    engine = page.app.engines.identity
    with page.transaction() as tx:
        profile = identity.profile(tx, influencer.id, engine=engine)
        job = jobs.get(tx, profile.job_id) if profile.job_id else None
    working = follow(page, job, key=f"identity:{influencer.id}")
    if profile.why:
        st.info(plain(profile.why), icon=":material/person_search:")
        return
    if profile.calibrated_line is None:
        _not_calibrated(page, influencer, profile, working)
        return
    _calibration_status(page, influencer, profile, working)
    _gate_controls(page, profile)
    _unscored(page, influencer, profile)
    _references(page, influencer, profile)


def _not_calibrated(page: Page, influencer: InfluencerCard, profile: IdentityProfileCard, working: bool) -> None:
    if working:
        return
    st.markdown(f"**Does every picture really show {plain(influencer.name)}?**")
    st.markdown(
        f"The studio can look at {count(profile.candidates, 'included picture')} of their dataset, learn what they have in "
        "common, and score each new picture against it. How strict the score is comes from these pictures themselves."
    )
    if page.can_edit:
        _calibrate_button(page, influencer, "Calibrate", primary=True)
    else:
        st.caption("An editor can calibrate it.")


def _calibration_status(page: Page, influencer: InfluencerCard, profile: IdentityProfileCard, working: bool) -> None:
    if profile.stale and not working:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f":orange[:material/update:] {plain(profile.stale)}")
            if page.can_edit:
                _calibrate_button(page, influencer, "Calibrate again", primary=True)
    summary = f"{count(len(profile.shots), 'reference')}, read by {plain(profile.embedder.partition(':')[0])}"
    st.caption(summary + (f" {ago(profile.calibrated_at)}" if profile.calibrated_at else ""))
    if profile.traits:
        trait_badges = " ".join(f":gray-badge[{plain(word)}]" for word in identity.describe_traits(profile.traits))
        st.markdown(f"Always the same: {trait_badges}")
    if len(profile.shots) < FEW_REFERENCES:
        st.caption(
            f"With {FEW_REFERENCES} references or more the threshold is steadier. Include more pictures, then calibrate."
        )


def _calibrate_button(page: Page, influencer: InfluencerCard, label: str, *, primary: bool = False) -> None:
    key = f"calibrate:{influencer.id}"
    idempotency_key = request_key(key)
    if st.button(label, icon=":material/straighten:", type="primary" if primary else "secondary", key=key):
        with page.transaction(needs="editor") as tx:
            identity.calibrate(tx, influencer.id, engine=page.app.engines.identity, request_key=idempotency_key)
        renew_request_key(key)
        st.rerun()


def _gate_controls(page: Page, profile: IdentityProfileCard) -> None:
    """Each widget's key contains the saved value, so a value that somebody else saved replaces what the widget shows, and a
    rerun cannot write the old one back."""
    calibrated, line = profile.calibrated_line or 0.0, profile.line or 0.0
    left, right = st.columns(2, gap="medium")
    with left:
        key = f"line:{profile.influencer_id}:{calibrated}:{line}"
        st.slider(
            "Threshold",
            0.0,
            1.0,
            line,
            0.01,
            key=key,
            disabled=not page.can_edit,
            on_change=_save_control,
            args=(page, profile, "line", key),
            help="A picture with a lower score falls short. It counts for pictures drawn from now on.",
        )
        passing = profile.passing(line)
        st.caption(
            f"{passing} of {count(len(profile.shots), 'reference')} would pass themselves"
            + (f" · calibrated at {calibrated:.2f}" if line != calibrated else " · as calibrated")
        )
        if passing < len(profile.shots) * 0.75:
            st.caption(":orange[Stricter than the references themselves: good pictures will fall short.]")
    with right:
        gates, key = list(GATES), f"gate:{profile.influencer_id}:{profile.gate}"
        st.selectbox(
            "A picture that falls short",
            gates,
            index=gates.index(profile.gate),
            format_func=lambda gate: GATES[gate][0],
            key=key,
            disabled=not page.can_edit,
            on_change=_save_control,
            args=(page, profile, "gate", key),
        )
        st.caption(GATES[profile.gate][1])
        if profile.gate == "regenerate":
            key = f"extra:{profile.influencer_id}:{profile.extra_max}"
            st.slider(
                "At most this many more per request",
                1,
                16,
                profile.extra_max,
                key=key,
                disabled=not page.can_edit,
                on_change=_save_control,
                args=(page, profile, "extra_max", key),
                help="Each takes as long as one that was asked for.",
            )


def _save_control(page: Page, profile: IdentityProfileCard, name: str, key: str) -> None:
    """Saves one control's new value; the other values are read again first, so that newer ones are kept."""
    value, engine = st.session_state[key], page.app.engines.identity
    try:
        with page.transaction(needs="editor") as tx:
            policy = identity.profile(tx, profile.influencer_id, engine=engine).policy()
            identity.set_policy(tx, profile.influencer_id, GatePolicy(**{**policy.model_dump(), name: value}), engine=engine)
    except StudioError as error:
        st.toast(plain(error.message), icon=":material/error:")


def _unscored(page: Page, influencer: InfluencerCard, profile: IdentityProfileCard) -> None:
    if not profile.unscored or profile.stale.startswith("The references were read by"):
        return
    key = f"score:{influencer.id}"
    idempotency_key = request_key(key)
    with st.container(horizontal=True, vertical_alignment="center"):
        verb = "has" if profile.unscored == 1 else "have"
        st.caption(f"{count(profile.unscored, 'picture')} of {plain(influencer.name)} {verb} no score.")
        if page.can_edit and st.button("Score them now", key=key, icon=":material/checklist:"):
            with page.transaction(needs="editor") as tx:
                identity.score_missing(tx, influencer.id, engine=page.app.engines.identity, request_key=idempotency_key)
            renew_request_key(key)
            st.toast("The pictures are being scored. See Jobs.", icon=":material/check:")


def _references(page: Page, influencer: InfluencerCard, profile: IdentityProfileCard) -> None:
    st.markdown("**References**", help="Each is scored against all the others. A low one is an odd picture: exclude it.")
    line = profile.line or 0.0
    ordered = sorted(profile.shots, key=lambda reference: reference.score)
    tiles = [
        Tile(
            id=reference.asset_id,
            src=media_url(page.workspace.id, reference.asset_id, w=320),
            alt="reference",
            badges=badges(reference.score, line),
            dim=reference.score < line,
        )
        for reference in ordered
    ]
    picture_grid(f"references:{influencer.id}", tiles=tiles, size=96)
    if page.can_edit:
        box = st.expander(
            "Choose the references", icon=":material/touch_app:", key=f"pick:{influencer.id}:box", on_change="rerun"
        )
        if box.open:
            with box:
                _reference_picker(page, influencer, profile)


def _reference_picker(page: Page, influencer: InfluencerCard, profile: IdentityProfileCard) -> None:
    with page.transaction() as tx:
        candidates = identity.candidates(tx, influencer.id)
    st.caption(
        f"{len(profile.picked)} chosen by hand."
        if profile.picked
        else f"All {count(len(candidates), 'included picture')} count"
        + (f", {identity.MAX_REFERENCES} of them spread evenly." if len(candidates) > identity.MAX_REFERENCES else ".")
    )
    chosen_ids = set(profile.picked)
    tiles = [
        Tile(
            id=candidate.asset_id,
            src=media_url(page.workspace.id, candidate.asset_id, w=160),
            alt="included picture",
            badges=[("chosen", "good")] if candidate.asset_id in chosen_ids else [],
        )
        for candidate in candidates[:MAX_SHOWN]
    ]
    round_key = f"pick:{influencer.id}:round"
    state = picture_grid(
        f"pick:{influencer.id}", tiles=tiles, size=88, selectable=True, selection_round=st.session_state.get(round_key, 0)
    )
    with st.container(horizontal=True):
        use = partial(_use_references, page, influencer, round_key)
        label = f"Use the {len(state.selected)} selected" if state.selected else "Use the selected"
        st.button(
            label, disabled=len(state.selected) < 3, on_click=use, args=(state.selected,), key=f"pick:{influencer.id}:use"
        )
        st.button("Use all", disabled=not chosen_ids, on_click=use, args=([],), key=f"pick:{influencer.id}:all")


def badges(score: float | None, line: float | None, gate: str = "open") -> list[tuple[str, str]]:
    """Badges of a tile as (text, kind): the score (kind good when it passes), and whether the picture is held or rejected."""
    shown = []
    if score is not None:
        shown.append((f"ID {score:.2f}", "good" if line is None or score >= line - 1e-9 else "warn"))
    if gate != "open":
        shown.append((gate, "warn" if gate == "held" else "bad"))
    return shown


def max_replacements(page: Page, tx: Session, influencer_id: str | None, model: str, models: Sequence[ModelCard]) -> int:
    """How many pictures the gate may draw beyond those asked for."""
    base = next((card.base for card in models if card.name == model), "")
    context = identity.scoring_context(tx, influencer_id, base=base, engine=page.app.engines.identity)
    return context.extra_max if context.gate == "regenerate" and context.reference else 0


def ranked_by_score(cards: Sequence[PictureCard]) -> list[PictureCard]:
    """Best score first, rejected ones last; in the order they were drawn while nothing is scored."""
    return sorted(cards, key=lambda card: (card.gate == "rejected", -(card.identity_score or 0.0)))


def gate_outcome(page: Page, cards: Sequence[PictureCard]) -> None:
    """Below a request's results: how many pictures the gate held and rejected."""
    scored = [card for card in cards if card.identity_score is not None]
    held, rejected = (sum(card.gate == gate for card in cards) for gate in ("held", "rejected"))
    if not scored:
        return
    parts = ["Best identity score first"] if len(scored) > 1 else []
    parts += [f"{held} held for a look"] if held else []
    parts += [f"{rejected} rejected"] if rejected else []
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(" · ".join(parts))
        if held:
            page.link("inbox/inbox", "Open the inbox")


def identity_details(page: Page, card: PictureCard) -> None:
    """On a picture's page: its score, how it was made, what it resembles, and the buttons to show or reject it."""
    with page.transaction() as tx:
        record = identity.provenance(tx, card.id)
    if card.gate != "open":
        _decision_bar(page, card)
    if card.identity_score is not None and card.identity_line is not None:
        passed = card.identity_score >= card.identity_line - 1e-9
        mark = ":green-badge[passes]" if passed else ":orange-badge[falls short]"
        st.markdown(f"**Identity {card.identity_score:.2f}** of {card.identity_line:.2f} {mark}")
        if record.embedder:
            st.caption(f"Read by {plain(record.embedder)}")
    elif record.why:
        st.caption(f"No identity score: {plain(record.why)}")
    if record.decision and record.decided_at:
        word = "Shown" if record.decision == "approved" else "Rejected"
        st.caption(f"{word} by a person, {ago(record.decided_at)}")
    if record.near_picture_id:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(":orange[:material/content_copy: Looks almost like an earlier picture: same pose, same setting.]")
            if st.button("See it", key=f"near:{card.id}", type="tertiary"):
                page.go("library/gallery", id=record.near_picture_id)
    for lora in record.loras:
        step = f", step {lora.step}" if lora.step else ""
        st.caption(f"LoRA {plain(lora.name)}{step} · {lora.sha256[:12]} at {lora.weight:g}")
    if record.template:
        st.caption(f"Template {plain(str(record.template.get('name', '')))} version {record.template.get('version', '')}")


def _decision_bar(page: Page, card: PictureCard) -> None:
    word = "held for a look" if card.gate == "held" else "rejected"
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"This picture is **{word}**: it is not in the gallery.", width="content")
        if page.can_edit and st.button("Show it", key=f"approve:{card.id}", type="primary", icon=":material/check:"):
            with page.transaction(needs="editor") as tx:
                gallery.decide(tx, [card.id], "approved")
            st.rerun()
        if page.can_edit and card.gate == "held" and st.button("Reject", key=f"reject:{card.id}", icon=":material/close:"):
            with page.transaction(needs="editor") as tx:
                gallery.decide(tx, [card.id], "rejected")
            st.rerun()


def _use_references(page: Page, influencer: InfluencerCard, round_key: str, asset_ids: list[str]) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            identity.choose_references(tx, influencer.id, asset_ids, engine=page.app.engines.identity)
    except StudioError as error:
        st.toast(plain(error.message), icon=":material/error:")
        return
    st.session_state[round_key] = st.session_state.get(round_key, 0) + 1
