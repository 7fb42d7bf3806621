"""How the acting person wants to be told: by kind, and at which hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.content_plans import to_local_time
from backend.db.tables import EMAIL_CHOICES, Notice, NoticeDelivery, NoticePreference, NoticeSettings
from backend.errors import Invalid, NotPermitted
from backend.language import tr_lazy
from backend.notices import rules
from backend.notices.clock import database_now
from backend.notices.kinds import KINDS, EmailChoice, Preference, may_hear
from backend.notices.people import Recipient, hours_of, preference_of, recipients
from backend.notices.schemas import HourSettings, PreferenceCard
from backend.settings import Settings
from backend.undo import watch

HOURS_PART, CHOICES_PART = "notice_settings.hours", "notice_settings.choices"
"""What of them can be undone (backend.notices.undo_parts)."""
_DIGESTS: Mapping[EmailChoice, str] = {"daily": "day", "weekly": "week"}


def preferences(tx: Session, settings: Settings) -> list[PreferenceCard]:
    """The kinds that the acting person may be told of, in the order of the page."""
    person = _acting(tx, settings)
    return [
        PreferenceCard(kind.name, kind.label, person.preference(kind.name), kind.name not in person.preferences)
        for kind in KINDS.values()
        if may_hear(kind, person.role, is_operator=person.is_operator)
    ]


def set_preferences(tx: Session, settings: Settings, chosen: Mapping[str, Preference]) -> None:
    """Keeps how the acting person hears of these kinds; others stay. Raises Invalid (no such kind, or not one for them)."""
    offered = {card.kind for card in preferences(tx, settings)}
    if unknown_kinds := set(chosen) - offered:
        raise Invalid(
            tr_lazy(
                "There is no kind of notice “{min}” for you. Kinds: {names}.",
                min=min(unknown_kinds)[:60],
                names=", ".join(sorted(offered)),
            )
        )
    user_id = tx.info["user_id"]
    with watch(tx, CHOICES_PART, user_id):
        for kind, preference in chosen.items():
            store(tx, user_id, kind, preference)
    reschedule(tx, user_id)


def store(tx: Session, user_id: str, kind: str, preference: Preference) -> None:
    if preference.email not in EMAIL_CHOICES:
        raise Invalid(tr_lazy("E-mail is one of {email_choices}.", email_choices=", ".join(EMAIL_CHOICES)))
    values = asdict(preference)
    row = insert(NoticePreference).values(user_id=user_id, kind=kind, **values)
    tx.execute(row.on_conflict_do_update(constraint="pk_notice_preferences", set_=values))


def stop_email(tx: Session, settings: Settings, user_id: str, kind: str) -> None:
    """No e-mails of `kind` to this person any more; of "digest": no digests. What they chose else stays."""
    for person in recipients(tx, settings, user_id=user_id):
        for name in KINDS:
            preference = person.preference(name)
            is_meant = preference.email in _DIGESTS if kind == "digest" else name == kind
            if is_meant and preference.email != "off":
                store(tx, user_id, name, replace(preference, email="off"))


def hour_settings(tx: Session, settings: Settings) -> HourSettings:
    """Of the acting person."""
    return _acting(tx, settings).hours


def set_hours(tx: Session, settings: Settings, hours: HourSettings) -> HourSettings:
    """Keeps the acting person's zone, quiet hours and time of digests; what waits follows at once. Raises Invalid."""
    to_local_time(database_now(tx), hours.zone)
    if bool(hours.quiet_from) != bool(hours.quiet_to):
        raise Invalid(tr_lazy("Quiet hours need a beginning and an end. Leave both empty for none."))
    for value in filter(None, (hours.quiet_from, hours.quiet_to, hours.digest_at)):
        rules.parsed_time(value)
    if not hours.digest_at or hours.digest_weekday not in range(7):
        raise Invalid(tr_lazy("A digest needs a time and a day of the week, 0 for Monday to 6."))
    values = asdict(hours)
    del values["refused_email"], values["refusal"]
    user_id = tx.info["user_id"]
    with watch(tx, HOURS_PART, user_id):
        _store_settings(tx, user_id, values)
    reschedule(tx, user_id)
    return hour_settings(tx, settings)


