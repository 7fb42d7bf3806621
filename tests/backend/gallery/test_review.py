"""The queue of held pictures: shown or rejected by a person, taken back, and closed to other workspaces and viewers."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from backend import gallery, identity
from backend.db.tables import Picture
from backend.db.transactions import Database, SystemCaller
from backend.errors import NotFound, NotPermitted
from backend.gallery import GalleryFilters
from tests.factories.account import Tenant
from tests.factories.making import make_pictures


def held(db: Database, tenant: Tenant, count: int = 3) -> list[str]:
    with db.transaction(SystemCaller(tenant.id, tenant.user_id)) as tx:
        picture_ids = make_pictures(tx, count)
        tx.execute(update(Picture).where(Picture.id.in_(picture_ids[:2])).values(gate="held"))
    return picture_ids


def test_a_decision_moves_a_picture_and_is_taken_back(db: Database, workspace: Tenant) -> None:
    first, second, third = held(db, workspace)
    with db.transaction(workspace.editor.caller, needs="editor") as tx:
        assert gallery.held_counts(tx) == {"held": 2, "rejected": 0}
        shown = gallery.decide(tx, [first], "approved")
        before = gallery.decide(tx, [second, third], "rejected")
        assert (shown, before) == ({first: "held"}, {second: "held", third: "open"})
        assert gallery.held_counts(tx) == {"held": 0, "rejected": 2}
        assert [tile.id for tile in gallery.tiles(tx, filters=GalleryFilters()).tiles] == [first]
        check = identity.provenance(tx, first)
        assert (check.decision, check.decided_by) == ("approved", workspace.editor.id)
        gallery.undo_decision(tx, before)
        assert gallery.held_counts(tx) == {"held": 1, "rejected": 0}
        assert identity.provenance(tx, second).decision == ""
        assert {tile.id for tile in gallery.tiles(tx, filters=GalleryFilters(gate="any")).tiles} == {first, second, third}


def test_only_editors_of_the_workspace_decide(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    picture_ids = held(db, workspace)
    with pytest.raises(NotPermitted), db.transaction(workspace.viewer.caller, needs="editor"):
        pass
    with pytest.raises(NotFound), db.transaction(other_workspace.caller, needs="editor") as tx:
        gallery.decide(tx, picture_ids[:1], "approved")
    with db.transaction(workspace.caller) as tx:
        assert gallery.held_counts(tx)["held"] == 2
