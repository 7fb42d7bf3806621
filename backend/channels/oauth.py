"""Connects accounts by OAuth: `start` sends a person to the platform with a random `state`; `callback` accepts that state
once, from the same session, within ten minutes.

The state is kept in Redis's cache database; if it is lost, the person connects again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from redis.exceptions import RedisError

from backend import influencers
from backend.channels.account_link import link_account
from backend.channels.queries import get
from backend.channels.schemas import PLATFORMS, ChannelCard
from backend.db.callers import Origin
from backend.db.transactions import Member, SignedIn, hash_token
from backend.errors import Conflict, Invalid, Unavailable
from backend.kit.secrets import KeyRing
from backend.language import tr_lazy
from backend.platforms.errors import Forbidden, TokenRefused
from backend.platforms.oauth import connector
from backend.platforms.oauth_port import Connector, Grant
from backend.platforms.port import AccountAccess, PlatformAccount
from backend.platforms.registry import create_adapter

if TYPE_CHECKING:
    from backend.app import App

STATE_TTL_S = 600
CALLBACK_PATH = "/api/channels/back"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class OAuthStart:
    """What is kept until the callback. `session`: hash of the session's token. `channel_id` "": a new channel. `verifier`:
    PKCE's."""

    session: str
    tenant_id: str
    influencer_id: str
    platform: str
    channel_id: str
    redirect: str
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OAuthResult:
    """What a callback led to. `sentence`: for the person; `channel` None: nothing was connected, and the sentence says why."""

    tenant_id: str
    sentence: str
    channel: ChannelCard | None = None


def setup_problem(app: App, name: str, origin: str) -> str:
    """What must be set before accounts of this platform can be connected, as a sentence; "" when nothing is missing."""
    oauth = connector(name, app.settings)
    try:
        return oauth.missing() or _address_problem(oauth, oauth.consent(redirect=origin + CALLBACK_PATH, state="x").url, origin)
    finally:
        oauth.close()


def check_connectable(
    app: App, caller: Member, *, origin: str, name: str = "", influencer_id: str = "", channel_id: str = ""
) -> tuple[str, str]:
    """(platform, influencer id) of a connection that can be started. Raises as `start`."""
    with app.db.transaction(caller, needs="editor") as tx:
        if channel_id:
            card = get(tx, channel_id)
            name, influencer_id = card.platform, card.influencer_id
        influencer = influencers.get(tx, influencer_id)
        if influencer.archived_at is not None:
            raise Conflict(tr_lazy("This influencer is archived. Restore it first."))
        if influencer.is_sample:
            raise Conflict(
                tr_lazy("The sample influencer posts on its practice channel only. Make an influencer of your own first.")
            )
    if name not in PLATFORMS:
        raise Invalid(tr_lazy("There is no such platform. Choose one of: {platforms}.", platforms=", ".join(PLATFORMS)))
    if problem := setup_problem(app, name, origin):
        raise Invalid(problem)
    return name, influencer_id


def start(app: App, caller: SignedIn, *, origin: str, name: str = "", influencer_id: str = "", channel_id: str = "") -> str:
    """Returns the platform's URL to send the person to. `origin`: of the studio, as their browser sees it. `channel_id`: the
    channel to connect again.

    Raises NotFound, NotPermitted, Invalid (what has to be set first), Unavailable.
    """
    name, influencer_id = check_connectable(
        app, caller, origin=origin, name=name, influencer_id=influencer_id, channel_id=channel_id
    )
    oauth, state, redirect = connector(name, app.settings), secrets.token_urlsafe(32), origin + CALLBACK_PATH
    consent = oauth.consent(redirect=redirect, state=state)
    oauth.close()
    session = hash_token(caller.token)
    started = OAuthStart(session, caller.tenant_id, influencer_id, name, channel_id, redirect, consent.verifier)
    ring, key = KeyRing(app.settings.secret_keys.get_secret_value()), hash_token(state)
    sealed = ring.seal(json.dumps(asdict(started)), tenant_id="", row_id=key)
    try:
        app.cache.set(f"channels:state:{key}", sealed, ex=STATE_TTL_S)
    except RedisError as error:
        raise Unavailable(tr_lazy("Valkey does not answer, and connecting needs it. Try again in a moment.")) from error
    return consent.url


