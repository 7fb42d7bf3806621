"""Which of the first steps are done."""

from __future__ import annotations

from backend import content_plans, onboarding
from backend.db.tables import Influencer
from backend.db.transactions import Database
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.factories.posts import make_planner
from tests.factories.studio_rows import fill_workspace


def test_steps_are_done_one_after_the_other(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        assert onboarding.checklist(tx).next_step == "influencer"
        newcomer = make_influencer(tx, "Nina")
        checklist = onboarding.checklist(tx)
        assert (checklist.influencer_id, checklist.next_step) == (newcomer.id, "pictures")
    rows = fill_workspace(db, workspace)
    with db.transaction(workspace.caller) as tx:
        checklist = onboarding.checklist(tx)
        assert (checklist.influencer_id, checklist.next_step) == (rows.influencer_id, "channel")
        planner = make_planner(tx, "Posts already")
        content_plans.mark_published(tx, planner.plan(tx).id)
        checklist = onboarding.checklist(tx, planner.influencer.id)
        assert (checklist.done, checklist.next_step) == (("influencer", "channel", "post"), None)


def test_the_sample_takes_no_step(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        planner = make_planner(tx)
        tx.get_one(Influencer, planner.influencer.id).is_sample = True
        tx.flush()
        assert onboarding.checklist(tx).next_step == "influencer"
        assert onboarding.checklist(tx, planner.influencer.id).done == ("influencer", "channel")
