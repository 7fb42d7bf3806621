"""How long people wait after a click until they see what it does, on every page, and for the first page of a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from playwright.sync_api import Browser, Locator, Page

from backend import content_plans
from backend.db.transactions import SystemCaller
from studio.shell import nav
from tests.bench.browser_site import Site, chromium, site, thumbnail, visit
from tests.factories.posts import local_time_ahead, make_planner
from tests.factories.studio_rows import fill_workspace

PICTURES, POSTS, ROUNDS = 200, 60, 3
P50_MS, P95_MS, FIRST_LOAD_MS = 150, 400, 1200
_UNTIL_SHOWN = """(clicked, [selector, text]) => new Promise((done, failed) => {
  const shown = () => [...document.querySelectorAll(selector)].some(element => {
    const box = element.getBoundingClientRect()
    const fresh = !element.closest("[data-stale=true]")
    return box.width && box.height && fresh && (!text || element.textContent.includes(text))
  })
  const started = performance.now()
  const look = () => shown() ? done(performance.now() - started)
    : performance.now() - started > 20000 ? failed(new Error(`nothing shows ${selector} ${text}`)) : requestAnimationFrame(look)
  clicked.click()
  requestAnimationFrame(look)
})"""
"""Clicks inside the page and looks at every animation frame: asking from outside would add its own milliseconds."""


@dataclass(frozen=True, slots=True)
class Click:
    """One click: on which element of the page at `path`, and what is seen then (an element, and a text in it)."""

    name: str
    path: str
    element: Callable[[Page], Locator]
    shown: str
    text: str = ""


def button(name: str) -> Callable[[Page], Locator]:
    return lambda tab: tab.get_by_role("button", name=name, exact=True).first


def clicks() -> Iterator[Click]:
    """Every section of the menu, every tab of a section, and the first acts of each page."""
    for section in nav.SECTIONS:
        first_page = nav.first_page(section.name)
        start = "workspace" if section.name != "settings" else "gallery"
        link = _link("stSidebar", section.title)
        yield Click(f"menu {section.title}", start, link, ".st-key-top-bar h1", first_page.title)
    for item in nav.ITEMS:
        if item.is_tab and nav.tabs(item.section) and nav.first_page(item.section) != item:
            path = nav.first_page(item.section).path
            yield Click(f"tab {item.title}", path, _tab(item.title), ".st-key-top-bar h1", item.title)
    popover = "[data-testid=stPopoverBody]"
    yield Click("New", "gallery", button("New"), popover, "Influencer")
    yield Click("account menu", "gallery", button("Your account"), popover, "Profile")
    yield Click(
        "open a picture", "gallery", lambda tab: tab.locator("img.here").first, "[data-testid=stMain]", "Prompt and settings"
    )
    yield Click(
        "period of results",
        "results",
        lambda tab: tab.get_by_text("7 days", exact=True),
        "[data-testid=stMain]",
        "In the last 7 days",
    )


def _link(test_id: str, title: str) -> Callable[[Page], Locator]:
    return lambda tab: tab.get_by_test_id(test_id).get_by_role("link", name=title, exact=True)


def _tab(title: str) -> Callable[[Page], Locator]:
    return lambda tab: tab.locator(".st-key-section-tabs").get_by_role("link", name=title, exact=True)


def run() -> dict[str, Any]:
    """Milliseconds. `slowest`: the five clicks with the highest medians."""
    with site() as felt_site:
        _fill(felt_site)
        with felt_site.serve() as url, chromium() as browser:
            _first_load(browser, url, felt_site)
            first_load = median(_first_load(browser, url, felt_site) for _ in range(3))
            times = _times(browser, url, felt_site)
    medians = {name: median(values) for name, values in times.items()}
    every = sorted(value for values in times.values() for value in values)
    slowest = dict(sorted(((name, round(value)) for name, value in medians.items()), key=lambda pair: -pair[1])[:5])
    p50, p95 = median(every), quantiles(every, n=20)[-1]
    bars = {"p50_bar": P50_MS, "p95_bar": P95_MS, "first_load_bar": FIRST_LOAD_MS}
    return {"p50": p50, "p95": p95, "first_load": first_load, **bars, "slowest": slowest, "clicks": len(medians), "unit": "ms"}


def _times(browser: Browser, url: str, felt_site: Site) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    with visit(browser, url, felt_site.full) as context:
        tab = context.new_page()
        for n in range(ROUNDS + 1):
            for click in clicks():
                tab.goto(f"{url}/{click.path}?ws={felt_site.full.id}")
                settled(tab)
                waited = click.element(tab).evaluate(_UNTIL_SHOWN, [click.shown, click.text])
                if n:  # the first round warms up
                    times.setdefault(click.name, []).append(waited)
    return times


def _first_load(browser: Browser, url: str, felt_site: Site) -> float:
    """From the address to Home, in a browser without a cache."""
    with visit(browser, url, felt_site.full) as context:
        tab = context.new_page()
        started_at = perf_counter()
        tab.goto(f"{url}/?ws={felt_site.full.id}", wait_until="commit")
        tab.locator(".st-key-top-bar h1").wait_for()
        return (perf_counter() - started_at) * 1000


def settled(tab: Page) -> None:
    tab.locator(".st-key-top-bar h1").wait_for()
    tab.wait_for_function("document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'")


def _fill(felt_site: Site) -> None:
    rows = fill_workspace(felt_site.db, felt_site.full, pictures=PICTURES)
    thumb = thumbnail()
    for key in rows.keys:
        felt_site.storage.put_bytes(f"{key}.w320.webp", thumb, "image/webp")
    with felt_site.db.transaction(SystemCaller(felt_site.full.id, felt_site.full.user_id)) as tx:
        planner = make_planner(tx, "Nina")
        for n in range(POSTS):
            plan = planner.plan(tx, wall=local_time_ahead(days=n / 4 + 0.1))
            if n % 3 == 0:
                content_plans.mark_published(tx, plan.id)
