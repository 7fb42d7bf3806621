"""Webhooks: messages to other programs, written with what they tell of and sent at least once, signed (Standard Webhooks)."""

from backend.webhooks.delivery import deliver_due, purge_old
from backend.webhooks.outbox import page, replay, send_when_job_ends
from backend.webhooks.schemas import MessageCard, MessagePage, register_body

__all__ = ["MessageCard", "MessagePage", "deliver_due", "page", "purge_old", "register_body", "replay", "send_when_job_ends"]
