"""The arithmetic of limits. Pure; money is Decimal, in USD."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal

from backend.errors import Invalid
from backend.settings import Settings

ALERT_AT = Decimal("0.8")
_NANO, _CENT = Decimal("0.000000001"), Decimal("0.01")


def rounded(usd: Decimal) -> Decimal:
    """To the ledger's nine places, upwards: what is written is never less than what is paid."""
    return usd.quantize(_NANO, rounding=ROUND_UP)


def most(settings: Settings) -> tuple[Decimal | None, Decimal]:
    """The operator's limits of a day (None: none) and of a month."""
    daily = Decimal(str(settings.daily_openrouter_budget))
    return (daily if daily > 0 else None), Decimal(str(settings.monthly_openrouter_budget))


def effective(own: Decimal | None, operators: Decimal | None) -> Decimal | None:
    """The lower of the two; None where neither says anything."""
    said = [limit for limit in (own, operators) if limit is not None]
    return min(said) if said else None


def fits(spent: Decimal, more: Decimal, limit: Decimal | None) -> bool:
    return limit is None or spent + more <= limit


def is_near(spent: Decimal, limit: Decimal | None) -> bool:
    """From 80 % on."""
    return limit is not None and spent >= limit * ALERT_AT


def checked(own: Decimal | None, operators: Decimal | None, name: str) -> Decimal | None:
    """An owner's limit. Raises Invalid with what is allowed."""
    if own is None:
        return None
    if not own.is_finite() or own < 0:
        raise Invalid(f"The limit of a {name} is an amount in dollars, 0 or more; leave it empty for the studio's own.")
    if operators is not None and own > operators:
        raise Invalid(f"A {name} may cost at most ${operators:,.2f} here. Whoever runs the studio can raise that.")
    return rounded(own)


def over_sentence(*, period: str, spent: Decimal, more: Decimal, limit: Decimal) -> str:
    """Why nothing was asked, and what to do."""
    when = {"day": "today", "month": "this month"}[period]
    next_time = {"day": "tomorrow", "month": "next month"}[period]
    cost = f"${max(more, _CENT):,.2f}"
    standing = "is used up" if spent >= limit else "has too little left"
    return (
        f"The budget for words {standing}: ${spent:,.2f} of ${limit:,.{2 if limit >= _CENT else 4}f} is spent {when}, and this "
        f"could cost up to {cost}. "
        f"It goes on {next_time}, or when an owner raises the limit on the Costs page."
    )
