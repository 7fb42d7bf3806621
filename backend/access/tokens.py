"""Access and refresh tokens of programs that sign in with e-mail and password: JSON Web Tokens, HS256.

An access token lives for 15 minutes and names a session row, so that signing out ends it at once. A refresh token can be used
once; a second use means that somebody else has a copy of it, and ends the session.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import jwt
from sqlalchemy.orm import Session

from backend import accounts
from backend.access.schemas import AccessClaims, TokenPair
from backend.errors import NotSignedIn
from backend.kit.clock import now
from backend.language import tr_lazy
from backend.settings import Settings

ACCESS_S = 900
CLOCK_SKEW_S = 30
"""How far a clock of another studio process may be off."""
_ALGORITHM = "HS256"
_REFRESH_ENDED = tr_lazy("This refresh token is used up or too old. Sign in again (POST /api/auth/login).")
_ACCESS_ENDED = tr_lazy(
    "The access token is expired or not one of ours. Renew it with POST /api/auth/refresh, or sign in again."
)


def issue(settings: Settings, tx: Session, *, session_id: str, tenant_id: str, number: int = 0) -> TokenPair:
    """Tokens of a session in one of its person's workspaces. `number`: how often they were renewed. `tx`: of Anonymous(),
    acting as the session's person."""
    role = next((workspace.role for workspace in accounts.my_workspaces(tx) if workspace.id == tenant_id), None)
    if role is None:
        raise NotSignedIn(tr_lazy("You do not belong to that workspace any more. Sign in again."))
    issued_at, refresh_s = int(now().timestamp()), settings.api.refresh_expires_s
    shared = {"sid": session_id, "tenantId": tenant_id, "iat": issued_at}
    access = {**shared, "typ": "access", "userId": tx.info["user_id"], "role": role, "exp": issued_at + ACCESS_S}
    refresh = {**shared, "typ": "refresh", "n": number, "exp": issued_at + refresh_s}
    key = _signing_key(settings)
    return TokenPair(jwt.encode(access, key, _ALGORITHM), jwt.encode(refresh, key, _ALGORITHM), ACCESS_S, int(refresh_s))


def read_access(settings: Settings, token: str) -> AccessClaims:
    """Raises NotSignedIn for a token that is expired, forged or of another kind."""
    claims = _read(settings, token, "access", _ACCESS_ENDED)
    return AccessClaims(str(claims["sid"]), str(claims.get("userId", "")), str(claims["tenantId"]))


def refresh(settings: Settings, tx: Session, token: str) -> TokenPair | None:
    """New tokens for a refresh token. `tx`: of Anonymous().

    None when it was used before: the session is ended then, which `tx` must commit. Raises NotSignedIn for one that is expired,
    forged, or whose session has ended.
    """
    claims = _read(settings, token, "refresh", _REFRESH_ENDED)
    session_id, number = str(claims["sid"]), int(claims.get("n", -1))
    renewed = accounts.renew_program_session(tx, session_id, number=number, lasts_s=settings.api.refresh_expires_s)
    if renewed == "ended":
        raise NotSignedIn(_REFRESH_ENDED)
    if renewed == "reused":
        return None
    return issue(settings, tx, session_id=session_id, tenant_id=str(claims["tenantId"]), number=number + 1)


def _read(settings: Settings, token: str, kind: str, refusal: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            _signing_key(settings),
            algorithms=[_ALGORITHM],
            leeway=CLOCK_SKEW_S,
            options={"require": ["exp", "iat", "sid", "tenantId", "typ"]},
        )
    except (jwt.PyJWTError, ValueError) as error:
        raise NotSignedIn(refusal) from error
    if claims["typ"] != kind:
        raise NotSignedIn(refusal)
    return claims


def _signing_key(settings: Settings) -> bytes:
    """Of JWT_SECRET; without it, of the first of SECRET_KEYS, which every installation has."""
    secret = settings.api.jwt_secret.get_secret_value().encode()
    if secret:
        return hashlib.sha256(secret).digest()
    newest = settings.secret_keys.get_secret_value().split(",")[0].strip()
    return hmac.new(base64.b64decode(newest), b"access tokens", hashlib.sha256).digest()
