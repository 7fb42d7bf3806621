"""Endpoints of a workspace: who is told of which events, with which secret. For owners."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import accounts, events
from backend.db.sealed_columns import reseal
from backend.db.tables import EventRow, WebhookEndpoint, WebhookMessage
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.kit.secrets import KeyRing
from backend.language import tr_lazy
from backend.settings import Settings
from backend.undo import watch
from backend.webhooks.catalogue import EVENT_TYPES, TEST_TYPE, body_of_test, checked_filter
from backend.webhooks.outbox import Sight, card_of
from backend.webhooks.schemas import KEEP_DAYS, EndpointCard, EndpointChange, EndpointDraft, MessageCard, NewEndpoint
from backend.webhooks.signatures import new_secret

MAX_ENDPOINTS = 50
OLD_SECRET_HOURS = 24
"""How long the secret before signs too, after it was changed."""
NOUN = "webhook_endpoint"


def create_endpoint(settings: Settings, tx: Session, draft: EndpointDraft) -> NewEndpoint:
    """Tells `draft.url` of what happens from now on.

    Raises NotPermitted, Invalid (the address, an event), Conflict (too many).
    """
    accounts.require_owner(tx)
    settings.webhooks.outgoing_rules.check_url(draft.url)
    event_types = checked_filter(draft.event_types)
    if (tx.scalar(select(func.count()).select_from(WebhookEndpoint)) or 0) >= MAX_ENDPOINTS:
        raise Conflict(
            tr_lazy(
                "This workspace has {max_endpoints} webhooks. Delete one that is no longer used.", max_endpoints=MAX_ENDPOINTS
            )
        )
    secret, endpoint_id = new_secret(), new_id("whe")
    row = WebhookEndpoint(id=endpoint_id, name=draft.name, url=draft.url, event_types=event_types)
    row.sealed = _ring(settings).seal(secret, tenant_id=tx.info["tenant_id"], row_id=endpoint_id)
    row.position, row.created_by = _latest_position(tx), tx.info.get("user_id")
    tx.add(row)
    tx.flush()
    data = {"name": draft.name, "host": _host(draft.url), "event_types": event_types}
    events.record(tx, "webhook.created", NOUN, endpoint_id, data)
    return NewEndpoint(get_endpoint(tx, endpoint_id), secret)


def endpoints(tx: Session) -> list[EndpointCard]:
    """Newest first. Raises NotPermitted."""
    accounts.require_owner(tx)
    rows = tx.scalars(select(WebhookEndpoint).order_by(WebhookEndpoint.id.desc()))
    return [_card(row) for row in rows]


def get_endpoint(tx: Session, endpoint_id: str) -> EndpointCard:
    """Raises NotFound, NotPermitted."""
    return _card(_row(tx, endpoint_id, lock=False))


def change_endpoint(settings: Settings, tx: Session, endpoint_id: str, draft: EndpointChange) -> EndpointCard:
    """Its name, address, events, or whether it is active. One that becomes active again is told of what happens from then on;
    `recover` fetches the rest. Messages that wait go to a new address. Raises NotFound, NotPermitted, Invalid."""
    row = _row(tx, endpoint_id)
    if draft.url is not None and draft.url != row.url:
        settings.webhooks.outgoing_rules.check_url(draft.url)
    with watch(tx, "webhook_endpoint.changed", endpoint_id):
        return store_change(tx, endpoint_id, draft)


def store_change(tx: Session, endpoint_id: str, draft: EndpointChange) -> EndpointCard:
    """`change_endpoint` with an address that was checked."""
    row = _row(tx, endpoint_id)
    changed: dict[str, object] = {}
    if draft.name is not None and draft.name != row.name:
        changed["name"] = row.name = draft.name
    if draft.event_types is not None and (event_types := checked_filter(draft.event_types)) != row.event_types:
        changed["event_types"] = row.event_types = event_types
    if draft.url is not None and draft.url != row.url:
        row.url, changed["host"] = draft.url, _host(draft.url)
        waiting = WebhookMessage.endpoint_id == endpoint_id, WebhookMessage.state == "pending"
        tx.execute(update(WebhookMessage).where(*waiting).values(url=draft.url))
    if draft.active is True and row.state != "active":
        row.state, row.disabled_reason, row.failing_since, row.slow_until = "active", "", None, None
        row.position = _latest_position(tx)
        changed["state"] = row.state
    elif draft.active is False and row.state == "active":
        changed["state"] = row.state = "paused"
    if changed:
        tx.flush()
        events.record(tx, "webhook.changed", NOUN, endpoint_id, changed)
    return _card(row)


def delete_endpoint(tx: Session, endpoint_id: str) -> None:
    """With its messages and their log. Raises NotFound, NotPermitted."""
    row = _row(tx, endpoint_id)
    name = row.name
    tx.delete(row)
    tx.flush()
    events.record(tx, "webhook.deleted", NOUN, endpoint_id, {"name": name})


def rotate_secret(settings: Settings, tx: Session, endpoint_id: str) -> NewEndpoint:
    """Makes a new secret. The one before signs too for OLD_SECRET_HOURS. Raises NotFound, NotPermitted."""
    row = _row(tx, endpoint_id)
    secret = new_secret()
    row.old_sealed, row.old_until = row.sealed, now() + timedelta(hours=OLD_SECRET_HOURS)
    row.sealed = _ring(settings).seal(secret, tenant_id=tx.info["tenant_id"], row_id=endpoint_id)
    tx.flush()
    events.record(tx, "webhook.secret_changed", NOUN, endpoint_id)
    return NewEndpoint(_card(row), secret)


def send_test(tx: Session, endpoint_id: str, event_type: str = "") -> MessageCard:
    """Sends the sample of an event, with `test: true` in its data; "": one that says no more than that it is a test. Raises
    NotFound, NotPermitted, Invalid, Conflict (it is not active)."""
    row = _row(tx, endpoint_id)
    if event_type and event_type not in EVENT_TYPES:
        raise Invalid(tr_lazy("There is no event “{event_type}”. Choose one from the catalogue.", event_type=event_type[:80]))
    if row.state != "active":
        raise Conflict(tr_lazy("This webhook is not active. Switch it on first."))
    message = WebhookMessage(id=new_id("whm"), kind=event_type or TEST_TYPE, url=row.url, endpoint_id=endpoint_id)
    message.body = body_of_test(EVENT_TYPES.get(event_type), now())
    tx.add(message)
    tx.flush()
    events.record(tx, "webhook.tested", NOUN, endpoint_id, {"event_type": message.kind})
    tx.refresh(message)
    return card_of(message, Sight(endpoints=True, operator=False))


def recover(tx: Session, endpoint_id: str, since: datetime) -> None:
    """Sends everything since then that was not delivered: what was given up, and what happened while it was not active.

    At most KEEP_DAYS back. Raises NotFound, NotPermitted, Invalid, Conflict (it is not active).
    """
    row = _row(tx, endpoint_id)
    if row.state != "active":
        raise Conflict(tr_lazy("This webhook is not active. Switch it on first."))
    if since.astimezone(UTC) > now():
        raise Invalid(tr_lazy("Choose a time in the past."))
    if since.astimezone(UTC) < now() - timedelta(days=KEEP_DAYS):
        raise Invalid(tr_lazy("Messages are kept for {keep_days:g} days. Choose a later time.", keep_days=KEEP_DAYS))
    # Read along positions: 10 ms past 100,000 older events. An index on times would cost a write with every event instead.
    first = tx.scalar(select(func.min(EventRow.position)).where(EventRow.created_at >= since))
    if first is not None:
        row.position = min(row.position, first - 1)  # what has a message already gets no second one
    failed = WebhookMessage.endpoint_id == endpoint_id, WebhookMessage.state == "failed", WebhookMessage.created_at >= since
    again = {"state": "pending", "attempts": 0, "next_at": func.clock_timestamp()}
    tx.execute(update(WebhookMessage).where(*failed).values(**again))
    tx.flush()
    events.record(tx, "webhook.recovered", NOUN, endpoint_id, {"since": since.isoformat()})


def _row(tx: Session, endpoint_id: str, *, lock: bool = True) -> WebhookEndpoint:
    accounts.require_owner(tx)
    row = tx.get(WebhookEndpoint, endpoint_id, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise NotFound(tr_lazy("There is no such webhook in this workspace."))
    return row


def _latest_position(tx: Session) -> int:
    """Behind everything that is committed. Others who number events wait until `tx` commits."""
    events.stream.number(tx)
    return events.stream.last_position(tx)


def _host(url: str) -> str:
    """What an event says of an address: everybody in the workspace reads events, and paths of addresses are often secret."""
    return urlsplit(url).hostname or ""


def _ring(settings: Settings) -> KeyRing:
    return KeyRing(settings.secret_keys.get_secret_value())


def _card(row: WebhookEndpoint) -> EndpointCard:
    return EndpointCard(
        id=row.id,
        name=row.name,
        url=row.url,
        event_types=tuple(row.event_types),
        state=row.state,
        disabled_reason=row.disabled_reason,
        failing_since=row.failing_since,
        slow_until=row.slow_until if row.slow_until and row.slow_until > now() else None,
        old_secret_until=row.old_until if row.old_until and row.old_until > now() else None,
        created_at=row.created_at,
    )


def reseal_secrets(tx: Session, settings: Settings) -> int:
    """Brings the secrets of the workspace's endpoints under the newest key. Returns how many were under an older one."""
    place = {"row_id": WebhookEndpoint.id, "tenant_id": tx.info["tenant_id"]}
    columns = WebhookEndpoint.sealed, WebhookEndpoint.old_sealed
    return sum(reseal(tx, _ring(settings), column, **place) for column in columns)
