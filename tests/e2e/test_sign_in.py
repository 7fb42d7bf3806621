"""The way in, in a real browser: deep links, refresh, other tabs, invitations, and nothing fetched from outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.e2e


def sign_in(tab: Page, email: str, password: str) -> None:
    tab.get_by_role("textbox", name="E-mail", exact=True).fill(email)
    tab.get_by_label("Password", exact=True).fill(password)
    tab.get_by_role("button", name="Sign in").click()


def test_a_fresh_servers_first_request_is_a_deep_link(
    start_studio: Callable[..., str], tab: Page, set_up_studio: Callable[..., None]
) -> None:
    url, addresses = start_studio(), list[str]()
    tab.on("request", lambda request: addresses.append(request.url))
    tab.goto(f"{url}/workspace?x=7")
    expect(tab.get_by_text("Welcome to your studio")).to_be_visible()
    expect(tab.get_by_role("heading", name="People")).to_have_count(0)
    set_up_studio(tab)
    expect(tab.get_by_role("heading", name="People")).to_be_visible()
    assert "x=7" in tab.url
    assert "ws=ws_" in tab.url
    assert tab.title() == "Workspace · InfluencerAI Studio"
    assert "studio_sid" not in tab.evaluate("document.cookie")

    tab.reload()
    expect(tab.get_by_role("heading", name="People")).to_be_visible()
    outside = {urlsplit(address).netloc for address in addresses if urlsplit(address).scheme in {"http", "https", "ws", "wss"}}
    assert outside == {urlsplit(url).netloc}


def test_signing_out_ends_the_other_tab_too(
    bare_studio_url: str, new_visitor: Callable[..., BrowserContext], set_up_studio: Callable[..., None]
) -> None:
    visitor = new_visitor()
    first = visitor.new_page()
    first.goto(f"{bare_studio_url}/account")
    set_up_studio(first)
    second = visitor.new_page()
    second.goto(f"{bare_studio_url}/workspace")
    expect(second.get_by_role("heading", name="People")).to_be_visible()
    first.get_by_role("button", name="Your account").click()
    first.get_by_test_id("stPopoverBody").get_by_role("button", name="Sign out", exact=True).click()
    expect(first.get_by_role("heading", name="Sign in")).to_be_visible()

    second.get_by_role("button", name="Create invite link").click()
    expect(second.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(second, "ada@example.org", "not the password")
    expect(second.get_by_text("Wrong e-mail or password")).to_be_visible()
    sign_in(second, "ada@example.org", "three happy ducks")
    expect(second.get_by_role("heading", name="People")).to_be_visible()


def test_an_invitation_lets_one_person_in(
    bare_studio_url: str, new_visitor: Callable[..., BrowserContext], set_up_studio: Callable[..., None]
) -> None:
    owner = new_visitor().new_page()
    owner.goto(f"{bare_studio_url}/workspace")
    set_up_studio(owner)
    owner.get_by_role("button", name="Create invite link").click()
    link = owner.locator("code").inner_text()
    assert link.startswith(bare_studio_url)

    guest = new_visitor(width=390, height=844).new_page()
    guest.goto(link)
    expect(guest.get_by_text("invites you as editor")).to_be_visible()
    guest.get_by_label("Your name").fill("Ed Editor")
    guest.get_by_label("E-mail").first.fill("ed@example.org")
    guest.get_by_label("Password", exact=True).first.fill("four happy ducks")
    guest.get_by_role("button", name="Create account and join").click()
    guest.wait_for_url("**/?ws=ws_*")
    guest.get_by_role("button", name="More", exact=True).click()
    guest.get_by_role("link", name="Library", exact=True).click()
    guest.wait_for_url("**/gallery?ws=ws_*")
    expect(guest.get_by_test_id("stSidebar")).not_to_be_in_viewport()  # the menu folded by itself

    late = new_visitor().new_page()
    late.goto(link)
    expect(late.get_by_text("used up, withdrawn or too old")).to_be_visible()
    owner.reload()
    expect(owner.get_by_text("Ed Editor", exact=True)).to_be_visible()


def test_two_factor_sign_in(
    bare_studio_url: str,
    new_visitor: Callable[..., BrowserContext],
    set_up_studio: Callable[..., None],
    shoot: Callable[[Page, str], None],
) -> None:
    tab = new_visitor().new_page()
    tab.goto(f"{bare_studio_url}/account")
    set_up_studio(tab)
    tab.get_by_role("button", name="Set up").click()
    key = tab.get_by_text("Or type this key").locator("code").inner_text()
    expect(tab.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    shoot(tab, "two-factor")
    tab.get_by_label("Code", exact=True).fill(pyotp.TOTP(key).now())
    tab.get_by_role("button", name="Turn on").click()
    recovery_code = tab.get_by_test_id("stCode").inner_text().split()[0]
    tab.get_by_role("button", name="I have saved them").click()
    expect(tab.get_by_text("10 recovery codes left")).to_be_visible()
    next_code = pyotp.TOTP(key).at(time.time() + 30)  # a code counts once; the clocks may differ by one step
    for code in (next_code, recovery_code):
        tab.get_by_role("button", name="Your account").click()
        tab.get_by_test_id("stPopoverBody").get_by_role("button", name="Sign out", exact=True).click()
        expect(tab.get_by_role("heading", name="Sign in")).to_be_visible()
        expect(tab.get_by_role("heading", name="Profile", level=1)).to_have_count(0)  # its fields go a moment later
        sign_in(tab, "ada@example.org", "three happy ducks")
        expect(tab.get_by_role("heading", name="Enter your code")).to_be_visible()
        tab.get_by_label("Code", exact=True).fill(code)
        tab.get_by_role("button", name="Sign in").click()
        expect(tab.get_by_role("heading", name="Profile", level=1)).to_be_visible()
    expect(tab.get_by_text("9 recovery codes left")).to_be_visible()
