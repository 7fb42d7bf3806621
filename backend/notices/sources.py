"""What events say to people: each kind of event that somebody is told of, and the names that a sentence about it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from backend.channels import PLATFORMS
from backend.db.tables import Channel, ContentPlan, Job, JobState, Post, User
from backend.events import EventRecord
from backend.language import joined, messages, tr_lazy
from backend.notices.schemas import Happening

OWN_ADDRESS = tr_lazy("your e-mail address")
"""What is refused, in the event of a person's e-mail address."""
LONG_RUN_S = 60.0
"""A job of this length is worth telling the person who started it."""
FAILING_MIN_JOBS, FAILING_WITHIN = 5, timedelta(hours=1)
_TOLD_BY_OTHERS = ("autopost", "upkeep", "lora-training")
"""Kinds of jobs whose end says nothing new: their posts and trainings do, and nobody waits for tidying up."""
_RUN_TYPES = frozenset(
    {
        "image-generation", "image-list", "image-grid", "image-upscale", "video-generation", "video-finishing", "reel-render",
        "lora-trial", "auto-caption", "dataset-ingest", "content-plan", "style-training",
    }
)  # fmt: skip

Numbered = tuple[int, EventRecord]
_Read = Callable[[Happening, EventRecord], Happening | None]


@dataclass(frozen=True, slots=True)
class _PostNames:
    topic: str
    plan_id: str
    channel_id: str
    channel: str
    error: str


def happenings(tx: Session, numbered: Sequence[Numbered]) -> list[Happening]:
    """What `numbered` events (position, event) say to people, in their order. Reads names in one statement a noun."""
    posts = _post_names(tx, _ids(numbered, "post"))
    jobs = _jobs(tx, failed=_ids(numbered, "job", ("job.failed",)), completed=_ids(numbered, "job", ("job.completed",)))
    channels = _channel_names(tx, _ids(numbered, "channel"))
    people = _people(tx, _ids(numbered, "member", ("member.joined",)))
    result: list[Happening] = []
    for position, event in numbered:
        blank = Happening(
            "", "", position, event.created_at, noun=event.noun, noun_id=event.noun_id, actor_id=event.user_id or ""
        )
        match event.noun:
            case "post":
                happening = _of_post(blank, event, posts.get(event.noun_id))
            case "job":
                happening = _of_job(blank, event, jobs.get(event.noun_id))
            case "channel":
                happening = _of_channel(blank, event, channels.get(event.noun_id, ""))
            case "member":
                happening = _of_member(blank, event, people.get(event.noun_id, ""))
            case _:
                read = _OTHERS.get(event.kind)
                happening = read(blank, event) if read else None
        if happening is not None:
            result.append(happening)
    return result + _failing_jobs(tx, result)


def _ids(numbered: Sequence[Numbered], noun: str, kinds: Iterable[str] = ()) -> list[str]:
    wanted_kinds = set(kinds)
    return sorted(
        {event.noun_id for _, event in numbered if event.noun == noun and (not wanted_kinds or event.kind in wanted_kinds)}
    )


def _post_names(tx: Session, ids: Sequence[str]) -> dict[str, _PostNames]:
    if not ids:
        return {}
    query = (
        select(Post.id, ContentPlan.topic, Post.plan_id, Post.channel_id, Channel.name, Channel.platform, Post.error)
        .join(ContentPlan, (ContentPlan.id == Post.plan_id) & (ContentPlan.tenant_id == Post.tenant_id))
        .join(Channel, (Channel.id == Post.channel_id) & (Channel.tenant_id == Post.tenant_id))
        .where(Post.id.in_(ids))
    )
    return {
        row.id: _PostNames(row.topic, row.plan_id, row.channel_id, _channel_label(row.name, row.platform), row.error)
        for row in tx.execute(query)
    }


