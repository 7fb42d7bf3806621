"""What a request brings along to say who sends it: a browser's cookie, an access token, an API key, or nothing.

Read once per request, without asking the database; whether it is still valid is checked by the transaction of the route.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection
from starlette.responses import Response

from backend import access
from backend.access import AccessClaims
from backend.db.transactions import hash_token
from backend.errors import Invalid, NotSignedIn
from backend.language import tr_lazy
from backend.settings import Settings

COOKIE = "studio_sid"
_STATE = "studio_credentials"
_KEY_PARAMETERS = ("api_key", "apikey", "access_token", "token", "key", "authorization")


@dataclass(frozen=True, slots=True)
class Credentials:
    """`secret`: the cookie's token or the API key. `claims`: of an access token."""

    kind: Literal["cookie", "token", "key", "none"]
    secret: str = ""
    claims: AccessClaims | None = None

    @property
    def identity(self) -> str:
        """Tells callers apart without naming a secret; "" for strangers."""
        match self.kind:
            case "cookie" | "key":
                return f"{self.kind}:{hash_token(self.secret)}"
            case "token":
                return f"token:{self.claims.session_id if self.claims else ''}"
            case _:
                return ""


def session_cookie(settings: Settings, token: str) -> str:
    """The Set-Cookie header of a browser's session; it lasts SESSION_DAYS from now."""
    response = Response()
    response.set_cookie(
        COOKIE,
        token,
        max_age=settings.web.session_days * 86_400,
        httponly=True,
        samesite="lax",
        secure=settings.web.base_url.startswith("https://"),
        path="/",
    )
    return response.headers["set-cookie"]


def read_credentials(request: HTTPConnection, settings: Settings) -> Credentials:
    """Raises NotSignedIn for a token or key that cannot be valid, Invalid for a key in the address."""
    credentials: Credentials | None = request.scope.setdefault("state", {}).get(_STATE)
    if credentials is None:
        credentials = request.scope["state"][_STATE] = _read(request, settings)
    return credentials


def _read(request: HTTPConnection, settings: Settings) -> Credentials:
    _refuse_key_in_address(request.query_params)
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if key := request.headers.get("x-api-key", ""):
        return _api_key(key.strip())
    if scheme:
        if scheme.lower() != "bearer" or not bearer.strip():
            raise NotSignedIn(tr_lazy("Send Authorization: Bearer and an access token or an API key."))
        token = bearer.strip()
        if token.startswith(access.key_format.PREFIX):
            return _api_key(token)
        return Credentials("token", claims=access.read_access(settings, token))
    if cookie := request.cookies.get(COOKIE, ""):
        return Credentials("cookie", cookie)
    return Credentials("none")


def _api_key(key: str) -> Credentials:
    if not access.key_format.is_key(key):
        raise NotSignedIn(tr_lazy("That is not an API key of this studio: check that it was copied whole."))
    return Credentials("key", key)


def _refuse_key_in_address(query: QueryParams) -> None:
    """Addresses are written to logs, histories and Referer headers."""
    for name, value in query.multi_items():
        if value.startswith(access.key_format.PREFIX) or (name.lower() in _KEY_PARAMETERS and value.startswith("eyJ")):
            raise Invalid(
                tr_lazy(
                    "A key or token must not be in the address, where others can read it. Send it as Authorization: "
                    "Bearer …, and revoke the one that was in this address."
                )
            )
