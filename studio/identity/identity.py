"""Whether a picture shows the influencer: references, threshold and gate of one, and what a picture says about it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st
from sqlalchemy.orm import Session

from backend import generation, identity, jobs
from backend.engines.image.port import ModelCard
from backend.errors import StudioError
from backend.generation import PictureCard
from backend.identity import GATES, Policy, Profile
from backend.influencers import InfluencerCard
from studio.components import gallery
from studio.components.gallery import Tile
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.format import ago, count, media_url, plain
from studio.ui.request_key import renew, request_key

FEW_REFERENCES = 8
SHOWN = 120


def section(page: Page, who: InfluencerCard) -> None:
    """References, threshold and gate of one influencer."""
    engine = page.app.engines.identity
    with page.transaction() as tx:
        profile = identity.profile(tx, who.id, engine=engine)
        job = jobs.get(tx, profile.job_id) if profile.job_id else None
    working = follow(page, job, key=f"identity:{who.id}")
    if profile.why:
        st.info(plain(profile.why), icon=":material/person_search:")
        return
    if profile.calibrated_line is None:
        _first(page, who, profile, working)
        return
    _state(page, who, profile, working)
    _gate(page, profile)
    _unscored(page, who, profile)
    _references(page, who, profile)


def _first(page: Page, who: InfluencerCard, profile: Profile, working: bool) -> None:
    if working:
        return
    st.markdown(f"**Does every picture really show {plain(who.name)}?**")
    st.markdown(
        f"The studio can look at {count(profile.candidates, 'included picture')} of their dataset, learn what they have in "
        "common, and score each new picture against it. How strict the score is comes from these pictures themselves."
    )
    if page.can_edit:
        _calibrate_button(page, who, "Calibrate", primary=True)
    else:
        st.caption("An editor can calibrate it.")


def _state(page: Page, who: InfluencerCard, profile: Profile, working: bool) -> None:
    if profile.stale and not working:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f":orange[:material/update:] {plain(profile.stale)}")
            if page.can_edit:
                _calibrate_button(page, who, "Calibrate again", primary=True)
    read = f"{count(len(profile.shots), 'reference')}, read by {plain(profile.embedder.partition(':')[0])}"
    st.caption(read + (f" {ago(profile.calibrated_at)}" if profile.calibrated_at else ""))
    if profile.traits:
        same = " ".join(f":gray-badge[{plain(word)}]" for word in identity.phrases(profile.traits))
        st.markdown(f"Always the same: {same}")
    if len(profile.shots) < FEW_REFERENCES:
        st.caption(
            f"With {FEW_REFERENCES} references or more the threshold is steadier. Include more pictures, then calibrate."
        )


def _calibrate_button(page: Page, who: InfluencerCard, label: str, *, primary: bool = False) -> None:
    key = f"calibrate:{who.id}"
    wish = request_key(key)
    if st.button(label, icon=":material/straighten:", type="primary" if primary else "secondary", key=key):
        with page.transaction(needs="editor") as tx:
            identity.calibrate(tx, who.id, engine=page.app.engines.identity, request_key=wish)
        renew(key)
        st.rerun()


def _gate(page: Page, profile: Profile) -> None:
    """Each control is keyed by what is saved: what somebody else saved meanwhile is shown, and never overwritten by a rerun."""
    calibrated, line = profile.calibrated_line or 0.0, profile.line or 0.0
    left, right = st.columns(2, gap="medium")
    with left:
        key = f"line:{profile.influencer_id}:{calibrated}:{line}"
        st.slider(
            "Threshold", 0.0, 1.0, line, 0.01, key=key, disabled=not page.can_edit, on_change=_save,
            args=(page, profile, "line", key),
            help="A picture with a lower score falls short. It counts for pictures drawn from now on.",
        )  # fmt: skip
        passing = profile.passing(line)
        st.caption(
            f"{passing} of {count(len(profile.shots), 'reference')} would pass themselves"
            + (f" · calibrated at {calibrated:.2f}" if line != calibrated else " · as calibrated")
        )
        if passing < len(profile.shots) * 0.75:
            st.caption(":orange[Stricter than the references themselves: good pictures will fall short.]")
    with right:
        words, key = list(GATES), f"gate:{profile.influencer_id}:{profile.gate}"
        st.selectbox(
            "A picture that falls short", words, index=words.index(profile.gate), format_func=lambda one: GATES[one][0],
            key=key, disabled=not page.can_edit, on_change=_save, args=(page, profile, "gate", key),
        )  # fmt: skip
        st.caption(GATES[profile.gate][1])
        if profile.gate == "regenerate":
            key = f"extra:{profile.influencer_id}:{profile.extra_max}"
            st.slider(
                "At most this many more per request", 1, 16, profile.extra_max, key=key, disabled=not page.can_edit,
                on_change=_save, args=(page, profile, "extra_max", key), help="Each takes as long as one that was asked for.",
            )  # fmt: skip


def _save(page: Page, seen: Profile, name: str, key: str) -> None:
    """One control's new value; the others stay as they are saved now."""
    value, engine = st.session_state[key], page.app.engines.identity
    try:
        with page.transaction(needs="editor") as tx:
            policy = identity.profile(tx, seen.influencer_id, engine=engine).policy()
            identity.set_policy(tx, seen.influencer_id, Policy(**{**policy.model_dump(), name: value}), engine=engine)
    except StudioError as error:
        st.toast(plain(error.message), icon=":material/error:")


