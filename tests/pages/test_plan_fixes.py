"""What keeps a post back is mended by a click, and taken back by another; what was typed meanwhile stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backend import content_plans
from backend.app import App
from backend.content_plans import PlanCard, PostState
from tests.factories.account import Tenant
from tests.factories.making import make_asset
from tests.factories.posts import Planner, local_time_ahead, make_channel, make_planner
from tests.pages.conftest import Open, words

S = PostState
Make = Callable[..., PlanCard]


@pytest.fixture
def bella(app: App, workspace: Tenant) -> Planner:
    with app.db.transaction(workspace.caller) as tx:
        return make_planner(tx, policy="auto")


@pytest.fixture
def make(app: App, workspace: Tenant, bella: Planner) -> Make:
    """`make("instagram", …)`: a dated plan with one post there; a tall picture is its file."""

    def make(platform: str = "instagram", **values: Any) -> PlanCard:
        with app.db.transaction(workspace.caller) as tx:
            channel = make_channel(tx, bella.influencer.id, platform, name=f"bella.{platform}")
            tall = make_asset(tx, width=512, height=1024)
            return bella.plan(
                tx, wall=local_time_ahead(), variants=(bella.variant(channel_id=channel.id, **{"media": (tall,), **values}),)
            )

    return make


def read(app: App, workspace: Tenant, plan_id: str) -> PlanCard:
    with app.db.transaction(workspace.caller) as tx:
        return content_plans.get(tx, plan_id)


def press(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label == label).click()
    at.run()
    assert not at.exception
    return at


def caption(at: AppTest) -> Any:
    return next(area for area in at.text_area if area.label == "Caption")


def test_what_the_platform_cannot_fetch_is_said_before_the_post_is_due(open_page: Open, make: Make) -> None:
    """Pages of tests have no public address, as a studio on somebody's laptop."""
    assert r"set PUBLIC\_URL" in words(open_page("calendar/calendar", id=make("instagram").id))
    assert r"set PUBLIC\_URL" not in words(open_page("calendar/calendar", id=make("sandbox").id))


def test_a_crop_is_one_click_and_another_takes_it_back(open_page: Open, app: App, workspace: Tenant, make: Make) -> None:
    plan = make()
    at = open_page("calendar/calendar", id=plan.id)
    caption(at).set_value("Typed, not saved")
    press(at, "Crop it to 4:5")
    [post] = read(app, workspace, plan.id).posts
    assert list(post.edits.values()) == [{"ratio": 0.8}]
    assert caption(at).value == "Typed, not saved"
    assert "Cropped to 4:5" in words(at).replace("\\", "")
    assert "Crop it to 4:5" not in [button.label for button in at.button]
    at.select_slider[0].set_value(0).run()
    assert list(read(app, workspace, plan.id).posts[0].edits.values()) == [{"ratio": 0.8, "focus": 0.0}]
    press(at, "Save")
    saved = read(app, workspace, plan.id).posts[0]
    assert (saved.caption, saved.edits) == ("Typed, not saved", {saved.media[0]: {"ratio": 0.8, "focus": 0.0}})
    press(at, "As it was")
    assert read(app, workspace, plan.id).posts[0].edits == {}
    assert "Crop it to 4:5" in [button.label for button in at.button]


def test_everything_at_once_then_it_can_be_scheduled(open_page: Open, app: App, workspace: Tenant, make: Make) -> None:
    plan = make(caption="word " * 600, hashtags=[f"tag{n}" for n in range(40)])
    at = open_page("calendar/calendar", id=plan.id)
    press(at, "Fix all 3")
    [post] = read(app, workspace, plan.id).posts
    assert len(content_plans.whole_caption(post.caption, post.hashtags)) <= 2200
    assert (len(post.hashtags), len(post.edits)) == (30, 1)
    assert caption(at).value == post.caption, "the form shows the shorter text"
    at.get_by_key(f"words:{post.id}:back").click()
    at.run()
    assert caption(at).value == plan.posts[0].caption
    assert read(app, workspace, plan.id).posts[0].hashtags == plan.posts[0].hashtags
    press(at, "Fix all 2")
    press(at, "Schedule")
    assert read(app, workspace, plan.id).state == S.SCHEDULED


def test_viewers_see_what_is_wrong_and_cannot_mend_it(open_page: Open, workspace: Tenant, make: Make) -> None:
    plan = make()
    at = open_page("calendar/calendar", person=workspace.viewer, id=plan.id)
    assert "Instagram takes 4:5 to 1.91:1" in words(at).replace("\\", "")
    assert "Crop it to 4:5" not in [button.label for button in at.button]
