"""Runs side by side: one chart, the parameters that differ, samples by step and prompt."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend import training
from backend.language import Message, tr, tr_context, tr_plural, worded
from backend.training import RunCard, SampleCard
from studio.shell.frame import Page
from studio.training.loss_chart import LossLine, loss_chart
from studio.training.training_samples import CELL_CSS, picture_table, samples_by_step
from studio.ui.format import ago, esc

MAX_RUNS = 6
_MAX_OFFERED = 200
_DIFFERS_CSS = "background:var(--color-current);font-weight:600;"


def compare_runs(page: Page, requested_ids: Sequence[str]) -> None:
    """`asked`: ids of runs, as the address has them."""
    if st.button(tr_context("training", "All runs"), icon=":material/arrow_back:", type="tertiary"):
        page.go("models/training")
    with page.transaction() as tx:
        offered = training.page(tx, take=_MAX_OFFERED).cards
        chosen = _run_choice(
            offered, [card.id for card in training.get_many(tx, requested_ids)][:MAX_RUNS], training.get_many(tx, requested_ids)
        )
        cards = training.get_many(tx, chosen)
        curves = training.curves(tx, chosen)
        samples = training.samples_by_run(tx, chosen)
    if len(cards) < 2:
        st.caption(tr("Choose at least two runs. Their losses, parameters and samples are then shown side by side."))
        return
    names = _unique_names(cards)
    _chart(page, cards, names, {run_id: [(point.step, point.loss) for point in points] for run_id, points in curves.items()})
    _parameters(cards, names)
    _samples(page, cards, names, samples)


def _run_choice(newest: Sequence[RunCard], preselected: list[str], requested: Sequence[RunCard]) -> list[str]:
    """The choice of runs. It is written to the address, so that a link shows the same comparison."""
    titles = {
        card.id: " · ".join((card.name, tr_plural("{n:,} step", "{n:,} steps", card.params.steps), ago(card.created_at)))
        for card in [*newest, *requested]
    }
    chosen = st.multiselect(
        tr("Runs to compare (2 to {most})", most=MAX_RUNS),
        list(titles),
        preselected,
        format_func=titles.__getitem__,
        max_selections=MAX_RUNS,
        key="compare:runs",
    )
    if chosen:
        st.query_params["compare"] = ",".join(chosen)
    return list(chosen)


def _unique_names(cards: Sequence[RunCard]) -> list[str]:
    """The runs' names, numbered where several have the same."""
    count_by_name: dict[str, int] = {}
    names = []
    for card in cards:
        count_by_name[card.name] = n = count_by_name.get(card.name, 0) + 1
        names.append(card.name if n == 1 else f"{card.name} ({n})")
    return names


def _chart(page: Page, cards: Sequence[RunCard], names: list[str], points: dict[str, list[tuple[int, float]]]) -> None:
    lines = []
    for card, name in zip(cards, names, strict=True):
        is_running = card.state == "processing"
        poll = f"/api/training/{card.id}/points?workspace={page.workspace.id}" if is_running else ""
        lines.append(LossLine(name=name, points=points[card.id], steps=card.params.steps, poll_url=poll))
    loss_chart("compare:loss:" + ",".join(card.id for card in cards), lines=lines, height=320)
    if any(card.steps_before for card in cards):
        st.caption(tr("A continued run's steps count from 1."))


def _parameters(cards: Sequence[RunCard], names: list[str]) -> None:
    rows = training.differences(cards)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(tr("**Parameters**"), width="content")
        all_rows = st.toggle(tr("Show equal values too"), key="compare:all")
    shown = rows if all_rows else [row for row in rows if row.differs]
    if not shown:
        st.caption(tr("No parameter differs. These runs differ only by chance or in their pictures."))
        return
    body = "".join(
        f'<tr><th scope="row" style="{CELL_CSS}font-weight:400">{esc(worded(row.name))}{"&nbsp;≠" if row.differs else ""}</th>'
        + "".join(
            f'<td style="{CELL_CSS}{_DIFFERS_CSS if row.differs else ""}">{esc(_shown(value))}</td>' for value in row.values
        )
        + "</tr>"
        for row in shown
    )
    picture_table(tr("Parameters"), names, body)


def _shown(value: str) -> str:
    """Words of ours in the reader's language; names that people gave stay as they are."""
    return worded(value) if isinstance(value, Message) else value


def _samples(page: Page, cards: Sequence[RunCard], names: list[str], samples: dict[str, list[SampleCard]]) -> None:
    """One table for each prompt: steps down, runs across."""
    st.markdown(tr("**Samples** :small[— one row a step, one column a run]"))
    prompts = list(dict.fromkeys(sample.prompt for card in cards for sample in samples[card.id]))
    if not prompts:
        st.caption(tr("These runs have no samples."))
        return
    for prompt in prompts:
        st.html(f'<p style="margin:.4rem 0 0;opacity:.75;font-size:.9rem">{esc(prompt)}</p>')
        columns = [[sample for sample in samples[card.id] if sample.prompt == prompt] for card in cards]
        samples_by_step(page, tr("Samples of {prompt}", prompt=prompt), names, columns)
