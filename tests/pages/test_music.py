"""Music as its page shows it: what allows its use can be changed, and what was deleted comes back."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from backend import music, reels
from backend.db.transactions import Database
from backend.reels import ReelDraft
from tests.factories.account import Tenant
from tests.factories.making import make_pictures
from tests.factories.studio_rows import make_clip, make_track
from tests.pages.conftest import Open, words


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def test_a_track_is_changed_deleted_and_brought_back(open_page: Open, db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        track_id = make_track(tx)
        reels.create(tx, ReelDraft(script="Hello.", title="My <b>morning</b>", music_track_id=track_id))
    viewer = words(open_page("library/music", person=workspace.viewer, id=track_id))
    assert "Licence: CC BY 4" in viewer
    assert "Save" not in viewer
    at = open_page("library/music", id=track_id)
    assert "/reels?id=" in words(at), "where it is heard is a link"
    fields = {field.label: field for field in at.text_input}
    assert fields["Credit"].value == "Sunrise by Ada"
    fields["Credit"].set_value("")
    assert "wants the author named" in words(press(at, "Save"))
    next(field for field in at.text_input if field.label == "Credit").set_value("Ada Rossi")
    assert not press(at, "Save").exception
    at = open_page("library/music", id=track_id)
    assert "The track was deleted" in words(press(at, "Delete"))
    with db.transaction(workspace.caller) as tx:
        assert music.get(tx, track_id).credit == "Ada Rossi"
        assert music.get(tx, track_id).deleted_at
    press(at, "Undo")
    with db.transaction(workspace.caller) as tx:
        assert track_id in music.choices(tx)


def test_a_track_of_ones_own_is_heard_where_a_video_is_finished(open_page: Open, db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        track_id = make_track(tx)
        clip_id = make_clip(tx, make_pictures(tx, 1)[0])
    at = open_page("library/finish", id=clip_id)
    for chosen in (track_id, "city-lights"):
        at.selectbox(key="finish:music").set_value(chosen).run()
        assert not at.exception
        assert "CC" in words(at)
        assert any("<audio" in str(part.body) for part in at.get("html"))