def callback(app: App, token: str, query: Mapping[str, str]) -> OAuthResult:
    """Finishes a connection. `query`: what the platform put into the address (`state`, `code` or `error`); `token`: the
    session's.

    Raises Unavailable; mistakes of the person or the platform are in the result's `sentence`.
    """
    started = _take_state(app, query.get("state", ""))
    if started is None:
        return OAuthResult("", tr_lazy("This sign-in was used already, or took longer than 10 minutes. Connect again."))
    if started.session != hash_token(token):
        message = tr_lazy("This connection was begun in another browser, or before you signed in. Connect again here.")
        return OAuthResult("", message)
    label = PLATFORMS[started.platform]
    if query.get("error") or not query.get("code"):
        message = (
            tr_lazy("Nothing was connected: you did not allow it there.")
            if query.get("error") == "access_denied"
            else tr_lazy("Nothing was connected: {platform} sent no permission back.", platform=label)
        )
        return OAuthResult(started.tenant_id, message)
    try:
        grant, account, ahead_s = _exchange_code(app, started, query["code"])
    except (TokenRefused, Forbidden) as error:
        return OAuthResult(started.tenant_id, error.message)
    with app.db.transaction(SignedIn(token, started.tenant_id, Origin("page")), needs="editor") as tx:
        try:
            card = link_account(
                tx,
                app.settings,
                name=started.platform,
                influencer_id=started.influencer_id,
                channel_id=started.channel_id,
                grant=grant,
                account=account,
                ahead_s=ahead_s,
            )
        except Conflict as error:
            return OAuthResult(started.tenant_id, error.message)
    return OAuthResult(started.tenant_id, tr_lazy("{channel} is connected.", channel=card.label), card)


def store_flash(app: App, token: str, result: OAuthResult) -> str:
    """Keeps the sentence for the page that the person is sent to, readable by their session only. Returns its key."""
    key = secrets.token_urlsafe(12)
    flash = {"session": hash_token(token), "words": result.sentence, "good": result.channel is not None}
    try:
        app.cache.set(f"channels:said:{key}", json.dumps(flash), ex=STATE_TTL_S)
    except RedisError as error:
        raise Unavailable(result.sentence) from error
    return key


def take_flash(app: App, token: str, key: str) -> tuple[str, bool] | None:
    """Returns and deletes (sentence, whether an account was connected); None when there is none for this session."""
    try:
        stored = app.cache.getdel(f"channels:said:{key[:40]}")
    except RedisError:
        return None  # without the sentence the page still shows the channel
    flash = json.loads(stored) if isinstance(stored, bytes | str) else {}
    return (flash["words"], flash["good"]) if flash.get("session") == hash_token(token) else None


def _take_state(app: App, state: str) -> OAuthStart | None:
    """Returns and deletes what belongs to `state`; None when it is unknown, used or expired."""
    key = hash_token(state)
    try:
        sealed = app.cache.getdel(f"channels:state:{key}")
    except RedisError as error:
        raise Unavailable(tr_lazy("Valkey does not answer, and connecting needs it. Try again in a moment.")) from error
    if not isinstance(sealed, bytes):
        return None
    ring = KeyRing(app.settings.secret_keys.get_secret_value())
    return OAuthStart(**json.loads(ring.open(sealed, tenant_id="", row_id=key)))


def _exchange_code(app: App, started: OAuthStart, code: str) -> tuple[Grant, PlatformAccount, float]:
    """(grant, account, seconds before its end from which a token is refreshed). Raises Forbidden when a scope was not
    granted."""
    oauth = connector(started.platform, app.settings)
    try:
        grant = oauth.exchange(code, redirect=started.redirect, verifier=started.verifier)
        required: tuple[str, ...] = getattr(oauth, "scopes", ())
        if grant.scopes and (missing := [scope for scope in required if scope not in grant.scopes]):
            raise Forbidden(
                tr_lazy(
                    "{label} did not grant everything that posting needs ({missing}). Connect again and allow all.",
                    label=oauth.label,
                    missing=", ".join(missing),
                )
            )
    finally:
        oauth.close()
    adapter = create_adapter(started.platform, app.settings)
    try:
        return grant, adapter.account(AccountAccess(grant.access_token, grant.account_id)), oauth.refresh_ahead_s
    finally:
        adapter.close()


def _address_problem(oauth: Connector, consent_url: str, origin: str) -> str:
    """Why the platform would not redirect to `origin`, or "". Platforms redirect to public HTTPS addresses only, some also to
    the loopback address; the practice platform redirects anywhere."""
    url = urlsplit(origin)
    if url.scheme == "https" or not consent_url.startswith("https://"):
        return ""
    if oauth.needs_https or url.hostname not in LOOPBACK:
        return tr_lazy(
            "{platform} sends people back only to a public HTTPS address. Set PUBLIC_URL to the studio's https address, "
            "register {path} of it with your app, then restart.",
            platform=oauth.label,
            path=CALLBACK_PATH,
        )
    return ""
