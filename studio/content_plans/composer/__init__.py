"""The composer: one post with its fields, its previews and everything that can be done with it, as a page or in a panel.

The browser part talks to the API by itself (backend/api/routes/composer.py): it saves while one types, and its footer saves and
acts in one request. Python only mounts it, and learns that it was closed or wants another post.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from backend import influencers
from backend.content_plans import STATE_LABELS
from backend.language import reader, tr, worded
from backend.platforms.limits import FormatLimits, TextLimit, TextRules
from backend.platforms.registry import PLATFORMS
from studio.content_plans import youtube_categories
from studio.shell import nav
from studio.shell.frame import Page
from studio.ui.browser_component import ignore, load
from studio.ui.empty_state import empty_state
from studio.ui.uploader import PICTURE_SUFFIXES, VIDEO_SUFFIXES

_component = load(__file__)
_OPEN = "composer:open"
_ROUND = "composer:round"


def open_panel(page: Page, plan_id: str) -> None:
    """Opens the post in a panel beside the page that is shown. It stays open over reruns, until it is closed."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    st.session_state[_OPEN] = {"data": _data(page, plan_id, panel=True), "path": None}
    context = get_script_run_ctx()
    if context and context.fragment_ids_this_run:
        st.rerun()  # a fragment's run does not come to `show_panel`


def panel_plan_id() -> str:
    """The post in the open panel; "" when none is open."""
    opened: dict[str, Any] | None = st.session_state.get(_OPEN)
    return str(opened["data"]["planId"]) if opened else ""


def open_page(page: Page, plan_id: str) -> NoReturn:
    """Goes to the post's own page."""
    page.go("calendar/post", id=plan_id)


def show_panel(path: str) -> None:
    """Draws the open panel; called at the end of each run. `path`: address of the page; another page closes the panel."""
    opened: dict[str, Any] | None = st.session_state.get(_OPEN)
    if opened is None:
        return
    opened["path"] = path if opened["path"] is None else opened["path"]
    if opened["path"] != path:
        del st.session_state[_OPEN]
        return
    result = _mount(f"composer:panel:{st.session_state[_ROUND]}", opened["data"])
    if next_plan := result.get("opened"):
        st.session_state[_ROUND] += 1
        plan_id = str(next_plan["id"])
        opened["data"] |= {"planId": plan_id, "pageUrl": _page_url(opened["data"]["workspace"], plan_id)}
        st.rerun()
    if result.get("closed"):
        del st.session_state[_OPEN]
        st.rerun()


def show_page(page: Page, plan_id: str) -> None:
    """The post on a page of its own."""
    if st.button(tr("Calendar"), icon=":material/arrow_back:", type="tertiary"):
        page.go("calendar/calendar")
    if not plan_id:
        card = empty_state(tr("No post chosen"), tr("Open one on the calendar."), icon=":material/edit_calendar:")
        if card.button(tr("Open the calendar"), type="primary"):
            page.go("calendar/calendar")
        return
    result = _mount(f"composer:{plan_id}", _data(page, plan_id, panel=False))
    if next_plan := result.get("opened"):
        page.go("calendar/post", id=str(next_plan["id"]))


def _mount(key: str, data: Mapping[str, Any]) -> Any:
    return _component(key=key, data=dict(data), on_closed_change=ignore, on_opened_change=ignore)


def _page_url(workspace_id: str, plan_id: str) -> str:
    return nav.url("calendar/post", {"ws": workspace_id, "id": plan_id})


def _data(page: Page, plan_id: str, *, panel: bool) -> dict[str, Any]:
    return {
        "workspace": page.workspace.id,
        "user": page.user.id,
        "planId": plan_id,
        "panel": panel,
        "canEdit": page.can_edit,
        "pageUrl": _page_url(page.workspace.id, plan_id),
        "channelsUrl": page.url("settings/channels"),
        "uploads": {
            "pictures": {"accept": PICTURE_SUFFIXES, "maxBytes": page.app.settings.uploads.max_picture_size},
            "videos": {"accept": VIDEO_SUFFIXES, "maxBytes": page.app.settings.uploads.max_video_size},
        },
        **_facts(reader().language),
    }


@cache
def _facts(language: str) -> dict[str, Any]:
    """In the words of the reader, whose language it is."""
    return {
        "platforms": {name: _platform(name) for name in PLATFORMS},
        "stateLabels": {state.value: worded(label) for state, label in STATE_LABELS.items()},
        "languages": {tag: worded(name) for tag, name in influencers.LANGUAGES.items()},
        "categories": {number: worded(name) for number, name in youtube_categories.CATEGORIES.items()},
    }


def _platform(name: str) -> dict[str, Any]:
    platform = PLATFORMS[name]
    return {
        "label": platform.label,
        "shortName": platform.short_name,
        "title": platform.title,
        "titleRequired": platform.title_required,
        "comments": platform.comments,
        "privacy": platform.privacy,
        "privacyLabels": {value: worded(label) for value, label in platform.privacy_labels.items()},
        "privacyPerAccount": platform.privacy_per_account,
        "asksMadeForKids": platform.asks_made_for_kids,
        "maxCollaborators": platform.max_collaborators,
        "practice": platform.practice,
        "formats": {
            post_format: {**_format(limits), "rules": _text_rules(platform.text_rules_for(post_format))}
            for post_format, limits in platform.formats.items()
        },
    }


def _format(limits: FormatLimits) -> dict[str, Any]:
    return {
        "advised": limits.advised,
        "caption": limits.caption,
        "comment": limits.comment,
        "aiLabel": limits.ai_label,
    }


def _text_rules(rules: TextRules) -> dict[str, Any]:
    parts = {name: _text_limit(getattr(rules, name)) for name in ("text", "heading", "alt")}
    return {**parts, "hashtags": rules.hashtags}


def _text_limit(limit: TextLimit | None) -> dict[str, Any] | None:
    return {"name": limit.name, "limit": limit.limit, "unit": limit.unit} if limit else None
