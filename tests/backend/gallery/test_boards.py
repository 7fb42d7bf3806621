"""Boards hold pictures in an order people choose; every act on many pictures has its way back."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest
from sqlalchemy.orm import Session

from backend import gallery, generation, undo
from backend.db.transactions import Database
from backend.errors import Conflict, Invalid, NotFound, NotPermitted
from backend.gallery import BoardDraft, BulkActionDraft, GalleryFilters
from backend.kit.ids import new_id
from tests.factories.account import Tenant
from tests.factories.making import make_pictures


class Desk:
    """An editor at work: every call is a transaction of its own."""

    def __init__(self, db: Database, workspace: Tenant) -> None:
        self.db, self.workspace, self.caller = db, workspace, workspace.editor.caller
        with self.tx() as tx:
            self.ids = make_pictures(tx, 6, prompt="bella at the beach")

    def tx(self) -> AbstractContextManager[Session]:
        return self.db.transaction(self.caller, needs="editor")

    def act(self, kind: str, ids: list[str], *, key: str = "", **values: object) -> gallery.UndoEntry:
        draft = BulkActionDraft(kind=kind, picture_ids=tuple(ids), **values)
        with self.tx() as tx:
            return gallery.act(tx, draft=draft, request_key=key or new_id("key"))

    def undo(self, act: gallery.UndoEntry) -> None:
        with self.tx() as tx:
            gallery.undo(tx, act.id)

    def board(self, name: str = "Summer") -> str:
        with self.tx() as tx:
            return gallery.create_board(tx, draft=BoardDraft(name=name)).id

    def on(self, board_id: str) -> list[str]:
        with self.tx() as tx:
            return gallery.matching_ids(tx, filters=GalleryFilters(board_id=board_id, order="board"), most=100)

    def ratings(self) -> list[int]:
        with self.tx() as tx:
            return [generation.picture(tx, one).rating for one in self.ids]


@pytest.fixture
def desk(db: Database, workspace: Tenant) -> Desk:
    return Desk(db, workspace)


def test_rating_many_comes_back_where_nobody_rated_since(desk: Desk) -> None:
    a, b, c, *_ = desk.ids
    desk.act("rate", [a], rating=2)
    all_five = desk.act("rate", [a, b, c], rating=5)
    assert all_five.said == "3 pictures rated ★★★★★."
    desk.act("rate", [c], rating=1)
    desk.undo(all_five)
    assert desk.ratings()[:3] == [2, 0, 1]
    with pytest.raises(Conflict, match="undone already"):
        desk.undo(all_five)


def test_a_double_click_acts_once(desk: Desk) -> None:
    first, second = (desk.act("favourite", desk.ids[:2], key="click") for _ in range(2))
    assert first == second
    with desk.tx() as tx:
        assert gallery.matching_ids(tx, filters=GalleryFilters(text="is:favourite"), most=9) == desk.ids[1::-1]
        assert [one.id for one in gallery.recent_actions(tx)] == [first.id]
    desk.undo(first)
    with desk.tx() as tx:
        assert gallery.matching_ids(tx, filters=GalleryFilters(favourite=True), most=9) == []


def test_deleted_pictures_keep_their_place_on_a_board(desk: Desk) -> None:
    board_id = desk.board()
    desk.act("board-add", desk.ids[:3], board_id=board_id)
    gone = desk.act("delete", desk.ids[1:2])
    assert desk.on(board_id) == [desk.ids[0], desk.ids[2]]
    with desk.tx() as tx:
        assert gallery.get_board(tx, board_id).count == 2
    desk.undo(gone)
    assert desk.on(board_id) == desk.ids[:3]


def test_move_between_boards_and_back(desk: Desk) -> None:
    summer, winter = desk.board(), desk.board("Winter")
    desk.act("board-add", desk.ids[:4], board_id=summer)
    again = desk.act("board-add", desk.ids[3:5], board_id=summer)
    assert again.said == "1 picture put on “Summer”. 1 picture was there already."
    moved = desk.act("board-move", desk.ids[1:3], board_id=winter, from_board_id=summer)
    assert (desk.on(summer), desk.on(winter)) == ([desk.ids[0], *desk.ids[3:5]], desk.ids[1:3])
    desk.undo(moved)
    assert (desk.on(summer), desk.on(winter)) == (desk.ids[:5], [])
    off = desk.act("board-remove", desk.ids[:2], board_id=summer)
    desk.undo(off)
    assert desk.on(summer) == desk.ids[:5]


def test_the_order_is_the_peoples_and_survives_many_moves_to_one_spot(desk: Desk) -> None:
    board_id = desk.board()
    desk.act("board-add", desk.ids, board_id=board_id)
    want = list(desk.ids)
    for n in range(50):  # more than the gap between two neighbours can take
        one = want[2 + n % 4]
        with desk.tx() as tx:
            act = gallery.arrange_board(tx, board_id, picture_ids=[one], before=want[1], request_key=new_id("key"))
        want.remove(one)
        want.insert(1, one)
        assert desk.on(board_id) == want
    desk.undo(act)
    with desk.tx() as tx:
        gallery.arrange_board(tx, board_id, picture_ids=[want[0]], before=None, request_key=new_id("key"))
        with pytest.raises(NotFound, match="not on the board"):
            gallery.arrange_board(tx, board_id, picture_ids=["pic_other"], before=want[2], request_key=new_id("key"))
    assert desk.on(board_id)[-1] == want[0]


def test_paging_and_neighbours_follow_the_board(desk: Desk) -> None:
    board_id = desk.board()
    desk.act("board-add", desk.ids[::-1], board_id=board_id)
    filters = GalleryFilters(board_id=board_id, order="board")
    with desk.tx() as tx:
        first = gallery.tiles(tx, filters=filters, take=4)
        rest = gallery.tiles(tx, filters=filters, take=4, cursor=first.next_cursor)
        before, after = gallery.neighbours(tx, desk.ids[3], filters=filters)
    assert [one.id for one in (*first.tiles, *rest.tiles)] == desk.ids[::-1]
    assert rest.next_cursor is None
    assert before
    assert after
    assert (before.id, after.id) == (desk.ids[4], desk.ids[2])


def test_boards_are_named_covered_archived_deleted_and_brought_back(desk: Desk) -> None:
    board_id = desk.board()
    desk.act("board-add", desk.ids[:5], board_id=board_id)
    with desk.tx() as tx:
        with pytest.raises(Conflict, match="already"):
            gallery.create_board(tx, draft=BoardDraft(name="Summer"))
        for picture_id in (desk.ids[5], ""):
            with pytest.raises(Invalid, match="cover is a picture of the board"):
                gallery.set_board_cover(tx, board_id, picture_id)
        gallery.set_board_cover(tx, board_id, desk.ids[3])
        card = gallery.edit_board(tx, board_id, draft=BoardDraft(name="Beach", notes="for July"))
        covers = [generation.picture(tx, desk.ids[n]).asset_id for n in (3, 0, 1, 2)]
        assert (card.name, card.notes, card.count, list(card.covers)) == ("Beach", "for July", 5, covers)
        away = gallery.archive_board(tx, board_id, request_key=new_id("key"))
        assert (gallery.list_boards(tx), [one.id for one in gallery.list_boards(tx, archived=True)]) == ([], [board_id])
        gallery.undo(tx, away.id)
        gone = gallery.delete_board(tx, board_id, request_key=new_id("key"))
        assert gallery.list_boards(tx) == gallery.boards_of_picture(tx, desk.ids[0]) == []
        assert gallery.undo(tx, gone.id).undone_at
        assert gallery.boards_of_picture(tx, desk.ids[0]) == [(board_id, "Beach")]


def test_all_of_a_filter_and_its_bound(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.gallery.bulk_actions.MAX_PICTURES", 4)
    with desk.tx() as tx:
        done = gallery.act(
            tx, draft=BulkActionDraft(kind="rate", rating=3), filters=GalleryFilters(text="beach"), request_key="all"
        )
    assert (done.count, desk.ratings()) == (4, [0, 0, 3, 3, 3, 3])


def test_what_is_not_there_or_not_yours_is_refused(desk: Desk, other_workspace: Tenant) -> None:
    with pytest.raises(NotFound, match="does not exist here"):
        desk.act("rate", [desk.ids[0], "pic_nowhere"], rating=1)
    with pytest.raises(Invalid, match="at least one"):
        desk.act("delete", [])
    with pytest.raises(NotFound, match="board"):
        desk.act("board-add", desk.ids[:1], board_id="brd_nowhere")
    done = desk.act("rate", desk.ids[:1], rating=1)
    with pytest.raises(NotPermitted), desk.db.transaction(desk.workspace.viewer.caller, needs="editor") as tx:
        gallery.undo(tx, done.id)
    with pytest.raises(NotFound), desk.db.transaction(other_workspace.caller) as tx:
        gallery.undo(tx, done.id)
    with desk.db.transaction(desk.workspace.caller, needs="owner") as tx:
        assert gallery.undo(tx, done.id).id == done.id
        assert undo.purge(tx, days=0) == 1
