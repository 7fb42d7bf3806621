"""The events that endpoints can be told of: what each means, and what its body holds. Pure.

A body is thin: ids, and the few words without which an id says nothing. Who needs more asks the API.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from backend.errors import Invalid
from backend.events import EventRecord
from backend.language import tr_lazy

TEST_TYPE = "webhook.test"
OPEN_FAMILIES = ("automation", "comment")
"""All kinds of these are sent, also those that the list below does not have (yet)."""
_SAMPLE_AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
_MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class EventType:
    """`sample`: the ids and words of its data, as an example; words of an event that are not among them are left out."""

    type: str
    description: str
    sample: Mapping[str, Any] = field(default_factory=dict)

    @property
    def family(self) -> str:
        return self.type.partition(".")[0]


_JOB = {"jobId": "job_01J9Z", "type": "video-generation"}
_POST = {"postId": "post_01J9Z", "planId": "plan_01J9Z", "channelId": "chn_01J9Z"}
_PLAN = {"planId": "plan_01J9Z"}
_CHANNEL = {"channelId": "chn_01J9Z", "platform": "instagram"}
_AUTOMATION = {"automationId": "aut_01J9Z"}
EVENT_TYPES = {
    event_type.type: event_type
    for event_type in (
        EventType("job.pending", tr_lazy("A job waits for a worker."), _JOB),
        EventType("job.processing", tr_lazy("A job started."), _JOB),
        EventType("job.completed", tr_lazy("A job is done."), _JOB),
        EventType("job.failed", tr_lazy("A job has failed."), {**_JOB, "errorCode": "engine"}),
        EventType("job.cancelled", tr_lazy("A job was cancelled."), _JOB),
        EventType(
            "training.started", tr_lazy("A LoRA training started."), {"trainingId": "run_01J9Z", "datasetId": "ds_01J9Z"}
        ),
        EventType("training.finished", tr_lazy("A LoRA is trained."), {"trainingId": "run_01J9Z", "loraId": "lora_01J9Z"}),
        EventType("dataset.created", tr_lazy("A dataset was created."), {"datasetId": "ds_01J9Z", "name": "Anna"}),
        EventType("dataset.ingested", tr_lazy("Pictures were added to a dataset."), {"datasetId": "ds_01J9Z"}),
        EventType("dataset.captioned", tr_lazy("The pictures of a dataset have captions."), {"datasetId": "ds_01J9Z"}),
        EventType("dataset.deleted", tr_lazy("A dataset was deleted."), {"datasetId": "ds_01J9Z", "name": "Anna"}),
        EventType("post.draft", tr_lazy("A post was added to a plan, or went back to draft."), _POST),
        EventType("post.in_review", tr_lazy("A post waits for somebody's approval."), _POST),
        EventType("post.approved", tr_lazy("A post was approved."), _POST),
        EventType("post.scheduled", tr_lazy("A post was scheduled."), _POST),
        EventType("post.publishing", tr_lazy("A post is being sent to its platform."), _POST),
        EventType("post.published", tr_lazy("A post was published."), {**_POST, "remoteId": "17841400000000000"}),
        EventType("post.failed", tr_lazy("A platform refused a post."), {**_POST, "errorCode": "rejected"}),
        EventType("post.missed", tr_lazy("A post missed its time."), _POST),
        EventType(
            "post.unknown", tr_lazy("It is not known whether a post was published: the platform's answer was lost."), _POST
        ),
        EventType("post.on_hold", tr_lazy("A post was put on hold."), _POST),
        EventType("post.removed", tr_lazy("A post was removed from its plan."), _POST),
        EventType("plan.created", tr_lazy("A plan was created."), _PLAN),
        EventType("plan.saved", tr_lazy("A plan was changed."), _PLAN),
        EventType("plan.moved", tr_lazy("A plan was moved."), {**_PLAN, "from": "2026-11-22T09:00", "to": "2026-11-23T09:00"}),
        EventType("plan.deleted", tr_lazy("A plan was deleted."), _PLAN),
        EventType("plan.undeleted", tr_lazy("A deleted plan was restored."), _PLAN),
        EventType("video.added", tr_lazy("A video was uploaded."), {"videoId": "clip_01J9Z"}),
        EventType("video.completed", tr_lazy("A video is ready."), {"videoId": "clip_01J9Z", "assetId": "ast_01J9Z"}),
        EventType("reel.rendered", tr_lazy("A reel is ready."), {"reelId": "reel_01J9Z", "assetId": "ast_01J9Z"}),
        EventType("budget.near", tr_lazy("80% of a budget is spent."), {"period": "day", "limitUsd": "5.00"}),
        EventType("budget.spent", tr_lazy("A budget is used up: AI calls are refused."), {"period": "day", "limitUsd": "5.00"}),
        EventType("budget.set", tr_lazy("A budget was changed."), {"dailyUsd": "5.00", "monthlyUsd": "150.00"}),
        EventType("channel.connected", tr_lazy("An account was connected."), _CHANNEL),
        EventType(
            "channel.expiring",
            tr_lazy("The access to an account ends soon."),
            {**_CHANNEL, "expiresAt": "2026-11-29T09:00:00Z"},
        ),
        EventType("channel.reconnect", tr_lazy("A platform refuses our access: connect the account again."), _CHANNEL),
        EventType("channel.on", tr_lazy("A channel was resumed."), {"channelId": "chn_01J9Z"}),
        EventType("channel.off", tr_lazy("A channel was paused."), {"channelId": "chn_01J9Z"}),
        EventType("channel.removed", tr_lazy("An account was removed."), {"channelId": "chn_01J9Z"}),
        EventType("automation.created", tr_lazy("An automation was created."), _AUTOMATION),
        EventType("automation.saved", tr_lazy("An automation was changed."), _AUTOMATION),
        EventType("automation.run_started", tr_lazy("A run of an automation started."), {**_AUTOMATION, "runId": "arun_01J9Z"}),
        EventType(
            "automation.run_finished", tr_lazy("A run of an automation finished."), {**_AUTOMATION, "runId": "arun_01J9Z"}
        ),
        EventType("automation.paused", tr_lazy("An automation was paused."), _AUTOMATION),
        EventType("automation.resumed", tr_lazy("An automation runs again."), _AUTOMATION),
        EventType("automation.deleted", tr_lazy("An automation was deleted."), _AUTOMATION),
        EventType(
            "report.weekly",
            tr_lazy("The results of the last week, every Monday."),
            {"week": "2026-W47", "summary": "7 posts published."},
        ),
        EventType(
            "disk.low", tr_lazy("The studio's disk is nearly full. Only for a workspace of the operator."), {"free": "1.9 GiB"}
        ),
    )
}
FAMILIES = tuple(dict.fromkeys([event_type.family for event_type in EVENT_TYPES.values()] + [*OPEN_FAMILIES]))
_WITHOUT_ID = ("budget", "workspace", "system")
"""Nouns of which there is one."""
_ID_NAMES = {"clip": "videoId", "lora": "loraId"}


def checked_filter(event_types: Collection[str]) -> list[str]:
    """Each once, in order; `[]` means all. Raises Invalid for one that does not exist."""
    for name in event_types:
        family, _, rest = name.partition(".")
        is_open = family in OPEN_FAMILIES and rest
        if not (name in EVENT_TYPES or is_open or (rest == "*" and family in FAMILIES)):
            raise Invalid(
                tr_lazy(
                    "There is no event “{name}”. Choose from the catalogue, or a whole group, for example post.*.",
                    name=name[:80],
                )
            )
    return list(dict.fromkeys(event_types))


def is_sent(kind: str, event_types: Sequence[str]) -> bool:
    """Whether an endpoint with this filter is told of events of `kind`."""
    family = kind.partition(".")[0]
    if kind not in EVENT_TYPES and family not in OPEN_FAMILIES:
        return False
    return not event_types or kind in event_types or f"{family}.*" in event_types


def event_body(event: EventRecord, position: int, more: Mapping[str, Any]) -> str:
    """The bytes that are sent. `more`: ids that the event's row does not have."""
    event_type = EVENT_TYPES.get(event.kind)
    words = {_camel(name): value for name, value in event.data.items()}
    if event_type is None:
        words = {name: value for name, value in words.items() if isinstance(value, str) and name.endswith("Id")}
    else:
        words = {name: value for name, value in words.items() if name in event_type.sample}
    ids = {} if event.noun in _WITHOUT_ID else {_ID_NAMES.get(event.noun, f"{event.noun}Id"): event.noun_id}
    data = (
        ids | dict(more) | {name: _short(value) for name, value in words.items()} | {"eventId": event.id, "position": position}
    )
    return _encoded(event.kind, event.created_at, data)


def sample_body(event_type: EventType) -> str:
    return _encoded(event_type.type, _SAMPLE_AT, {**event_type.sample, "eventId": "evt_01J9Z", "position": 4711})


def body_of_test(event_type: EventType | None, at: datetime) -> str:
    """Of a test message: the sample of `event_type` with `test: true`, so that receivers do not act on it."""
    sample = {**event_type.sample, "eventId": "evt_test", "position": 0} if event_type else {}
    return _encoded(event_type.type if event_type else TEST_TYPE, at, {**sample, "test": True})


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _short(value: Any) -> Any:
    return value[:_MAX_TEXT] if isinstance(value, str) else value if isinstance(value, int | float | bool) else None


def _encoded(kind: str, at: datetime, data: Mapping[str, Any]) -> str:
    body = {"type": kind, "timestamp": at.astimezone(UTC).isoformat().replace("+00:00", "Z"), "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
