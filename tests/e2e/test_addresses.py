"""The browser's address says what is seen, also after a link from a page to itself: reload and Back show the same again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.factories.account import Tenant

pytestmark = pytest.mark.e2e


def test_a_link_from_a_page_to_itself_changes_the_address(
    light_studio_url: str, new_visitor: Callable[..., BrowserContext], workspace: Tenant
) -> None:
    visitor = new_visitor()
    visitor.add_cookies([{"name": "studio_sid", "value": workspace.viewer.token, "url": light_studio_url}])
    tab = visitor.new_page()
    tab.goto(f"{light_studio_url}/help?ws={workspace.id}")
    back, list_of_chapters = tab.get_by_role("link", name="All chapters"), re.compile(r"/help\?ws=[^&]+$")
    tab.get_by_test_id("stMain").get_by_role("link", name="Create pictures", exact=True).click()
    expect(back).to_be_visible()
    expect(tab).to_have_url(re.compile("chapter=create"))
    tab.reload()
    expect(back).to_be_visible()
    back.click()
    expect(back).to_have_count(0)
    expect(tab).to_have_url(list_of_chapters)
    tab.go_back()
    expect(back).to_be_visible()
