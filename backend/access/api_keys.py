"""API keys of a workspace: make, list, rename, revoke; and which key a request holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, text, update
from sqlalchemy.orm import Session

from backend import accounts, events
from backend.access import key_format
from backend.access.quotas import Usage, usage
from backend.access.schemas import ApiKeyCard, ApiKeyChange, ApiKeyDraft, NewApiKey
from backend.access.scopes import role_for
from backend.db.tables import ApiKey, User
from backend.db.transactions import Anonymous, Database, KeyHolder, hash_token
from backend.errors import Conflict, Invalid, NotFound, NotPermitted
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.undo import undoable

MAX_KEYS = 100
"""Active keys of a workspace."""
_FIND = text("SELECT api_key_id, tenant_id, scopes FROM find_api_key(:key_hash)")


def create(tx: Session, draft: ApiKeyDraft) -> NewApiKey:
    """Makes a key that acts for the acting owner. Raises NotPermitted, Invalid (an end in the past), Conflict (too many)."""
    accounts.require_owner(tx)
    _refuse_key_holders(tx)
    if draft.expires_at is not None and draft.expires_at <= now():
        raise Invalid(tr_lazy("The key would have expired already. Choose a later day."))
    if (tx.scalar(select(func.count()).select_from(ApiKey).where(*_active())) or 0) >= MAX_KEYS:
        raise Conflict(
            tr_lazy("This workspace has {max_keys} active keys. Revoke one that is no longer used.", max_keys=MAX_KEYS)
        )
    secret = key_format.new_key()
    row = ApiKey(id=new_id("apk"), name=draft.name, key_hash=hash_token(secret), last_four=secret[-4:])
    row.scopes, row.role, row.expires_at = list(draft.scopes), role_for(draft.scopes), draft.expires_at
    row.jobs_per_day, row.usd_per_month, row.created_by = draft.jobs_per_day, draft.usd_per_month, tx.info["user_id"]
    tx.add(row)
    tx.flush()
    events.record(tx, "api_key.created", "api_key", row.id, {"name": row.name, "scopes": row.scopes})
    return NewApiKey(get(tx, row.id), secret)


def page(tx: Session, *, revoked: bool = False) -> list[ApiKeyCard]:
    """The workspace's keys, newest first. `revoked`: those that were revoked too. Raises NotPermitted."""
    accounts.require_owner(tx)
    query = _cards().order_by(ApiKey.created_at.desc(), ApiKey.id.desc()).limit(500)
    rows = tx.execute(query if revoked else query.where(ApiKey.revoked_at.is_(None))).all()
    used = usage(tx, [api_key.id for api_key, *_ in rows])
    return [_card(row, used.get(row[0].id, Usage())) for row in rows]


def get(tx: Session, api_key_id: str) -> ApiKeyCard:
    """Raises NotFound, NotPermitted."""
    accounts.require_owner(tx)
    row = tx.execute(_cards().where(ApiKey.id == api_key_id)).first()
    if row is None:
        raise NotFound(tr_lazy("There is no such API key in this workspace."))
    return _card(row, usage(tx, [api_key_id]).get(api_key_id, Usage()))


@undoable("api_key.changed")
def change(tx: Session, api_key_id: str, draft: ApiKeyChange) -> ApiKeyCard:
    """Renames a key or changes its quotas. Raises NotFound, NotPermitted."""
    get(tx, api_key_id)
    _refuse_key_holders(tx)
    values = {name: getattr(draft, name) for name in draft.model_fields_set if not (name == "name" and draft.name is None)}
    if values:
        tx.execute(update(ApiKey).where(ApiKey.id == api_key_id).values(**values))
        data = {name: str(value) if value is not None else None for name, value in values.items()}
        events.record(tx, "api_key.changed", "api_key", api_key_id, data)
    return get(tx, api_key_id)


def revoke(tx: Session, api_key_id: str) -> None:
    """The key is refused from the next request on. Revoking again changes nothing. Raises NotFound, NotPermitted."""
    card = get(tx, api_key_id)
    if card.revoked_at is None:
        tx.execute(update(ApiKey).where(ApiKey.id == api_key_id).values(revoked_at=func.clock_timestamp()))
        events.record(tx, "api_key.revoked", "api_key", api_key_id, {"name": card.name})


def find_holder(db: Database, secret: str) -> KeyHolder | None:
    """Who holds this key; None for one that is unknown, expired or revoked. Notes once a minute that it is used."""
    if not key_format.is_key(secret):
        return None
    with db.transaction(Anonymous()) as tx:
        row = tx.execute(_FIND, {"key_hash": hash_token(secret)}).first()
    return KeyHolder(hash_token(secret), row.tenant_id, frozenset(row.scopes)) if row else None


def _refuse_key_holders(tx: Session) -> None:
    """A leaked key must not be able to make another one that outlives it, or to raise its own quota."""
    if "api_key_id" in tx.info:
        raise NotPermitted(
            tr_lazy("An API key cannot make or change keys. Do it in the studio, or with a token of /api/auth/login.")
        )


def _active() -> tuple[ColumnElement[bool], ...]:
    return ApiKey.revoked_at.is_(None), func.coalesce(ApiKey.expires_at > func.clock_timestamp(), True)


def _cards() -> Select[ApiKey, str, bool]:
    expired = ApiKey.expires_at <= func.clock_timestamp()
    return select(ApiKey, User.name, func.coalesce(expired, False)).join(User, User.id == ApiKey.created_by)


def _card(row: Any, used: Usage) -> ApiKeyCard:
    api_key, creator, expired = row
    return ApiKeyCard(
        id=api_key.id,
        name=api_key.name,
        hint=key_format.hint(api_key.last_four),
        scopes=tuple(api_key.scopes),
        role=api_key.role,
        state="revoked" if api_key.revoked_at else "expired" if expired else "active",
        created_by=creator,
        created_at=api_key.created_at,
        expires_at=api_key.expires_at,
        last_used_at=api_key.last_used_at,
        revoked_at=api_key.revoked_at,
        jobs_per_day=api_key.jobs_per_day,
        usd_per_month=api_key.usd_per_month,
        jobs_today=used.jobs,
        usd_this_month=used.usd,
    )
