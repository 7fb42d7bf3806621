"""Webhooks: endpoints of workspaces, and the operator's addresses, are told what happens: at least once, signed."""

from backend.webhooks import undo_parts
from backend.webhooks.catalogue import EVENT_TYPES, FAMILIES, sample_body
from backend.webhooks.delivery import Sender, deliver_due, purge_old
from backend.webhooks.endpoints import (
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    endpoints,
    get_endpoint,
    recover,
    rotate_secret,
    send_test,
)
from backend.webhooks.endpoints import reseal_secrets as reseal_secrets
from backend.webhooks.outbox import attempts, page, replay, send_to_endpoint, send_when_job_ends
from backend.webhooks.schemas import (
    DeliveryCard,
    EndpointCard,
    EndpointChange,
    EndpointDraft,
    MessageCard,
    MessagePage,
    NewEndpoint,
    register_body,
)

undo_parts.register_parts()

__all__ = [
    "EVENT_TYPES",
    "FAMILIES",
    "DeliveryCard",
    "EndpointCard",
    "EndpointChange",
    "EndpointDraft",
    "MessageCard",
    "MessagePage",
    "NewEndpoint",
    "Sender",
    "attempts",
    "change_endpoint",
    "create_endpoint",
    "delete_endpoint",
    "deliver_due",
    "endpoints",
    "get_endpoint",
    "page",
    "purge_old",
    "recover",
    "register_body",
    "replay",
    "rotate_secret",
    "sample_body",
    "send_test",
    "send_to_endpoint",
    "send_when_job_ends",
]
