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
from backend.language import tr, tr_lazy, tr_plural, worded
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.format import ago, media_url, percent, plain
from studio.ui.forms import renew_request_key, request_key
from studio.ui.picture_grid import Tile, picture_grid

FEW_REFERENCES = 8
MAX_SHOWN = 120
_GATE_BADGES = {"held": tr_lazy("in face check"), "rejected": tr_lazy("rejected")}


def identity_section(page: Page, influencer: InfluencerCard) -> None:
    """References, threshold and gate of one influencer."""
    engine = page.app.engines.identity
    with page.transaction() as tx:
        profile = identity.profile(tx, influencer.id, engine=engine)
        job = jobs.get(tx, profile.job_id) if profile.job_id else None
    working = follow(page, job, key=f"identity:{influencer.id}")
    if profile.why:
        st.info(plain(worded(profile.why)), icon=":material/person_search:")
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
    st.markdown(tr("**Does every picture really show {name}?**", name=plain(influencer.name)))
    st.markdown(
        tr_plural(
            "The studio can read {n:,} picture of their dataset, learn what makes them recognisable, and score each new "
            "picture against it. How strict the score is comes from these pictures themselves.",
            "The studio can read {n:,} pictures of their dataset, learn what they have in common, and score each new "
            "picture against it. How strict the score is comes from these pictures themselves.",
            profile.candidates,
        )
    )
    if page.can_edit:
        _calibrate_button(page, influencer, tr("Calibrate"), primary=True)
    else:
        st.caption(tr("An editor can calibrate it."))


def _calibration_status(page: Page, influencer: InfluencerCard, profile: IdentityProfileCard, working: bool) -> None:
    if profile.stale and not working:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f":orange[:material/update:] {plain(worded(profile.stale))}")
            if page.can_edit:
                _calibrate_button(page, influencer, tr("Calibrate again"), primary=True)
    facts = [
        tr_plural("{n:,} reference", "{n:,} references", len(profile.shots)),
        tr("measured by {model}", model=plain(profile.embedder.partition(":")[0])),
    ]
    facts += [ago(profile.calibrated_at)] if profile.calibrated_at else []
    st.caption(" · ".join(facts))
    if profile.traits:
        trait_badges = " ".join(f":gray-badge[{plain(worded(word))}]" for word in identity.describe_traits(profile.traits))
        st.markdown(tr("Fixed traits: {traits}", traits=trait_badges))
    if len(profile.shots) < FEW_REFERENCES:
        st.caption(
            tr(
                "With {n} references or more the threshold is steadier. Include more pictures, then calibrate.",
                n=FEW_REFERENCES,
            )
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
            tr("Threshold"),
            0.0,
            1.0,
            line,
            0.01,
            key=key,
            disabled=not page.can_edit,
            on_change=_save_control,
            args=(page, profile, "line", key),
            help=tr("Pictures with a lower score are below the threshold. Applies to new pictures."),
        )
        passing = profile.passing(line)
        passing_text = tr_plural(
            "{passing} of {n} reference would pass",
            "{passing} of {n} references would pass",
            len(profile.shots),
            passing=passing,
        )
        calibrated_text = (
            tr("calibrated at {threshold:.2f}", threshold=calibrated) if line != calibrated else tr("as calibrated")
        )
        st.caption(f"{passing_text} · {calibrated_text}")
        if passing < len(profile.shots) * 0.75:
            st.caption(tr(":orange[Stricter than the references themselves: good pictures will not pass.]"))
    with right:
        gates, key = list(GATES), f"gate:{profile.influencer_id}:{profile.gate}"
        st.selectbox(
            tr("Pictures below the threshold"),
            gates,
            index=gates.index(profile.gate),
            format_func=lambda gate: worded(GATES[gate][0]),
            key=key,
            disabled=not page.can_edit,
            on_change=_save_control,
            args=(page, profile, "gate", key),
        )
        st.caption(worded(GATES[profile.gate][1]))
        if profile.gate == "regenerate":
            key = f"extra:{profile.influencer_id}:{profile.extra_max}"
            st.slider(
                tr("At most this many extra per request"),
                1,
                16,
                profile.extra_max,
                key=key,
                disabled=not page.can_edit,
                on_change=_save_control,
                args=(page, profile, "extra_max", key),
                help=tr("Each takes as long as an ordinary picture."),
            )


