"""Videos as their pages say them; viewers see all of it and change nothing."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from backend import jobs, videos
from backend.db.transactions import Database
from tests.factories.account import Tenant
from tests.factories.studio_rows import Rows, fill_workspace, make_clip
from tests.pages.conftest import Open, words


@pytest.fixture
def rows(db: Database, workspace: Tenant) -> Rows:
    return fill_workspace(db, workspace)


@pytest.fixture
def clip_id(db: Database, workspace: Tenant, rows: Rows) -> str:
    with db.transaction(workspace.caller, needs="editor") as tx:
        return make_clip(tx, rows.picture_ids[0], rating=3)


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def test_without_videos_the_page_says_where_they_come_from(open_page: Open, rows: Rows, workspace: Tenant) -> None:
    at = open_page("library/videos")
    assert "Create a video" in words(at)
    assert "Create a video" not in words(open_page("library/videos", person=workspace.viewer))


def test_a_picture_is_animated_and_the_form_stays(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    at = press(open_page("library/gallery", id=rows.picture_ids[0]), "Animate")
    assert not at.exception
    assert "Make the video" in words(at)
    at = open_page("create/videos", pictures=rows.picture_ids[0])
    movement = next(slider for slider in at.slider if slider.label == "Movement")
    movement.set_value(0.9).run()

    at = open_page("create/videos")
    assert next(slider for slider in at.slider if slider.label == "Movement").value == 0.9
    page_text = words(at)
    assert "720 × 720 px · 5 s at 30 frames a second · about" in page_text
    assert "upscale first" in page_text
    assert not press(at, "Make the video").exception
    with db.transaction(workspace.caller) as tx:
        [job] = jobs.page(tx, kinds=("video-generation",)).cards
        video = videos.get_by_job(tx, job.id)
    assert video
    assert (job.state, video.picture_id, video.recipe.model, video.asset_id) == (
        "pending",
        rows.picture_ids[0],
        "push-in",
        None,
    )


def test_pictures_just_drawn_are_animated_together(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    at = press(open_page("create/pictures", id=rows.generation_id), "Animate them")
    assert "Make 8 videos" in words(at)
    press(open_page("create/videos", pictures=",".join(rows.picture_ids)), "Make 8 videos")
    with db.transaction(workspace.caller) as tx:
        assert jobs.page(tx, kinds=("video-generation",)).total == 8


def test_a_video_is_judged_deleted_and_brought_back(open_page: Open, db: Database, workspace: Tenant, clip_id: str) -> None:
    at = open_page("library/videos", id=clip_id)
    assert "720 × 1280 px" in words(at)
    press(at, "Make it a favourite")
    at = open_page("library/videos", id=clip_id)
    press(at, "Delete")
    with db.transaction(workspace.caller) as tx:
        card = videos.get(tx, clip_id)
    assert card.favourite
    assert card.deleted_at
    at = open_page("library/videos", id=clip_id)
    assert "This video was deleted." in words(at)
    press(at, "Restore")
    with db.transaction(workspace.caller) as tx:
        assert videos.page(tx).total == 1


def test_a_viewer_watches_and_changes_nothing(open_page: Open, workspace: Tenant, rows: Rows, clip_id: str) -> None:
    at = open_page("library/videos", person=workspace.viewer, id=clip_id)
    assert not at.exception
    labels = {button.label for button in at.button if not button.disabled}
    assert "Open the picture" in labels
    assert not labels & {"Delete", "Use same settings", "Make it a favourite"}
    picture = open_page("library/gallery", person=workspace.viewer, id=rows.picture_ids[0])
    assert "Animate" not in {button.label for button in picture.button}
