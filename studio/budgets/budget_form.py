"""The form of an owner's limits."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from backend.budgets import Costs
from studio.ui.format import usd


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
