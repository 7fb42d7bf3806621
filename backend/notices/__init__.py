"""Notices: what each person is told of, folded from events; in the inbox, by e-mail and where else they choose."""

from backend.notices import undo_parts
from backend.notices.caught_mail import CaughtEmail, caught_emails
from backend.notices.delivery import deliver_due, purge_deliveries, send_test, send_test_email
from backend.notices.feed import Feeder
from backend.notices.kinds import KINDS, EmailChoice, NoticeKind, Preference
from backend.notices.preferences import hour_settings, preferences, set_hours, set_preferences
from backend.notices.schemas import (
    HourSettings,
    NewTarget,
    NoticeCard,
    NoticeCounts,
    NoticePage,
    PreferenceCard,
    TargetCard,
    TargetWay,
)
from backend.notices.service import counts, extra, mark, mark_all, page, purge_old
from backend.notices.targets import SERVICES, add_target, remove_target, reseal_targets, targets
from backend.notices.unsubscribe import label_of, reader_of, unsubscribe
from backend.notices.watch import record_low_disk, report_week

undo_parts.register_parts()

__all__ = [
    "KINDS",
    "SERVICES",
    "CaughtEmail",
    "EmailChoice",
    "Feeder",
    "HourSettings",
    "NewTarget",
    "NoticeCard",
    "NoticeCounts",
    "NoticeKind",
    "NoticePage",
    "Preference",
    "PreferenceCard",
    "TargetCard",
    "TargetWay",
    "add_target",
    "caught_emails",
    "counts",
    "deliver_due",
    "extra",
    "hour_settings",
    "label_of",
    "mark",
    "mark_all",
    "page",
    "preferences",
    "purge_deliveries",
    "purge_old",
    "reader_of",
    "record_low_disk",
    "remove_target",
    "report_week",
    "reseal_targets",
    "send_test",
    "send_test_email",
    "set_hours",
    "set_preferences",
    "targets",
    "unsubscribe",
]
