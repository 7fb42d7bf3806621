"""Parts of the Costs page, with the form of an owner's limits."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial

import streamlit as st

from backend import budgets, influencers
from backend.budgets import CostLine, Costs, Period
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import count, plain, usd

_KINDS = {
    "suggestion": "Suggestions",
    "caption": "Texts for posts",
    "ideas": "Ideas",
    "script": "Scripts of reels",
    "talk": "Talks",
    "style": "Writing styles",
    "auto-caption": "Dataset captions",
}
"""Kind of call -> its name for people; one that is not listed is shown under its own name."""


_MONEY = st.column_config.TextColumn(alignment="right")


def costs(page: Page) -> None:
    with page.transaction() as tx:
        current = budgets.costs(tx, page.app.settings)
        names = {card.id: card.name for card in influencers.page(tx, take=200).cards}
    if not page.app.settings.text.is_model:
        st.info(
            "No language model is set, so nothing is spent: the offline writer puts texts together. Whoever runs the studio "
            "can set OPENROUTER_API_KEY (or OPENROUTER_BASE_URL for a server of one's own).",
            icon=":material/edit_off:",
        )
    _periods(current)
    if not current.by_kind:
        card = empty_state(
            "Nothing was asked this month",
            "Each call to a language model is listed here with what it cost.",
            icon=":material/payments:",
        )
        with card:
            page.link("create/pictures", "Ask for an idea on Create", icon=":material/lightbulb:")
    else:
        _cache_metrics(current)
        _tables(current, names)
    _limits(page, current)


def draw_budget_warning(page: Page) -> None:
    """Drawn beside forms that ask a model: how near a limit is, if one is near."""
    if warning := budget_warning(page):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(plain(warning), icon=":material/payments:")
            page.link("settings/costs", "Open Costs", icon=":material/open_in_new:")


def budget_warning(page: Page) -> str:
    """How near a limit is and what happens then; "" when none is near."""
    if not page.app.settings.text.is_model:
        return ""
    with page.transaction() as tx:
        current = budgets.costs(tx, page.app.settings)
    for period, when, continues in ((current.month, "this month", "next month"), (current.day, "today", "tomorrow")):
        if period.limit_usd is None or period.share < 0.8:
            continue
        spent = f"Spent on words {when}: {usd(period.spent_usd)} of {usd(period.limit_usd)}."
        if period.share >= 1:
            return (
                f"{spent} Nothing more is asked: it goes on {continues}, or when an owner raises the limit on the Costs page."
            )
        return f"{spent} What could cost more than is left is not asked. An owner can raise the limit on the Costs page."
    return ""


def _periods(current: Costs) -> None:
    for column, period, when, continues in zip(
        st.columns(2), (current.day, current.month), ("Today", "This month"), ("tomorrow", "next month"), strict=True
    ):
        with column, st.container(border=True, height="stretch"):
            _period(period, when, continues)


def _period(period: Period, when: str, continues: str) -> None:
    limit = "no limit of its own" if period.limit_usd is None else f"of {usd(period.limit_usd)}"
    st.markdown(f"{when}  \n### {plain(usd(period.spent_usd))} :gray[:small[{plain(limit)}]]")
    if period.limit_usd is not None:
        st.progress(min(1.0, period.share))
        if period.share >= 1:
            st.error(f"Used up: it goes on {continues}, or when an owner raises the limit.", icon=":material/block:")
        elif period.share >= 0.8:
            st.warning(f"{period.share:.0%} of the limit is spent.", icon=":material/warning:")
    if period.open_usd:
        st.caption(f"{plain(usd(period.open_usd))} of it is set aside for answers under way.")


def _cache_metrics(current: Costs) -> None:
    left, middle, right = st.columns(3)
    left.metric("Answers this month", f"{current.calls:,}")
    middle.metric(
        "From memory", f"{current.hit_rate:.0%}", help="The same question within 24 hours is answered without asking again."
    )
    right.metric("Saved by that", usd(current.saved_usd))
    if current.estimated:
        st.caption(
            f"{count(current.estimated, 'answer')} {'was' if current.estimated == 1 else 'were'} stopped or got lost on "
            "the way: "
            f"{plain(usd(current.estimated_usd))} of this month is the most that can have cost. It is corrected if the model's "
            "server says."
        )


def _tables(current: Costs, names: Mapping[str, str]) -> None:
    by_influencer = [
        (names.get(line.name, "An influencer of before") if line.name else "Nobody in particular", line)
        for line in current.by_influencer
    ]
    by_kind = [(_KINDS.get(line.name, line.name.replace("-", " ").capitalize()), line) for line in current.by_kind]
    with_own_name = partial(map, lambda line: (line.name, line))
    days_tab, influencers_tab, kinds_tab, models_tab = st.tabs(["By day", "By influencer", "By kind", "By model"])
    with days_tab:
        _table("Day (UTC)", list(with_own_name(current.by_day)))
    with influencers_tab:
        _table("Influencer", by_influencer)
    with kinds_tab:
        _table("Kind", by_kind)
    with models_tab:
        _table("Model", [(line.name or "Stopped or lost before it was said", line) for line in current.by_model])


def _table(head: str, lines: list[tuple[str, CostLine]]) -> None:
    rows = [
        {head: name, "Cost": usd(line.usd), "Answers": line.calls, "From memory": line.cached, "Saved": usd(line.saved_usd)}
        for name, line in lines
    ]
    st.dataframe(rows, hide_index=True, column_config={"Cost": _MONEY, "Saved": _MONEY})


def _limits(page: Page, current: Costs) -> None:
    if not page.is_owner:
        st.caption("An owner of this workspace can set lower limits.")
        return
    with st.expander("Limits", icon=":material/tune:"):
        st.caption(plain(_operator_limits_text(current)))
        with page.guard():
            if (limits := budget_form("costs:limits", current)) is None:
                return
            with page.transaction(needs="owner") as tx:
                budgets.set_limits(tx, daily_usd=limits[0], monthly_usd=limits[1], settings=page.app.settings)
            st.toast("The limits are saved.", icon=":material/check:")
            st.rerun()


def _operator_limits_text(current: Costs) -> str:
    limits = [
        f"{usd(period.most_usd)} a {name}"
        for period, name in ((current.day, "day"), (current.month, "month"))
        if period.most_usd is not None
    ]
    return f"The studio allows each workspace {' and '.join(limits)}. Set less here, or leave a field empty."


def budget_form(key: str, costs: Costs) -> tuple[Decimal | None, Decimal | None] | None:
    """(limit of a day, limit of a month) in USD once it was sent, else None; each None: the studio's own limit."""
    with st.form(key, border=False):
        left, right = st.columns(2)
        daily = left.number_input(
            "A day, in $", 0.0, None, _start(costs.day.own_usd), 1.0, placeholder=_placeholder(costs.day.most_usd)
        )
        monthly = right.number_input(
            "A month, in $", 0.0, None, _start(costs.month.own_usd), 5.0, placeholder=_placeholder(costs.month.most_usd)
        )
        st.caption("Days and months are UTC. What is under way goes on; the next call is refused when it might not fit.")
        if not st.form_submit_button("Save limits", type="primary"):
            return None
    return _to_decimal(daily), _to_decimal(monthly)


def _start(own: Decimal | None) -> float | None:
    return None if own is None else float(own)


def _placeholder(operator_limit: Decimal | None) -> str:
    return "no limit" if operator_limit is None else f"{usd(operator_limit)}, the studio's own"


def _to_decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
