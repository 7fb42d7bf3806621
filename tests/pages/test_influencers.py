"""An influencer's page: which LoRA draws them, and at which weight."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from backend import influencers
from backend.db.tables import Lora
from backend.db.transactions import Database
from tests.factories.account import Tenant
from tests.factories.studio_rows import Rows, fill_workspace
from tests.pages.conftest import Open


@pytest.fixture
def rows(db: Database, workspace: Tenant) -> Rows:
    return fill_workspace(db, workspace)


def test_a_chosen_lora_is_drawn_at_its_own_weight(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    with db.transaction(workspace.caller) as tx:
        tx.execute(update(Lora).where(Lora.id == rows.lora_id).values(meta={"weight": 1.2}))
        influencers.set_default_lora(tx, rows.influencer_id, None)
    at = open_page("influencers/influencers", id=rows.influencer_id, tab="look")
    at.selectbox(key=f"default:{rows.influencer_id}").select(rows.lora_id).run()
    assert not at.exception
    with db.transaction(workspace.caller) as tx:
        card = influencers.get(tx, rows.influencer_id)
    assert (card.default_lora_id, card.default_lora_weight) == (rows.lora_id, 1.2)


def test_a_weight_that_the_slider_does_not_offer_is_shown_and_kept(
    open_page: Open, db: Database, workspace: Tenant, rows: Rows
) -> None:
    with db.transaction(workspace.caller) as tx:
        influencers.set_default_lora(tx, rows.influencer_id, rows.lora_id, 2.0)
    at = open_page("influencers/influencers", id=rows.influencer_id, tab="look")
    assert not at.exception
    assert at.slider(key=f"weight:{rows.influencer_id}:{rows.lora_id}").value == 2.0
    with db.transaction(workspace.caller) as tx:
        assert influencers.get(tx, rows.influencer_id).default_lora_weight == 2.0
