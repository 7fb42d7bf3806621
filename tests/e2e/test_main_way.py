"""From the first visit to four pictures by visible labels alone, then every page once, and a post by keyboard alone."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from backend import channels, influencers
from backend.db.transactions import Database, SystemCaller
from studio.shell import nav
from tests.e2e import axe, looks

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parent.parent.parent
CHARACTERS = ROOT / "backend" / "engines" / "local" / "starter_model" / "characters"
LONG = 240_000
LOOKS = {"light": looks.light, "dark": looks.dark}
Shoot = Callable[[Page, str], None]


def press(tab: Page, name: str) -> None:
    tab.get_by_role("button", name=name, exact=True).click()


@pytest.mark.model
def test_from_the_first_visit_to_four_pictures(
    studio_url: str,
    new_visitor: Callable[..., BrowserContext],
    set_up_studio: Callable[..., None],
    shoot: Shoot,
    db: Database,
) -> None:
    visitor = new_visitor(height=1100)
    tab = visitor.new_page()
    tab.goto(studio_url)
    set_up_studio(tab)
    expect(tab.get_by_text("Create your first influencer")).to_be_visible()
    shoot(tab, "01-first-page")
    press(tab, "New influencer")

    tab.get_by_label("Name", exact=True).fill("Bella")
    shoot(tab, "02-who")
    press(tab, "Continue")

    tab.get_by_role("tab", name="Try a sample character").click()
    expect(tab.get_by_role("img", name="Bella")).to_be_visible()
    shoot(tab, "03-sample-characters")
    press(tab, "Use Bella")
    expect(tab.get_by_role("button", name="All 14", exact=True)).to_be_visible(timeout=LONG)
    shoot(tab, "04-pictures")
    press(tab, "Continue")

    expect(tab.get_by_text("Ready to train.")).to_be_visible()
    shoot(tab, "05-check")
    press(tab, "Continue")

    # fewer steps than are recommended: that these teach a face is proved in tests/backend/engines/local/starter_model
    tab.get_by_text("Advanced parameters").click()
    tab.get_by_label("Steps", exact=True).fill("40")
    tab.get_by_label("Steps", exact=True).press("Enter")
    expect(tab.get_by_text("14 pictures · 40 steps")).to_be_visible()
    press(tab, "Start training")
    expect(tab.get_by_text("of 40")).to_be_visible(timeout=LONG)
    shoot(tab, "06-training")
    tab.reload()
    on = tab.get_by_role("button", name="Create first pictures")
    expect(on).to_be_enabled(timeout=LONG)
    shoot(tab, "07-trained")
    on.click()

    press(tab, "Create 4 pictures")
    expect(tab.get_by_text("Bella is ready.")).to_be_visible(timeout=LONG)
    pictures = tab.get_by_role("listitem", name=re.compile("bella.*beach"))
    expect(pictures).to_have_count(4)
    for n in range(4):
        pictures.nth(n).scroll_into_view_if_needed()
    shoot(tab, "08-four-pictures")

    pictures.first.click()
    expect(tab.get_by_text("Prompt and settings", exact=True)).to_be_visible()
    press(tab, "Variations")
    expect(tab.get_by_label("Prompt", exact=True)).to_have_value("portrait, at the beach, smiling")
    workspace = parse_qs(urlsplit(tab.url).query)["ws"][0]
    look_at_every_page(tab, studio_url, workspace, shoot)

    turn_single_keys_off(tab, studio_url)
    with db.transaction(SystemCaller(workspace)) as tx:
        [influencer_id] = influencers.names(tx)
        channels.add_sandbox(tx, influencer_id)
    visitor.clear_cookies()
    keyboard = Keyboard(visitor.new_page())
    schedule_a_picture_by_keyboard(keyboard, studio_url, shoot)
    assert keyboard.tabs <= 30


def turn_single_keys_off(tab: Page, url: str) -> None:
    looks.light(tab)
    tab.goto(f"{url}/account")
    tab.get_by_text("Single keys", exact=True).click()
    expect(tab.get_by_text("Single keys are off.")).to_be_visible()


class Keyboard:
    """A tab that nobody points at; `tabs`: how often Tab or Shift+Tab was pressed."""

    def __init__(self, tab: Page) -> None:
        self.tab, self.tabs = tab, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.tabs += key.endswith("Tab")
            self.tab.keyboard.press(key)

    def tab_to(self, target: Locator) -> None:
        for _ in range(31):
            if target.evaluate("node => node === node.getRootNode().activeElement"):
                return
            self.press("Tab")
        raise AssertionError(f"no way by Tab to {target}")

    def type_into(self, label: str, text: str) -> None:
        self.tab_to(self.tab.get_by_label(label, exact=True))
        self.tab.keyboard.type(text)


def schedule_a_picture_by_keyboard(keyboard: Keyboard, url: str, shoot: Shoot) -> None:
    """Signs in, draws pictures, makes one a post, schedules it, all without single keys."""
    tab = keyboard.tab
    tab.goto(url)
    expect(tab.get_by_label("E-mail", exact=True)).to_be_visible()
    looks.settled(tab)
    keyboard.type_into("E-mail", "ada@example.org")
    keyboard.type_into("Password", "three happy ducks")
    keyboard.press("Enter")
    expect(tab.get_by_role("button", name="Your account")).to_be_visible()
    looks.settled(tab)
    keyboard.press("g", "p", "Control+k")
    tab.keyboard.type("pictures")
    expect(tab.get_by_role("option", name="Pictures").first).to_have_attribute("aria-selected", "true")
    keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="Pictures", level=1)).to_be_focused()
    looks.settled(tab)
    keyboard.type_into("Prompt", "at the lake")
    keyboard.press("Control+Enter")
    drawn = tab.get_by_role("listitem", name=re.compile("bella.*at the lake")).first
    expect(drawn).to_be_visible(timeout=LONG)
    expect(tab.get_by_text("4 pictures are ready.")).to_be_attached(timeout=LONG)
    looks.settled(tab)
    keyboard.tab_to(drawn)
    keyboard.press("p")
    keyboard.tab_to(drawn.get_by_role("button", name="More"))
    keyboard.press("Enter", "ArrowDown")
    expect(tab.get_by_role("menuitem", name="Create post")).to_be_focused()
    shoot(tab, "09-a-picture-by-keyboard")
    keyboard.press("Enter")
    tab.wait_for_url("**/post?**")
    expect(tab.get_by_role("heading", name="Post", level=1)).to_be_focused()
    expect(tab.get_by_role("button", name="Approve and schedule", exact=True)).to_be_enabled()
    keyboard.press("Control+Enter")
    expect(tab.get_by_text("Scheduled for")).to_be_visible()
    shoot(tab, "10-a-post-by-keyboard")


def open_by_menu(tab: Page, item: nav.NavItem, url: str, workspace: str) -> None:
    section = next(section for section in nav.SECTIONS if section.name == item.section)
    if not item.is_tab:
        tab.goto(url + nav.url(item.file, {"ws": workspace}))
        return
    tab.get_by_test_id("stSidebar").get_by_role("link", name=section.title, exact=True).click()
    if nav.first_page(item.section) != item:
        tab.locator(".st-key-section-tabs").get_by_role("link", name=item.title, exact=True).click()


def look_at_every_page(tab: Page, url: str, workspace: str, shoot: Shoot) -> None:
    """Each page is opened once, by the menu where it has it, half of them in the dark: nothing is wider than the window,
    nothing ends in an error, and axe finds nothing. All four looks of each: tests/soak/test_four_looks.py."""
    found = []
    half = len(nav.ITEMS) // 2
    for n, item in enumerate(nav.ITEMS):
        name = "light" if n < half else "dark"
        if n in (0, half):  # a change of the theme draws the whole page anew
            LOOKS[name](tab)
        # By the menu: loading the whole app anew for each page was half of this test
        open_by_menu(tab, item, url, workspace)
        expect(tab.get_by_role("heading", name=item.title, level=1)).to_be_visible()
        looks.settled(tab)
        assert tab.get_by_test_id("stException").count() == 0
        assert looks.too_wide(tab) <= 1, item.title
        shoot(tab, f"{name}-{item.file.replace('/', '-')}")
        found += [f"{item.title} ({name}): {violation}" for violation in axe.violations(tab)]
    assert not found, "\n".join(found)


def choose(tab: Page, button: str, *files: Path) -> None:
    with tab.expect_file_chooser() as choosing:
        press(tab, button)
    choosing.value.set_files(files[0] if files[0].is_dir() else list(files))


def test_files_a_folder_a_zip_and_bad_files_by_the_uploader(
    light_studio_url: str, tab: Page, set_up_studio: Callable[..., None], shoot: Shoot, tmp_path: Path
) -> None:
    bad, empty = tmp_path / "not a picture.jpg", tmp_path / "empty.png"
    bad.write_bytes(b"this is text")
    empty.write_bytes(b"")
    good = sorted((CHARACTERS / "zara").glob("*.jpg"))
    tab.goto(f"{light_studio_url}/new-influencer")
    set_up_studio(tab)
    tab.get_by_label("Name", exact=True).fill("Zara 🌊")
    press(tab, "Continue")
    choose(tab, "Choose files", *good[:6], bad, empty)
    expect(tab.get_by_role("button", name="All 6", exact=True)).to_be_visible(timeout=LONG)
    tab.get_by_text("1 file rejected").click()
    expect(tab.get_by_text("not a picture.jpg").first).to_be_visible()
    shoot(tab, "uploaded")

    tab.reload()
    choose(tab, "Choose files", *good[:6])
    expect(tab.get_by_text("6 already here")).to_be_visible()

    folder = tmp_path / "more"
    folder.mkdir()
    for file in good[6:9]:
        shutil.copy(file, folder)
    choose(tab, "Choose a folder", folder)
    expect(tab.get_by_role("button", name="All 9", exact=True)).to_be_visible(timeout=LONG)

    archive = tmp_path / "rest.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in good[9:]:
            packed.write(file, f"10_zara woman/{file.name}")
            packed.write(file.with_suffix(".txt"), f"10_zara woman/{file.stem}.txt")
    choose(tab, "Choose files", archive)
    expect(tab.get_by_role("button", name="All 14", exact=True)).to_be_visible(timeout=LONG)
    press(tab, "Continue")
    expect(tab.get_by_text("Whose pictures are these?")).to_be_visible()


def test_a_file_whose_connection_drops_is_sent_again_by_itself(
    light_studio_url: str, tab: Page, set_up_studio: Callable[..., None]
) -> None:
    broken: list[str] = []

    def drop(route: Route) -> None:
        if route.request.method == "PUT" and not broken:
            broken.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.fallback()

    tab.route("**/api/uploads/**", drop)
    tab.goto(f"{light_studio_url}/new-influencer")
    set_up_studio(tab)
    tab.get_by_label("Name", exact=True).fill("Marco")
    press(tab, "Continue")
    choose(tab, "Choose files", *sorted((CHARACTERS / "marco").glob("*.jpg"))[:5])
    expect(tab.get_by_text("The connection was lost.")).to_be_visible(timeout=LONG)
    expect(tab.get_by_role("button", name="All 5", exact=True)).to_be_visible(timeout=LONG)
    assert broken
