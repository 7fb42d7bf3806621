"""What a comparison says: the suggestion, the ranking, warnings; taking one into the library; exports."""

from __future__ import annotations

from typing import Any

import streamlit as st

from backend import comparisons, influencers, jobs
from backend.comparisons import Arm, Figures, Results, TrialCard
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.format import count, media_url, plain
from studio.ui.request_key import renew, request_key


def show(page: Page, card: TrialCard) -> None:
    with page.transaction() as tx:
        known = comparisons.results(tx, card.id)
    _suggestion(known)
    if page.can_edit and any(one.pictures and not one.arm.control for one in known.figures):
        _promote(page, card, known)
    _table(known)
    for warned in known.warnings:
        st.warning(plain(warned.sentence), icon=":material/warning:")
    _no_scores(page, card)
    _exports(page, card)


def _suggestion(known: Results) -> None:
    if known.suggestion.arm is None:
        st.info(plain(known.suggestion.reason), icon=":material/help:")
        return
    with st.container(border=True):
        st.markdown(f"### :material/trophy: Suggested: {plain(str(known.suggestion.arm))}")
        st.markdown(plain(known.suggestion.reason))
        if known.votes_left:
            had = f"After {count(known.votes, 'blind vote')}" if known.votes else "No blind votes yet"
            st.caption(f"{had}; about {known.votes_left} {'more ' * bool(known.votes)}would likely settle the order.")
        elif known.votes:
            st.caption(f"After {count(known.votes, 'blind vote')}; the order is likely settled.")


def _promote(page: Page, card: TrialCard, known: Results) -> None:
    with page.transaction() as tx:
        who = influencers.get(tx, card.influencer_id) if card.influencer_id else None
    arms = [one.arm for one in known.figures if one.pictures and not one.arm.control]
    best = arms.index(known.suggestion.arm) if known.suggestion.arm in arms else len(arms) - 1
    with st.form(f"trial:promote:{card.id}", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            arm = st.selectbox("Take into the library", arms, index=best, format_func=_title)
            name = st.text_input("Name", placeholder=f"{card.run_name}-… (as the run when left empty)", max_chars=64)
            sent = st.form_submit_button("Add to the library", type="primary", icon=":material/extension:")
        default = bool(who) and st.checkbox(
            f"Draw {plain(who.name) if who else ''} with it from now on, at this strength", bool(who)
        )
    if sent and arm:
        with page.transaction(needs="editor") as tx:
            lora = comparisons.promote(tx, card.id, arm, name=name.strip(), make_default=default)
        drawn = f" {who.name} is drawn with it at {arm.weight}." if default and who else ""
        st.success(f"{plain(lora.name)} is in the library.{plain(drawn)}", icon=":material/check:")
        page.link("make/loras", "Open it in the library", icon=":material/extension:", id=lora.id)


def _title(arm: Arm) -> str:
    return f"Step {arm.step:,} at {arm.weight}"


def _table(known: Results) -> None:
    """By votes where there are some, else by identity."""
    st.markdown(
        "**Ranking** :small[— by the share of votes it wins at least, with 95 % confidence]" if known.votes else "**Scores**"
    )
    figures = {one.arm: one for one in known.figures}
    ranks = {one.arm: one for one in known.ranks}
    ranked = sorted(ranks, key=lambda arm: (-ranks[arm].low, -(figures[arm].identity or 0.0)))
    warned = {one.arm for one in known.warnings}
    control = [one.arm for one in known.figures if one.arm.control and one.pictures]
    rows: list[dict[str, Any]] = []
    for place, arm in enumerate(ranked + control, 1):
        row: dict[str, Any] = {"#": "" if arm.control else str(place), "LoRA": "No LoRA" if arm.control else _title(arm)}
        row |= _numbers(figures[arm])
        if known.votes:
            rank = ranks.get(arm)
            row["Votes won"] = f"{rank.wins:g} of {rank.n}" if rank and rank.n else ""
            row["At least"] = 100 * rank.low if rank and rank.n else None
        row["Note"] = " ".join(
            (["suggested"] if arm == known.suggestion.arm else []) + (["⚠ overfitted?"] if arm in warned else [])
        )
        rows.append(row)
    bar: dict[str, Any] = {"min_value": 0.0, "max_value": 100.0, "format": "%.0f %%"}
    st.dataframe(
        rows, hide_index=True,
        column_config={
            "#": st.column_config.TextColumn(width=40),
            "Face": st.column_config.ProgressColumn(help="Identity: how much of the trained face is there", **bar),
            "Prompt": st.column_config.ProgressColumn(help="How well the prompt is followed", **bar),
            "Differ": st.column_config.NumberColumn(help="How different its pictures look from each other", format="%.0f %%"),
            "At least": st.column_config.ProgressColumn(help="Lower Wilson bound of the share of votes won", **bar),
        },
    )  # fmt: skip


def _numbers(one: Figures) -> dict[str, float | None]:
    """Per cent."""
    known = {"Face": one.identity, "Prompt": one.adherence, "Differ": one.spread}
    return {name: 100 * value for name, value in known.items() if value is not None}


def _no_scores(page: Page, card: TrialCard) -> None:
    judged = card.judged
    if judged is None or not (judged.no_identity or judged.no_adherence):
        return
    with page.transaction() as tx:
        job = jobs.latest(tx, ("trial", card.id), "trial-scores")
    if judged.no_identity:
        st.info(f"No identity score. {plain(judged.no_identity)}", icon=":material/face:")
    if judged.no_adherence and judged.no_adherence != judged.no_identity:
        st.caption(f"No prompt score. {plain(judged.no_adherence)}")
    if follow(page, job, key="trial:scores") or not judged.no_identity:
        return
    key = f"trial:rescore:{card.id}"
    wish = request_key(key)
    if page.can_edit and st.button("Score again", icon=":material/replay:"):
        with page.transaction(needs="editor") as tx:
            comparisons.rescore(tx, card.id, request_key=wish)
        renew(key)
        st.rerun()


def _exports(page: Page, card: TrialCard) -> None:
    st.markdown("**Export**")
    with page.transaction() as tx:
        job = jobs.latest(tx, ("trial", card.id), "trial-grid")
    key = f"trial:export:{card.id}"
    wish = request_key(key)
    making = follow(page, job, key="trial:export")
    with st.container(horizontal=True):
        if card.grid_asset_id and not making:
            address = media_url(page.workspace.id, card.grid_asset_id, download=True)
            st.link_button("Download the labelled grid (PNG)", address, icon=":material/download:")
        if page.can_edit and not making:
            label = "Make the grid anew" if card.grid_asset_id else "Make a labelled grid (PNG)"
            if st.button(label, icon=":material/grid_on:"):
                with page.transaction(needs="editor") as tx:
                    comparisons.export(tx, card.id, request_key=wish)
                renew(key)
                st.rerun()
        address = f"/api/trials/{card.id}/scores.csv?workspace={page.workspace.id}"
        st.link_button("Scores (CSV)", address, icon=":material/table:")
