"""Accounts are connected by a click there and back, looked at, refused, connected again, switched off and disconnected."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from backend import channels
from backend.db.transactions import Database
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.servers.instagram import InstagramServer
from tests.servers.sandbox import SandboxServer
from tests.servers.tiktok import TikTokServer

pytestmark = pytest.mark.e2e


def test_an_owner_connects_accounts_and_takes_them_away(
    start_studio: Callable[..., str],
    db: Database,
    workspace: Tenant,
    new_visitor: Callable[..., BrowserContext],
    shoot: Callable[[Page, str], None],
    tmp_path: Path,
) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        make_influencer(tx)
    with ExitStack() as stack:
        instagram = stack.enter_context(InstagramServer())
        tiktok = stack.enter_context(TikTokServer())
        sandbox = stack.enter_context(SandboxServer(tmp_path / "sandbox"))
        url = start_studio(**instagram.settings(), **tiktok.settings(), **sandbox.settings())
        visitor = new_visitor()
        visitor.add_cookies([{"name": "studio_sid", "value": workspace.owner.token, "url": url}])
        tab = visitor.new_page()
        tab.goto(f"{url}/channels?ws={workspace.id}")
        expect(tab.get_by_text("No channels yet")).to_be_visible()
        shoot(tab, "channels-empty")
        tab.get_by_role("button", name="Add a practice channel").click()
        stands(tab, "sandbox", "Connected")
        card(tab, "sandbox").get_by_role("button", name="Test connection").click()
        expect(card(tab, "sandbox").get_by_text("in the last 24 hours")).to_be_visible()

        go_and_say(tab, "Connect Instagram", "Deny")
        expect(tab.get_by_text("Nothing was connected: you did not allow it there.")).to_be_visible()
        shoot(tab, "channels-denied")
        tab.get_by_role("button", name="Dismiss").click()
        go_and_say(tab, "Connect Instagram", "Allow", account="bella.travels")
        expect(tab.get_by_text("Bella.Travels · Instagram is connected.")).to_be_visible()
        go_and_say(tab, "Connect TikTok", "Allow")
        stands(tab, "tiktok", "Connected")
        choose_privacy(tab, shoot)

        instagram.expire_tokens()
        card(tab, "instagram").get_by_role("button", name="Test connection").click()
        stands(tab, "instagram", "Connect again")
        expect(card(tab, "instagram").get_by_role("alert")).to_be_visible()
        shoot(tab, "channels-reconnect")
        go_and_say(tab, "Connect again", "Allow", within="instagram", account="somebody.else")
        expect(tab.get_by_text("which is not the account of")).to_be_visible()
        shoot(tab, "channels-another-account")
        go_and_say(tab, "Connect again", "Allow", within="instagram", account="bella.travels")
        stands(tab, "instagram", "Connected")

        card(tab, "instagram").get_by_role("button", name="Pause").click()
        stands(tab, "instagram", "Paused")
        expect(tab.get_by_role("button", name="Dismiss")).to_have_count(0)
        shoot(tab, "channels-off")
        card(tab, "instagram").get_by_role("button", name="Resume").click()
        stands(tab, "instagram", "Connected")
        shoot(tab, "channels")
        tab.emulate_media(color_scheme="dark")
        shoot(tab, "channels-dark")
        tab.set_viewport_size({"width": 390, "height": 844})
        shoot(tab, "channels-phone-dark")
        tab.emulate_media(color_scheme="light")
        shoot(tab, "channels-phone")
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        tab.set_viewport_size({"width": 1280, "height": 900})

        card(tab, "instagram").get_by_role("button", name="Disconnect").click()
        dialog = tab.get_by_role("dialog")
        expect(dialog.get_by_text("Its tokens are erased here.")).to_be_visible()
        shoot(tab, "channels-disconnect")
        dialog.get_by_role("button", name="Disconnect", exact=True).click()
        expect(card(tab, "instagram")).to_have_count(0)
    with db.transaction(workspace.caller) as tx:
        deleted = [channel for channel in channels.of(tx, deleted=True) if channel.platform == "instagram"]
    assert [(channel.account_id, channel.deleted_at is not None) for channel in deleted] == [
        (instagram.account("bella.travels")[1], True)
    ]


def card(tab: Page, platform: str) -> Locator:
    return tab.locator(f"[class*='st-key-channel-{platform}-']")


def stands(tab: Page, platform: str, badge: str) -> None:
    expect(card(tab, platform).locator(".stMarkdownBadge")).to_contain_text(badge)


def go_and_say(tab: Page, link: str, answer: str, *, within: str = "", account: str = "bella") -> None:
    """To the platform, one of its two buttons, and back."""
    place = card(tab, within) if within else tab
    place.get_by_role("link", name=link, exact=True).click()
    tab.get_by_role("textbox", name="Account").fill(account)
    tab.get_by_role("button", name=answer).click()
    tab.get_by_role("button", name="Dismiss").wait_for()


def choose_privacy(tab: Page, shoot: Callable[[Page, str], None]) -> None:
    """TikTok says what may be chosen; nothing is chosen before a person does. A name of nothing is refused."""
    card(tab, "tiktok").get_by_role("button", name="Settings").click()
    form = tab.get_by_role("dialog")
    form.get_by_label("Display name", exact=True).fill("  ")
    form.get_by_role("button", name="Save", exact=True).click()
    expect(form.get_by_text("A channel's name must have 1 to 80 characters.")).to_be_visible()
    form.get_by_label("Display name", exact=True).fill("Bella tok")
    form.get_by_role("combobox").click()
    tab.get_by_role("option", name="Only me").click()
    shoot(tab, "channels-settings")
    form.get_by_role("button", name="Save", exact=True).click()
    expect(card(tab, "tiktok").get_by_text("visible to: Only me")).to_be_visible()
    expect(card(tab, "tiktok").get_by_text("Bella tok · TikTok")).to_be_visible()
