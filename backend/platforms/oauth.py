"""OAuth code flow of each platform (docs/contracts/instagram.md, 6; tiktok.md, 8; youtube.md, 7)."""

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
_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
API_ERRORS = (instagram.InstagramApiError, tiktok.TikTokApiError, youtube.YouTubeApiError, sandbox.SandboxApiError)


class InstagramConnector:
    """Instagram Login: a code gives a token of an hour, that one of 60 days, which can be refreshed for another 60."""

    name, label = "instagram", "Instagram"
    refresh_min_age_s, refresh_ahead_s = DAY_S, 10 * DAY_S
    scopes = ("instagram_business_basic", "instagram_business_content_publish", "instagram_business_manage_comments")

    def __init__(self, settings: Settings) -> None:
        self._settings, self.needs_https = settings, settings.instagram_authorize_url.startswith("https://")
        self._api = instagram.InstagramClient(
            settings.instagram_graph_url,
            settings.instagram_api_version,
            token_url=settings.instagram_token_url,
            timeout_s=settings.platform_timeout_s,
        )

    def close(self) -> None:
        self._api.close()

    def missing(self) -> str:
        secret = self._settings.instagram_app_secret.get_secret_value()
        return _missing_settings("Meta app", INSTAGRAM_APP_ID=self._settings.instagram_app_id, INSTAGRAM_APP_SECRET=secret)

    def consent(self, *, redirect: str, state: str) -> Consent:
        query = {"client_id": self._settings.instagram_app_id, "redirect_uri": redirect, "response_type": "code"}
        return Consent(
            _with_query(self._settings.instagram_authorize_url, query | {"scope": ",".join(self.scopes), "state": state})
        )

    def exchange(self, code: str, *, redirect: str, verifier: str = "") -> Grant:
        secret = self._settings.instagram_app_secret.get_secret_value()
        with translate_token_errors(self.label):
            # Instagram appends #_ to the redirect URL.
            short_lived = self._api.exchange(
                code.removesuffix("#_"), app_id=self._settings.instagram_app_id, secret=secret, redirect=redirect
            )
            long_lived = self._api.long_lived(short_lived.access_token, secret=secret)
        return Grant(long_lived.access_token, "", long_lived.expires_in, None, short_lived.permissions, short_lived.user_id)

    def refresh(self, grant: Grant) -> Grant:
        with translate_token_errors(self.label):
            new = self._api.refresh(grant.access_token)
        return Grant(new.access_token, "", new.expires_in, None, grant.scopes, grant.account_id)


class TikTokConnector:
    """Access token for a day, refresh token for a year, both replaced at each refresh. PKCE only for a loopback redirect
    (TikTok's desktop flow)."""

    name, label, needs_https = "tiktok", "TikTok", False
    refresh_min_age_s, refresh_ahead_s = 0.0, 3600.0
    scopes = ("user.info.basic", "video.publish")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._api = tiktok.TikTokClient(settings.tiktok_api_url, timeout_s=settings.platform_timeout_s)

    def close(self) -> None:
        self._api.close()

    def missing(self) -> str:
        secret = self._settings.tiktok_client_secret.get_secret_value()
        return _missing_settings("TikTok app", TIKTOK_CLIENT_KEY=self._settings.tiktok_client_key, TIKTOK_CLIENT_SECRET=secret)

    def consent(self, *, redirect: str, state: str) -> Consent:
        query = {"client_key": self._settings.tiktok_client_key, "redirect_uri": redirect, "response_type": "code"}
        query |= {"scope": ",".join(self.scopes), "state": state}
        verifier = ""
        if urlsplit(redirect).hostname in _LOOPBACK_HOSTS:
            verifier = secrets.token_urlsafe(48)
            # tiktok.md, 8: TikTok wants the challenge in hex, not base64url.
            query |= {"code_challenge": hashlib.sha256(verifier.encode()).hexdigest(), "code_challenge_method": "S256"}
        return Consent(_with_query(self._settings.tiktok_authorize_url, query), verifier)

    def exchange(self, code: str, *, redirect: str, verifier: str = "") -> Grant:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
        return self._token(form | ({"code_verifier": verifier} if verifier else {}))

    def refresh(self, grant: Grant) -> Grant:
        return self._token({"grant_type": "refresh_token", "refresh_token": grant.refresh_token}, previous=grant)

    def _token(self, form: dict[str, str], previous: Grant | None = None) -> Grant:
        secret = self._settings.tiktok_client_secret.get_secret_value()
        with translate_token_errors(self.label):
            new = self._api.token({**form, "client_key": self._settings.tiktok_client_key, "client_secret": secret})
        refresh_token = new.refresh_token or (previous.refresh_token if previous else "")
        return Grant(new.access_token, refresh_token, new.expires_in, new.refresh_expires_in, new.scopes, new.open_id)