def _unscored(page: Page, who: InfluencerCard, profile: Profile) -> None:
    if not profile.unscored or profile.stale.startswith("The references were read by"):
        return
    key = f"score:{who.id}"
    wish = request_key(key)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"{count(profile.unscored, 'picture')} of {plain(who.name)} {'has' if profile.unscored == 1 else 'have'} no score."
        )
        if page.can_edit and st.button("Score them now", key=key, icon=":material/checklist:"):
            with page.transaction(needs="editor") as tx:
                identity.score_missing(tx, who.id, engine=page.app.engines.identity, request_key=wish)
            renew(key)
            st.toast("The pictures are being scored. See Jobs.", icon=":material/check:")


def _references(page: Page, who: InfluencerCard, profile: Profile) -> None:
    st.markdown("**References**", help="Each is scored against all the others. A low one is an odd picture: exclude it.")
    line = profile.line or 0.0
    ordered = sorted(profile.shots, key=lambda shot: shot.score)
    tiles = [
        Tile(
            id=shot.asset_id, src=media_url(page.workspace.id, shot.asset_id, w=320), alt="reference",
            badges=badges(shot.score, line), dim=shot.score < line,
        )
        for shot in ordered
    ]  # fmt: skip
    gallery(f"references:{who.id}", tiles=tiles, size=96)
    if page.can_edit:
        box = st.expander("Choose the references", icon=":material/touch_app:", key=f"pick:{who.id}:box", on_change="rerun")
        if box.open:
            with box:
                _pick(page, who, profile)


def _pick(page: Page, who: InfluencerCard, profile: Profile) -> None:
    with page.transaction() as tx:
        offered = identity.candidates(tx, who.id)
    st.caption(
        f"{len(profile.picked)} chosen by hand." if profile.picked else
        f"All {count(len(offered), 'included picture')} count"
        + (f", {identity.MOST_REFERENCES} of them spread evenly." if len(offered) > identity.MOST_REFERENCES else ".")
    )  # fmt: skip
    mine = set(profile.picked)
    tiles = [
        Tile(
            id=one.asset_id, src=media_url(page.workspace.id, one.asset_id, w=160), alt="included picture",
            badges=[("chosen", "good")] if one.asset_id in mine else [],
        )
        for one in offered[:SHOWN]
    ]  # fmt: skip
    rounds = f"pick:{who.id}:round"
    state = gallery(f"pick:{who.id}", tiles=tiles, size=88, selectable=True, selection_round=st.session_state.get(rounds, 0))
    with st.container(horizontal=True):
        use = partial(_use, page, who, rounds)
        label = f"Use the {len(state.selected)} selected" if state.selected else "Use the selected"
        st.button(label, disabled=len(state.selected) < 3, on_click=use, args=(state.selected,), key=f"pick:{who.id}:use")
        st.button("Use all", disabled=not mine, on_click=use, args=([],), key=f"pick:{who.id}:all")


