"""After a restore nothing goes out a second time, and who was signed out stays signed out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text, update

from backend import access, backups, content_plans
from backend.app import App
from backend.content_plans import PostState
from backend.db.tables import Post, PostAttempt, Restore
from backend.kit.clock import now
from backend.kit.ids import new_id
from ops.backup import after_restore, safety_copy
from ops.backup.source import Connection
from tests.factories.account import Tenant
from tests.factories.posts import local_time_ahead, make_planner
from tests.support.databases import DatabaseUrls

S = PostState


@pytest.fixture
def owner(database_urls: DatabaseUrls) -> Iterator[Connection]:
    with psycopg.connect(database_urls.owner.replace("+psycopg", "", 1), autocommit=True) as connection:
        yield connection


def scheduled_posts(app: App, workspace: Tenant, count: int) -> list[str]:
    with app.db.transaction(workspace.caller) as tx:
        planner = make_planner(tx)
        plans = [planner.plan(tx, wall=local_time_ahead(hours=n)) for n in range(count)]
        ids = [plan.posts[0].id for plan in plans]
        tx.execute(update(Post).where(Post.id.in_(ids)).values(state=S.SCHEDULED))
    return ids


def change(app: App, workspace: Tenant, post_id: str, **values: Any) -> None:
    with app.db.transaction(workspace.caller) as tx:
        tx.execute(update(Post).where(Post.id == post_id).values(**values))


def states(app: App, workspace: Tenant) -> dict[str, tuple[str, str]]:
    with app.db.transaction(workspace.caller) as tx:
        return {row.id: (row.state, row.phase) for row in tx.scalars(select(Post))}


def test_what_was_sent_after_the_moment_is_recalled_and_all_else_is_held(
    app: App, workspace: Tenant, owner: Connection
) -> None:
    sent, in_flight, untold, waiting, begun, overdue = scheduled_posts(app, workspace, 6)
    # the time that is lost: one is out, one is being sent, of one the answer was lost
    change(app, workspace, sent, state=S.PUBLISHED, remote_id="r1", url="https://x/r1", published_at=now())
    change(app, workspace, in_flight, state=S.PUBLISHING, phase="submitting", submitted_at=now(), handle=b"sealed")
    change(app, workspace, untold, state=S.UNKNOWN, submitted_at=now())
    copy = safety_copy.take(owner, days=30)
    assert [post.id for post in copy.posts] == [sent, in_flight, untold]
    # the moment: all were scheduled, one had just begun, and the time of one came after the copy was taken
    for post_id in (sent, in_flight, untold):
        back = {"state": S.SCHEDULED, "phase": "", "remote_id": "", "url": "", "published_at": None, "submitted_at": None}
        change(app, workspace, post_id, handle=None, **back)
    change(app, workspace, begun, state=S.PUBLISHING, phase="ready", handle=b"sealed", job_id="job_1")
    with app.db.transaction(workspace.caller) as tx:
        tx.add(PostAttempt(id=new_id("try"), post_id=begun, n=1, outcome="running", job_id="job_1"))
        tx.execute(text("UPDATE posts SET due_at = clock_timestamp() WHERE id = :id"), {"id": overdue})

    facts = after_restore.make_safe(owner, copy, moment=now() - timedelta(hours=1))

    assert states(app, workspace) == {
        sent: ("published", ""),
        in_flight: ("publishing", "submitting"),
        untold: ("unknown", ""),
        waiting: ("on_hold", ""),
        begun: ("on_hold", "ready"),
        overdue: ("unknown", ""),
    }
    assert (facts.published, facts.to_ask, facts.unknown, facts.held) == (1, 1, 2, 2)
    with app.db.transaction(workspace.caller) as tx:
        recalled = tx.get_one(Post, in_flight)
        assert (recalled.handle, recalled.job_id) == (b"sealed", None), "the scheduler gives it a job, which only asks"
        assert tx.scalars(select(PostAttempt.outcome)).all() == ["held"]
        assert content_plans.workspace_paused(tx)
        assert content_plans.get_post(tx, overdue).error.startswith("The studio was restored")
        assert tx.scalars(select(Restore.figures)).one()["held"] == 2
        assert backups.last_restore(tx) is not None
        assert backups.restored_to(tx) is not None
        assert content_plans.resume_publishing(tx) == (2, 0)
        assert backups.restored_to(tx) is None


def test_who_was_signed_out_or_removed_after_the_moment_stays_so(app: App, workspace: Tenant, owner: Connection) -> None:
    with app.db.transaction(workspace.caller) as tx:
        key = access.create(tx, access.ApiKeyDraft(name="of then", scopes=("*:read",)))
    copy = safety_copy.take(owner, days=30)
    assert workspace.editor.id in {person_id for _, person_id, _ in copy.memberships}
    later = copy.model_copy(
        update={
            "sessions": [],
            "api_keys": [],
            "memberships": [
                (tenant_id, person_id, "viewer" if person_id == workspace.editor.id else role)
                for tenant_id, person_id, role in copy.memberships
                if person_id != workspace.viewer.id
            ],
            "passwords": {**copy.passwords, workspace.owner.id: "another"},
        }
    )
    facts = after_restore.make_safe(owner, later, moment=now())
    assert (facts.keys_revoked, facts.members_removed, facts.passwords) == (1, 1, 1)
    assert facts.signed_out == len(copy.sessions) > 0
    [(revoked,)] = owner.execute(b"SELECT revoked_at IS NOT NULL FROM api_keys WHERE id = %s", [key.card.id]).fetchall()
    assert revoked
    roles = dict(owner.execute(b"SELECT user_id, role FROM memberships").fetchall())
    assert roles[workspace.editor.id] == "viewer"
    assert workspace.viewer.id not in roles


def test_without_a_copy_posts_of_the_lost_time_are_for_people_to_look_at(
    app: App, workspace: Tenant, owner: Connection
) -> None:
    lost, later = scheduled_posts(app, workspace, 2)
    with app.db.transaction(workspace.caller) as tx:
        tx.execute(text("UPDATE posts SET due_at = clock_timestamp() - interval '5 min' WHERE id = :id"), {"id": lost})
    facts = after_restore.make_safe(owner, None, moment=now() - timedelta(hours=1))
    assert {post_id: state for post_id, (state, _) in states(app, workspace).items()} == {lost: "unknown", later: "on_hold"}
    assert facts.safety_taken_at is None
