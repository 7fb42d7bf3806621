"""Signing in ends here: the page's one-time ticket becomes an HttpOnly cookie."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Response

from backend import accounts
from backend.api.api_model import Words
from backend.api.deps import COOKIE, DEVICE_COOKIE, OwnOrigin, Studio, Token
from backend.db.transactions import Anonymous
from backend.errors import NotSignedIn

router = APIRouter(prefix="/session", tags=["session"], dependencies=[OwnOrigin])


class Ticket(Words):
    ticket: str


class UserWords(Words):
    id: str
    email: str
    name: str


class WorkspaceWords(Words):
    id: str
    name: str
    role: str


class Me(Words):
    user: UserWords
    workspaces: list[WorkspaceWords]


@router.post("/exchange", status_code=204)
def exchange(body: Ticket, app: Studio, user_agent: Annotated[str, Header()] = "") -> Response:
    with app.db.transaction(Anonymous()) as tx:
        token = accounts.exchange_ticket(tx, body.ticket, days=app.settings.session_days, user_agent=user_agent)
        arrival = accounts.resolve_session(tx, token)
    response = Response(status_code=204)
    secure = app.settings.base_url.startswith("https://")
    age = app.settings.session_days * 86_400
    response.set_cookie(COOKIE, token, max_age=age, httponly=True, samesite="lax", secure=secure, path="/")
    if arrival:
        known, year = accounts.devices.remember(app.settings, arrival.user.id), accounts.devices.DAYS * 86_400
        response.set_cookie(DEVICE_COOKIE, known, max_age=year, httponly=True, samesite="lax", secure=secure, path="/")
    return response


@router.get("")
def me(app: Studio, token: Token) -> Me:
    """Who I am and where I may go."""
    with app.db.transaction(Anonymous()) as tx:
        arrival = accounts.resolve_session(tx, token)
    if arrival is None:
        raise NotSignedIn("You are signed out. Open the studio and sign in again.")
    return Me.model_validate(arrival)


@router.delete("", status_code=204)
def sign_out(app: Studio, token: Token) -> Response:
    with app.db.transaction(Anonymous()) as tx:
        accounts.sign_out(tx, token)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/")
    return response
