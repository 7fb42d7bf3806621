"""The one list of pages, in the order of the menu. What is not listed here does not exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import streamlit as st

from backend.language import tr_lazy, worded

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the menu. `title`: for `worded`; `for_viewers`: whether people who may only look see it."""

    name: str
    title: str
    icon: str
    for_viewers: bool = True


@dataclass(frozen=True, slots=True)
class NavItem:
    """`file`: `<section>/<noun>` under pages/; `path`: its address; `is_tab`: whether the pages of its section link to it;
    `is_hidden`: nothing links to it, for people who know its address."""

    file: str
    title: str
    icon: str
    path: str
    is_tab: bool = True
    is_hidden: bool = False

    @property
    def section(self) -> str:
        return self.file.partition("/")[0]


SECTIONS = (
    Section("home", tr_lazy("Home"), ":material/home:"),
    Section("inbox", tr_lazy("Inbox"), ":material/inbox:"),
    Section("calendar", tr_lazy("Calendar"), ":material/calendar_month:"),
    Section("create", tr_lazy("Create"), ":material/brush:", for_viewers=False),
    Section("library", tr_lazy("Library"), ":material/photo_library:"),
    Section("influencers", tr_lazy("Influencers"), ":material/face_3:"),
    Section("models", tr_lazy("Models"), ":material/model_training:", for_viewers=False),
    Section("results", tr_lazy("Results"), ":material/monitoring:"),
    Section("settings", tr_lazy("Settings"), ":material/settings:", for_viewers=False),
)
ITEMS = (
    NavItem("home/home", tr_lazy("Home"), ":material/home:", ""),
    NavItem("home/help", tr_lazy("Help"), ":material/help:", "help", is_tab=False),
    NavItem("inbox/inbox", tr_lazy("Inbox"), ":material/inbox:", "inbox"),
    NavItem("calendar/calendar", tr_lazy("Calendar"), ":material/calendar_month:", "calendar"),
    NavItem("calendar/post", tr_lazy("Post"), ":material/edit_calendar:", "post", is_tab=False),
    NavItem("calendar/automations", tr_lazy("Automations"), ":material/auto_mode:", "automations"),
    NavItem("create/pictures", tr_lazy("Pictures"), ":material/brush:", "create"),
    NavItem("create/videos", tr_lazy("Videos"), ":material/movie:", "create-video"),
    NavItem("create/reels", tr_lazy("Reels"), ":material/smart_display:", "reels"),
    NavItem("create/texts", tr_lazy("Texts"), ":material/ink_pen:", "write"),
    NavItem("create/prompts", tr_lazy("Prompt library"), ":material/edit_note:", "prompts"),
    NavItem("library/gallery", tr_lazy("Gallery"), ":material/imagesmode:", "gallery"),
    NavItem("library/videos", tr_lazy("Videos"), ":material/movie:", "videos"),
    NavItem("library/finish", tr_lazy("Finish a video"), ":material/movie_edit:", "finish-video", is_tab=False),
    NavItem("library/music", tr_lazy("Music"), ":material/music_note:", "music"),
    NavItem("library/texts", tr_lazy("Texts"), ":material/notes:", "texts"),
    NavItem("library/boards", tr_lazy("Boards"), ":material/dashboard:", "boards"),
    NavItem("library/trash", tr_lazy("Trash"), ":material/delete:", "trash"),
    NavItem("library/lineage", tr_lazy("How it was made"), ":material/account_tree:", "lineage", is_tab=False),
    NavItem("influencers/influencers", tr_lazy("Influencers"), ":material/face_3:", "influencers"),
    NavItem("influencers/wizard", tr_lazy("New influencer"), ":material/auto_awesome:", "new-influencer", is_tab=False),
    NavItem("models/loras", tr_lazy("LoRAs"), ":material/extension:", "loras"),
    NavItem("models/training", tr_lazy("Training"), ":material/model_training:", "training"),
    NavItem("models/datasets", tr_lazy("Datasets"), ":material/photo_library:", "datasets"),
    NavItem("models/comparisons", tr_lazy("Comparisons"), ":material/compare:", "comparisons"),
    NavItem("models/writing_styles", tr_lazy("Writing styles"), ":material/history_edu:", "writing-styles"),
    NavItem("models/workflows", tr_lazy("Workflows"), ":material/schema:", "workflows"),
    NavItem("results/results", tr_lazy("Results"), ":material/monitoring:", "results"),
    NavItem("settings/workspace", tr_lazy("Workspace"), ":material/groups:", "workspace"),
    NavItem("settings/channels", tr_lazy("Channels"), ":material/cell_tower:", "channels"),
    NavItem("settings/consents", tr_lazy("Consents"), ":material/record_voice_over:", "consents"),
    NavItem("settings/connections", tr_lazy("Connection check"), ":material/stethoscope:", "connections"),
    NavItem("settings/costs", tr_lazy("Usage & limits"), ":material/payments:", "costs"),
    NavItem("settings/jobs", tr_lazy("Activity"), ":material/bolt:", "jobs"),
    NavItem("settings/backups", tr_lazy("Backups"), ":material/settings_backup_restore:", "backups"),
    NavItem("settings/system", tr_lazy("System"), ":material/monitor_heart:", "system"),
    NavItem("settings/api_keys", tr_lazy("API keys"), ":material/key:", "api-keys"),
    NavItem("settings/webhooks", tr_lazy("Webhooks"), ":material/webhook:", "webhooks"),
    NavItem("settings/audit", tr_lazy("Audit log"), ":material/policy:", "audit"),
    NavItem("settings/notices", tr_lazy("Notices"), ":material/notifications:", "notice-settings"),
    NavItem("settings/history", tr_lazy("My history"), ":material/history:", "history", is_tab=False),
    NavItem("settings/account", tr_lazy("Profile"), ":material/person:", "account", is_tab=False),
    NavItem("settings/design", tr_lazy("Design"), ":material/palette:", "design", is_tab=False, is_hidden=True),
)
MOVED = {"held": "inbox", "review": "inbox", "face-check": "inbox", "trials": "comparisons"}
"""Addresses of earlier versions -> where that is now; the query stays."""
_WITHOUT_PICTURES = ("settings",)
_BY_FILE = {item.file: item for item in ITEMS}


