"""The result of a comparison: the suggestion, the ranking, warnings, adding a LoRA to the library, exports; and blind votes,
whose voters see neither which version drew a picture nor how others voted."""

from __future__ import annotations

from typing import Any

import streamlit as st

from backend import comparisons, influencers, jobs
from backend.comparisons import Arm, ArmScores, ComparisonCard, Results
from backend.language import tr, tr_plural, worded
from studio.comparisons.blind_vote import blind_vote
from studio.gallery.picture_urls import thumbs
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.format import media_url, plain
from studio.ui.forms import renew_request_key, request_key


def show_result(page: Page, card: ComparisonCard) -> None:
    with page.transaction() as tx:
        results = comparisons.results(tx, card.id)
    _suggestion(results)
    if page.can_edit and any(scores.pictures and not scores.arm.control for scores in results.figures):
        _promote_form(page, card, results)
    _table(results)
    for warning in results.warnings:
        st.warning(plain(worded(warning.sentence)), icon=":material/warning:")
    _missing_scores(page, card)
    _exports(page, card)


def _suggestion(results: Results) -> None:
    if results.suggestion.arm is None:
        st.info(plain(worded(results.suggestion.reason)), icon=":material/help:")
        return
    with st.container(border=True):
        version = plain(worded(results.suggestion.arm.label))
        st.markdown("### :material/trophy: " + tr("Suggested: {version}", version=version))
        st.markdown(plain(worded(results.suggestion.reason)))
        _votes_line(results)


def _votes_line(results: Results) -> None:
    if not results.votes and results.votes_left:
        st.caption(tr("No blind votes yet; about {n} would likely settle the order.", n=results.votes_left))
    elif results.votes_left:
        text = tr_plural(
            "After {n:,} blind vote; about {more} more would likely settle the order.",
            "After {n:,} blind votes; about {more} more would likely settle the order.",
            results.votes,
            more=results.votes_left,
        )
        st.caption(text)
    elif results.votes:
        text = tr_plural(
            "After {n:,} blind vote; the order is likely settled.",
            "After {n:,} blind votes; the order is likely settled.",
            results.votes,
        )
        st.caption(text)


def _promote_form(page: Page, card: ComparisonCard, results: Results) -> None:
    with page.transaction() as tx:
        influencer = influencers.get(tx, card.influencer_id) if card.influencer_id else None
    arms = [scores.arm for scores in results.figures if scores.pictures and not scores.arm.control]
    preselected = arms.index(results.suggestion.arm) if results.suggestion.arm in arms else len(arms) - 1
    with st.form(f"trial:promote:{card.id}", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            arm = st.selectbox(tr("Version"), arms, index=preselected, format_func=_title)
            name = st.text_input(
                tr("Name"), placeholder=tr("{run}-… (empty: named after the run)", run=card.run_name), max_chars=64
            )
            submitted = st.form_submit_button(tr("Add to the library"), type="primary", icon=":material/extension:")
        default = influencer is not None and st.checkbox(
            tr("Use it for all new pictures of {name}, at this strength", name=plain(influencer.name)), True
        )
    if submitted and arm:
        with page.transaction(needs="editor") as tx:
            lora = comparisons.promote(tx, card.id, arm, name=name.strip(), make_default=default)
        text = tr("{name} is in the library.", name=plain(lora.name))
        if default and influencer:
            text += " " + tr("New pictures of {name} use it at {weight}.", name=plain(influencer.name), weight=arm.weight)
        st.success(text, icon=":material/check:")
        page.link("models/loras", tr("Open it in the library"), icon=":material/extension:", id=lora.id)


def _title(arm: Arm) -> str:
    return worded(arm.title)


def _table(results: Results) -> None:
    """The arms as a table, ranked by votes where there are some, else by identity."""
    st.markdown(
        tr("**Ranking** :small[— by the share of votes it wins at least, with 95% confidence]")
        if results.votes
        else tr("**Scores**")
    )
    figures = {item.arm: item for item in results.figures}
    ranks = {item.arm: item for item in results.ranks}
    ranked = sorted(ranks, key=lambda arm: (-ranks[arm].low, -(figures[arm].identity or 0.0)))
    overfitted = {item.arm for item in results.warnings}
    control = [item.arm for item in results.figures if item.arm.control and item.pictures]
    rows: list[dict[str, Any]] = []
    for place, arm in enumerate(ranked + control, 1):
        row: dict[str, Any] = {"#": "" if arm.control else str(place), "LoRA": tr("No LoRA") if arm.control else _title(arm)}
        row |= _percentages(figures[arm])
        if results.votes:
            rank = ranks.get(arm)
            row["Votes won"] = tr("{wins:g} of {n}", wins=rank.wins, n=rank.n) if rank and rank.n else ""
            row["At least"] = 100 * rank.low if rank and rank.n else None
        row["Note"] = " ".join(
            ([tr("suggested")] if arm == results.suggestion.arm else []) + ([tr("⚠ overfitted?")] if arm in overfitted else [])
        )
        rows.append(row)
    bar: dict[str, Any] = {"min_value": 0.0, "max_value": 100.0, "format": "%.0f %%"}
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            "#": st.column_config.TextColumn(width=40),
            "LoRA": st.column_config.TextColumn(tr("LoRA")),
            "Face": st.column_config.ProgressColumn(
                tr("Face"), help=tr("How much the pictures look like the trained face"), **bar
            ),
            "Prompt": st.column_config.ProgressColumn(tr("Prompt"), help=tr("How well the prompt is followed"), **bar),
            "Diversity": st.column_config.NumberColumn(
                tr("Diversity"), help=tr("How different its pictures look from each other"), format="%.0f %%"
            ),
            "Votes won": st.column_config.TextColumn(tr("Votes won")),
            "At least": st.column_config.ProgressColumn(
                tr("At least"), help=tr("Lower Wilson bound of the share of votes won"), **bar
            ),
            "Note": st.column_config.TextColumn(tr("Note")),
        },
    )


