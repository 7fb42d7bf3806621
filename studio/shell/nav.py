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
class Item:
    """`file`: `<section>/<noun>` under pages/; `path`: its address."""

    file: str
    title: str
    icon: str
    path: str
    section: str


ITEMS = (
    Item("start/overview", "Overview", ":material/space_dashboard:", "", "Start"),
    Item("start/wizard", "New influencer", ":material/auto_awesome:", "new-influencer", "Start"),
    Item("make/influencers", "Influencers", ":material/face_3:", "influencers", "Make"),
    Item("make/datasets", "Datasets", ":material/photo_library:", "datasets", "Make"),
    Item("make/training", "Training", ":material/model_training:", "training", "Make"),
    Item("make/loras", "LoRAs", ":material/extension:", "loras", "Make"),
    Item("make/trials", "Compare checkpoints", ":material/compare:", "trials", "Make"),
    Item("make/generation", "Create", ":material/brush:", "create", "Make"),
    Item("make/prompts", "Prompts", ":material/edit_note:", "prompts", "Make"),
    Item("make/writing", "Write", ":material/ink_pen:", "write", "Make"),
    Item("make/styles", "Writing styles", ":material/history_edu:", "writing-styles", "Make"),
    Item("make/workflows", "Workflows", ":material/schema:", "workflows", "Make"),
    Item("make/gallery", "Gallery", ":material/imagesmode:", "gallery", "Make"),
    Item("make/clips", "Videos", ":material/movie:", "videos", "Make"),
    Item("make/boards", "Boards", ":material/dashboard:", "boards", "Make"),
    Item("make/lineage", "Lineage", ":material/account_tree:", "lineage", "Make"),
    Item("make/held", "Held pictures", ":material/fact_check:", "held", "Make"),
    Item("plan/calendar", "Calendar", ":material/calendar_month:", "calendar", "Plan"),
    Item("plan/review", "Review", ":material/rate_review:", "review", "Plan"),
    Item("plan/channels", "Channels", ":material/cell_tower:", "channels", "Plan"),
    Item("run/jobs", "Jobs", ":material/bolt:", "jobs", "Run"),
    Item("run/costs", "Costs", ":material/payments:", "costs", "Run"),
    Item("run/system", "System", ":material/monitor_heart:", "system", "Run"),
    Item("admin/account", "Account", ":material/person:", "account", "Admin"),
    Item("admin/workspace", "Workspace", ":material/groups:", "workspace", "Admin"),
)
_WITH_PICTURES = ("Start", "Make", "Plan")
_BY_FILE = {item.file: item for item in ITEMS}


def source(file: str) -> str:
    """`make/loras` -> the path Streamlit knows the page by."""
    return f"pages/{_BY_FILE[file].file}.py"


def url(file: str, query: Mapping[str, str]) -> str:
    """Root-relative address of a page."""
    return f"/{_BY_FILE[file].path}" + (f"?{urlencode(query)}" if query else "")


def shows_pictures(path: str) -> bool:
    """Whether the page at this address (without its slash) is of little use while storage is away."""
    return any(item.path == path and item.section in _WITH_PICTURES for item in ITEMS)


def pages() -> list[StreamlitPage]:
    """All of them, always: an address that is not registered is lost while somebody signs in."""
    return [
        st.Page(ROOT / source(item.file), title=item.title, icon=item.icon, url_path=item.path or None, default=not item.path)
        for item in ITEMS
    ]


def sections() -> dict[str, list[Item]]:
    """The menu: section -> its pages."""
    menu: dict[str, list[Item]] = {}
    for item in ITEMS:
        menu.setdefault(item.section, []).append(item)
    return menu
