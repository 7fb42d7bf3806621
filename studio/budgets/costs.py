"""Parts of the Costs page, with the form of an owner's limits."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import streamlit as st

from backend import budgets, influencers
from backend.budgets import CostLine, Costs, Period
from backend.language import tr, tr_lazy, tr_plural, worded
from studio.shell.frame import Page
from studio.ui.charts import chart
from studio.ui.empty_state import empty_state
from studio.ui.format import number, percent, plain, usd
from studio.ui.forms import submit_once

_KINDS = {
    "suggestion": tr_lazy("Suggestions"),
    "caption": tr_lazy("Texts for posts"),
    "ideas": tr_lazy("Ideas"),
    "script": tr_lazy("Scripts of reels"),
    "talk": tr_lazy("Chats"),
    "style": tr_lazy("Writing styles"),
    "auto-caption": tr_lazy("Dataset captions"),
}
"""Kind of call -> its name for people; one that is not listed is shown under its own name."""


def costs(page: Page) -> None:
    with page.transaction() as tx:
        current = budgets.costs(tx, page.app.settings)
        names = {card.id: card.name for card in influencers.page(tx, take=200).cards}
    if not page.app.settings.text.is_model:
        st.info(
            tr(
                "No language model is set, so nothing is spent: the offline writer puts texts together. Whoever "
                "runs the studio can set OPENROUTER_API_KEY (or OPENROUTER_BASE_URL for a server of one's own)."
            ),
            icon=":material/edit_off:",
        )
    _periods(current)
    if not current.by_kind:
        card = empty_state(
            tr("No AI calls this month"),
            tr("Each call to a language model is listed here with what it cost."),
            icon=":material/payments:",
        )
        with card:
            page.link("create/pictures", tr("Get an idea for a picture"), icon=":material/lightbulb:")
    else:
        _cache_metrics(current)
        _tables(current, names)
    _limits(page, current)


def draw_budget_warning(page: Page) -> None:
    """Drawn beside forms that ask a model: how near a limit is, if one is near."""
    if warning := budget_warning(page):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(plain(warning), icon=":material/payments:")
            page.link("settings/costs", tr("Usage & limits"), icon=":material/open_in_new:")


def budget_warning(page: Page) -> str:
    """How near a limit is and what happens then; "" when none is near."""
    if not page.app.settings.text.is_model:
        return ""
    with page.transaction() as tx:
        current = budgets.costs(tx, page.app.settings)
    for period, is_month in ((current.month, True), (current.day, False)):
        if period.limit_usd is None or period.share < 0.8:
            continue
        figures = {"spent": usd(period.spent_usd), "limit": usd(period.limit_usd)}
        if period.share < 1:
            if is_month:
                spent = tr("{spent} of {limit} spent on AI texts this month.", **figures)
            else:
                spent = tr("{spent} of {limit} spent on AI texts today.", **figures)
            return f"{spent} {tr('Calls that could cost more than what is left are refused. An owner can raise the limit.')}"
        if is_month:
            return tr(
                "This month's limit for AI texts is used up ({spent} of {limit}). It starts again next month, or when "
                "an owner raises the limit.",
                **figures,
            )
        return tr(
            "Today's limit for AI texts is used up ({spent} of {limit}). It starts again tomorrow, or when an owner "
            "raises the limit.",
            **figures,
        )
    return ""


def _periods(current: Costs) -> None:
    used_up = (
        tr("Used up: it starts again tomorrow, or when an owner raises the limit."),
        tr("Used up: it starts again next month, or when an owner raises the limit."),
    )
    for column, period, title, sentence in zip(
        st.columns(2), (current.day, current.month), (tr("Today"), tr("This month")), used_up, strict=True
    ):
        with column, st.container(border=True, height="stretch"):
            _period(period, title, sentence)


def _period(period: Period, title: str, used_up: str) -> None:
    limit = tr("no limit of its own") if period.limit_usd is None else tr("of {limit}", limit=usd(period.limit_usd))
    st.metric(title, usd(period.spent_usd))
    st.caption(plain(limit))
    if period.limit_usd is not None:
        st.progress(min(1.0, period.share))
        if period.share >= 1:
            st.error(used_up, icon=":material/block:")
        elif period.share >= 0.8:
            st.warning(tr("{percent}% of the limit is spent.", percent=round(100 * period.share)), icon=":material/warning:")
    if period.open_usd:
        st.caption(tr("{cost} of it is set aside for answers that are being written.", cost=plain(usd(period.open_usd))))


def _cache_metrics(current: Costs) -> None:
    left, middle, right = st.columns(3)
    left.metric(tr("Answers this month"), number(current.calls))
    middle.metric(
        tr("Cached"),
        percent(current.hit_rate),
        help=tr("The same question within 24 hours is answered without asking again."),
    )
    right.metric(tr("Saved by cache"), usd(current.saved_usd))
    if current.estimated:
        st.caption(
            tr_plural(
                "{n:,} answer was stopped or got lost: it cost {cost} of this month at most. The amount is corrected "
                "if the model's server says.",
                "{n:,} answers were stopped or got lost: they cost {cost} of this month at most. The amount is corrected "
                "if the model's server says.",
                current.estimated,
                cost=plain(usd(current.estimated_usd)),
            )
        )


def _tables(current: Costs, names: Mapping[str, str]) -> None:
    by_influencer = [
        (names.get(line.name, tr("A deleted influencer")) if line.name else tr("No influencer"), line)
        for line in current.by_influencer
    ]
    by_kind = [(worded(_KINDS.get(line.name, line.name.replace("-", " ").capitalize())), line) for line in current.by_kind]
    days_tab, influencers_tab, kinds_tab, models_tab = st.tabs(
        [tr("By day"), tr("By influencer"), tr("By kind"), tr("By model")]
    )
    days = [(line.name, line) for line in reversed(current.by_day)]
    models = [(line.name or tr("Not known: stopped or lost"), line) for line in current.by_model]
    spent = plain(usd(current.month.spent_usd))
    with days_tab:
        _chart(tr("Day (UTC)"), days, tr("{cost} this month, by day.", cost=spent), horizontal=False)
    with influencers_tab:
        _chart(tr("Influencer"), by_influencer, tr("{cost} this month, by influencer.", cost=spent))
    with kinds_tab:
        _chart(tr("Kind"), by_kind, tr("{cost} this month, by kind.", cost=spent))
    with models_tab:
        _chart(tr("Model"), models, tr("{cost} this month, by model.", cost=spent))


def _chart(head: str, lines: list[tuple[str, CostLine]], says: str, *, horizontal: bool = True) -> None:
    cost, saved = tr("Cost"), tr("Saved by cache")
    in_usd = tr("Cost in $")
    bars = [{head: name, in_usd: float(line.usd)} for name, line in lines]
    table = [
        {
            head: name,
            cost: usd(line.usd),
            tr("Answers"): line.calls,
            tr("Cached"): line.cached,
            saved: usd(line.saved_usd),
        }
        for name, line in lines
    ]
    chart("bar", bars, x=head, y=in_usd, says=says, horizontal=horizontal, table=table)


def _limits(page: Page, current: Costs) -> None:
    if not page.is_owner:
        st.caption(tr("An owner of this workspace can set lower limits."))
        return
    with st.expander(tr("Limits"), icon=":material/tune:"):
        st.caption(plain(_operator_limits_text(current)))
        with page.guard():
            if (limits := budget_form("costs:limits", current)) is None:
                return
            submit_once("costs:limits", limits, lambda: _set_limits(page, *limits))
            st.toast(tr("The limits are saved."), icon=":material/check:")
            st.rerun()


def _set_limits(page: Page, daily_usd: Decimal | None, monthly_usd: Decimal | None) -> None:
    with page.transaction(needs="owner") as tx:
        budgets.set_limits(tx, daily_usd=daily_usd, monthly_usd=monthly_usd, settings=page.app.settings)


def _operator_limits_text(current: Costs) -> str:
    day, month = current.day.most_usd, current.month.most_usd
    if day is not None and month is not None:
        limits = tr("The studio allows each workspace {day} a day and {month} a month.", day=usd(day), month=usd(month))
    elif day is not None:
        limits = tr("The studio allows each workspace {day} a day.", day=usd(day))
    elif month is not None:
        limits = tr("The studio allows each workspace {month} a month.", month=usd(month))
    else:
        limits = tr("The studio sets no limit.")
    return f"{limits} {tr('Set less here, or leave a field empty.')}"


def budget_form(key: str, costs: Costs) -> tuple[Decimal | None, Decimal | None] | None:
    """(limit of a day, limit of a month) in USD once it was sent, else None; each None: the studio's own limit."""
    with st.form(key, border=False):
        left, right = st.columns(2)
        daily = left.number_input(
            tr("A day, in $"), 0.0, None, _start(costs.day.own_usd), 1.0, placeholder=_placeholder(costs.day.most_usd)
        )
        monthly = right.number_input(
            tr("A month, in $"), 0.0, None, _start(costs.month.own_usd), 5.0, placeholder=_placeholder(costs.month.most_usd)
        )
        st.caption(tr("Days and months are UTC. Running calls finish; one that might cost more than what is left is refused."))
        if not st.form_submit_button(tr("Save limits"), type="primary"):
            return None
    return _to_decimal(daily), _to_decimal(monthly)


def _start(own: Decimal | None) -> float | None:
    return None if own is None else float(own)


def _placeholder(operator_limit: Decimal | None) -> str:
    return tr("no limit") if operator_limit is None else tr("{limit}, the studio's own", limit=usd(operator_limit))


def _to_decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
