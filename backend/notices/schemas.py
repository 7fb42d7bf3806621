"""Values of notices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from backend.notices.kinds import Preference

TargetWay = Literal["webhook", "apprise"]


@dataclass(frozen=True, slots=True)
class Happening:
    """What an event says to people. `kind`: a name of KINDS; `subject`: what is folded together; `position`, `at`: its
    event's.

    `name`: what it is about, `detail`: a sentence more; `data`: figures that a title needs. `noun`, `noun_id`: what to open.
    `actor_id`: who did it, "": the studio. `only_user`: the one person it is for, "": all who may be told.
    """

    kind: str
    subject: str
    position: int
    at: datetime
    name: str = ""
    detail: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    noun: str = ""
    noun_id: str = ""
    actor_id: str = ""
    only_user: str = ""


@dataclass(frozen=True, slots=True)
class NoticeCard:
    """A notice as its person sees it. `count`: how many happenings it stands for; `noun`, `noun_id`: what to open ("": the
    list of such things). `subject`: as of a Happening."""

    id: str
    kind: str
    label: str
    title: str
    message: str
    count: int
    noun: str
    noun_id: str
    first_at: datetime
    last_at: datetime
    read_at: datetime | None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class NoticePage:
    """Newest first. `next_cursor` None: nothing older. `total`: of all that fit the filter."""

    cards: list[NoticeCard]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class NoticeCounts:
    """Unread ones. `extra`: those whose cause is no entry of the inbox. `by_kind`: names of KINDS, without zeros."""

    unread: int
    extra: int
    by_kind: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PreferenceCard:
    """A kind that the person may be told of, and how they are. `is_default`: they have not chosen."""

    kind: str
    label: str
    preference: Preference
    is_default: bool


@dataclass(frozen=True, slots=True)
class HourSettings:
    """`zone`: of the times, which are local, as 22:00; `quiet_from` and `quiet_to` "": no quiet hours; `digest_weekday`: 0 is
    Monday. `refused_email`: the address that the mail server refused for good, and `refusal` says why."""

    zone: str = "UTC"
    quiet_from: str = ""
    quiet_to: str = ""
    digest_at: str = "08:00"
    digest_weekday: int = 0
    refused_email: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class TargetCard:
    """`label`: the service and the host; the address itself is not shown again. `last_error` "": the last try worked, or there
    was none."""

    id: str
    way: TargetWay
    label: str
    last_error: str
    last_sent_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewTarget:
    """`secret`: signs what goes to a webhook, shown this once; "" for other ways."""

    card: TargetCard
    secret: str
