"""Sends a notice to a person's other addresses."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from standardwebhooks import Webhook

from backend.errors import Invalid
from backend.kit.outgoing_client import OutgoingClient
from backend.language import tr_lazy, worded
from backend.notices import targets
from backend.notices.mail_server import SendResult
from backend.notices.schemas import NoticeCard
from backend.settings import Settings

_GONE = 410


def push(settings: Settings, url: str, *, title: str, message: str, link: str) -> SendResult:
    """Through Apprise. What the service answered is not told by it."""
    try:
        targets.check_push(settings, url)
    except Invalid as error:  # the operator has changed what is allowed
        return SendResult("failed", error.message)
    from backend.notices.chat_services import notify  # only here: importing it takes long

    body = f"{message}\n{link}" if message else link
    is_sent = notify(url, title=title[:200], body=body[:1500])
    return SendResult("sent") if is_sent else SendResult("later", tr_lazy("The service did not take it."))


def post(settings: Settings, url: str, secret: str, *, message_id: str, body: dict[str, Any], at: datetime) -> SendResult:
    """To a program of the person, signed as Standard Webhooks say. 410 says that nobody wants these any more."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, content),
    }
    try:
        settings.webhooks.outgoing_rules.check_url(url)
    except Invalid as error:
        return SendResult("failed", error.message)
    with OutgoingClient(settings.webhooks.outgoing_rules, timeout_s=settings.webhooks.timeout_s) as client:
        answer = client.send("POST", url, content=content.encode(), headers=headers)
    if answer.is_success:
        return SendResult("sent")
    reason = answer.error or tr_lazy("It answered {status}.", status=answer.status or 0)
    return SendResult("failed" if answer.status == _GONE else "later", reason)


def webhook_body(notice: NoticeCard, *, tenant_id: str, at: datetime) -> dict[str, Any]:
    """`type` is the kind; the rest is what the inbox shows, in the language of whoever reads."""
    return {
        "type": f"notice.{notice.kind}",
        "timestamp": at.isoformat(),
        "data": {
            "id": notice.id,
            "workspace": tenant_id,
            "kind": notice.kind,
            "title": worded(notice.title),
            "message": worded(notice.message),
            "count": notice.count,
            "noun": notice.noun,
            "nounId": notice.noun_id,
            "firstAt": notice.first_at.isoformat(),
            "lastAt": notice.last_at.isoformat(),
        },
    }
