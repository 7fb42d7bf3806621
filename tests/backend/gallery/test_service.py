"""Pages of whole pictures, ratings, covers, deleting and its undo, against real Postgres."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from backend import assets, gallery, generation, influencers
from backend.app import App
from backend.db.tables import Asset
from backend.db.transactions import Database
from backend.errors import Invalid, NotFound
from backend.gallery import GalleryFilters
from backend.kit.clock import now
from tests.factories.account import Tenant
from tests.factories.making import make_influencer, make_lora, make_pictures


def test_pages_are_one_statement_each(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        ids = make_pictures(tx, 7, lora_id=make_lora(tx).id, influencer_id=make_influencer(tx).id)
    with db.transaction(workspace.caller) as tx:
        statements: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        first = gallery.page(tx, take=5)
        assert len(statements) == 2
        second = gallery.page(tx, take=5, cursor=first.next_cursor)
    assert [card.id for page in (first, second) for card in page.pictures] == ids[::-1]
    assert (first.total, second.next_cursor, first.pictures[0].influencer_name) == (7, None, "Bella")


def test_filters(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        lora, influencer = make_lora(tx), make_influencer(tx)
        a = make_pictures(tx, 1, lora_id=lora.id, prompt="Bella at the Beach, 100% real")[0]
        b = make_pictures(tx, 1, influencer_id=influencer.id, rating=4)[0]
        c = make_pictures(tx, 1, prompt="a_forest", created_at=now() - timedelta(days=3))[0]

        def found(**filters: object) -> set[str]:
            return {card.id for card in gallery.page(tx, filters=GalleryFilters(**filters)).pictures}

        today = now().date()
        assert found() == {a, b, c}
        assert found(lora_id=lora.id) == {a}
        assert found(influencer_id=influencer.id) == found(min_rating=4) == {b}
        assert found(min_rating=5) == set()
        assert found(text="beach bella") == {a, b}
        assert found(text="100%") == {a}
        assert found(text="a_f") == {c}
        assert found(text="_%_") == set()
        assert found(date_to=today - timedelta(days=2)) == {c}
        assert found(date_from=today, date_to=today) == {a, b}


def test_rating(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        ids = make_pictures(tx, 2)
        gallery.rate(tx, ids, 5)
        assert {generation.picture(tx, each).rating for each in ids} == {5}
        with pytest.raises(Invalid, match="1 to 5 stars"):
            gallery.rate(tx, ids, 6)
        with pytest.raises(NotFound):
            gallery.rate(tx, [ids[0], "pic_nothere"], 1)


def test_delete_and_undelete(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        ids = make_pictures(tx, 3)
        gallery.delete(tx, ids[:2])
        assert [card.id for card in gallery.page(tx).pictures] == [ids[2]]
        assert generation.picture(tx, ids[0]).deleted_at
        gallery.undelete(tx, ids[:1])
        assert {card.id for card in gallery.page(tx).pictures} == {ids[0], ids[2]}


def test_an_old_picture_comes_back_until_it_is_erased(app: App, workspace: Tenant) -> None:
    def open_tx() -> AbstractContextManager[Session]:
        return app.db.transaction(workspace.caller, needs="editor")

    def sweep() -> assets.SweepResult:
        return assets.sweep(open_tx, app.storage, settings=app.settings)

    with open_tx() as tx:
        ids = make_pictures(tx, 1)
        tx.execute(update(Asset).values(created_at=now() - timedelta(days=400)))
        gallery.delete(tx, ids)
    assert sweep() == assets.SweepResult(0, 0, 0)
    with open_tx() as tx:
        gallery.undelete(tx, ids)
        asset = assets.get(tx, generation.picture(tx, ids[0]).asset_id)
        assert (asset.state, assets.uses(tx, asset.id)) == ("stored", [assets.Use("picture", ids[0])])
        gallery.delete(tx, ids)
        assert gallery.erase(tx, ids) == 1
    assert sweep().purged == 1
    with pytest.raises(NotFound, match="for good"), open_tx() as tx:
        gallery.undelete(tx, ids)


def test_cover(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        influencer = make_influencer(tx)
        with_who, without = make_pictures(tx, 1, influencer_id=influencer.id)[0], make_pictures(tx, 1)[0]
        gallery.make_cover(tx, with_who)
        assert influencers.get(tx, influencer.id).cover_asset_id == generation.picture(tx, with_who).asset_id
        with pytest.raises(Invalid, match="belongs to no influencer"):
            gallery.make_cover(tx, without)
