"""What pages say of a post whose time has come, and what people can do about it, without a browser or a worker."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from backend import content_plans
from backend.app import App
from backend.content_plans import PlanCard, PostState
from backend.db.tables import Post
from backend.kit.clock import now
from tests.factories.account import Tenant
from tests.factories.posts import Planner, local_time_ahead, make_planner
from tests.pages.conftest import Open
from tests.pages.test_plan import said

S = PostState


@pytest.fixture
def bella(app: App, workspace: Tenant) -> Planner:
    with app.db.transaction(workspace.caller) as tx:
        return make_planner(tx)


def plan_in(app: App, workspace: Tenant, bella: Planner, target: PostState, **values: Any) -> PlanCard:
    with app.db.transaction(workspace.caller) as tx:
        card = bella.plan(tx, wall=local_time_ahead())
        tx.execute(update(Post).where(Post.plan_id == card.id).values(state=target, **values))
        return content_plans.get(tx, card.id)


def test_a_channel_says_how_it_posts(open_page: Open, app: App, workspace: Tenant, bella: Planner) -> None:
    plan_in(app, workspace, bella, S.PUBLISHED, published_at=now())
    with app.db.transaction(workspace.caller) as tx:
        content_plans.schedule(tx, [bella.plan(tx, wall=local_time_ahead(days=3)).id])
    at = open_page("settings/channels")
    assert "Last post just now, 1 in the last 24 hours. Next:" in said(at)
