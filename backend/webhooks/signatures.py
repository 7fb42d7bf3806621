"""Signatures of Standard Webhooks 1.0.0 (docs/contracts/webhooks.md, 2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

from standardwebhooks import Webhook

from backend.settings import Settings


def secret_of(settings: Settings) -> str:
    """`whsec_` and base64: WEBHOOK_SECRET, else one made from the first of SECRET_KEYS, which every installation has."""
    if secret := settings.webhooks.secret.get_secret_value():
        return secret
    newest = settings.secret_keys.get_secret_value().split(",")[0].strip()
    return "whsec_" + base64.b64encode(hmac.new(base64.b64decode(newest), b"webhooks", hashlib.sha256).digest()).decode()


def signed_headers(secret: str, message_id: str, body: str, at: datetime) -> dict[str, str]:
    """The headers of one try. `at`: time of this try, by which receivers refuse old messages."""
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body),
    }