def _jobs(tx: Session, *, failed: Sequence[str], completed: Sequence[str]) -> dict[str, Job]:
    """Of the completed ones those that took long: nobody is told of the others, and they are many."""
    if not failed and not completed:
        return {}
    took_long = Job.id.in_(completed), Job.finished_at - Job.created_at >= timedelta(seconds=LONG_RUN_S)
    return {job.id: job for job in tx.scalars(select(Job).where(or_(Job.id.in_(failed), and_(*took_long))))}


def _channel_names(tx: Session, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    rows = tx.execute(select(Channel.id, Channel.name, Channel.platform).where(Channel.id.in_(ids)))
    return {row.id: _channel_label(row.name, row.platform) for row in rows}


def _channel_label(name: str, platform: str) -> str:
    return f"{name} · {PLATFORMS.get(platform, platform)}"


def _people(tx: Session, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    return {user_id: name for user_id, name in tx.execute(select(User.id, User.name).where(User.id.in_(ids)))}


_POST_KINDS = {
    "post.in_review": "post.review",
    "post.failed": "post.failed",
    "post.unknown": "post.unknown",
    "post.missed": "post.missed",
}


def _of_post(blank: Happening, event: EventRecord, names: _PostNames | None) -> Happening | None:
    kind = _POST_KINDS.get(event.kind)
    if kind is None or names is None:
        return None
    subject = "posts" if kind == "post.review" else f"channel:{names.channel_id}"
    return replace(
        blank,
        kind=kind,
        subject=subject,
        name=names.topic,
        detail=names.error if kind != "post.review" else "",
        data={} if kind == "post.review" else {"channel": names.channel},
        noun="plan",
        noun_id=names.plan_id,
    )


def _of_job(blank: Happening, event: EventRecord, job: Job | None) -> Happening | None:
    if job is None or job.parent_id or job.kind in _TOLD_BY_OTHERS:
        return None
    job_type = job.type or job.kind
    subject, data = f"type:{job_type}", {"type": job_type}
    if event.kind == "job.failed":
        detail = job.error_message or ""
        return replace(blank, kind="job.failed", subject=subject, name=job.title, detail=detail, data=data)
    is_long = job.finished_at is not None and (job.finished_at - job.created_at).total_seconds() >= LONG_RUN_S
    if event.kind == "job.completed" and is_long and job.created_by and job_type in _RUN_TYPES:
        return replace(blank, kind="run.finished", subject=subject, name=job.title, data=data, only_user=job.created_by)
    return None


def _of_channel(blank: Happening, event: EventRecord, name: str) -> Happening | None:
    channel = f"channel:{event.noun_id}"
    if event.kind == "channel.reconnect":
        detail = str(event.data.get("trouble", ""))
        return replace(blank, kind="channel.refused", subject=channel, name=name, detail=detail)
    if event.kind == "channel.expiring":
        ends = str(event.data.get("expires_at", ""))
        detail = tr_lazy("Its permission ends on {day}.", day=ends[:10]) if ends else ""
        return replace(blank, kind="channel.expiring", subject=f"{channel}:{ends}", name=name, detail=detail)
    return None


def _of_member(blank: Happening, event: EventRecord, name: str) -> Happening | None:
    if event.kind != "member.joined":
        return None
    subject = f"invitation:{event.data.get('invitation_id', event.id)}"
    return replace(blank, kind="member.joined", subject=subject, name=name, data={"role": str(event.data.get("role", ""))})


def _training(blank: Happening, event: EventRecord) -> Happening:
    name = str(event.data.get("name", ""))
    return replace(blank, kind="training.done", subject=f"training:{event.noun_id}", name=name)


def _budget(blank: Happening, event: EventRecord) -> Happening:
    period, limit = str(event.data.get("period", "month")), str(event.data.get("limit_usd", ""))
    is_spent = event.kind == "budget.spent"
    day = blank.at.strftime("%Y-%m-%d" if period == "day" else "%Y-%m")
    consequence = tr_lazy("AI calls are refused until then, or until an owner raises it.") if is_spent else ""
    return replace(
        blank,
        kind="budget",
        subject=f"{'spent' if is_spent else 'near'}:{day}",
        detail=joined(tr_lazy("The limit is ${usd:,.2f}.", usd=float(limit or 0)), consequence),
        data={"period": period, **({"spent": "yes"} if is_spent else {})},
    )


def _automation(kind: str, subject: str) -> _Read:
    """`subject`: "run" for the run's id, "event" where one run may tell of several things."""

    def read(blank: Happening, event: EventRecord) -> Happening:
        subject_id = event.id if subject == "event" else event.data.get("runId") or event.id
        name, detail = str(event.data.get("title") or ""), _summary(event)
        automation_id = str(event.data.get("automationId") or event.noun_id)
        return replace(
            blank,
            kind=kind,
            subject=f"{subject}:{subject_id}",
            name=name,
            detail=detail,
            noun="automation",
            noun_id=automation_id,
        )

    return read


def _report(blank: Happening, event: EventRecord) -> Happening:
    week = str(event.data.get("week", ""))
    return replace(blank, kind="report.weekly", subject=f"week:{week}", name=week, detail=_summary(event))


def _summary(event: EventRecord) -> str:
    """As a sentence with its parts; events of earlier versions have its English text only."""
    return messages.read(event.data["words"]) if "words" in event.data else str(event.data.get("summary") or "")


def _disk(blank: Happening, event: EventRecord) -> Happening:
    detail = tr_lazy("Jobs stop when it is full. Free some space on the machine that keeps the studio's data.")
    return replace(blank, kind="disk", subject=f"day:{blank.at:%Y-%m-%d}", name=str(event.data.get("free", "")), detail=detail)


def _address_refused(blank: Happening, event: EventRecord) -> Happening:
    address, reason = (str(event.data.get(field, "")) for field in ("address", "reason"))
    return replace(
        blank,
        kind="address.refused",
        subject=f"{event.noun}:{event.id}",
        name=OWN_ADDRESS if address == OWN_ADDRESS else address,
        detail=reason,
        only_user=str(event.data.get("user_id", "")),
    )


_OTHERS: Mapping[str, _Read] = {
    "training.finished": _training,
    "budget.near": _budget,
    "budget.spent": _budget,
    "automation.run_finished": _automation("automation.finished", "run"),
    "automation.failed_half": _automation("jobs.failing", "run"),
    "automation.notice": _automation("automation.notice", "event"),
    "report.weekly": _report,
    "disk.low": _disk,
    "notice.address_refused": _address_refused,
}
"""By the event's kind; posts, jobs, channels and members are read above, because their names stand in tables."""
EVENT_KINDS = frozenset(
    {*_POST_KINDS, "job.failed", "job.completed", "channel.reconnect", "channel.expiring", "member.joined", *_OTHERS}
)
"""All kinds of events that `happenings` makes something of."""


def _failing_jobs(tx: Session, result: Sequence[Happening]) -> list[Happening]:
    """Once a day: more than half of the jobs that ended in the last hour have failed. Looked at when one fails."""
    latest = max(
        (happening for happening in result if happening.kind == "job.failed"), key=lambda it: it.position, default=None
    )
    if latest is None:
        return []
    recent = Job.finished_at > func.clock_timestamp() - FAILING_WITHIN, Job.parent_id.is_(None), Job.kind != "upkeep"
    counted = select(Job.state, func.count()).where(*recent).group_by(Job.state)
    counts: dict[str, int] = {state: n for state, n in tx.execute(counted)}
    failed = counts.get(JobState.FAILED, 0)
    ended = failed + counts.get(JobState.COMPLETED, 0)
    if ended < FAILING_MIN_JOBS or failed * 2 <= ended:
        return []
    return [
        Happening(
            "jobs.failing",
            f"day:{latest.at:%Y-%m-%d}",
            latest.position,
            latest.at,
            detail=joined(
                tr_lazy("{failed:,} of {ended:,} jobs of the last hour failed.", failed=failed, ended=ended), latest.detail
            ),
            noun="job",
        )
    ]