class YouTubeConnector:
    """Access token for an hour; the refresh token comes once and stays valid (7 days if the Google app is in Testing)."""

    name, label, needs_https = "youtube", "YouTube", False
    refresh_min_age_s, refresh_ahead_s = 0.0, 300.0
    scopes = ("https://www.googleapis.com/auth/youtube.upload", "https://www.googleapis.com/auth/youtube.force-ssl")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._api = youtube.YouTubeClient(
            settings.youtube_api_url, token_url=settings.youtube_token_url, timeout_s=settings.platform_timeout_s
        )

    def close(self) -> None:
        self._api.close()

    def missing(self) -> str:
        secret = self._settings.youtube_client_secret.get_secret_value()
        return _missing_settings(
            "Google OAuth client", YOUTUBE_CLIENT_ID=self._settings.youtube_client_id, YOUTUBE_CLIENT_SECRET=secret
        )

    def consent(self, *, redirect: str, state: str) -> Consent:
        verifier = secrets.token_urlsafe(48)
        query = {"client_id": self._settings.youtube_client_id, "redirect_uri": redirect, "response_type": "code"}
        # Without prompt=consent Google gives no refresh token to an account that has consented before.
        query |= {"scope": " ".join(self.scopes), "state": state, "access_type": "offline", "prompt": "consent"}
        query |= {"code_challenge": _pkce_challenge(verifier), "code_challenge_method": "S256"}
        return Consent(_with_query(self._settings.youtube_authorize_url, query), verifier)

    def exchange(self, code: str, *, redirect: str, verifier: str = "") -> Grant:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
        grant = self._token(form | ({"code_verifier": verifier} if verifier else {}))
        with translate_token_errors(self.label):
            channel = self._api.channel(grant.access_token)
        if channel is None:
            raise TokenRefused("This Google account has no YouTube channel. Make one, then connect again.")
        return Grant(
            grant.access_token, grant.refresh_token, grant.expires_in_s, grant.refresh_expires_in_s, grant.scopes, channel.id
        )

    def refresh(self, grant: Grant) -> Grant:
        return self._token({"grant_type": "refresh_token", "refresh_token": grant.refresh_token}, previous=grant)

    def _token(self, form: dict[str, str], previous: Grant | None = None) -> Grant:
        secret = self._settings.youtube_client_secret.get_secret_value()
        with translate_token_errors(self.label):
            new = self._api.token({**form, "client_id": self._settings.youtube_client_id, "client_secret": secret})
        refresh_token = new.refresh_token or (previous.refresh_token if previous else "")
        account_id = previous.account_id if previous else ""
        return Grant(new.access_token, refresh_token, new.expires_in, new.refresh_expires_in, new.scopes, account_id)


class SandboxConnector:
    """The practice platform: access token for a day, rotating refresh token for a year."""

    name, label, needs_https = "sandbox", "Sandbox", False
    refresh_min_age_s, refresh_ahead_s = 0.0, 3600.0

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._api = sandbox.SandboxClient(settings.sandbox_url, timeout_s=settings.platform_timeout_s)

    def close(self) -> None:
        self._api.close()

    @property
    def _public(self) -> str:
        """The practice platform's public URL, which it expects as Origin."""
        return (self._settings.sandbox_public_url or self._settings.sandbox_url).rstrip("/")

    def missing(self) -> str:
        return _missing_settings("practice platform", SANDBOX_URL=self._settings.sandbox_url)

    def consent(self, *, redirect: str, state: str) -> Consent:
        verifier = secrets.token_urlsafe(48)
        query = {"redirect_uri": redirect, "response_type": "code", "state": state, "code_challenge": _pkce_challenge(verifier)}
        return Consent(_with_query(f"{self._public}/oauth/authorize", query), verifier)

    def exchange(self, code: str, *, redirect: str, verifier: str = "") -> Grant:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        return self._token(form)

    def refresh(self, grant: Grant) -> Grant:
        return self._token({"grant_type": "refresh_token", "refresh_token": grant.refresh_token})

    def practise(self, name: str) -> Grant:
        """A grant for the practice account of that name, which is created if new. Skips the consent page: there is no user
        to ask."""
        verifier, redirect = secrets.token_urlsafe(48), "http://127.0.0.1/"
        with translate_token_errors("The sandbox"):
            code = self._api.allow(name, redirect=redirect, challenge=_pkce_challenge(verifier), origin=self._public)
        return self.exchange(code, redirect=redirect, verifier=verifier)

    def _token(self, form: dict[str, str]) -> Grant:
        with translate_token_errors("The sandbox"):
            new = self._api.token(form)
        return Grant(new.access_token, new.refresh_token, new.expires_in, None, (), new.account_id)


def connector(name: str, settings: Settings) -> Connector:
    """The connector of a platform. Raises KeyError for an unknown name."""
    connectors: dict[str, Callable[[Settings], Connector]] = {
        "instagram": InstagramConnector,
        "tiktok": TikTokConnector,
        "youtube": YouTubeConnector,
        "sandbox": SandboxConnector,
    }
    return connectors[name](settings)


@contextmanager
def translate_token_errors(label: str) -> Generator[None, None, None]:
    """Turns errors of token endpoints into TokenRefused (connect again); server faults and rate limits into Transient."""
    with translate_transport_errors(label):
        try:
            yield
        except API_ERRORS as error:
            status = error.status if isinstance(error, sandbox.SandboxApiError) else error.problem.status
            if status >= 500 or status == 429:
                raise Transient(f"{label} cannot renew the connection right now. It is tried again.") from error
            message = f"{label} did not accept the connection. Connect the account again."
            raise TokenRefused(message, detail=str(error)[:300]) from error


def _missing_settings(what: str, **settings_by_name: str) -> str:
    unset = [name for name, value in settings_by_name.items() if not value]
    return f"Set {' and '.join(unset)} of your {what}, then restart the studio." if unset else ""


def _with_query(url: str, query: dict[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def _pkce_challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
