"""What notices say: a title and a message for so many happenings of a kind. Pure."""

from __future__ import annotations

from collections.abc import Callable

from backend.language import Message, joined, tr_lazy, tr_lazy_plural
from backend.notices import rules
from backend.notices.schemas import Happening

_JOB_NOUNS = {
    "image-generation": tr_lazy("picture requests"),
    "image-list": tr_lazy("lists of pictures"),
    "image-grid": tr_lazy("grids of pictures"),
    "image-upscale": tr_lazy("upscales"),
    "video-generation": tr_lazy("videos"),
    "video-finishing": tr_lazy("finished videos"),
    "reel-render": tr_lazy("reels"),
    "lora-training": tr_lazy("trainings"),
    "lora-trial": tr_lazy("comparisons"),
    "auto-caption": tr_lazy("caption runs"),
    "dataset-ingest": tr_lazy("imports"),
    "content-plan": tr_lazy("auto-plans"),
    "content-generation": tr_lazy("texts"),
    "style-training": tr_lazy("writing styles"),
}
_JOBS = tr_lazy("jobs")
_A_POST, _A_JOB, _A_CHANNEL = tr_lazy("A post"), tr_lazy("A job"), tr_lazy("A channel")
_ROLES = {"owner": tr_lazy("owner"), "editor": tr_lazy("editor"), "viewer": tr_lazy("viewer")}


def title(latest: Happening, count: int) -> str:
    """`latest`: the last of `count` happenings."""
    return _TITLES[latest.kind](latest, count)


def message(latest: Happening, count: int) -> str:
    """A sentence more; of a storm, what happened last."""
    if count > 1 and latest.name:
        return joined(tr_lazy("Last: {name}.", name=latest.name), latest.detail)
    return latest.detail


def _review(latest: Happening, n: int) -> str:
    if n == 1:
        return tr_lazy("“{post}” waits for approval", post=latest.name or _A_POST)
    return tr_lazy_plural("{n:,} post waits for approval", "{n:,} posts wait for approval", n)


def _post_failed(latest: Happening, n: int) -> str:
    channel = latest.data["channel"]
    if n == 1:
        return tr_lazy("“{post}” failed on {channel}", post=latest.name or _A_POST, channel=channel)
    return tr_lazy_plural("{n:,} post failed on {channel}", "{n:,} posts failed on {channel}", n, channel=channel)


def _post_unknown(latest: Happening, n: int) -> str:
    channel = latest.data["channel"]
    if n == 1:
        return tr_lazy("“{post}” could not be confirmed on {channel}", post=latest.name or _A_POST, channel=channel)
    return tr_lazy_plural(
        "{n:,} post could not be confirmed on {channel}",
        "{n:,} posts could not be confirmed on {channel}",
        n,
        channel=channel,
    )


def _post_missed(latest: Happening, n: int) -> str:
    channel = latest.data["channel"]
    if n == 1:
        return tr_lazy("“{post}” missed its time on {channel}", post=latest.name or _A_POST, channel=channel)
    return tr_lazy_plural(
        "{n:,} post missed its time on {channel}", "{n:,} posts missed their time on {channel}", n, channel=channel
    )


def _job_failed(latest: Happening, n: int) -> str:
    if n == 1:
        return tr_lazy("“{job}” failed", job=latest.name or _A_JOB)
    return tr_lazy("{n:,} {jobs} failed", n=n, jobs=_job_nouns(latest))


def _run_finished(latest: Happening, n: int) -> str:
    if n == 1:
        return tr_lazy("“{job}” is done", job=latest.name or _A_JOB)
    return tr_lazy("{n:,} {jobs} are done", n=n, jobs=_job_nouns(latest))


def _job_nouns(latest: Happening) -> Message:
    return _JOB_NOUNS.get(latest.data.get("type", ""), _JOBS)


def _failing(latest: Happening, _n: int) -> str:
    if latest.name:
        return tr_lazy("More than half of the jobs of “{name}” fail", name=latest.name)
    return tr_lazy("More than half of the jobs fail")


def _automation_finished(latest: Happening, _n: int) -> str:
    return tr_lazy("“{name}” has run", name=latest.name) if latest.name else tr_lazy("An automation has run")


def _automation_notice(latest: Happening, _n: int) -> str:
    return tr_lazy("Message from “{name}”", name=latest.name) if latest.name else tr_lazy("A message of an automation")


def _budget(latest: Happening, _n: int) -> str:
    is_spent = latest.data.get("spent")
    if latest.data.get("period") == "day":
        if is_spent:
            return tr_lazy("The budget for AI calls of today is used up")
        return tr_lazy("The budget for AI calls of today is at 80%")
    if is_spent:
        return tr_lazy("The budget for AI calls of this month is used up")
    return tr_lazy("The budget for AI calls of this month is at 80%")


def _joined_workspace(latest: Happening, _n: int) -> str:
    role = latest.data.get("role", "")
    return tr_lazy(
        "{name} joined as {role}", name=latest.name or tr_lazy("Somebody"), role=_ROLES.get(role, role) or tr_lazy("member")
    )


def _report(latest: Happening, _n: int) -> str:
    monday = rules.monday_of(latest.name)
    day = monday.day
    return (
        tr_lazy("Your week from {day} January", day=day),
        tr_lazy("Your week from {day} February", day=day),
        tr_lazy("Your week from {day} March", day=day),
        tr_lazy("Your week from {day} April", day=day),
        tr_lazy("Your week from {day} May", day=day),
        tr_lazy("Your week from {day} June", day=day),
        tr_lazy("Your week from {day} July", day=day),
        tr_lazy("Your week from {day} August", day=day),
        tr_lazy("Your week from {day} September", day=day),
        tr_lazy("Your week from {day} October", day=day),
        tr_lazy("Your week from {day} November", day=day),
        tr_lazy("Your week from {day} December", day=day),
    )[monday.month - 1]


_TITLES: dict[str, Callable[[Happening, int], str]] = {
    "post.review": _review,
    "post.failed": _post_failed,
    "post.unknown": _post_unknown,
    "post.missed": _post_missed,
    "job.failed": _job_failed,
    "jobs.failing": _failing,
    "training.done": lambda latest, _: tr_lazy("Training of “{name}” is done", name=latest.name),
    "run.finished": _run_finished,
    "automation.finished": _automation_finished,
    "automation.notice": _automation_notice,
    "budget": _budget,
    "channel.expiring": lambda latest, _: tr_lazy("{name} must be connected again soon", name=latest.name or _A_CHANNEL),
    "channel.refused": lambda latest, _: tr_lazy("{name} must be connected again", name=latest.name or _A_CHANNEL),
    "member.joined": _joined_workspace,
    "report.weekly": _report,
    "disk": lambda latest, _: tr_lazy("The studio's disk is nearly full: {size} left", size=latest.name),
    "address.refused": lambda latest, _: tr_lazy("Messages to {address} cannot be delivered", address=latest.name),
}
