"""Budgets: a ledger of every AI call, limits that hold, and the only way to call a language model."""

from backend.budgets import undo_parts
from backend.budgets.ledger import expire
from backend.budgets.limits import set_limits
from backend.budgets.metered_llm import complete, reconcile
from backend.budgets.paid_calls import pay
from backend.budgets.queries import cost_of_jobs, costs, mean_usd, remaining_usd, spending, usual_and_most_usd
from backend.budgets.schemas import CallPurpose, CostLine, Costs, OverBudget, Period

undo_parts.register_parts()

__all__ = [
    "CallPurpose",
    "CostLine",
    "Costs",
    "OverBudget",
    "Period",
    "complete",
    "cost_of_jobs",
    "costs",
    "expire",
    "mean_usd",
    "pay",
    "reconcile",
    "remaining_usd",
    "set_limits",
    "spending",
    "usual_and_most_usd",
]
