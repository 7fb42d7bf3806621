"""The people of a workspace with all that decides how they are told; read together, for many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import accounts
from backend.accounts import ReadingSettings
from backend.db.tables import Membership, NoticePreference, NoticeSettings, NoticeTarget, User
from backend.language import Reader
from backend.notices.kinds import KINDS, Preference, may_hear
from backend.notices.schemas import Happening, HourSettings, TargetWay
from backend.settings import Settings


@dataclass(frozen=True, slots=True)
class Recipient:
    """A member. `reader`: how they read. `preferences`: those that they chose, by kind; `targets`: (id, way) of their
    other addresses."""

    user_id: str
    email: str
    name: str
    role: str
    is_operator: bool
    hours: HourSettings
    reader: Reader = field(default_factory=Reader)
    preferences: Mapping[str, Preference] = field(default_factory=dict)
    targets: Sequence[tuple[str, TargetWay]] = ()

    def is_told(self, happening: Happening) -> bool:
        """Whether they are told of it at all."""
        kind = KINDS[happening.kind]
        if happening.only_user and happening.only_user != self.user_id:
            return False
        if kind.skips_actor and happening.actor_id == self.user_id:
            return False
        return may_hear(kind, self.role, is_operator=self.is_operator)

    def preference(self, kind: str) -> Preference:
        return self.preferences.get(kind, KINDS[kind].defaults)


def recipients(tx: Session, settings: Settings, *, user_id: str = "") -> list[Recipient]:
    """All members of the workspace, or the one with `user_id`; nobody whose account is disabled."""
    where = [Membership.tenant_id == tx.info["tenant_id"], User.disabled_at.is_(None)]
    if user_id:
        where.append(User.id == user_id)
    members = tx.execute(
        select(User.id, User.email, User.name, Membership.role, *accounts.READING_COLUMNS)
        .join(Membership, Membership.user_id == User.id)
        .where(*where)
    ).all()
    ids = [row.id for row in members]
    hours = {row.user_id: hours_of(row) for row in tx.scalars(select(NoticeSettings).where(NoticeSettings.user_id.in_(ids)))}
    preferences: dict[str, dict[str, Preference]] = {}
    for row in tx.scalars(select(NoticePreference).where(NoticePreference.user_id.in_(ids))):
        preferences.setdefault(row.user_id, {})[row.kind] = preference_of(row)
    targets: dict[str, list[tuple[str, TargetWay]]] = {}
    chosen = select(NoticeTarget.user_id, NoticeTarget.id, NoticeTarget.way).where(NoticeTarget.user_id.in_(ids))
    for owner_id, target_id, way in tx.execute(chosen.order_by(NoticeTarget.id)):
        targets.setdefault(owner_id, []).append((target_id, cast("TargetWay", way)))
    operators = accounts.operator_ids(tx, settings)
    return [
        Recipient(
            user_id=row.id,
            email=row.email,
            name=row.name,
            role=row.role,
            is_operator=row.id in operators,
            hours=hours.get(row.id, HourSettings()),
            reader=accounts.as_reader(ReadingSettings(*row[4:])),
            preferences=preferences.get(row.id, {}),
            targets=targets.get(row.id, ()),
        )
        for row in members
    ]


def hours_of(row: NoticeSettings) -> HourSettings:
    return HourSettings(**{field.name: getattr(row, field.name) for field in fields(HourSettings)})


def preference_of(row: NoticePreference) -> Preference:
    return Preference(**{field.name: getattr(row, field.name) for field in fields(Preference)})