def _percentages(scores: ArmScores) -> dict[str, float | None]:
    """Scores in per cent by column title; missing ones are left out."""
    values = {"Face": scores.identity, "Prompt": scores.adherence, "Diversity": scores.spread}
    return {name: 100 * value for name, value in values.items() if value is not None}


def _missing_scores(page: Page, card: ComparisonCard) -> None:
    judged = card.judged
    if judged is None or not (judged.no_identity or judged.no_adherence):
        return
    with page.transaction() as tx:
        job = jobs.latest(tx, ("trial", card.id), "trial-scores")
    if judged.no_identity:
        st.info(tr("No face score. {reason}", reason=plain(worded(judged.no_identity))), icon=":material/face:")
    if judged.no_adherence and judged.no_adherence != judged.no_identity:
        st.caption(tr("No prompt score. {reason}", reason=plain(worded(judged.no_adherence))))
    if follow(page, job, key="trial:scores") or not judged.no_identity:
        return
    key = f"trial:rescore:{card.id}"
    idempotency_key = request_key(key)
    if page.can_edit and st.button(tr("Score again"), icon=":material/replay:"):
        with page.transaction(needs="editor") as tx:
            comparisons.rescore(tx, card.id, request_key=idempotency_key)
        renew_request_key(key)
        st.rerun()


def _exports(page: Page, card: ComparisonCard) -> None:
    st.markdown(tr("**Export**"))
    with page.transaction() as tx:
        job = jobs.latest(tx, ("trial", card.id), "trial-grid")
    key = f"trial:export:{card.id}"
    idempotency_key = request_key(key)
    in_progress = follow(page, job, key="trial:export")
    with st.container(horizontal=True):
        if card.grid_asset_id and not in_progress:
            address = media_url(page.workspace.id, card.grid_asset_id, download=True)
            st.link_button(tr("Download the labelled grid (PNG)"), address, icon=":material/download:")
        if page.can_edit and not in_progress:
            label = tr("Make the grid again") if card.grid_asset_id else tr("Make a labelled grid (PNG)")
            if st.button(label, icon=":material/grid_on:"):
                with page.transaction(needs="editor") as tx:
                    comparisons.start_grid_export(tx, card.id, request_key=idempotency_key)
                renew_request_key(key)
                st.rerun()
        address = f"/api/trials/{card.id}/scores.csv?workspace={page.workspace.id}"
        st.link_button(tr("Scores (CSV)"), address, icon=":material/table:")


def show_vote(page: Page, card: ComparisonCard) -> None:
    if not page.can_edit:
        st.info(tr("Only editors can vote. You see the result of their votes."), icon=":material/lock:")
        return
    with page.transaction() as tx:
        ballot = comparisons.next_ballot(tx, card.id)
        faces = comparisons.reference_pictures(tx, card.id)
    if ballot.pair is None and not ballot.votes:
        st.info(
            tr("Votes need pictures of at least two versions or strengths. Wait for more."), icon=":material/hourglass_top:"
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(tr("**Which picture is better?**"), width="content")
        if faces:
            st.caption(tr("The face as trained:"), width="content")
            thumbs([media_url(page.workspace.id, asset_id, w=160) for asset_id in faces], alt=tr("training picture"))
    ratio = f"{card.plan.width}/{card.plan.height}"
    if blind_vote(f"trial:vote:{card.id}", workspace=page.workspace.id, trial_id=card.id, ballot=ballot, ratio=ratio):
        st.session_state["trial:wanted"] = "result"
        st.rerun()
