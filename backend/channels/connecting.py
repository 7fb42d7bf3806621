"""Connecting an account: sent to the platform with a word of our own, taken back once, by the same session, within minutes.

What waits for the person to come back lies in Valkey's forgettable database: losing it means connecting again.
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
from backend.channels.arriving import keep
from backend.channels.queries import get
from backend.channels.schemas import PLATFORMS, ChannelCard
from backend.engines.platform.catalogue import platform
from backend.engines.platform.connecting import Connector, Grant
from backend.engines.platform.connectors import connector
from backend.engines.platform.faults import NotAllowed, TokenRefused
from backend.engines.platform.port import Access, Account
from backend.errors import Conflict, Invalid, Unavailable
from backend.kit.db import SignedIn, hash_token
from backend.kit.secrets import KeyRing

if TYPE_CHECKING:
    from backend.bootstrap import App

STATE_S = 600
BACK = "/api/channels/back"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Begun:
    """`session`: hash of the session's secret. `channel_id` "": a new one."""

    session: str
    tenant_id: str
    influencer_id: str
    platform: str
    channel_id: str
    redirect: str
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Came:
    """Who came back where, and what became of it. `channel` None: nothing was connected, `words` say why."""

    tenant_id: str
    words: str
    channel: ChannelCard | None = None


def ready(app: App, name: str, origin: str) -> str:
    """ "" when accounts of this platform can be connected; else what to set first, as a sentence."""
    made = connector(name, app.settings)
    try:
        return made.missing() or _address_problem(made, made.consent(redirect=origin + BACK, state="x").url, origin)
    finally:
        made.close()


def begin(app: App, caller: SignedIn, *, origin: str, name: str = "", influencer_id: str = "", channel_id: str = "") -> str:
    """The platform's address to send the person to. `origin`: ours, as their browser sees it. `channel_id`: connect it again.

    Raises NotFound, NotPermitted, Invalid (what has to be set first), Unavailable.
    """
    with app.db.transaction(caller, needs="editor") as tx:
        if channel_id:
            card = get(tx, channel_id)
            name, influencer_id = card.platform, card.influencer_id
        if influencers.get(tx, influencer_id).archived_at is not None:
            raise Conflict("This influencer is archived. Take it out of the archive first.")
    if name not in PLATFORMS:
        raise Invalid("There is no such platform. Choose one on the page.")
    if problem := ready(app, name, origin):
        raise Invalid(problem)
    made, state, redirect = connector(name, app.settings), secrets.token_urlsafe(32), origin + BACK
    asked = made.consent(redirect=redirect, state=state)
    made.close()
    begun = Begun(hash_token(caller.token), caller.tenant_id, influencer_id, name, channel_id, redirect, asked.verifier)
    ring, key = KeyRing(app.settings.secret_keys.get_secret_value()), hash_token(state)
    sealed = ring.seal(json.dumps(asdict(begun)), tenant_id="", row_id=key)
    try:
        app.cache.set(f"channels:state:{key}", sealed, ex=STATE_S)
    except RedisError as error:
        raise Unavailable("Valkey does not answer, and connecting needs it. Try again in a moment.") from error
    return asked.url


def come_back(app: App, token: str, said: Mapping[str, str]) -> Came:
    """What the platform put into the address (`state`, `code` or `error`) becomes a channel, or a sentence.

    Raises Unavailable; anything a person or a platform got wrong is in `words`.
    """
    begun = _taken(app, said.get("state", ""))
    if begun is None:
        return Came("", "This way back was used already, or it took longer than 10 minutes. Connect again.")
    if begun.session != hash_token(token):
        return Came("", "This connection was begun in another browser, or before you signed in. Connect again here.")
    label = PLATFORMS[begun.platform]
    if said.get("error") or not said.get("code"):
        why = "you did not allow it there" if said.get("error") == "access_denied" else f"{label} sent no permission back"
        return Came(begun.tenant_id, f"Nothing was connected: {why}.")
    try:
        grant, account, ahead_s = _exchanged(app, begun, said["code"])
    except (TokenRefused, NotAllowed) as error:
        return Came(begun.tenant_id, error.message)
    with app.db.transaction(SignedIn(token, begun.tenant_id), needs="editor") as tx:
        try:
            card = keep(
                tx, app.settings, name=begun.platform, influencer_id=begun.influencer_id, channel_id=begun.channel_id,
                grant=grant, account=account, ahead_s=ahead_s,
            )  # fmt: skip
        except Conflict as error:
            return Came(begun.tenant_id, error.message)
    return Came(begun.tenant_id, f"{card.label} is connected.", card)


def leave_word(app: App, token: str, came: Came) -> str:
    """Keeps the sentence for the page that the person lands on, for their session alone. Returns the key to ask by."""
    key = secrets.token_urlsafe(12)
    kept = {"session": hash_token(token), "words": came.words, "good": came.channel is not None}
    try:
        app.cache.set(f"channels:said:{key}", json.dumps(kept), ex=STATE_S)
    except RedisError as error:
        raise Unavailable(came.words) from error
    return key


def word(app: App, token: str, key: str) -> tuple[str, bool] | None:
    """(sentence, whether it went well), once; None when there is none for this session."""
    try:
        kept = app.cache.getdel(f"channels:said:{key[:40]}")
    except RedisError:
        return None  # a forgotten sentence: the page shows the channel itself
    told = json.loads(kept) if isinstance(kept, bytes | str) else {}
    return (told["words"], told["good"]) if told.get("session") == hash_token(token) else None


def _taken(app: App, state: str) -> Begun | None:
    """Once."""
    key = hash_token(state)
    try:
        sealed = app.cache.getdel(f"channels:state:{key}")
    except RedisError as error:
        raise Unavailable("Valkey does not answer, and connecting needs it. Try again in a moment.") from error
    if not isinstance(sealed, bytes):
        return None
    ring = KeyRing(app.settings.secret_keys.get_secret_value())
    return Begun(**json.loads(ring.open(sealed, tenant_id="", row_id=key)))


def _exchanged(app: App, begun: Begun, code: str) -> tuple[Grant, Account, float]:
    made = connector(begun.platform, app.settings)
    try:
        grant = made.exchange(code, redirect=begun.redirect, verifier=begun.verifier)
        wanted: tuple[str, ...] = getattr(made, "scopes", ())
        if grant.scopes and (lacking := [one for one in wanted if one not in grant.scopes]):
            raise NotAllowed(
                f"{made.label} did not give all that posting needs ({', '.join(lacking)}). Connect again, allow all."
            )
    finally:
        made.close()
    there = platform(begun.platform, app.settings)
    try:
        return grant, there.account(Access(grant.access_token, grant.account_id)), made.refresh_ahead_s
    finally:
        there.close()


def _address_problem(made: Connector, consent: str, origin: str) -> str:
    """Real platforms send people back to public HTTPS addresses only, some of them also to one's own machine."""
    at = urlsplit(origin)
    if at.scheme == "https" or not consent.startswith("https://"):
        return ""
    if made.needs_https or at.hostname not in LOOPBACK:
        say = f"{made.label} sends people back only to a public HTTPS address."
        return f"{say} Set PUBLIC_URL to the studio's https address, register {BACK} of it with your app, then restart."
    return ""
