"""One picture, boards, lineage and pictures brought in, as their pages say them; viewers see all of it and change nothing."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from backend import gallery, generation, jobs
from backend.app import App
from backend.assets import uploads
from backend.db.transactions import Database
from backend.gallery import BoardDraft, BulkActionDraft, GalleryFilters
from tests.factories.account import Tenant
from tests.factories.studio_rows import Rows, fill_workspace
from tests.pages.conftest import Open, words


@pytest.fixture
def rows(db: Database, workspace: Tenant) -> Rows:
    return fill_workspace(db, workspace)


@pytest.fixture
def board_id(db: Database, workspace: Tenant, rows: Rows) -> str:
    with db.transaction(workspace.caller, needs="editor") as tx:
        board = gallery.create_board(tx, draft=BoardDraft(name="Summer", notes="for *July*")).id
        draft = BulkActionDraft(kind="board-add", picture_ids=tuple(rows.picture_ids[:3]), board_id=board)
        gallery.act(tx, draft=draft, request_key="x")
    return board


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def test_a_picture_is_favoured_gathered_and_deleted_with_a_way_back(
    open_page: Open, db: Database, workspace: Tenant, rows: Rows, board_id: str
) -> None:
    at = open_page("library/gallery", id=rows.picture_ids[5])
    press(at, "Add to favourites")
    press(at, "Add to board")
    with db.transaction(workspace.caller) as tx:
        assert generation.picture(tx, rows.picture_ids[5]).favourite
        assert gallery.get_board(tx, board_id).count == 4
    press(at, "Delete")
    assert not at.exception
    with db.transaction(workspace.caller, needs="editor") as tx:
        [done, *_] = gallery.recent_actions(tx)
        assert (done.kind, gallery.count(tx, filters=GalleryFilters()).n) == ("delete", 7)
        gallery.undo(tx, done.id)
        assert gallery.count(tx, filters=GalleryFilters()).n == 8


def test_a_board_is_named_packed_archived_deleted_and_brought_back(
    open_page: Open, db: Database, workspace: Tenant, board_id: str
) -> None:
    at = open_page("library/boards", id=board_id)
    next(element for element in at.text_input if element.label == "Name").input("Beach")
    press(at, "Save")
    assert "## Beach" in words(at)
    press(at, "Create ZIP")
    with db.transaction(workspace.caller) as tx:
        assert jobs.latest(tx, ("board", board_id), "picture-archive")
    press(at, "Delete board")
    assert "Board “Beach” deleted" in words(at)
    press(at, "Undo")
    with db.transaction(workspace.caller) as tx:
        assert [board.name for board in gallery.list_boards(tx)] == ["Beach"]


def test_pictures_of_other_programs_are_asked_for_once(open_page: Open, app: App, workspace: Tenant, rows: Rows) -> None:
    with app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        values = {"noun": gallery.NOUN, "noun_id": gallery.INBOX, "filename": "a.png", "client_key": "a", "size": 3}
        upload = uploads.announce(tx, settings=app.settings, **values)
    uploads.receive(
        lambda: app.db.transaction(workspace.editor.caller, needs="editor"),
        app.storage,
        settings=app.settings,
        upload_id=upload.id,
        chunks=[b"abc"],
    )
    at = open_page("library/gallery", bring="1")
    assert "keep their prompt" in words(at)
    at.session_state["import"] = {"done": {"stored": 1, "skipped": 0, "failed": 0, "ids": [upload.id]}}
    assert not at.run().exception


@pytest.mark.parametrize(("noun", "which"), [("dataset", "dataset_id"), ("run", "run_id"), ("lora", "lora_id")])
def test_lineage_begins_anywhere(open_page: Open, rows: Rows, noun: str, which: str) -> None:
    at = open_page("library/lineage", noun=noun, id=getattr(rows, which))
    assert not at.exception
    assert not at.error
    assert "bella" in words(at).lower()


@pytest.mark.parametrize(
    ("file", "says"), [("library/boards", "does not exist here"), ("library/lineage", "does not exist here")]
)
def test_an_id_of_nothing_gets_a_sentence(open_page: Open, rows: Rows, file: str, says: str) -> None:
    at = open_page(file, id="x_00000000000000000000000000")
    assert not at.exception
    assert says in at.error[0].value


def test_viewers_see_boards_and_pictures_and_change_nothing(
    open_page: Open, workspace: Tenant, rows: Rows, board_id: str
) -> None:
    for file, query in (
        ("library/boards", {"id": board_id}),
        ("library/boards", {}),
        ("library/gallery", {"id": rows.picture_ids[0]}),
        ("library/gallery", {"bring": "1"}),
    ):
        at = open_page(file, person=workspace.viewer, **query)
        assert not at.exception
        offered = {button.label for button in at.button if not button.disabled}
        assert not offered & {"Delete", "Delete board", "Create ZIP", "Save", "Add to board", "Add to favourites", "Archive"}
