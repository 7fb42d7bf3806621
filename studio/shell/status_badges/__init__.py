"""The badges at the top of every page: what runs and what waits, live; and a toast when something that the user ordered, or a
post, has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend import content_plans
from backend.language import tr_lazy, worded
from studio.shell import nav
from studio.ui.browser_component import ignore, load
from studio.ui.undo_toast import recent_offers

if TYPE_CHECKING:
    from studio.shell.frame import Page

_component = load(__file__)
_RESULTS = {
    "content-plan": "calendar/calendar",
    "lora-trial": "models/comparisons",
    "dataset-ingest": "models/datasets",
    "auto-caption": "models/datasets",
    "image-generation": "create/pictures",
    "image-list": "create/pictures",
    "image-grid": "create/pictures",
    "image-upscale": "create/pictures",
    "autopost": "calendar/post",
    "lora-training": "models/training",
    "video-finishing": "library/videos",
    "video-generation": "library/videos",
    "content-generation": "create/texts",
    "content-ideas": "create/texts",
    "style-training": "models/writing_styles",
}
"""Type of job -> the page that shows what it made. Others are only heard of when they fail."""
_WITHOUT_ID = ("calendar/calendar", "create/texts")
"""Pages that open without the id of what the job is about."""

CREATIONS = (
    ("create/pictures", tr_lazy("Picture"), ":material/brush:"),
    ("create/videos", tr_lazy("Video"), ":material/movie:"),
    ("create/texts", tr_lazy("Text"), ":material/ink_pen:"),
    ("calendar/post", tr_lazy("Post"), ":material/calendar_add_on:"),
    ("influencers/wizard", tr_lazy("Influencer"), ":material/person_add:"),
)
"""What can be made new: the page, its name, its icon."""
_PHONE_PLACES = ("home", "inbox", "calendar")
_PHONE_PLACES_OF_VIEWERS = ("home", "inbox", "calendar", "library")
"""Sections that the bar at the bottom of a phone leads to; the others are in the menu."""


def creation_query(file: str) -> dict[str, str]:
    """What the address of `file` says beside the workspace when something new is made there."""
    return {"new": "1"} if file == "calendar/post" else {}


def status_badges(page: Page, current: str) -> None:
    """Draws them; goes to what was clicked. `current`: the page that is shown: what it shows itself is not told."""
    data: dict[str, Any] = {
        "workspace": page.workspace.id,
        "userId": page.user.id,
        "influencerId": page.influencer_id,
        "canEdit": page.can_edit,
        "current": current,
        "pages": _RESULTS,
        "section": nav.item(current).section,
        **_phone_bar(page),
        "offers": recent_offers(),
    }
    mounted = _component(key="status-badges", data=data, on_opened_change=ignore, on_undone_change=ignore, width="content")
    opened = mounted.get("opened")
    if opened:
        _open(page, noun=str(opened["noun"]), subject_id=str(opened["id"]), job_id=str(opened["jobId"]))


def _phone_bar(page: Page) -> dict[str, Any]:
    """`places` and `creations`, as phone_bar.js draws them."""
    names = _PHONE_PLACES if page.can_edit else _PHONE_PLACES_OF_VIEWERS
    sections = [section for section in nav.SECTIONS if section.name in names]
    return {
        "places": [
            _bar_link(section.name, section.title, section.icon, page.url(nav.first_page(section.name).file), "")
            for section in sections
        ],
        "creations": [
            _bar_link(file, label, icon, page.url(file, **creation_query(file)), file)
            for file, label, icon in (CREATIONS if page.can_edit else ())
        ],
    }


def _bar_link(name: str, label: str, icon: str, url: str, file: str) -> dict[str, str]:
    symbol = icon.removeprefix(":material/").removesuffix(":")
    return {"name": name, "label": worded(label), "icon": symbol, "url": url, "file": file}


def _open(page: Page, *, noun: str, subject_id: str, job_id: str) -> None:
    """`noun`: inbox, jobs, job, page (one of CREATIONS), or the type of a job that has made something about `subject_id`."""
    if noun == "inbox":
        page.go("inbox/inbox")
    if noun == "jobs":
        page.go("settings/jobs")
    if noun == "page" and subject_id in {file for file, _, _ in CREATIONS}:
        page.go(subject_id, **creation_query(subject_id))
    if noun == "job":
        page.go("settings/jobs", id=subject_id)
    if noun == "autopost":
        with page.transaction() as tx:
            subject_id = content_plans.plan_id_of(tx, subject_id)
        if subject_id:
            page.go("calendar/post", id=subject_id)
    file = _RESULTS.get(noun, "settings/jobs")
    if file in _WITHOUT_ID or not subject_id:
        page.go(file)
    page.go(file, id=job_id if file == "settings/jobs" else subject_id)
