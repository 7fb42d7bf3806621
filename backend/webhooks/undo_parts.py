"""What of endpoints can be undone: name, address, events, and whether they are active."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import undo
from backend.db.tables import WebhookEndpoint
from backend.undo import Values
from backend.webhooks import endpoints
from backend.webhooks.schemas import EndpointChange


def _read(tx: Session, endpoint_id: str) -> Values | None:
    values = undo.columns(WebhookEndpoint, "name", "url", "event_types", "state")(tx, endpoint_id)
    return values and {**values, "state": values["state"] == "active"}


def _write(tx: Session, endpoint_id: str, values: Values) -> None:
    draft = EndpointChange(name=values["name"], url=values["url"], event_types=values["event_types"], active=values["state"])
    endpoints.store_change(tx, endpoint_id, draft)


def register_parts() -> None:
    undo.register(undo.Part("webhook_endpoint.changed", read=_read, write=_write, needs="owner"))
