"""What notices say: a title and a message for so many happenings of a kind. Pure."""

from __future__ import annotations

from collections.abc import Callable

from backend.notices import rules
from backend.notices.schemas import Happening

_JOB_NOUNS = {
    "image-generation": ("picture request", "picture requests"),
    "image-list": ("list of pictures", "lists of pictures"),
    "image-grid": ("grid of pictures", "grids of pictures"),
    "image-upscale": ("upscale", "upscales"),
    "video-generation": ("video", "videos"),
    "video-finishing": ("finished video", "finished videos"),
    "reel-render": ("reel", "reels"),
    "lora-training": ("training", "trainings"),
    "lora-trial": ("comparison", "comparisons"),
    "auto-caption": ("caption run", "caption runs"),
    "dataset-ingest": ("import", "imports"),
    "content-plan": ("auto-plan", "auto-plans"),
    "content-generation": ("text", "texts"),
    "style-training": ("writing style", "writing styles"),
}


def title(latest: Happening, count: int) -> str:
    """`latest`: the last of `count` happenings."""
    return _TITLES[latest.kind](latest, count)[:300]


def message(latest: Happening, count: int) -> str:
    """A sentence more; of a storm, what happened last."""
    if count > 1 and latest.name:
        return f"Last: {latest.name}. {latest.detail}".strip()[:1000]
    return latest.detail[:1000]


def _posts(happening: Happening, count: int, verb: str, verb_of_many: str) -> str:
    place = f" on {happening.data['channel']}" if happening.data.get("channel") else ""
    if count == 1:
        return f"“{happening.name or 'A post'}” {verb}{place}"
    return f"{count:,} posts {verb_of_many}{place}"


def _job_failed(happening: Happening, count: int) -> str:
    if count == 1:
        return f"“{happening.name or 'A job'}” failed"
    return f"{count:,} {_job_nouns(happening)} failed"


def _run_finished(happening: Happening, count: int) -> str:
    if count == 1:
        return f"“{happening.name or 'A job'}” is done"
    return f"{count:,} {_job_nouns(happening)} are done"


def _job_nouns(happening: Happening) -> str:
    return _JOB_NOUNS.get(happening.data.get("type", ""), ("job", "jobs"))[1]


def _budget(happening: Happening, _count: int) -> str:
    period = "today" if happening.data.get("period") == "day" else "this month"
    return f"The budget for AI calls of {period} is {'used up' if happening.data.get('spent') else 'at 80 %'}"


_TITLES: dict[str, Callable[[Happening, int], str]] = {
    "post.review": lambda latest, n: _posts(latest, n, "waits for approval", "wait for approval"),
    "post.failed": lambda latest, n: _posts(latest, n, "failed", "failed"),
    "post.unknown": lambda latest, n: _posts(latest, n, "may or may not be out", "may or may not be out"),
    "post.missed": lambda latest, n: _posts(latest, n, "missed its time", "missed their time"),
    "job.failed": _job_failed,
    "jobs.failing": lambda latest, _: f"More than half of the jobs {f'of “{latest.name}” ' if latest.name else ''}fail",
    "training.done": lambda latest, _: f"Training of “{latest.name}” is done",
    "run.finished": _run_finished,
    "automation.finished": lambda latest, _: f"“{latest.name}” has run" if latest.name else "An automation has run",
    "automation.notice": lambda latest, _: f"Message from “{latest.name}”" if latest.name else "A message of an automation",
    "budget": _budget,
    "channel.expiring": lambda latest, _: f"{latest.name or 'A channel'} must be connected again soon",
    "channel.refused": lambda latest, _: f"{latest.name or 'A channel'} must be connected again",
    "member.joined": lambda latest, _: f"{latest.name or 'Somebody'} joined as {latest.data.get('role', 'member')}",
    "report.weekly": lambda latest, _: f"Your week from {rules.monday_of(latest.name):%-d %B}",
    "disk": lambda latest, _: f"The studio's disk is nearly full: {latest.name} left",
    "address.refused": lambda latest, _: f"Messages to {latest.name} cannot be delivered",
}
