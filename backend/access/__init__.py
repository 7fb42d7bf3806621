"""Access of programs: API keys with scopes and quotas, and tokens for programs that sign in as a person."""

from backend.access import idempotency, key_format, scopes, undo_parts
from backend.access.api_keys import change, create, find_holder, get, page, revoke
from backend.access.idempotency import RequestClaim, StoredAnswer, purge_repeated_requests
from backend.access.quotas import check_quota
from backend.access.schemas import AccessClaims, ApiKeyCard, ApiKeyChange, ApiKeyDraft, NewApiKey, TokenPair
from backend.access.tokens import issue, read_access, refresh

undo_parts.register_parts()

__all__ = [
    "AccessClaims",
    "ApiKeyCard",
    "ApiKeyChange",
    "ApiKeyDraft",
    "NewApiKey",
    "RequestClaim",
    "StoredAnswer",
    "TokenPair",
    "change",
    "check_quota",
    "create",
    "find_holder",
    "get",
    "idempotency",
    "issue",
    "key_format",
    "page",
    "purge_repeated_requests",
    "read_access",
    "refresh",
    "revoke",
    "scopes",
]
