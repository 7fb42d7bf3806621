"""The wizard finds its work again, also when the browser went away between starting a run and noting it."""

from __future__ import annotations

from backend import influencers
from backend.db.transactions import Database
from tests.factories.account import Tenant
from tests.factories.studio_rows import fill_workspace
from tests.pages.conftest import Open, words


def test_a_run_that_was_started_but_not_noted_is_found(open_page: Open, db: Database, workspace: Tenant) -> None:
    rows = fill_workspace(db, workspace)
    with db.transaction(workspace.caller, needs="editor") as tx:
        influencers.save_setup(tx, rows.influencer_id, step=4, dataset_id=rows.dataset_id, run_id=None, done=False)
    at = open_page("influencers/wizard", id=rows.influencer_id, step="4")
    assert not at.exception
    assert "The model knows Bella now." in words(at)
    assert "Start training" not in [button.label for button in at.button]