def _save_control(page: Page, profile: IdentityProfileCard, name: str, key: str) -> None:
    """Saves one control's new value; the other values are read again first, so that newer ones are kept."""
    value, engine = st.session_state[key], page.app.engines.identity
    try:
        with page.transaction(needs="editor") as tx:
            policy = identity.profile(tx, profile.influencer_id, engine=engine).policy()
            identity.set_policy(tx, profile.influencer_id, GatePolicy(**{**policy.model_dump(), name: value}), engine=engine)
    except StudioError as error:
        st.toast(plain(worded(error.message)), icon=":material/error:")


def _unscored(page: Page, influencer: InfluencerCard, profile: IdentityProfileCard) -> None:
    if not profile.unscored or profile.stale.startswith("The references were read by"):
        return
    key = f"score:{influencer.id}"
    idempotency_key = request_key(key)
    with st.container(horizontal=True, vertical_alignment="center"):
        text = tr_plural(
            "{n:,} picture of {name} has no score.",
            "{n:,} pictures of {name} have no score.",
            profile.unscored,
            name=plain(influencer.name),
        )
        st.caption(text)
        if page.can_edit and st.button(tr("Score them now"), key=key, icon=":material/checklist:"):
            with page.transaction(needs="editor") as tx:
                identity.score_missing(tx, influencer.id, engine=page.app.engines.identity, request_key=idempotency_key)
            renew_request_key(key)
            st.toast(tr("The pictures are being scored. See Activity."), icon=":material/check:")


def _references(page: Page, influencer: InfluencerCard, profile: IdentityProfileCard) -> None:
    help_text = tr("Each is scored against all the others. A low score means an odd picture: exclude it.")
    st.markdown(tr("**References**"), help=help_text)
    line = profile.line or 0.0
    ordered = sorted(profile.shots, key=lambda reference: reference.score)
    tiles = [
        Tile(
            id=reference.asset_id,
            src=media_url(page.workspace.id, reference.asset_id, w=320),
            alt=tr("reference"),
            badges=badges(reference.score, line),
            dim=reference.score < line,
        )
        for reference in ordered
    ]
    picture_grid(f"references:{influencer.id}", tiles=tiles, size=96)
    if page.can_edit:
        box = st.expander(
            tr("Choose the references"), icon=":material/touch_app:", key=f"pick:{influencer.id}:box", on_change="rerun"
        )
        if box.open:
            with box:
                _reference_picker(page, influencer, profile)


def _reference_picker(page: Page, influencer: InfluencerCard, profile: IdentityProfileCard) -> None:
    with page.transaction() as tx:
        candidates = identity.candidates(tx, influencer.id)
    st.caption(_picked_text(len(profile.picked), len(candidates)))
    chosen_ids = set(profile.picked)
    tiles = [
        Tile(
            id=candidate.asset_id,
            src=media_url(page.workspace.id, candidate.asset_id, w=160),
            alt=tr("included picture"),
            badges=[(tr("chosen"), "good")] if candidate.asset_id in chosen_ids else [],
        )
        for candidate in candidates[:MAX_SHOWN]
    ]
    round_key = f"pick:{influencer.id}:round"
    state = picture_grid(
        f"pick:{influencer.id}", tiles=tiles, size=88, selectable=True, selection_round=st.session_state.get(round_key, 0)
    )
    with st.container(horizontal=True):
        use = partial(_use_references, page, influencer, round_key)
        n = len(state.selected)
        label = tr_plural("Use the {n} selected", "Use the {n} selected", n) if n else tr("Use selected")
        st.button(
            label, disabled=len(state.selected) < 3, on_click=use, args=(state.selected,), key=f"pick:{influencer.id}:use"
        )
        st.button(tr("Use all"), disabled=not chosen_ids, on_click=use, args=([],), key=f"pick:{influencer.id}:all")


def _picked_text(picked: int, candidates: int) -> str:
    if picked:
        return tr_plural("{n} chosen by hand.", "{n} chosen by hand.", picked)
    if candidates > identity.MAX_REFERENCES:
        return tr("{most} of the {n:,} included pictures count, spread evenly.", most=identity.MAX_REFERENCES, n=candidates)
    return tr_plural("{n:,} included picture counts.", "All {n:,} included pictures count.", candidates)


