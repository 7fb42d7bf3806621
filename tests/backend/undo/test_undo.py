"""Whatever can be undone: undoing brings back what was read before, once, and never over what somebody else changed since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend import content_plans, history, loras, undo
from backend.app import App
from backend.content_plans import PostState
from backend.db.tables import UndoRow
from backend.db.transactions import Database
from backend.errors import Conflict, NotFound, NotPermitted
from backend.kit.clock import now
from tests.backend.undo.changes import MAKERS, Studio
from tests.factories.account import Tenant
from tests.factories.making import make_lora
from tests.factories.posts import local_time_ahead, make_planner


@contextmanager
def rolled_back(db: Database, workspace: Tenant) -> Iterator[Session]:
    """A transaction of the owner, whose rows are gone afterwards."""
    with suppress(_Enough), db.transaction(workspace.caller, needs="owner") as tx:
        yield tx
        raise _Enough


class _Enough(Exception):
    pass


def test_every_part_that_can_be_undone_is_tried_here() -> None:
    assert set(undo.registered()) == set(MAKERS)


@pytest.mark.parametrize("verb", MAKERS)
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=st.lists(st.integers(0, 3), min_size=1, max_size=3), other=st.integers(1, 3))
def test_undo_brings_back_what_was_there_unless_somebody_changed_it_since(
    app: App, workspace: Tenant, verb: str, states: list[int], other: int
) -> None:
    with rolled_back(app.db, workspace) as tx:
        noun_id, change = MAKERS[verb](Studio(tx, app.settings, workspace))
        read = undo.registered()[verb].read
        for state in states:
            before = read(tx, noun_id)
            entry_id = changed(tx, change, state)
            if read(tx, noun_id) == before:
                assert entry_id == ""
                continue
            undo.undo(tx, entry_id)
            assert read(tx, noun_id) == before
            undo.undo(tx, entry_id)
            assert read(tx, noun_id) == before

            entry_id = changed(tx, change, state)
            after = read(tx, noun_id)
            tx.info["user_id"] = workspace.editor.id
            change((state + other) % 4)
            tx.info["user_id"] = workspace.owner.id
            if (since := read(tx, noun_id)) != after:
                with pytest.raises(Conflict, match="changed again since"):
                    undo.undo(tx, entry_id)
                assert read(tx, noun_id) == since


def changed(tx: Session, change: Callable[[int], object], state: int) -> str:
    """Id of the undo entry of a change, which has a sentence for its toast; "" without one."""
    tx.info.pop("undo_offer", None)
    change(state)
    offer = undo.offered(tx)
    assert offer is None or history.sentence_of(tx, offer)
    return offer.id if offer else ""


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(verb=st.sampled_from(["submit_for_review", "reject", "hold", "unschedule"]), approved=st.booleans())
def test_posts_go_back_to_the_states_they_had(db: Database, workspace: Tenant, verb: str, approved: bool) -> None:
    with rolled_back(db, workspace) as tx:
        bella = make_planner(tx, policy="all")
        plan_ids = [bella.plan(tx, wall=local_time_ahead(days=day)).id for day in (1, 2)]
        if approved or verb == "unschedule":
            content_plans.approve(tx, plan_ids)
        elif verb == "reject":
            content_plans.submit_for_review(tx, plan_ids)
        before = states_of(tx, plan_ids)
        more = {"note": "Please change the picture."} if verb == "reject" else {}
        outcome = getattr(content_plans, verb)(tx, plan_ids, **more)
        if not (outcome.done or outcome.review or outcome.held):
            assert outcome.undo_entries == []
            return
        [entry] = outcome.undo_entries
        assert states_of(tx, plan_ids) != before
        undo.undo(tx, entry.id)
        assert states_of(tx, plan_ids) == before
        undo.undo(tx, entry.id)
        assert states_of(tx, plan_ids) == before


def states_of(tx: Session, plan_ids: list[str]) -> list[tuple[PostState, bool, str]]:
    posts = [post for plan_id in plan_ids for post in content_plans.get(tx, plan_id).posts]
    return [(post.state, post.approved_at is not None, post.note) for post in posts]


def test_a_post_that_was_moved_on_since_stays(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        plan = make_planner(tx).plan(tx, wall=local_time_ahead())
        content_plans.approve(tx, [plan.id])
        [entry] = content_plans.hold(tx, [plan.id]).undo_entries
        content_plans.release(tx, [plan.id])
        with pytest.raises(Conflict):
            undo.undo(tx, entry.id)
        assert content_plans.get(tx, plan.id).posts[0].state == PostState.SCHEDULED


def test_only_the_person_who_did_it_undoes_it_with_the_role_it_takes(
    app: App, workspace: Tenant, other_workspace: Tenant
) -> None:
    db = app.db
    with db.transaction(workspace.editor.caller, needs="editor") as tx:
        lora_id = make_lora(tx).id
        loras.rename(tx, lora_id, "bella-9")
        offer = undo.offered(tx)
    assert offer is not None
    for caller in (workspace.owner.caller, workspace.viewer.caller, other_workspace.caller):
        with pytest.raises(NotFound), db.transaction(caller) as tx:
            undo.undo(tx, offer.id)
    with db.transaction(workspace.editor.caller) as tx:
        assert undo.needed_role(tx, offer.id) == "editor"
        tx.info["role"] = "viewer"
        with pytest.raises(NotPermitted):
            undo.undo(tx, offer.id)
    with db.transaction(workspace.editor.caller, needs="editor") as tx:
        undo.undo(tx, offer.id)
        assert loras.get(tx, lora_id).name == "bella-v1"


def test_what_was_done_long_ago_is_forgotten(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        loras.rename(tx, make_lora(tx).id, "bella-9")
        offer = undo.offered(tx)
        assert offer is not None
        tx.execute(update(UndoRow).values(created_at=now() - timedelta(days=31)))
        undo.purge(tx, days=30)
        tx.expunge_all()
        with pytest.raises(NotFound, match="too old"):
            undo.undo(tx, offer.id)
