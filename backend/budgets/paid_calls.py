"""Money for calls that are no question to a language model (speech): reserved before, settled after."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from backend.budgets import ledger
from backend.budgets.schemas import CallPurpose
from backend.db.transactions import SystemCaller
from backend.engines.ports.speech import SpeechLost
from backend.engines.ports.text import Reply
from backend.errors import EngineError

if TYPE_CHECKING:
    from backend.app import App

T = TypeVar("T")


def pay(app: App, caller: SystemCaller, *, usd: Decimal, model: str, purpose: CallPurpose, work: Callable[[], T]) -> T:
    """Runs `work`, which costs `usd`, within the workspace's budget. Whatever happens, the call's end is written: an engine
    that refused cost nothing, an answer that was lost stays an estimate.

    Raises OverBudget and LeaseLost before `work` is called, and what it raises.
    """
    reservation = ledger.reserve(app.db, caller, most_usd=usd, purpose=purpose, settings=app.settings)
    if reservation.near:
        with app.db.transaction(caller) as tx:
            ledger.alert(tx, reservation)
    try:
        value = work()
    except SpeechLost:
        ledger.end(app.db, caller, reservation.call_id, ledger.mark_unsettled())
        raise
    except EngineError:
        ledger.end(app.db, caller, reservation.call_id, ledger.release())
        raise
    except BaseException:
        ledger.end(app.db, caller, reservation.call_id, ledger.mark_unsettled())
        raise
    ledger.end(app.db, caller, reservation.call_id, ledger.settle(Reply("", model, cost_usd=usd)))
    return value
