"""What words cost: a ledger of every call, limits that hold, and the one way to ask a language model."""

from backend.budgets.asking import ask, tidy
from backend.budgets.figures import left_usd, usual_usd
from backend.budgets.ledger import give_up
from backend.budgets.limits import set_limits
from backend.budgets.queries import costs
from backend.budgets.schemas import About, Costs, Line, OverBudget, Period

__all__ = [
    "About", "Costs", "Line", "OverBudget", "Period", "ask", "costs", "give_up", "left_usd", "set_limits", "tidy", "usual_usd",
]  # fmt: skip
