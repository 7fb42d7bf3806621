"""The trash: everything that was deleted in one list, brought back whole, or gone for good with its file."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend import assets, content_plans, datasets, gallery, generation, loras, music, reels, trash, videos, writing
from backend.content_plans import PostState
from backend.db.tables import Asset, Board, Clip, ContentPlan, Dataset, Lora, Picture, Reel, TextDraft, Track
from backend.db.transactions import Database
from backend.errors import NotFound
from backend.gallery import BoardDraft, BulkActionDraft
from backend.kit.clock import now
from backend.reels import ReelDraft
from backend.trash import TrashItem, TrashKind
from backend.writing import TextParts, WriteOrder
from tests.factories.account import Tenant
from tests.factories.making import make_dataset, make_lora, make_pictures
from tests.factories.posts import Planner, local_time_ahead, make_planner
from tests.factories.studio_rows import make_clip, make_track


def delete_one_of_each(tx: Session, bella: Planner) -> dict[TrashKind, str]:
    """A picture, its video, a text, a scheduled post, music, a board, a reel, a LoRA and a dataset, deleted in this order.
    Returns their ids."""
    [picture_id] = make_pictures(tx, 1, influencer_id=bella.influencer.id, prompt="bella in a tram")
    clip_id = make_clip(tx, picture_id)
    order = WriteOrder(influencer_id=bella.influencer.id, topic="trams")
    text = writing.create(tx, order, TextParts(caption="The tram was empty."))
    plan = bella.plan(tx, wall=local_time_ahead())
    content_plans.approve(tx, [plan.id])
    gallery.delete(tx, [picture_id])
    videos.delete(tx, [clip_id])
    writing.set_state(tx, text.id, "discarded")
    content_plans.delete(tx, plan.id)
    track_id = make_track(tx)
    music.delete(tx, track_id)
    board_id = gallery.create_board(tx, draft=BoardDraft(name="Trams at night")).id
    gallery.delete_board(tx, board_id, request_key="delete-board")
    reel_id = reels.create(tx, ReelDraft(script="The first tram.", title="First tram", influencer_id=bella.influencer.id)).id
    reels.delete(tx, reel_id)
    made_of = {"picture": picture_id, "video": clip_id, "text": text.id, "post": plan.id}
    lora_id = make_lora(tx, influencer_id=bella.influencer.id).id
    loras.delete(tx, lora_id)
    dataset_id = make_dataset(tx, images=2)
    datasets.delete(tx, dataset_id)
    return {**made_of, "track": track_id, "board": board_id, "reel": reel_id, "lora": lora_id, "dataset": dataset_id}


def items(ids: dict[TrashKind, str]) -> list[TrashItem]:
    return [TrashItem(kind=kind, id=item_id) for kind, item_id in ids.items()]


def test_what_was_deleted_is_in_one_list_and_comes_back_whole(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        bella = make_planner(tx)
        ids = delete_one_of_each(tx, bella)
        first = trash.page(tx, take=5)
        rest = trash.page(tx, take=5, cursor=first.next_cursor)
        cards = [*first.cards, *rest.cards]
        assert [(card.kind, card.id) for card in cards] == list(ids.items())[::-1]
        titles = [
            "Bella set",
            "bella-v1",
            "First tram",
            "Trams at night",
            "Sunrise",
            "Trams",
            "The tram was empty.",
            "Push in",
            "bella in a tram",
        ]
        assert [card.title for card in cards] == titles
        assert [card.influencer_name for card in cards] == ["", "Bella", "Bella", "", "", *["Bella"] * 4]
        assert cards[5].asset_id == bella.asset_id
        assert cards[8].asset_id == generation.picture(tx, ids["picture"]).asset_id
        assert rest.next_cursor is None
        assert trash.count(tx) == dict.fromkeys(trash.KINDS, 1)
        assert trash.count(tx, "inf_other") == dict.fromkeys(trash.KINDS, 0)
        assert [card.kind for card in trash.page(tx, kinds=("video",)).cards] == ["video"]

        assert trash.restore(tx, items(ids)) == 9
        assert trash.page(tx).cards == []
        assert content_plans.get(tx, ids["post"]).state == PostState.SCHEDULED
        assert writing.get(tx, ids["text"]).state == "draft"
        assert gallery.list_boards(tx)[0].id == ids["board"]
        assert not reels.get(tx, ids["reel"]).deleted_at
        assert [use.noun for use in assets.uses(tx, generation.picture(tx, ids["picture"]).asset_id)] == ["clip", "picture"]
        with pytest.raises(NotFound, match="not in the trash"):
            trash.restore(tx, items(ids))


def test_what_was_erased_is_gone_with_its_file_but_not_with_what_others_use(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        bella = make_planner(tx)
        ids = delete_one_of_each(tx, bella)
        [posted_id] = make_pictures(tx, 1)
        posted = generation.picture(tx, posted_id).asset_id
        bella.plan(tx, variants=(bella.variant(media=(posted,)),))
        board = gallery.create_board(tx, draft=BoardDraft(name="Trams"))
        for kind in ("board-add", "delete"):
            draft = BulkActionDraft(kind=kind, picture_ids=(posted_id,), board_id=board.id)
            undo_entry = gallery.act(tx, draft=draft, request_key=kind)
        with pytest.raises(NotFound, match="not in the trash"):
            trash.erase(tx, [*items(ids), TrashItem(kind="picture", id=make_pictures(tx, 1)[0])])
        files = [generation.picture(tx, ids["picture"]).asset_id, str(videos.get(tx, ids["video"]).asset_id)]
        board_entry_id = gallery.delete_board(tx, ids["board"], request_key="delete-board").id  # as it was deleted
        assert trash.empty(tx) == 10
        assert trash.count(tx) == dict.fromkeys(trash.KINDS, 0)
        assert {tx.get_one(Asset, asset_id, populate_existing=True).state for asset_id in files} == {"deleted"}
        assert assets.get(tx, posted).state == "stored"
        assert gallery.boards_of_picture(tx, posted_id) == []
        for read in (
            lambda: content_plans.get(tx, ids["post"]),
            lambda: writing.get(tx, ids["text"]),
            lambda: reels.get(tx, ids["reel"]),
        ):
            with pytest.raises(NotFound):
                read()
        with pytest.raises(NotFound, match="for good"):
            gallery.undo(tx, undo_entry.id)
        with pytest.raises(NotFound, match="for good"):
            gallery.undo(tx, board_entry_id)
        with pytest.raises(NotFound, match="for good"):
            videos.undelete(tx, [ids["video"]])


TIMES = {
    "picture": Picture.deleted_at,
    "video": Clip.deleted_at,
    "text": TextDraft.updated_at,
    "post": ContentPlan.deleted_at,
    "track": Track.deleted_at,
    "board": Board.deleted_at,
    "reel": Reel.deleted_at,
    "lora": Lora.deleted_at,
    "dataset": Dataset.deleted_at,
}


def test_after_thirty_days_it_is_gone(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        delete_one_of_each(tx, make_planner(tx))
        assert trash.purge_old(tx, days=30) == 0
        for n, column in enumerate(TIMES.values()):
            tx.execute(update(column.class_).values({column.key: now() - timedelta(days=31)}))
            assert trash.purge_old(tx, days=30) == 1
            assert {card.kind for card in trash.page(tx).cards} == set(list(TIMES)[n + 1 :])
