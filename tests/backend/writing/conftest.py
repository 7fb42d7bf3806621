from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from backend import influencers
from backend.app import App
from backend.influencers import InfluencerDraft, Persona
from tests.backend.budgets.conftest import Make, make_app, server
from tests.factories.account import Tenant

__all__ = ["Make", "make_app", "server"]
BELLA = Persona(
    bio="Vlogger from Lisbon.",
    tone="warm",
    topics=("old trams", "street food"),
    dont=("never talk about politics",),
    never_say=("guys", "no pain no gain"),
    sample_lines=("Small steps still count.",),
    examples=("I took the tram up to Graça before anyone was awake and the whole city smelled of bread.",),
)


@pytest.fixture
def bella(app: App, workspace: Tenant) -> str:
    with app.db.transaction(workspace.caller) as tx:
        return influencers.create(tx, InfluencerDraft(name="Bella", trigger_word="bella_01", persona=BELLA)).id


@pytest.fixture
def acting(workspace: Tenant) -> Callable[[App], Any]:
    """`acting(app)()` opens a transaction of the workspace's editor."""
    return lambda app: partial(app.db.transaction, workspace.editor.caller, needs="editor")


def text(n: int = 1, **changes: Any) -> dict[str, Any]:
    """A text as a model would answer it, without a fault."""
    answer = {
        "hook": f"Nobody told me this about morning yoga, part {n}.",
        "caption": f"Morning yoga on the terrace, quiet and slow, before the city wakes up. Day {n}.",
        "hashtags": ["#MorningYoga", "#Lisbon", "#SlowMorning", "#Yoga", "#DailyJoy"],
        "alt_text": "Bella stretches on a terrace in the early morning light.",
        "picture": "half-body portrait on a terrace, yoga mat, morning light",
    }
    return answer | changes


def answer_json(*texts: dict[str, Any]) -> str:
    return json.dumps({"variants": list(texts)})
