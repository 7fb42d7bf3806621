"""OAuth's code flow of each platform (docs/contracts/instagram.md, 6; tiktok.md, 8; youtube.md, 7)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit

from backend.platforms.common import translate_transport_errors
from backend.platforms.errors import TokenRefused, Transient
from backend.platforms.instagram import client as instagram
from backend.platforms.oauth_port import Connector, Consent, Grant
from backend.platforms.sandbox import client as sandbox
from backend.platforms.tiktok import client as tiktok
from backend.platforms.youtube import client as youtube
from backend.settings import Settings

DAY_S = 86_400.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
REFUSALS = (instagram.Refusal, tiktok.Refusal, youtube.Refusal, sandbox.Refusal)


class InstagramConnector:
    """Instagram Login: a code, a token of an hour, one of 60 days that is refreshed for another 60."""

    name, label = "instagram", "Instagram"
    refresh_min_age_s, refresh_ahead_s = DAY_S, 10 * DAY_S
    scopes = ("instagram_business_basic", "instagram_business_content_publish", "instagram_business_manage_comments")

    def __init__(self, settings: Settings) -> None:
        self._settings, self.needs_https = settings, settings.instagram_authorize_url.startswith("https://")
        self._api = instagram.Client(
            settings.instagram_graph_url,
            settings.instagram_api_version,
            token_url=settings.instagram_token_url,
            timeout_s=settings.platform_timeout_s,
        )

    def close(self) -> None:
        self._api.close()

    def missing(self) -> str:
        secret = self._settings.instagram_app_secret.get_secret_value()
        return _missing("Meta app", INSTAGRAM_APP_ID=self._settings.instagram_app_id, INSTAGRAM_APP_SECRET=secret)

    def consent(self, *, redirect: str, state: str) -> Consent:
        query = {"client_id": self._settings.instagram_app_id, "redirect_uri": redirect, "response_type": "code"}
        return Consent(
            _address(self._settings.instagram_authorize_url, query | {"scope": ",".join(self.scopes), "state": state})
        )

    def exchange(self, code: str, *, redirect: str, verifier: str = "") -> Grant:
        secret = self._settings.instagram_app_secret.get_secret_value()
        with granting(self.label):
            # Instagram puts #_ behind the address it sends people back to.
            short = self._api.exchange(
                code.removesuffix("#_"), app_id=self._settings.instagram_app_id, secret=secret, redirect=redirect
            )
            long = self._api.long_lived(short.access_token, secret=secret)
        return Grant(long.access_token, "", long.expires_in, None, short.permissions, short.user_id)

    def refresh(self, grant: Grant) -> Grant:
        with granting(self.label):
            new = self._api.refresh(grant.access_token)
        return Grant(new.access_token, "", new.expires_in, None, grant.scopes, grant.account_id)


class TikTokConnector:
    """Access for a day, refresh for a year, both new at each refresh. PKCE is of its desktop flow (a loopback address)."""

    name, label, needs_https = "tiktok", "TikTok", False
    refresh_min_age_s, refresh_ahead_s = 0.0, 3600.0
    scopes = ("user.info.basic", "video.publish")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._api = tiktok.Client(settings.tiktok_api_url, timeout_s=settings.platform_timeout_s)

    def close(self) -> None:
        self._api.close()

    def missing(self) -> str:
        secret = self._settings.tiktok_client_secret.get_secret_value()
        return _missing("TikTok app", TIKTOK_CLIENT_KEY=self._settings.tiktok_client_key, TIKTOK_CLIENT_SECRET=secret)

    def consent(self, *, redirect: str, state: str) -> Consent:
        query = {"client_key": self._settings.tiktok_client_key, "redirect_uri": redirect, "response_type": "code"}
        query |= {"scope": ",".join(self.scopes), "state": state}
        verifier = ""
        if urlsplit(redirect).hostname in _LOOPBACK:
            verifier = secrets.token_urlsafe(48)
            # tiktok.md, 8: the challenge is written in hex there.
            query |= {"code_challenge": hashlib.sha256(verifier.encode()).hexdigest(), "code_challenge_method": "S256"}
        return Consent(_address(self._settings.tiktok_authorize_url, query), verifier)

    def exchange(self, code: str, *, redirect: str, verifier: str = "") -> Grant:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
        return self._token(form | ({"code_verifier": verifier} if verifier else {}))

    def refresh(self, grant: Grant) -> Grant:
        return self._token({"grant_type": "refresh_token", "refresh_token": grant.refresh_token}, before=grant)

    def _token(self, form: dict[str, str], before: Grant | None = None) -> Grant:
        secret = self._settings.tiktok_client_secret.get_secret_value()
        with granting(self.label):
            new = self._api.token({**form, "client_key": self._settings.tiktok_client_key, "client_secret": secret})
        kept = new.refresh_token or (before.refresh_token if before else "")
        return Grant(new.access_token, kept, new.expires_in, new.refresh_expires_in, new.scopes, new.open_id)


class YouTubeConnector:
    """Access for an hour; a refresh token comes once and stays (7 days only while the Google app is in Testing)."""

    name, label, needs_https = "youtube", "YouTube", False
    refresh_min_age_s, refresh_ahead_s = 0.0, 300.0
    scopes = ("https://www.googleapis.com/auth/youtube.upload", "https://www.googleapis.com/auth/youtube.force-ssl")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._api = youtube.Client(
            settings.youtube_api_url, token_url=settings.youtube_token_url, timeout_s=settings.platform_timeout_s
        )

    def close(self) -> None:
        self._api.close()

    def missing(self) -> str:
        secret = self._settings.youtube_client_secret.get_secret_value()
        return _missing("Google OAuth client", YOUTUBE_CLIENT_ID=self._settings.youtube_client_id, YOUTUBE_CLIENT_SECRET=secret)

    def consent(self, *, redirect: str, state: str) -> Consent:
        verifier = secrets.token_urlsafe(48)
        query = {"client_id": self._settings.youtube_client_id, "redirect_uri": redirect, "response_type": "code"}
        # Without consent Google gives no refresh token to an account that has allowed it before.
        query |= {"scope": " ".join(self.scopes), "state": state, "access_type": "offline", "prompt": "consent"}
        query |= {"code_challenge": _s256(verifier), "code_challenge_method": "S256"}
        return Consent(_address(self._settings.youtube_authorize_url, query), verifier)

    def exchange(self, code: str, *, redirect: str, verifier: str = "") -> Grant:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
        grant = self._token(form | ({"code_verifier": verifier} if verifier else {}))
        with granting(self.label):
            channel = self._api.channel(grant.access_token)
        if channel is None:
            raise TokenRefused("This Google account has no YouTube channel. Make one, then connect again.")
        return Grant(
            grant.access_token, grant.refresh_token, grant.expires_in_s, grant.refresh_expires_in_s, grant.scopes, channel.id
        )

    def refresh(self, grant: Grant) -> Grant:
        return self._token({"grant_type": "refresh_token", "refresh_token": grant.refresh_token}, before=grant)

    def _token(self, form: dict[str, str], before: Grant | None = None) -> Grant:
        secret = self._settings.youtube_client_secret.get_secret_value()
        with granting(self.label):
            new = self._api.token({**form, "client_id": self._settings.youtube_client_id, "client_secret": secret})
        kept = new.refresh_token or (before.refresh_token if before else "")
        account = before.account_id if before else ""
        return Grant(new.access_token, kept, new.expires_in, new.refresh_expires_in, new.scopes, account)


class SandboxConnector:
    """The practice platform: access for a day, refresh for a year, rotating."""

    name, label, needs_https = "sandbox", "Sandbox", False
    refresh_min_age_s, refresh_ahead_s = 0.0, 3600.0

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._api = sandbox.Client(settings.sandbox_url, timeout_s=settings.platform_timeout_s)

    def close(self) -> None:
        self._api.close()

    @property
    def _public(self) -> str:
        """Its own address, as it knows it."""
        return (self._settings.sandbox_public_url or self._settings.sandbox_url).rstrip("/")

    def missing(self) -> str:
        return _missing("practice platform", SANDBOX_URL=self._settings.sandbox_url)

    def consent(self, *, redirect: str, state: str) -> Consent:
        verifier = secrets.token_urlsafe(48)
        query = {"redirect_uri": redirect, "response_type": "code", "state": state, "code_challenge": _s256(verifier)}
        return Consent(_address(f"{self._public}/oauth/authorize", query), verifier)

    def exchange(self, code: str, *, redirect: str, verifier: str = "") -> Grant:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        return self._token(form)

    def refresh(self, grant: Grant) -> Grant:
        return self._token({"grant_type": "refresh_token", "refresh_token": grant.refresh_token})

    def practise(self, name: str) -> Grant:
        """An account of that name, made when it is new. Nobody has to allow anything: all of it is a person's own."""
        verifier, redirect = secrets.token_urlsafe(48), "http://127.0.0.1/"
        with granting("The sandbox"):
            code = self._api.allow(name, redirect=redirect, challenge=_s256(verifier), origin=self._public)
        return self.exchange(code, redirect=redirect, verifier=verifier)

    def _token(self, form: dict[str, str]) -> Grant:
        with granting("The sandbox"):
            new = self._api.token(form)
        return Grant(new.access_token, new.refresh_token, new.expires_in, None, (), new.account_id)


def connector(name: str, settings: Settings) -> Connector:
    """Raises KeyError for a platform nobody knows."""
    made: dict[str, Callable[[Settings], Connector]] = {
        "instagram": InstagramConnector, "tiktok": TikTokConnector, "youtube": YouTubeConnector, "sandbox": SandboxConnector,
    }  # fmt: skip
    return made[name](settings)


@contextmanager
def granting(label: str) -> Generator[None, None, None]:
    """A token endpoint's no means connecting again; its faults and limits mean later."""
    with translate_transport_errors(label):
        try:
            yield
        except REFUSALS as refused:
            status = refused.status if isinstance(refused, sandbox.Refusal) else refused.problem.status
            if status >= 500 or status == 429:
                raise Transient(f"{label} cannot renew the connection right now. It is tried again.") from refused
            say = f"{label} did not accept the connection. Connect the account again."
            raise TokenRefused(say, detail=str(refused)[:300]) from refused


def _missing(what: str, **named: str) -> str:
    absent = [name for name, value in named.items() if not value]
    return f"Set {' and '.join(absent)} of your {what}, then restart the studio." if absent else ""


def _address(url: str, query: dict[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