def badges(score: float | None, line: float | None, gate: str = "open") -> list[tuple[str, str]]:
    """Badges of a tile as (text, kind): the score (kind good when it passes), and whether the picture is held or rejected."""
    shown = []
    if score is not None:
        shown.append(
            (
                tr("Face {percent}", percent=percent(score)),
                "good" if line is None or score >= line - 1e-9 else "warn",
            )
        )
    if gate != "open":
        shown.append((worded(_GATE_BADGES[gate]), "warn" if gate == "held" else "bad"))
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
    parts = [tr("Best face match first")] if len(scored) > 1 else []
    parts += [tr_plural("{n} held for the face check", "{n} held for the face check", held)] if held else []
    parts += [tr_plural("{n} rejected", "{n} rejected", rejected)] if rejected else []
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(" · ".join(parts))
        if held:
            page.link("inbox/inbox", tr("Open the inbox"))


def identity_details(page: Page, card: PictureCard) -> None:
    """On a picture's page: its score, how it was made, what it resembles, and the buttons to show or reject it."""
    with page.transaction() as tx:
        record = identity.provenance(tx, card.id)
    if card.gate != "open":
        _decision_bar(page, card)
    if card.identity_score is not None and card.identity_line is not None:
        passed = card.identity_score >= card.identity_line - 1e-9
        mark = tr(":green-badge[passes]") if passed else tr(":orange-badge[below the threshold]")
        match_text = tr(
            "**Face match {percent}** (needs {least})", percent=percent(card.identity_score), least=percent(card.identity_line)
        )
        st.markdown(f"{match_text} {mark}")
        if record.embedder:
            st.caption(tr("Measured by {model}", model=plain(record.embedder)))
    elif record.why:
        st.caption(tr("No face match: {reason}", reason=plain(worded(record.why))))
    if record.decision and record.decided_at:
        decision = tr("Shown by a person") if record.decision == "approved" else tr("Rejected by a person")
        st.caption(f"{decision}, {ago(record.decided_at)}")
    if record.near_picture_id:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(tr(":orange[:material/content_copy: Looks almost like an earlier picture: same pose, same setting.]"))
            if st.button(tr("See it"), key=f"near:{card.id}", type="tertiary"):
                page.go("library/gallery", id=record.near_picture_id)
    for lora in record.loras:
        name, digest = plain(lora.name), lora.sha256[:12]
        if lora.step:
            text = tr(
                "LoRA {name}, step {step} · {digest} at {weight:g}",
                name=name,
                step=lora.step,
                digest=digest,
                weight=lora.weight,
            )
        else:
            text = tr("LoRA {name} · {digest} at {weight:g}", name=name, digest=digest, weight=lora.weight)
        st.caption(text)
    if record.template:
        name, version = plain(str(record.template.get("name", ""))), str(record.template.get("version", ""))
        st.caption(tr("Template {name}, version {version}", name=name, version=version))


def _decision_bar(page: Page, card: PictureCard) -> None:
    text = (
        tr("This picture is **held for the face check**: it is not in the gallery.")
        if card.gate == "held"
        else tr("This picture is **rejected**: it is not in the gallery.")
    )
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(text, width="content")
        if page.can_edit and st.button(tr("Show it"), key=f"approve:{card.id}", type="primary", icon=":material/check:"):
            with page.transaction(needs="editor") as tx:
                gallery.decide(tx, [card.id], "approved")
            st.rerun()
        if page.can_edit and card.gate == "held" and st.button(tr("Reject"), key=f"reject:{card.id}", icon=":material/close:"):
            with page.transaction(needs="editor") as tx:
                gallery.decide(tx, [card.id], "rejected")
            st.rerun()


def _use_references(page: Page, influencer: InfluencerCard, round_key: str, asset_ids: list[str]) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            identity.choose_references(tx, influencer.id, asset_ids, engine=page.app.engines.identity)
    except StudioError as error:
        st.toast(plain(worded(error.message)), icon=":material/error:")
        return
    st.session_state[round_key] = st.session_state.get(round_key, 0) + 1
