"""The composer in a browser: nothing typed is lost, of two people both are heard, and it is seen as its platforms show it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from backend import content_plans, gallery
from backend.app import App
from backend.content_plans import PlanCard
from ops.local_stack import services
from tests.e2e.conftest import answers, free_port, running
from tests.e2e.looks import dark, desktop, light, phone, too_wide
from tests.factories.account import Person, Tenant
from tests.factories.making import make_asset
from tests.factories.pictures import photo
from tests.factories.posts import Planner, local_time_ahead, make_channel, make_planner
from tests.support.wait import until

pytestmark = pytest.mark.e2e


@pytest.fixture
def bella(app: App, workspace: Tenant) -> Planner:
    with app.db.transaction(workspace.caller) as tx:
        return make_planner(tx, policy="all")


def plan_of(app: App, workspace: Tenant, bella: Planner, **values: Any) -> PlanCard:
    with app.db.transaction(workspace.caller) as tx:
        return bella.plan(tx, **{"wall": local_time_ahead(), **values})


def stored(app: App, workspace: Tenant, plan: PlanCard) -> PlanCard:
    with app.db.transaction(workspace.caller) as tx:
        return content_plans.get(tx, plan.id)


def open_post(visitor: BrowserContext, url: str, person: Person, workspace: Tenant, plan: PlanCard) -> Page:
    visitor.add_cookies([{"name": "studio_sid", "value": person.token, "url": url}])
    tab = visitor.new_page()
    tab.goto(f"{url}/post?ws={workspace.id}&id={plan.id}")
    tab.locator(".root[data-ready=yes]").wait_for()
    return tab


def caption(tab: Page) -> Any:
    return tab.get_by_label("Caption", exact=True)


def test_what_is_typed_survives_reload_and_a_killed_studio(
    new_visitor: Callable[..., BrowserContext],
    app: App,
    workspace: Tenant,
    bella: Planner,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    plan, port = plan_of(app, workspace, bella), free_port()
    url, args = f"http://127.0.0.1:{port}", services.studio_service(host="127.0.0.1", port=port).args
    env = {**environment, "HOST": "127.0.0.1", "PORT": str(port)}

    def is_stored(text: str) -> bool:
        return stored(app, workspace, plan).posts[0].caption == text

    with running(args, env, tmp_path / "studio.log") as process:
        until(lambda: answers(url), 60, what="the studio")
        tab = open_post(new_visitor(), url, workspace.editor, workspace, plan)
        caption(tab).fill("Typed, and reloaded at once")
        tab.reload()
        expect(caption(tab)).to_have_value("Typed, and reloaded at once")
        until(lambda: is_stored("Typed, and reloaded at once"), what="the save")
        caption(tab).press_sequentially(". Killed wh")
        process.kill()
        caption(tab).press_sequentially("ile typing")
        expect(tab.get_by_text("Not saved yet.")).to_be_visible()
    typed = "Typed, and reloaded at once. Killed while typing"
    assert not is_stored(typed)
    with running(args, env, tmp_path / "studio.log"):
        until(lambda: is_stored(typed), 60, what="the save by the studio that came back")
        expect(caption(tab)).to_have_value(typed)


def test_a_save_that_arrives_without_an_answer_is_ones_own(
    bare_studio_url: str, new_visitor: Callable[..., BrowserContext], app: App, workspace: Tenant, bella: Planner
) -> None:
    """What was typed after it is saved too, in the open tab and in one that was reloaded meanwhile."""
    plan = plan_of(app, workspace, bella)
    tab = open_post(new_visitor(), bare_studio_url, workspace.editor, workspace, plan)

    def answer_lost(route: Route) -> None:
        route.fetch()
        route.abort()

    def is_stored(text: str) -> bool:
        return stored(app, workspace, plan).posts[0].caption == text

    def lose_answer(text: str) -> None:
        tab.route("**/save", answer_lost, times=1)
        with tab.expect_event("requestfailed"):
            caption(tab).fill(text)
        assert is_stored(text)

    lose_answer("Trams at")
    caption(tab).press_sequentially(" night")
    until(lambda: is_stored("Trams at night"), what="what was typed after it")
    expect(tab.get_by_role("alert")).to_have_count(0)
    lose_answer("Trams at noon")
    tab.reload()
    expect(caption(tab)).to_have_value("Trams at noon")
    caption(tab).fill("Trams at noon, again")
    until(lambda: is_stored("Trams at noon, again"), what="what was typed after the reload")
    expect(tab.get_by_role("alert")).to_have_count(0)


def test_two_tabs_and_two_people_on_one_post(
    bare_studio_url: str, new_visitor: Callable[..., BrowserContext], app: App, workspace: Tenant, bella: Planner
) -> None:
    plan = plan_of(app, workspace, bella)
    ada = open_post(new_visitor(), bare_studio_url, workspace.owner, workspace, plan)
    ben = open_post(new_visitor(), bare_studio_url, workspace.editor, workspace, plan)
    caption(ada).fill("Ada's words")
    expect(ada.get_by_text(re.compile("^Saved "))).to_be_visible()
    ben.get_by_label("Hashtags", exact=True).fill("#tram")
    expect(ben.get_by_text("those changes are in, and yours are kept")).to_be_visible()
    expect(caption(ben)).to_have_value("Ada's words")
    until(lambda: stored(app, workspace, plan).posts[0].hashtags == ("tram",), what="both")
    caption(ada).fill("Ada's new words")
    until(lambda: stored(app, workspace, plan).posts[0].caption == "Ada's new words", what="the save")
    caption(ben).fill("Ben's words")
    choice = ben.get_by_role("alert").filter(has_text="changed elsewhere while you had it open")
    expect(choice).to_contain_text("Ada's new words")
    expect(ben.get_by_role("button", name="Approve and schedule")).to_be_disabled()
    choice.get_by_role("button", name="Keep mine").click()
    until(lambda: stored(app, workspace, plan).posts[0].caption == "Ben's words", what="the choice")
    ben.get_by_role("button", name="Versions").click()
    version = ben.locator(".version").filter(has_text="Ada's new words")
    expect(version).to_contain_text("Owner Example")
    version.get_by_role("button", name="Restore").click()
    expect(caption(ben)).to_have_value("Ada's new words")
    assert stored(app, workspace, plan).posts[0].caption == "Ada's new words"


def test_on_every_channel_with_its_limits_fixes_and_options_and_as_viewers_see_it(
    bare_studio_url: str,
    new_visitor: Callable[..., BrowserContext],
    app: App,
    workspace: Tenant,
    bella: Planner,
    shoot: Callable[[Page, str], None],
) -> None:
    with app.db.transaction(workspace.caller) as tx:
        instagram = make_channel(tx, bella.influencer.id)
        tiktok = make_channel(tx, bella.influencer.id, "tiktok", name="bella.tok")
        tall = make_asset(tx, width=512, height=1024)
    variants = tuple(bella.variant(channel_id=channel.id, media=(bella.asset_id, tall)) for channel in (instagram, tiktok))
    plan = plan_of(app, workspace, bella, variants=variants)
    visitor = new_visitor(height=1100)
    tab = open_post(visitor, bare_studio_url, workspace.editor, workspace, plan)
    caption(tab).fill("word " * 460)
    expect(tab.get_by_text(re.compile(r"IG 2,299 / 2,200"))).to_be_visible()
    tab.get_by_role("button", name="Shorten it").click()
    expect(tab.get_by_text(re.compile(r"IG 2,19\d / 2,200"))).to_be_visible()
    tab.get_by_role("button", name="Crop it to 4:5").first.click()
    expect(tab.get_by_text("Crop it to 4:5")).to_have_count(0)

    second = tab.get_by_role("button", name="Picture 2 of 2")
    second.focus()
    tab.keyboard.press("Alt+ArrowLeft")
    expect(tab.get_by_role("button", name="Picture 1 of 2")).to_be_focused()
    tab.get_by_role("button", name="bella.tok").first.click()
    tab.get_by_label("Who can see it").select_option(label="Followers")
    tab.get_by_label("Allow comments").check()
    tab.get_by_label("Title", exact=True).fill("Only here")

    def saved() -> bool:
        posts = {post.platform: post for post in stored(app, workspace, plan).posts}
        return (posts["tiktok"].title, posts["instagram"].title) == ("Only here", "")

    until(saved, what="the save")
    posts = {post.platform: post for post in stored(app, workspace, plan).posts}
    assert posts["instagram"].media == (tall, bella.asset_id)
    assert (posts["tiktok"].privacy, posts["tiktok"].options) == ("FOLLOWER_OF_CREATOR", {"allow_comments": True})
    assert posts["instagram"].edits == {tall: {"ratio": 0.8}}
    for look, name in ((light, "composer"), (dark, "composer-dark"), (phone, "composer-phone")):
        look(tab)
        expect(caption(tab)).to_be_visible()
        shoot(tab, name)
        assert too_wide(tab) <= 0, name

    visitor.add_cookies([{"name": "studio_sid", "value": workspace.viewer.token, "url": bare_studio_url}])
    desktop(tab)
    tab.reload()
    expect(tab.get_by_text("You can look at this post, but not change it.")).to_be_visible()
    expect(tab.locator(".preview .text")).to_contain_text("word word")
    expect(tab.get_by_role("button", name=re.compile("Save|Schedule|Publish|Approve"))).to_have_count(0)
    assert not caption(tab).is_editable()
    tab.goto(f"{bare_studio_url}/post?ws={workspace.id}&id=cp_gone")
    expect(tab.get_by_text("does not exist here")).to_be_visible()


def test_a_file_of_this_device_is_uploaded_in_the_picker_checked_and_selected(
    light_studio_url: str, new_visitor: Callable[..., BrowserContext], app: App, workspace: Tenant, bella: Planner
) -> None:
    plan = plan_of(app, workspace, bella)
    tab = open_post(new_visitor(), light_studio_url, workspace.editor, workspace, plan)
    tab.get_by_role("button", name="Add pictures or videos").press("Enter")
    picker = tab.get_by_role("dialog", name="Add pictures or videos")
    photos = [{"name": "tram.jpg", "mimeType": "image/jpeg", "buffer": photo(5)}]
    picker.locator("input[type=file]").set_input_files([*photos, {**photos[0], "name": "broken.png", "buffer": b"no picture"}])
    expect(picker.get_by_role("status")).to_have_text("1 file uploaded and selected.")
    expect(picker.get_by_role("listitem")).to_contain_text(["This is not a picture that the"])
    selected_picture = picker.get_by_role("button", pressed=True).filter(has=tab.get_by_role("img"))
    expect(selected_picture).to_have_text("1")
    selected_picture.press("Space")
    expect(picker.get_by_role("button", name="Add", exact=True)).to_be_disabled()
    tab.keyboard.press("Space")
    picker.get_by_role("button", name="Add", exact=True).press("Enter")
    with app.db.transaction(workspace.caller) as tx:
        [made] = gallery.page(tx, filters=gallery.GalleryFilters(source="imported")).pictures
    until(lambda: stored(app, workspace, plan).posts[0].media == (bella.asset_id, made.asset_id), what="the save")
    assert made.influencer_id == bella.influencer.id
