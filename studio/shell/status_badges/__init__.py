"""The badges at the top of every page: what runs and what waits, live; and a toast when something that the user ordered, or a
post, has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend import content_plans
from studio.ui.browser_component import ignore, load

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


def status_badges(page: Page, current: str) -> None:
    """Draws them; goes to what was clicked. `current`: the page that is shown: what it shows itself is not told."""
    data: dict[str, Any] = {
        "workspace": page.workspace.id,
        "userId": page.user.id,
        "influencerId": page.influencer_id,
        "canEdit": page.can_edit,
        "current": current,
        "pages": _RESULTS,
    }
    opened = _component(key="status-badges", data=data, on_opened_change=ignore, width="content").get("opened")
    if opened:
        _open(page, noun=str(opened["noun"]), subject_id=str(opened["id"]), job_id=str(opened["jobId"]))


def _open(page: Page, *, noun: str, subject_id: str, job_id: str) -> None:
    """`noun`: inbox, jobs, job, or the type of a job that has made something about `subject_id`."""
    if noun == "inbox":
        page.go("inbox/inbox")
    if noun == "jobs":
        page.go("settings/jobs")
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
