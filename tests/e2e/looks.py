"""One open page seen in other ways: the theme follows the system's, the layout the window, so that nothing is loaded anew."""

from __future__ import annotations

from playwright.sync_api import Page, expect

WHITE = "rgb(253, 252, 255)"
"""`theme.light.backgroundColor` of .streamlit/config.toml."""


def settled(tab: Page) -> None:
    """Nothing runs, nothing is a placeholder, what was asked for has come."""
    tab.wait_for_load_state("networkidle")
    expect(tab.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    for placeholder in ("stStatusWidget", "stSkeleton", "stAppSkeleton"):
        expect(tab.get_by_test_id(placeholder)).to_have_count(0)


DESKTOP, PHONE = {"width": 1280, "height": 1100}, {"width": 390, "height": 844}


def desktop(tab: Page) -> None:
    """As wide as a menu needs, in whichever theme."""
    tab.set_viewport_size(DESKTOP)
    expect(tab.get_by_test_id("stSidebar")).to_be_in_viewport()


def light(tab: Page) -> None:
    tab.emulate_media(color_scheme="light")
    tab.set_viewport_size(DESKTOP)
    expect(tab.get_by_test_id("stApp")).to_have_css("background-color", WHITE)


def dark(tab: Page) -> None:
    # Straight to it: each change of the theme draws the whole page anew
    tab.set_viewport_size(DESKTOP)
    tab.emulate_media(color_scheme="dark")
    expect(tab.get_by_test_id("stApp")).not_to_have_css("background-color", WHITE)


def phone(tab: Page) -> None:
    light(tab)
    tab.set_viewport_size(PHONE)
    expect(tab.get_by_test_id("stSidebar")).not_to_be_in_viewport()


def dark_phone(tab: Page) -> None:
    dark(tab)
    tab.set_viewport_size(PHONE)
    expect(tab.get_by_test_id("stSidebar")).not_to_be_in_viewport()


def too_wide(tab: Page) -> int:
    """By how many pixels the page is wider than its window: nothing on it may be."""
    return int(tab.evaluate("(m => m.scrollWidth - m.clientWidth)(document.querySelector('[data-testid=stMain]'))"))


def cut_labels(tab: Page) -> list[str]:
    """Texts of buttons that reach out of them: what is outside is not drawn. Names that are only spoken are left out."""
    return list(
        tab.evaluate("""() => [...document.querySelectorAll("button p")].filter(label => {
          const [text, box] = [label, label.closest("button")].map(node => node.getBoundingClientRect())
          const isSpoken = label.parentElement.clientWidth <= 1
          return label.checkVisibility() && !isSpoken && (text.top < box.top - 1 || text.bottom > box.bottom + 1)
        }).map(label => label.textContent)""")
    )