def try_address_again(tx: Session, user_id: str) -> None:
    """Mail goes to the person's address again, which the server had refused."""
    _store_settings(tx, user_id, {"refused_email": "", "refusal": ""})


def note_refusal(tx: Session, user_id: str, address: str, reason: str) -> bool:
    """Notes that the mail server refused the address for good. Returns False when that was noted already."""
    before = tx.scalar(select(NoticeSettings.refused_email).where(NoticeSettings.user_id == user_id))
    _store_settings(tx, user_id, {"refused_email": address, "refusal": reason[:500]})
    return before != address


def stored_hours(tx: Session, user_id: str) -> HourSettings:
    row = tx.scalars(select(NoticeSettings).where(NoticeSettings.user_id == user_id)).one_or_none()
    return hours_of(row) if row else HourSettings()


def stored_preferences(tx: Session, user_id: str) -> dict[str, Preference]:
    """By kind; for those that the person left as they are there is none."""
    rows = tx.scalars(select(NoticePreference).where(NoticePreference.user_id == user_id))
    return {row.kind: preference_of(row) for row in rows.all()}


def restore_hours(tx: Session, user_id: str, values: Mapping[str, object]) -> None:
    """As they were before a change."""
    _store_settings(tx, user_id, values)
    reschedule(tx, user_id)


def restore_preferences(tx: Session, user_id: str, chosen: Mapping[str, Preference]) -> None:
    """Exactly these, as they were before a change."""
    others = NoticePreference.user_id == user_id, NoticePreference.kind.not_in(chosen)
    tx.execute(delete(NoticePreference).where(*others))
    for kind, preference in chosen.items():
        store(tx, user_id, kind, preference)
    reschedule(tx, user_id)


def reschedule(tx: Session, user_id: str) -> None:
    """What waits for this person is sent by their settings of today: messages for quiet hours are looked at again at once,
    digests have the time of the next one."""
    waiting = NoticeDelivery.user_id == user_id, NoticeDelivery.state == "pending"
    now = database_now(tx)
    soon = update(NoticeDelivery).where(*waiting, NoticeDelivery.way != "digest", NoticeDelivery.attempts == 0)
    tx.execute(soon.where(NoticeDelivery.next_at > now).values(next_at=now))
    hours, chosen = stored_hours(tx, user_id), stored_preferences(tx, user_id)
    for choice in _DIGESTS:
        kinds = [name for name, kind in KINDS.items() if chosen.get(name, kind.defaults).email == choice]
        digests = *waiting, NoticeDelivery.way == "digest", NoticeDelivery.attempts == 0, _of_kinds(kinds)
        tx.execute(update(NoticeDelivery).where(*digests).values(next_at=next_digest(hours, choice, now)))


def next_digest(hours: HourSettings, choice: EmailChoice, now: datetime) -> datetime:
    weekday = hours.digest_weekday if choice == "weekly" else None
    return rules.next_digest(now, zone=hours.zone, digest_at=hours.digest_at, weekday=weekday)


def _of_kinds(kinds: list[str]) -> ColumnElement[bool]:
    return NoticeDelivery.notice_id.in_(select(Notice.id).where(Notice.kind.in_(kinds)))


def _acting(tx: Session, settings: Settings) -> Recipient:
    person = next(iter(recipients(tx, settings, user_id=tx.info["user_id"] or "-")), None)
    if person is None:
        raise NotPermitted(tr_lazy("Only members of this workspace have notices."))
    return person


def _store_settings(tx: Session, user_id: str, values: Mapping[str, object]) -> None:
    row = insert(NoticeSettings).values(user_id=user_id, **values)
    tx.execute(row.on_conflict_do_update(constraint="pk_notice_settings", set_=dict(values)))
