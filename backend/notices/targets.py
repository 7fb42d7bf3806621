"""Other addresses of a person: a program of theirs (webhook), or Telegram, Slack, Discord or ntfy (through Apprise).

Addresses are secrets and sealed. Of Apprise's many schemes four are taken: three lead to fixed hosts of their services; ntfy
has a host that people choose, so only those that the operator allows (NOTICE_PUSH_HOSTS).
"""

from __future__ import annotations

import base64
import json
import secrets
import string
from typing import cast
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from backend import events
from backend.db.sealed_columns import reseal
from backend.db.tables import NoticeTarget
from backend.db.tables.message_column import with_words, words_of
from backend.errors import Conflict, Invalid, NotFound, NotPermitted
from backend.kit.ids import new_id
from backend.kit.secrets import KeyRing
from backend.language import tr_lazy
from backend.notices.clock import database_now
from backend.notices.schemas import NewTarget, TargetCard, TargetWay
from backend.settings import Settings

MAX_TARGETS = 10
MAX_URL = 1000
SERVICES = {"tgram": "Telegram", "slack": "Slack", "discord": "Discord", "ntfy": "ntfy", "ntfys": "ntfy"}
"""Scheme of an Apprise URL -> the service."""
_FREE_HOST = "ntfy"
_PUBLIC_NTFY = "ntfy.sh"


def targets(tx: Session) -> list[TargetCard]:
    """The acting person's, oldest first."""
    rows = tx.scalars(select(NoticeTarget).where(_own(tx)).order_by(NoticeTarget.id))
    return [_card(row) for row in rows]


def add_target(tx: Session, settings: Settings, url: str) -> NewTarget:
    """Adds an address of the acting person: https://…, or an Apprise URL of one of SERVICES. It cannot be read again.

    Raises Invalid, Conflict (too many), NotPermitted (an API key, which it would outlive).
    """
    if "api_key_id" in tx.info:
        raise NotPermitted(
            tr_lazy("An API key cannot add an address. Do it in the studio, or with a token of /api/auth/login.")
        )
    if (tx.scalar(select(func.count()).select_from(NoticeTarget).where(_own(tx))) or 0) >= MAX_TARGETS:
        raise Conflict(tr_lazy("You have {max_targets} addresses. Remove one first.", max_targets=MAX_TARGETS))
    url = url.strip()
    way, label = _checked(settings, url)
    target_id = new_id("ntt")
    ring = KeyRing(settings.secret_keys.get_secret_value())
    secret = _new_secret() if way == "webhook" else ""
    sealed = ring.seal(json.dumps([url, secret]), tenant_id=tx.info["tenant_id"], row_id=target_id)
    row = NoticeTarget(id=target_id, user_id=tx.info["user_id"], way=way, label=label, sealed=sealed)
    tx.add(row)
    tx.flush()
    events.record(tx, "notice_target.added", "notice_target", target_id, {"way": way})
    return NewTarget(_card(row), secret)


def remove_target(tx: Session, target_id: str) -> None:
    """With what waits to be sent there. Raises NotFound, also for somebody else's."""
    removed = delete(NoticeTarget).where(_own(tx), NoticeTarget.id == target_id).returning(NoticeTarget.id)
    if tx.scalar(removed) is None:
        raise NotFound(tr_lazy("This address does not exist here any more."))
    events.record(tx, "notice_target.removed", "notice_target", target_id)


def own_target(tx: Session, target_id: str) -> NoticeTarget:
    """Raises NotFound, also for somebody else's."""
    row = tx.scalars(select(NoticeTarget).where(_own(tx), NoticeTarget.id == target_id)).one_or_none()
    if row is None:
        raise NotFound(tr_lazy("This address does not exist here any more."))
    return row


def note_result(tx: Session, target_id: str, error: str) -> TargetCard:
    """Notes what became of a test. `error` "": it was taken. Raises NotFound."""
    row = own_target(tx, target_id)
    row.last_error, row.last_error_words = error[:500], words_of(error)
    if not error:
        row.last_sent_at = database_now(tx)
    tx.flush()
    return _card(row)


def opened(settings: Settings, row: NoticeTarget) -> tuple[str, str]:
    """Its URL, and the secret that signs what goes to a webhook ("": another way)."""
    ring = KeyRing(settings.secret_keys.get_secret_value())
    url, secret = json.loads(ring.open(row.sealed, tenant_id=row.tenant_id, row_id=row.id))
    return url, secret


def _new_secret() -> str:
    """`whsec_` and base64 of 43 letters and digits (256 bits): programs that take a text as the key can be given the decoded
    one."""
    letters = string.ascii_letters + string.digits
    return "whsec_" + base64.b64encode("".join(secrets.choice(letters) for _ in range(43)).encode()).decode()


def check_push(settings: Settings, url: str) -> None:
    """Raises Invalid unless it is an Apprise URL that may be used, by today's settings."""
    parts = urlsplit(url)
    if parts.scheme not in SERVICES:
        raise Invalid(tr_lazy("Give an address that begins with https://, tgram://, slack://, discord:// or ntfys://."))
    if parts.query or parts.fragment.count("?"):
        raise Invalid(tr_lazy("Leave out everything after the question mark."))
    if SERVICES[parts.scheme] == _FREE_HOST and (host := _ntfy_host(url)) not in settings.notices.push_hosts:
        allowed = ", ".join(settings.notices.push_hosts) or "none"
        raise Invalid(
            tr_lazy(
                "The ntfy server “{host}” is not allowed here. Allowed: {allowed} (NOTICE_PUSH_HOSTS).",
                host=host[:80],
                allowed=allowed,
            )
        )
    from backend.notices.chat_services import plugin  # only here: importing it takes long

    if plugin(url) is None:
        raise Invalid(
            tr_lazy(
                "This is not an address of {services}. Copy it from appriseit.com's description.",
                services=SERVICES[parts.scheme],
            )
        )


def _checked(settings: Settings, url: str) -> tuple[TargetWay, str]:
    """What it is, and what may be shown of it. Raises Invalid."""
    if len(url) > MAX_URL or not url.isprintable():
        raise Invalid(tr_lazy("An address has at most {max_url} printable characters.", max_url=MAX_URL))
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        raise Invalid(tr_lazy("This address cannot be read.")) from error
    if parts.scheme in ("http", "https"):
        settings.webhooks.outgoing_rules.check_url(url)
        return "webhook", f"Webhook · {host}"
    check_push(settings, url)
    service = SERVICES[parts.scheme]
    return "apprise", f"{service} · {_ntfy_host(url)}" if service == _FREE_HOST else service


def _ntfy_host(url: str) -> str:
    """ntfy://topic leads to the public server, ntfy://host/topic to the host."""
    parts = urlsplit(url)
    has_topic = bool(parts.path.strip("/"))
    return (parts.hostname or "") if has_topic or parts.port else _PUBLIC_NTFY


def _own(tx: Session) -> ColumnElement[bool]:
    return NoticeTarget.user_id == (tx.info["user_id"] or "")


def _card(row: NoticeTarget) -> TargetCard:
    return TargetCard(
        row.id,
        cast("TargetWay", row.way),
        row.label,
        with_words(row.last_error, row.last_error_words),
        row.last_sent_at,
        row.created_at,
    )


def reseal_targets(tx: Session, settings: Settings) -> int:
    """Brings the addresses of the workspace's members under the newest key. Returns how many were under an older one."""
    ring = KeyRing(settings.secret_keys.get_secret_value())
    return reseal(tx, ring, NoticeTarget.sealed, row_id=NoticeTarget.id, tenant_id=tx.info["tenant_id"])