def badges(score: float | None, line: float | None, gate: str = "open") -> list[tuple[str, str]]:
    """What a tile says: the score (green: passes, as in the gallery), and whether the picture is held or rejected."""
    said = []
    if score is not None:
        said.append((f"ID {score:.2f}", "good" if line is None or score >= line - 1e-9 else "warn"))
    if gate != "open":
        said.append((gate, "warn" if gate == "held" else "bad"))
    return said


def may_add(page: Page, tx: Session, influencer_id: str | None, model: str, models: Sequence[ModelCard]) -> int:
    """How many pictures the gate may draw beyond those asked for."""
    base = next((card.base for card in models if card.name == model), "")
    judge = identity.judge(tx, influencer_id, base=base, engine=page.app.engines.identity)
    return judge.extra_max if judge.gate == "regenerate" and judge.reference else 0


def ranked(cards: Sequence[PictureCard]) -> list[PictureCard]:
    """Best score first, rejected ones last; in the order they were drawn while nothing is scored."""
    return sorted(cards, key=lambda one: (one.gate == "rejected", -(one.identity_score or 0.0)))


def outcome(page: Page, cards: Sequence[PictureCard]) -> None:
    """Below a request's results: what the scores led to."""
    scored = [one for one in cards if one.identity_score is not None]
    held, rejected = (sum(one.gate == gate for one in cards) for gate in ("held", "rejected"))
    if not scored:
        return
    said = ["Best identity score first"] if len(scored) > 1 else []
    said += [f"{held} held for a look"] if held else []
    said += [f"{rejected} rejected"] if rejected else []
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(" · ".join(said))
        if held:
            page.link("make/held", "Look at them")


def about(page: Page, card: PictureCard) -> None:
    """On a picture's page: its score, what is frozen about it, what it resembles, and what can be decided."""
    with page.transaction() as tx:
        check = identity.check(tx, card.id)
    if card.gate != "open":
        _decide(page, card)
    if card.identity_score is not None and card.identity_line is not None:
        passed = card.identity_score >= card.identity_line - 1e-9
        mark = ":green-badge[passes]" if passed else ":orange-badge[falls short]"
        st.markdown(f"**Identity {card.identity_score:.2f}** of {card.identity_line:.2f} {mark}")
        if check.embedder:
            st.caption(f"Read by {plain(check.embedder)}")
    elif check.why:
        st.caption(f"No identity score: {plain(check.why)}")
    if check.decision and check.decided_at:
        word = "Shown" if check.decision == "approved" else "Rejected"
        st.caption(f"{word} by a person, {ago(check.decided_at)}")
    if check.near_picture_id:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(":orange[:material/content_copy: Looks almost like an earlier picture: same pose, same setting.]")
            if st.button("See it", key=f"near:{card.id}", type="tertiary"):
                page.go("make/gallery", id=check.near_picture_id)
    for lora in check.loras:
        step = f", step {lora.step}" if lora.step else ""
        st.caption(f"LoRA {plain(lora.name)}{step} · {lora.sha256[:12]} at {lora.weight:g}")
    if check.template:
        st.caption(f"Template {plain(str(check.template.get('name', '')))} version {check.template.get('version', '')}")


def _decide(page: Page, card: PictureCard) -> None:
    word = "held for a look" if card.gate == "held" else "rejected"
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"This picture is **{word}**: it is not in the gallery.", width="content")
        if page.can_edit and st.button("Show it", key=f"approve:{card.id}", type="primary", icon=":material/check:"):
            with page.transaction(needs="editor") as tx:
                generation.decide(tx, [card.id], "approved")
            st.rerun()
        if page.can_edit and card.gate == "held" and st.button("Reject", key=f"reject:{card.id}", icon=":material/close:"):
            with page.transaction(needs="editor") as tx:
                generation.decide(tx, [card.id], "rejected")
            st.rerun()


def _use(page: Page, who: InfluencerCard, rounds: str, asset_ids: list[str]) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            identity.pick(tx, who.id, asset_ids, engine=page.app.engines.identity)
    except StudioError as error:
        st.toast(plain(error.message), icon=":material/error:")
        return
    st.session_state[rounds] = st.session_state.get(rounds, 0) + 1
