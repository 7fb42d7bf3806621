"""Signing in for programs: an access token for 15 minutes and a refresh token, which is used once and gives the next pair."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from pydantic import Field, SecretStr

from backend import access, accounts
from backend.access import TokenPair
from backend.api.api_model import ApiModel, ApiRequest
from backend.api.deps import Sent, Studio, origin_of
from backend.api.routes.session import UserWords, WorkspaceWords
from backend.db.transactions import Anonymous
from backend.errors import Invalid, NotFound, NotSignedIn
from backend.language import tr_lazy

router = APIRouter(prefix="/auth", tags=["auth"])


class Login(ApiRequest):
    """`workspace`: needed by people of several, here or as the header X-Workspace. `code`: of the authenticator app, or a
    recovery code; needed by people with two-factor sign-in."""

    email: str = Field(max_length=320)
    password: SecretStr = Field(max_length=1000)
    workspace: str = Field("", max_length=80)
    code: SecretStr = Field(SecretStr(""), max_length=40)


class RefreshRequest(ApiRequest):
    refresh_token: SecretStr = Field(max_length=4000)


class Tokens(ApiModel):
    """`expiresIn`, `refreshExpiresIn`: seconds. Send the access token as `Authorization: Bearer …`."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: int
    refresh_token: str
    refresh_expires_in: int


class SignedInTokens(Tokens):
    user: UserWords
    workspace: WorkspaceWords


@router.post("/login", openapi_extra={"security": []})
def login(
    body: Login,
    app: Studio,
    request: Request,
    x_workspace: Annotated[str, Header(max_length=80)] = "",
) -> SignedInTokens:
    """Throttled as the sign-in page is."""
    origin = origin_of(request, "program")
    ticket = accounts.sign_in(app.db, email=body.email, password=body.password, origin=origin)
    with app.db.transaction(Anonymous()) as tx:
        code_needed = accounts.two_factor.code_needed(tx, ticket)
    if code_needed:
        if not (code := body.code.get_secret_value()):
            raise NotSignedIn(tr_lazy("This account has two-factor sign-in. Send the code of the authenticator app as `code`."))
        accounts.two_factor.confirm(app.db, app.settings, ticket, code, origin=origin)
    with app.db.transaction(Anonymous()) as tx:
        lasts_s = app.settings.api.refresh_expires_s
        session_id = accounts.start_program_session(tx, ticket, lasts_s=lasts_s, origin=origin)
        workspaces = accounts.my_workspaces(tx)
        workspace = _chosen(workspaces, body.workspace or x_workspace)
        pair = access.issue(app.settings, tx, session_id=session_id, tenant_id=workspace.id)
        user = accounts.acting_user(tx)
    return SignedInTokens(
        **_pair(pair), user=UserWords.model_validate(user), workspace=WorkspaceWords.model_validate(workspace)
    )


@router.post("/refresh", openapi_extra={"security": []})
def refresh(body: RefreshRequest, app: Studio) -> Tokens:
    """A refresh token is good for one use. A second use ends the session, because somebody else has a copy of it."""
    with app.db.transaction(Anonymous()) as tx:
        pair = access.refresh(app.settings, tx, body.refresh_token.get_secret_value())
    if pair is None:
        raise NotSignedIn(
            tr_lazy("This refresh token was used before, so its session is ended. Sign in again, and change the password.")
        )
    return Tokens(**_pair(pair))


@router.post("/logout", status_code=204)
def logout(app: Studio, credentials: Sent) -> Response:
    """Ends the session of the access token: it and its refresh token are refused from now on."""
    if credentials.claims is None:
        raise Invalid(tr_lazy("Send the access token as Authorization: Bearer …. API keys are revoked on their page."))
    with app.db.transaction(Anonymous()) as tx:
        accounts.end_program_session(tx, credentials.claims.session_id)
    return Response(status_code=204)


def _chosen(workspaces: list[accounts.WorkspaceCard], workspace_id: str) -> accounts.WorkspaceCard:
    if not workspaces:
        raise NotFound(tr_lazy("You do not belong to a workspace. Ask for an invitation."))
    if not workspace_id and len(workspaces) == 1:
        return workspaces[0]
    if not workspace_id:
        names = ", ".join(f"{workspace.id} ({workspace.name})" for workspace in workspaces)
        raise Invalid(tr_lazy("You belong to several workspaces. Say which, as X-Workspace: {names}.", names=names))
    if (chosen := next((workspace for workspace in workspaces if workspace.id == workspace_id), None)) is None:
        raise NotFound(tr_lazy("You do not belong to a workspace with that id."))
    return chosen


def _pair(pair: TokenPair) -> dict[str, str | int]:
    return {
        "access_token": pair.access_token,
        "expires_in": pair.expires_in_s,
        "refresh_token": pair.refresh_token,
        "refresh_expires_in": pair.refresh_expires_in_s,
    }
