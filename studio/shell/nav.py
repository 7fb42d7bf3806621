"""The one list of pages. What is not listed here does not exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import streamlit as st

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class NavItem:
    """`file`: `<section>/<noun>` under pages/; `path`: its address."""

    file: str
    title: str
    icon: str
    path: str
    section: str


ITEMS = (
    NavItem("start/overview", "Overview", ":material/space_dashboard:", "", "Start"),
    NavItem("start/wizard", "New influencer", ":material/auto_awesome:", "new-influencer", "Start"),
    NavItem("make/influencers", "Influencers", ":material/face_3:", "influencers", "Make"),
    NavItem("make/datasets", "Datasets", ":material/photo_library:", "datasets", "Make"),
    NavItem("make/training", "Training", ":material/model_training:", "training", "Make"),
    NavItem("make/loras", "LoRAs", ":material/extension:", "loras", "Make"),
    NavItem("make/trials", "Compare checkpoints", ":material/compare:", "trials", "Make"),
    NavItem("make/generation", "Create", ":material/brush:", "create", "Make"),
    NavItem("make/prompts", "Prompts", ":material/edit_note:", "prompts", "Make"),
    NavItem("make/writing", "Write", ":material/ink_pen:", "write", "Make"),
    NavItem("make/styles", "Writing styles", ":material/history_edu:", "writing-styles", "Make"),
    NavItem("make/workflows", "Workflows", ":material/schema:", "workflows", "Make"),
    NavItem("make/gallery", "Gallery", ":material/imagesmode:", "gallery", "Make"),
    NavItem("make/clips", "Videos", ":material/movie:", "videos", "Make"),
    NavItem("make/boards", "Boards", ":material/dashboard:", "boards", "Make"),
    NavItem("make/lineage", "Lineage", ":material/account_tree:", "lineage", "Make"),
    NavItem("make/held", "Held pictures", ":material/fact_check:", "held", "Make"),
    NavItem("plan/calendar", "Calendar", ":material/calendar_month:", "calendar", "Plan"),
    NavItem("plan/review", "Review", ":material/rate_review:", "review", "Plan"),
    NavItem("plan/channels", "Channels", ":material/cell_tower:", "channels", "Plan"),
    NavItem("run/jobs", "Jobs", ":material/bolt:", "jobs", "Run"),
    NavItem("run/costs", "Costs", ":material/payments:", "costs", "Run"),
    NavItem("run/system", "System", ":material/monitor_heart:", "system", "Run"),
    NavItem("admin/account", "Account", ":material/person:", "account", "Admin"),
    NavItem("admin/workspace", "Workspace", ":material/groups:", "workspace", "Admin"),
    NavItem("admin/api_keys", "API keys", ":material/key:", "api-keys", "Admin"),
)
_WITH_PICTURES = ("Start", "Make", "Plan")
_BY_FILE = {item.file: item for item in ITEMS}


def source(file: str) -> str:
    """The path by which Streamlit knows the page `file` (such as `make/loras`)."""
    return f"pages/{_BY_FILE[file].file}.py"


def url(file: str, query: Mapping[str, str]) -> str:
    """Root-relative address of a page."""
    return f"/{_BY_FILE[file].path}" + (f"?{urlencode(query)}" if query else "")


def shows_pictures(path: str) -> bool:
    """Whether the page at this address (without the leading slash) shows pictures, and so needs storage."""
    return any(item.path == path and item.section in _WITH_PICTURES for item in ITEMS)


def pages() -> list[StreamlitPage]:
    """All pages, also before sign-in: Streamlit would drop the address of an unregistered page while the user signs in."""
    return [
        st.Page(ROOT / source(item.file), title=item.title, icon=item.icon, url_path=item.path or None, default=not item.path)
        for item in ITEMS
    ]


def sections() -> dict[str, list[NavItem]]:
    """The menu: section -> its pages."""
    menu: dict[str, list[NavItem]] = {}
    for item in ITEMS:
        menu.setdefault(item.section, []).append(item)
    return menu
