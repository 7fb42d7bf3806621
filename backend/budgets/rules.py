"""The arithmetic of limits. Pure; money is Decimal, in USD."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal

from backend.errors import Invalid
from backend.language import joined, tr_lazy
from backend.settings import Settings

ALERT_AT = Decimal("0.8")
MAX_LIMIT = 100_000_000
_NANO, _CENT = Decimal("0.000000001"), Decimal("0.01")


def rounded_up(usd: Decimal) -> Decimal:
    """Rounded up to the ledger's nine decimal places: what is written is never less than what is paid."""
    return usd.quantize(_NANO, rounding=ROUND_UP)


def operator_limits(settings: Settings) -> tuple[Decimal | None, Decimal]:
    """The operator's limits of a day (None: no limit) and of a month, in USD."""
    daily = Decimal(str(settings.budgets.daily_usd))
    return (daily if daily > 0 else None), Decimal(str(settings.budgets.monthly_usd))


def effective(own: Decimal | None, operators: Decimal | None) -> Decimal | None:
    """The lower of the owner's and the operator's limit; None without either."""
    limits = [limit for limit in (own, operators) if limit is not None]
    return min(limits) if limits else None


def fits(spent: Decimal, more: Decimal, limit: Decimal | None) -> bool:
    return limit is None or spent + more <= limit


def is_near(spent: Decimal, limit: Decimal | None) -> bool:
    """Whether at least 80 % of the limit are spent."""
    return limit is not None and spent >= limit * ALERT_AT


def checked_limit(own: Decimal | None, operators: Decimal | None, name: str) -> Decimal | None:
    """An owner's limit, rounded up; `name`: day or month. Raises Invalid with what is allowed."""
    if own is None:
        return None
    if not own.is_finite() or own < 0:
        raise Invalid(
            tr_lazy("The limit per {name} is an amount in dollars, 0 or more; leave it empty for the studio's own.", name=name)
        )
    if own > MAX_LIMIT:
        raise Invalid(tr_lazy("A limit has at most ${max_limit:,}. Leave it empty for the studio's own.", max_limit=MAX_LIMIT))
    if operators is not None and own > operators:
        raise Invalid(
            tr_lazy(
                "A {name} may cost at most ${operators:,.2f} here. Whoever runs the studio can raise that.",
                name=name,
                operators=operators,
            )
        )
    return rounded_up(own)


def over_sentence(*, period: str, spent: Decimal, more: Decimal, limit: Decimal) -> str:
    """The sentence of OverBudget: why the call was not made, and what to do."""
    places = {"spent": f"{spent:,.2f}", "limit": f"{limit:,.{2 if limit >= _CENT else 4}f}", "cost": f"{max(more, _CENT):,.2f}"}
    if period == "day" and spent >= limit:
        status = tr_lazy(
            "The budget for AI texts is used up: ${spent} of ${limit} is spent today, and this could cost up to ${cost}.",
            **places,
        )
    elif period == "day":
        status = tr_lazy(
            "The budget for AI texts has too little left: ${spent} of ${limit} is spent today, and this could cost up "
            "to ${cost}.",
            **places,
        )
    elif spent >= limit:
        status = tr_lazy(
            "The budget for AI texts is used up: ${spent} of ${limit} is spent this month, and this could cost up to ${cost}.",
            **places,
        )
    else:
        status = tr_lazy(
            "The budget for AI texts has too little left: ${spent} of ${limit} is spent this month, and this could "
            "cost up to ${cost}.",
            **places,
        )
    goes_on = (
        tr_lazy("It continues tomorrow, or when an owner raises the limit in Settings → Usage & limits.")
        if period == "day"
        else tr_lazy("It continues next month, or when an owner raises the limit in Settings → Usage & limits.")
    )
    return joined(status, goes_on)
