"""Runs beside each other: one chart, what differs in their parameters, their samples by step and prompt."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend import training
from backend.training import RunCard, SampleCard
from studio.components import loss_chart
from studio.components.loss_chart import Line
from studio.shell.frame import Page
from studio.training.training_samples import CELL, by_step, table
from studio.ui.format import ago, esc

MOST = 6
_OFFERED = 200
_DIFFERS = "background:rgba(139,92,246,.16);font-weight:600;"


def compare(page: Page, asked: Sequence[str]) -> None:
    """`asked`: ids of runs, as the address has them."""
    if st.button("All runs", icon=":material/arrow_back:", type="tertiary"):
        page.go("make/training")
    with page.transaction() as tx:
        offered = training.page(tx, take=_OFFERED).cards
        chosen = _choose(offered, [card.id for card in training.get_many(tx, asked)][:MOST], training.get_many(tx, asked))
        cards = training.get_many(tx, chosen)
        curves = training.curves(tx, chosen)
        samples = training.samples_of(tx, chosen)
    if len(cards) < 2:
        st.caption("Choose at least two runs. One chart, their parameters and their samples then stand side by side.")
        return
    names = _names(cards)
    _chart(page, cards, names, {run_id: [(one.step, one.loss) for one in found] for run_id, found in curves.items()})
    _parameters(cards, names)
    _samples(page, cards, names, samples)


def _choose(offered: Sequence[RunCard], asked: list[str], known: Sequence[RunCard]) -> list[str]:
    """The selection, which the address follows: a link shows the same comparison."""
    titles = {card.id: f"{card.name} · {card.params.steps} steps · {ago(card.created_at)}" for card in [*offered, *known]}
    chosen = st.multiselect(
        f"Runs to compare (2 to {MOST})", list(titles), asked, format_func=titles.__getitem__, max_selections=MOST,
        key="compare:runs",
    )  # fmt: skip
    if chosen:
        st.query_params["compare"] = ",".join(chosen)
    return list(chosen)


def _names(cards: Sequence[RunCard]) -> list[str]:
    """Each name once: runs may be called the same."""
    seen: dict[str, int] = {}
    names = []
    for card in cards:
        seen[card.name] = n = seen.get(card.name, 0) + 1
        names.append(card.name if n == 1 else f"{card.name} ({n})")
    return names


def _chart(page: Page, cards: Sequence[RunCard], names: list[str], points: dict[str, list[tuple[int, float]]]) -> None:
    lines = []
    for card, name in zip(cards, names, strict=True):
        working = card.state == "processing"
        poll = f"/api/training/{card.id}/points?workspace={page.workspace.id}" if working else ""
        lines.append(Line(name=name, points=points[card.id], steps=card.params.steps, poll_url=poll))
    loss_chart("compare:loss:" + ",".join(card.id for card in cards), lines=lines, height=320)
    if any(card.steps_before for card in cards):
        st.caption("A continued run's steps count from 1.")


def _parameters(cards: Sequence[RunCard], names: list[str]) -> None:
    rows = training.differences(cards)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown("**Parameters**", width="content")
        all_rows = st.toggle("Also what is the same", key="compare:all")
    shown = rows if all_rows else [row for row in rows if row.differs]
    if not shown:
        st.caption("No parameter differs: these runs differ only in chance, or in the pictures they were given.")
        return
    body = "".join(
        f'<tr><th scope="row" style="{CELL}font-weight:400">{esc(row.name)}{"&nbsp;≠" if row.differs else ""}</th>'
        + "".join(f'<td style="{CELL}{_DIFFERS if row.differs else ""}">{esc(value)}</td>' for value in row.values)
        + "</tr>"
        for row in shown
    )
    table("Parameters", names, body)


def _samples(page: Page, cards: Sequence[RunCard], names: list[str], samples: dict[str, list[SampleCard]]) -> None:
    """One table a prompt: steps down, runs across. A prompt that several runs drew stands in one table."""
    st.markdown("**Samples** :small[— steps down, runs across]")
    prompts = list(dict.fromkeys(one.prompt for card in cards for one in samples[card.id]))
    if not prompts:
        st.caption("None of these runs drew samples.")
        return
    for prompt in prompts:
        st.html(f'<p style="margin:.4rem 0 0;opacity:.75;font-size:.9rem">{esc(prompt)}</p>')
        columns = [[one for one in samples[card.id] if one.prompt == prompt] for card in cards]
        by_step(page, f"Samples of {prompt}", names, columns)
