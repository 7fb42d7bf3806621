"""The composer: one post, with everything that is written, shown and done about it."""

from __future__ import annotations

from typing import NoReturn

from studio.content_plans import plan
from studio.shell.frame import Page


def open_page(page: Page, plan_id: str) -> NoReturn:
    """Goes to the post's own page."""
    page.go("calendar/calendar", id=plan_id)


def open_panel(page: Page, plan_id: str) -> None:
    """Opens the post beside the page that is shown."""
    plan.open_dialog(page, plan_id)
