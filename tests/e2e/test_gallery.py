"""The gallery by mouse and keyboard: rate, choose, delete, take back, compare, gather; a second person sees the same."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from backend import gallery, loras
from backend.db.transactions import Database
from backend.gallery import BoardDraft, BulkActionDraft, GalleryFilters
from tests.factories.account import Person, Tenant
from tests.factories.studio_rows import fill_workspace
from tests.support.wait import until

pytestmark = pytest.mark.e2e


def tab_of(visitor: BrowserContext, url: str, person: Person, workspace: Tenant) -> Page:
    visitor.add_cookies([{"name": "studio_sid", "value": person.token, "url": url}])
    tab = visitor.new_page()
    tab.goto(f"{url}/gallery?ws={workspace.id}")
    expect(tab.get_by_text("8 pictures", exact=True)).to_be_visible()
    return tab


def ratings(db: Database, workspace: Tenant) -> list[int]:
    """Newest first, as the gallery shows them."""
    with db.transaction(workspace.caller) as tx:
        return [picture.rating for picture in gallery.page(tx).pictures]


def test_rate_choose_delete_and_undo(
    bare_studio_url: str, new_visitor: Callable[..., BrowserContext], db: Database, workspace: Tenant
) -> None:
    fill_workspace(db, workspace)
    tab = tab_of(new_visitor(), bare_studio_url, workspace.editor, workspace)
    tiles = tab.get_by_role("listitem")
    expect(tiles).to_have_count(8)

    tiles.nth(0).focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("5")
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("3")
    tab.keyboard.press("f")
    tab.keyboard.press("ArrowLeft")
    expect(tiles.nth(1).locator(".stars .lit")).to_have_count(5)
    until(lambda: ratings(db, workspace)[1:3] == [5, 3], what="both ratings")

    tab.keyboard.press("Space")
    tab.keyboard.press("Shift+ArrowRight")
    expect(tab.get_by_text("2 selected")).to_be_visible()
    tab.get_by_role("button", name="Delete", exact=True).click()
    expect(tab.get_by_text("2 pictures deleted.")).to_be_visible()
    expect(tiles).to_have_count(6)
    tab.get_by_role("button", name="Undo", exact=True).click()
    expect(tiles).to_have_count(8)
    expect(tab.get_by_text("2 selected")).to_be_hidden()

    tab.get_by_role("searchbox", name="Search").fill("rating:3")
    expect(tiles).to_have_count(2)
    tab.get_by_role("searchbox", name="Search").fill("nonsense:3")
    expect(tab.get_by_text("There is no search term “nonsense:”")).to_be_visible()
    tab.get_by_role("searchbox", name="Search").fill("is:favourite")
    expect(tiles).to_have_count(1)
    tab.get_by_role("button", name="Clear filters").click()
    expect(tiles).to_have_count(8)

    tiles.nth(1).click()
    expect(tab.get_by_text("Prompt and settings", exact=True)).to_be_visible()
    expect(tab.get_by_text("seed 6")).to_be_visible()
    expect(tab.get_by_role("button", name="Next picture (→)")).to_be_visible()
    tab.keyboard.press("ArrowRight")
    expect(tab.get_by_text("seed 5")).to_be_visible()
    tab.get_by_role("button", name="Variations").click()
    expect(tab.get_by_label("Prompt", exact=True)).to_have_value("portrait, at the beach, smiling")


def test_compare_and_gather_on_a_board(
    bare_studio_url: str, new_visitor: Callable[..., BrowserContext], db: Database, workspace: Tenant
) -> None:
    rows = fill_workspace(db, workspace)
    newest = rows.picture_ids[::-1]
    tab = tab_of(new_visitor(), bare_studio_url, workspace.editor, workspace)
    tiles = tab.get_by_role("listitem")
    expect(tiles).to_have_count(8)
    tiles.nth(0).focus()
    tab.keyboard.press("Space")
    tab.keyboard.press("Shift+ArrowRight")
    tab.keyboard.press("c")
    compared = tab.get_by_role("dialog", name="Compare pictures")
    expect(compared.get_by_label("Divider")).to_have_value("50")
    tab.keyboard.press("Shift+ArrowRight")
    expect(compared.get_by_label("Divider")).to_have_value("60")
    tab.keyboard.press("s")
    expect(compared.get_by_label("Divider")).to_have_count(0)
    tab.keyboard.press("Escape")
    expect(compared).to_have_count(0)

    tiles.nth(1).focus()
    tab.keyboard.press("b")
    tab.get_by_label("Name of the new board").fill("Summer")
    tab.keyboard.press("Enter")
    expect(tab.get_by_text("2 pictures put on “Summer”.")).to_be_visible()
    with db.transaction(workspace.caller) as tx:
        [board] = gallery.list_boards(tx)
    tab.goto(f"{bare_studio_url}/boards?ws={workspace.id}&id={board.id}")
    expect(tiles).to_have_count(2)
    tiles.nth(0).focus()
    tab.keyboard.press("Alt+ArrowRight")
    expect(tab.get_by_text("1 picture moved.")).to_be_visible()
    with db.transaction(workspace.caller) as tx:
        order = gallery.matching_ids(tx, filters=GalleryFilters(board_id=board.id, order="board"), most=9)
    assert order == [newest[1], newest[0]]


def test_a_finger_arranges_a_board_and_a_swipe_scrolls_it(
    bare_studio_url: str,
    new_visitor: Callable[..., BrowserContext],
    db: Database,
    workspace: Tenant,
    shoot: Callable[..., None],
) -> None:
    rows = fill_workspace(db, workspace)
    with db.transaction(workspace.caller, needs="editor") as tx:
        board = gallery.create_board(tx, draft=BoardDraft(name="Summer")).id
        draft = BulkActionDraft(kind="board-add", picture_ids=tuple(rows.picture_ids), board_id=board)
        gallery.act(tx, draft=draft, request_key="on")
    visitor = new_visitor(width=390, height=844, has_touch=True, is_mobile=True)
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.editor.token, "url": bare_studio_url}])
    tab = visitor.new_page()
    tab.goto(f"{bare_studio_url}/boards?ws={workspace.id}&id={board}")
    tiles = tab.get_by_role("listitem")
    expect(tiles.nth(3)).to_be_visible()
    finger = visitor.new_cdp_session(tab)

    def touch(kind: str, at: tuple[float, float] | None = None) -> None:
        points = [{"x": at[0], "y": at[1]}] if at else []
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def middle(n: int, *, right: float = 0) -> tuple[float, float]:
        box = tiles.nth(n).bounding_box()
        assert box
        return box["x"] + box["width"] * (0.5 + right), box["y"] + box["height"] / 2

    def order() -> list[str]:
        with db.transaction(workspace.caller) as tx:
            return gallery.matching_ids(tx, filters=GalleryFilters(board_id=board, order="board"), most=9)

    tiles.nth(2).scroll_into_view_if_needed()
    goal = middle(2, right=0.3)
    touch("touchStart", middle(0))
    expect(tab.locator(".ghost")).to_be_visible()
    touch("touchMove", (goal[0], goal[1] - 20))
    touch("touchMove", goal)
    expect(tiles.nth(2)).to_have_class(re.compile("after"))
    shoot(tab, "board-finger-390")
    touch("touchEnd")
    expect(tab.get_by_text("1 picture moved.")).to_be_visible()
    expect(tab.locator(".ghost")).to_have_count(0)
    first, second, third, *rest = rows.picture_ids
    assert order() == [second, third, first, *rest]

    touch("touchStart", middle(1))
    for step in range(1, 6):
        touch("touchMove", (middle(1)[0], middle(1)[1] - 25 * step))
    touch("touchEnd")
    tab.get_by_role("button", name="Undo", exact=True).click()
    until(lambda: order() == rows.picture_ids, what="the order as it was")


def test_a_viewer_sees_pictures_and_no_handles(
    bare_studio_url: str, new_visitor: Callable[..., BrowserContext], db: Database, workspace: Tenant
) -> None:
    fill_workspace(db, workspace)
    before = ratings(db, workspace)
    tab = tab_of(new_visitor(width=390, height=844), bare_studio_url, workspace.viewer, workspace)
    tiles = tab.get_by_role("listitem")
    expect(tiles.nth(0).get_by_role("button")).to_have_count(0)
    tiles.nth(0).focus()
    tab.keyboard.press("5")
    tab.keyboard.press("Delete")
    tab.keyboard.press("Enter")
    expect(tab.get_by_text("Prompt and settings", exact=True)).to_be_visible()
    expect(tab.get_by_role("button", name="More", exact=True)).to_have_count(1)  # of the phone's bar, not of the picture
    assert ratings(db, workspace) == before


def test_a_destructive_act_asks_first_and_says_what_it_touches(
    bare_studio_url: str, new_visitor: Callable[..., BrowserContext], db: Database, workspace: Tenant
) -> None:
    rows = fill_workspace(db, workspace)
    tab = tab_of(new_visitor(), bare_studio_url, workspace.owner, workspace)
    tab.goto(f"{bare_studio_url}/loras?ws={workspace.id}&id={rows.lora_id}")
    tab.get_by_role("button", name="Delete").click()
    expect(tab.get_by_text("In use: the default of Bella, 8 pictures. Pictures made with it stay.")).to_be_visible()
    tab.get_by_role("button", name="Cancel").click()
    expect(tab.get_by_role("dialog")).to_have_count(0)
    with db.transaction(workspace.caller) as tx:
        assert loras.get(tx, rows.lora_id)

    tab.get_by_role("button", name="Delete").click()
    tab.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(tab.get_by_text("No LoRA yet")).to_be_visible()
    with db.transaction(workspace.caller) as tx:
        assert loras.page(tx).total == 0
