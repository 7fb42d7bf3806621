"""Fields that only some platforms have: folded away, as a platform offers them, and saved only where something was said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backend import channels, content_plans
from backend.app import App
from backend.content_plans import PlanCard, PostState
from backend.content_plans.checks import build_request
from backend.platforms.port import PlatformAccount
from tests.factories.account import Tenant
from tests.factories.making import make_asset
from tests.factories.posts import Planner, local_time_ahead, make_channel, make_planner
from tests.pages.conftest import Open, words
from tests.pages.test_plan_fixes import press, read

Make = Callable[..., PlanCard]


@pytest.fixture
def bella(app: App, workspace: Tenant) -> Planner:
    with app.db.transaction(workspace.caller) as tx:
        return make_planner(tx, policy="all")


@pytest.fixture
def make(app: App, workspace: Tenant, bella: Planner) -> Make:
    """`make("tiktok", film=True)`: a dated plan with one post there, of a film or of two pictures."""

    def make(platform: str, *, film: bool = True, **values: Any) -> PlanCard:
        with app.db.transaction(workspace.caller) as tx:
            channel = make_channel(tx, bella.influencer.id, platform, name=f"bella.{platform}")
            sides = {"width": 720, "height": 1280}
            meta = {"duration_s": 8.0, "fps": 30.0}
            media = (
                (make_asset(tx, kind="video", content_type="video/mp4", meta=meta, **sides),)
                if film
                else (make_asset(tx, **sides), make_asset(tx, **sides))
            )
            return bella.plan(
                tx, wall=local_time_ahead(), variants=(bella.variant(channel_id=channel.id, media=media, **values),)
            )

    return make


def widget(kind: Any, label: str) -> Any:
    return next(element for element in kind if element.label == label)


def test_tiktok_asks_the_account_and_has_no_default_audience(
    open_page: Open, app: App, workspace: Tenant, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = ("FOLLOWER_OF_CREATOR", "SELF_ONLY")
    account = PlatformAccount("1", "bella", "Bella", privacy=offered, max_video_s=60, duet_off=True)
    monkeypatch.setattr(channels, "check_account", lambda *_: account)
    plan = make("tiktok")
    at = open_page("calendar/calendar", id=plan.id)
    assert widget(at.selectbox, "Who can see it").value is None
    assert not any(widget(at.toggle, f"Allow {feature}").value for feature in ("comments", "duets", "stitches"))
    press(at, "Ask TikTok what the account may do")
    assert "Goes to Bella. Videos last at most 60 s." in words(at).replace("\\", "")
    assert widget(at.selectbox, "Who can see it").options == ["Followers", "Only me"]
    assert widget(at.toggle, "Allow duets").disabled
    widget(at.selectbox, "Who can see it").set_value("FOLLOWER_OF_CREATOR")
    widget(at.toggle, "Allow comments").set_value(True)
    widget(at.toggle, "It promotes something").set_value(True)
    at.run()
    assert "Say whose brand it is" in words(at)
    widget(at.checkbox, "Our own brand").set_value(True)
    widget(at.number_input, "Cover: the picture at second").set_value(2.5)
    press(at, "Save")
    [post] = read(app, workspace, plan.id).posts
    assert post.privacy == "FOLLOWER_OF_CREATOR"
    assert post.options == {"allow_comments": True, "own_brand": True, "cover_ms": 2500}


def test_youtube_takes_from_the_channel_what_the_post_does_not_say(
    open_page: Open, app: App, workspace: Tenant, make: Make
) -> None:
    plan = make("youtube", title="Trams")
    with app.db.transaction(workspace.caller) as tx:
        channels.save_settings(tx, plan.posts[0].channel_id, privacy="unlisted", made_for_kids=True)
        upload_request = build_request(tx, plan.posts[0])
        assert (upload_request.privacy, upload_request.options.made_for_kids) == ("unlisted", True)
    at = open_page("calendar/calendar", id=plan.id)
    assert widget(at.selectbox, "Who can see it").options[0] == "As the channel says (Unlisted)"
    widget(at.text_input, "Tags").set_value("trams,  night city ")
    widget(at.selectbox, "Category").set_value("19")
    widget(at.selectbox, "Made for kids").set_value("no")
    press(at, "Save")
    card = read(app, workspace, plan.id)
    assert card.posts[0].options == {"tags": ["trams", "night city"], "category": "19", "made_for_kids": False}
    with app.db.transaction(workspace.caller) as tx:
        assert build_request(tx, card.posts[0]).options.made_for_kids is False


def test_saving_what_nobody_touched_changes_nothing(open_page: Open, app: App, workspace: Tenant, make: Make) -> None:
    plan = make("instagram")
    with app.db.transaction(workspace.caller) as tx:
        content_plans.approve(tx, [plan.id])
    before = read(app, workspace, plan.id)
    assert before.state == PostState.SCHEDULED
    at = open_page("calendar/calendar", id=plan.id)
    assert widget(at.toggle, "Show the reel in the feed too").value is True
    press(at, "Save")
    after = read(app, workspace, plan.id)
    assert (after.state, after.posts[0].options) == (PostState.SCHEDULED, {})


def test_every_picture_gets_an_alt_text(open_page: Open, app: App, workspace: Tenant, make: Make) -> None:
    plan = make("instagram", film=False)
    at = open_page("calendar/calendar", id=plan.id)
    for n, alt_text in ((1, "A tram at night"), (2, "Bella waves")):
        widget(at.text_input, f"Picture {n}").set_value(alt_text)
    press(at, "Save")
    [post] = read(app, workspace, plan.id).posts
    assert [post.alt_texts[asset_id] for asset_id in post.media] == ["A tram at night", "Bella waves"]


def test_a_viewer_reads_them(open_page: Open, workspace: Tenant, make: Make) -> None:
    at: AppTest = open_page("calendar/calendar", person=workspace.viewer, id=make("tiktok").id)
    assert widget(at.toggle, "Allow comments").disabled
    assert "Ask TikTok what the account may do" not in [button.label for button in at.button]