def item(file: str) -> NavItem:
    """The page `file` (such as `models/loras`)."""
    return _BY_FILE[file]


def source(file: str) -> str:
    """The path by which Streamlit knows the page `file` (such as `models/loras`)."""
    return f"pages/{_BY_FILE[file].file}.py"


def url(file: str, query: Mapping[str, str]) -> str:
    """Root-relative address of a page."""
    return f"/{_BY_FILE[file].path}" + (f"?{urlencode(query)}" if query else "")


def shows_pictures(path: str) -> bool:
    """Whether the page at this address (without the leading slash) shows pictures, and so needs storage."""
    return any(item.path == path and item.section not in _WITHOUT_PICTURES for item in ITEMS)


def pages() -> list[StreamlitPage]:
    """All pages, also before sign-in: Streamlit would drop the address of an unregistered page while the user signs in."""
    return [
        st.Page(
            ROOT / source(item.file),
            title=worded(item.title),
            icon=item.icon,
            url_path=item.path or None,
            default=not item.path,
        )
        for item in ITEMS
    ]


def at(path: str) -> NavItem:
    """The page with this address (without the leading slash); Home for an unknown one."""
    return next((item for item in ITEMS if item.path == path), ITEMS[0])


def first_page(section: str) -> NavItem:
    """The page that a section of the menu opens."""
    return next(item for item in ITEMS if item.section == section)


def tabs(section: str) -> list[NavItem]:
    """The pages of a section that link to each other; empty where there is only one."""
    items = [item for item in ITEMS if item.section == section and item.is_tab]
    return items if len(items) > 1 else []
