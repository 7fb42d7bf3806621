"""Links that stop e-mails without signing in (RFC 8058). Whoever has the link can stop these e-mails and nothing else."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from backend import accounts
from backend.db.transactions import Database, SystemCaller
from backend.errors import NotFound
from backend.language import Reader, tr_lazy
from backend.notices.kinds import KINDS
from backend.notices.preferences import stop_email
from backend.settings import Settings

PATH = "/api/notices/unsubscribe"
DIGEST = "digest"
"""Instead of a kind: all digests of the person."""
_GONE = tr_lazy("This link does not work. You can choose your e-mails in the studio, under Settings, Notices.")


def link(settings: Settings, *, tenant_id: str, user_id: str, kind: str) -> str:
    """An address that stops e-mails of `kind` to this person, for ever valid."""
    payload = base64.urlsafe_b64encode(f"{tenant_id} {user_id} {kind}".encode()).decode().rstrip("=")
    return f"{settings.web.base_url}{PATH}/{payload}.{_signatures(settings, payload)[0]}"


def label_of(settings: Settings, token: str) -> str:
    """The label of the kind that a link stops; "": digests. Raises NotFound."""
    _, _, kind = _read(settings, token)
    return "" if kind == DIGEST else KINDS[kind].label


def reader_of(db: Database, settings: Settings, token: str) -> Reader:
    """Whom the link was sent to. Raises NotFound."""
    tenant_id, user_id, _ = _read(settings, token)
    with db.transaction(SystemCaller(tenant_id, user_id)) as tx:
        return accounts.reader_of(tx, user_id)


def unsubscribe(db: Database, settings: Settings, token: str) -> str:
    """Stops them and returns `label_of`. Harmless a second time, and for somebody who has left. Raises NotFound."""
    tenant_id, user_id, kind = _read(settings, token)
    with db.transaction(SystemCaller(tenant_id, user_id)) as tx:
        stop_email(tx, settings, user_id, kind)
    return label_of(settings, token)


def _read(settings: Settings, token: str) -> tuple[str, str, str]:
    payload, _, signature = token.partition(".")
    if not any(hmac.compare_digest(signature.encode(), right.encode()) for right in _signatures(settings, payload)):
        raise NotFound(_GONE)
    try:
        tenant_id, user_id, kind = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode().split(" ")
    except (ValueError, binascii.Error) as error:
        raise NotFound(_GONE) from error
    if kind != DIGEST and kind not in KINDS:
        raise NotFound(_GONE)
    return tenant_id, user_id, kind


def _signatures(settings: Settings, payload: str) -> list[str]:
    """With each of SECRET_KEYS, newest first: links outlive a rotation for as long as the old key is listed."""
    keys = [part.strip() for part in settings.secret_keys.get_secret_value().split(",") if part.strip()]
    purpose_keys = [hmac.new(base64.b64decode(key), b"notices unsubscribe", hashlib.sha256).digest() for key in keys]
    return [hmac.new(key, payload.encode(), hashlib.sha256).hexdigest()[:40] for key in purpose_keys]
