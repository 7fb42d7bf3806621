"""A waiting job can be moved in its workspace's line, and what is claimed next follows."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from backend import jobs
from backend.db.tables import Job
from backend.db.transactions import Database
from backend.errors import Conflict, NotFound, NotPermitted
from tests.factories.account import Tenant


class Nothing(BaseModel):
    pass


def line(db: Database, who: Tenant) -> str:
    with db.transaction(who.caller) as tx:
        return " ".join(jobs.get(tx, status.id).title for status in jobs.queue_status(tx, "gpu"))


def move(db: Database, who: Tenant, ids: dict[str, str], name: str, where: str) -> str:
    with db.transaction(who.editor.caller, needs="editor") as tx:
        jobs.reorder(tx, ids[name], where)  # type: ignore[arg-type]
    return line(db, who)


def test_the_line_is_what_people_make_of_it(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        ids = {
            name: jobs.enqueue(
                tx, kind="image-generation", payload=Nothing(), title=name, request_key=name, priority=int(name in "de")
            ).id
            for name in "abcde"
        }
    assert line(db, workspace) == "a b c d e"
    assert move(db, workspace, ids, "c", "first") == "c a b d e"
    assert move(db, workspace, ids, "e", "earlier") == "c a b e d"
    assert move(db, workspace, ids, "e", "earlier") == "c a e b d"
    assert move(db, workspace, ids, "c", "later") == "a c e b d"
    assert move(db, workspace, ids, "a", "earlier") == "a c e b d"
    assert move(db, workspace, ids, "d", "later") == "a c e b d"
    for _ in range(4):
        move(db, workspace, ids, "a", "later")
    assert line(db, workspace) == "c e b d a"
    assert move(db, workspace, ids, "a", "first") == "a c e b d"
    with pytest.raises(NotPermitted), db.transaction(workspace.viewer.caller) as tx:
        jobs.reorder(tx, ids["a"], "first")
    with pytest.raises(NotFound), db.transaction(other_workspace.caller) as tx:
        jobs.reorder(tx, ids["a"], "first")
    with db.transaction(workspace.caller) as tx:
        tx.get_one(Job, ids["a"]).state = "completed"
    with pytest.raises(Conflict, match="does not wait any more"):
        move(db, workspace, ids, "a", "first")
