"""The kinds of notices: what people choose by, who may be told, and how they are told unless they choose otherwise. Pure.

Comments of an audience will be a kind of their own, fed by `comment.*` events: an entry here and one in
`backend/notices/sources.py` are all that they need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from backend.db.transactions import RANK, Role
from backend.language import tr_lazy

EmailChoice = Literal["off", "now", "daily", "weekly"]


@dataclass(frozen=True, slots=True)
class Preference:
    """How somebody hears of a kind. `email`: off, now, or in a daily or weekly digest."""

    in_app: bool = True
    email: EmailChoice = "off"
    webhook: bool = False
    apprise: bool = False


_URGENT = Preference(email="now", webhook=True, apprise=True)
_QUIET = Preference()
_NEWS = Preference(webhook=True, apprise=True)


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """`least_role`: who may be told. `once`: a subject is told of once for ever, others are folded with what happened shortly
    before. `is_derived`: the inbox shows its cause as an entry too, for as long as that lasts. `for_operators`: only for
    whoever runs the installation. `skips_actor`: not told to whoever did it."""

    name: str
    label: str
    least_role: Role = "editor"
    defaults: Preference = _NEWS
    once: bool = False
    is_derived: bool = False
    for_operators: bool = False
    skips_actor: bool = False


_KINDS = (
    NoticeKind("post.review", tr_lazy("A post waits for approval"), defaults=_NEWS, is_derived=True, skips_actor=True),
    NoticeKind("post.failed", tr_lazy("A post failed"), defaults=_URGENT, is_derived=True),
    NoticeKind("post.unknown", tr_lazy("A post could not be confirmed"), defaults=_URGENT, is_derived=True),
    NoticeKind("post.missed", tr_lazy("A post missed its time"), defaults=_URGENT, is_derived=True),
    NoticeKind("job.failed", tr_lazy("A job failed"), defaults=_NEWS, is_derived=True),
    NoticeKind("jobs.failing", tr_lazy("More than half of the jobs fail"), defaults=_URGENT, once=True),
    NoticeKind("training.done", tr_lazy("A training is done"), defaults=_NEWS, once=True),
    NoticeKind("run.finished", tr_lazy("My longer job is done"), defaults=_QUIET),
    NoticeKind("automation.finished", tr_lazy("An automation has run"), defaults=_NEWS, once=True),
    NoticeKind("automation.notice", tr_lazy("A message of an automation"), defaults=_URGENT, once=True),
    NoticeKind("budget", tr_lazy("A budget is at 80% or used up"), defaults=_URGENT, once=True, is_derived=True),
    NoticeKind("channel.expiring", tr_lazy("A channel must be connected again soon"), defaults=_URGENT, once=True),
    NoticeKind("channel.refused", tr_lazy("A channel must be connected again"), defaults=_URGENT, is_derived=True),
    NoticeKind("member.joined", tr_lazy("Somebody joined"), least_role="owner", defaults=_NEWS, once=True, skips_actor=True),
    NoticeKind(
        "report.weekly", tr_lazy("Report of the week"), least_role="viewer", defaults=Preference(email="now"), once=True
    ),
    NoticeKind("disk", tr_lazy("A disk is nearly full"), defaults=_URGENT, once=True, for_operators=True),
    NoticeKind(
        "address.refused", tr_lazy("A message to me could not be delivered"), least_role="viewer", defaults=_QUIET, once=True
    ),
)
KINDS: Mapping[str, NoticeKind] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""By name, in the order of the page."""


def may_hear(kind: NoticeKind, role: str, *, is_operator: bool) -> bool:
    """Whether somebody with this role may be told of the kind."""
    return RANK[role] >= RANK[kind.least_role] and (is_operator or not kind.for_operators)
