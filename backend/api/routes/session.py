"""The session of a browser: exchanges the one-time ticket of the sign-in page for an HttpOnly cookie, and signs out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from backend import accounts
from backend.api.api_model import ApiModel
from backend.api.credentials import COOKIE, session_cookie
from backend.api.deps import DEVICE_COOKIE, OwnOrigin, Studio, Token, origin_of
from backend.db.transactions import Anonymous
from backend.errors import NotSignedIn
from backend.language import tr_lazy

router = APIRouter(prefix="/session", tags=["session"], dependencies=[OwnOrigin])


class Ticket(ApiModel):
    ticket: str


class UserWords(ApiModel):
    id: str
    email: str
    name: str


class WorkspaceWords(ApiModel):
    id: str
    name: str
    role: str


class Me(ApiModel):
    user: UserWords
    workspaces: list[WorkspaceWords]


@router.post("/exchange", status_code=204)
def exchange(body: Ticket, app: Studio, request: Request) -> Response:
    with app.db.transaction(Anonymous()) as tx:
        token = accounts.exchange_ticket(tx, body.ticket, days=app.settings.web.session_days, origin=origin_of(request, "page"))
        session = accounts.resolve_session(tx, token)
    response = Response(status_code=204)
    secure = app.settings.web.base_url.startswith("https://")
    response.headers.append("set-cookie", session_cookie(app.settings, token))
    if session:
        device_token, device_age = accounts.devices.remember(app.settings, session.user.id), accounts.devices.DAYS * 86_400
        response.set_cookie(
            DEVICE_COOKIE, device_token, max_age=device_age, httponly=True, samesite="lax", secure=secure, path="/"
        )
    return response


@router.get("")
def me(app: Studio, token: Token) -> Me:
    """The signed-in user, and the workspaces they are a member of."""
    with app.db.transaction(Anonymous()) as tx:
        session = accounts.resolve_session(tx, token)
    if session is None:
        raise NotSignedIn(tr_lazy("You are signed out. Open the studio and sign in again."))
    return Me.model_validate(session)


@router.delete("", status_code=204)
def sign_out(app: Studio, token: Token) -> Response:
    with app.db.transaction(Anonymous()) as tx:
        accounts.sign_out(tx, token)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/")
    return response
