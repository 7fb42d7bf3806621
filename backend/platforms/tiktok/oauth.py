"""Connecting TikTok accounts (docs/contracts/tiktok.md, 8)."""

from __future__ import annotations

import hashlib
import secrets
from urllib.parse import urlsplit

from backend.platforms.oauth import missing_settings, translate_token_errors, with_query
from backend.platforms.oauth_port import Consent, Grant
from backend.platforms.tiktok.client import TikTokClient
from backend.settings import Settings

_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


class TikTokConnector:
    """Access token for a day, refresh token for a year, both replaced at each refresh. PKCE only for a loopback redirect
    (TikTok's desktop flow)."""

    name, label, needs_https = "tiktok", "TikTok", False
    refresh_min_age_s, refresh_ahead_s = 0.0, 3600.0
    scopes = ("user.info.basic", "video.publish")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._api = TikTokClient(settings.tiktok.api_url, timeout_s=settings.publishing.timeout_s)

    def close(self) -> None:
        self._api.close()

    def missing(self) -> str:
        secret = self._settings.tiktok.client_secret.get_secret_value()
        return missing_settings("TikTok app", TIKTOK_CLIENT_KEY=self._settings.tiktok.client_key, TIKTOK_CLIENT_SECRET=secret)

    def consent(self, *, redirect: str, state: str) -> Consent:
        query = {"client_key": self._settings.tiktok.client_key, "redirect_uri": redirect, "response_type": "code"}
        query |= {"scope": ",".join(self.scopes), "state": state}
        verifier = ""
        if urlsplit(redirect).hostname in _LOOPBACK_HOSTS:
            verifier = secrets.token_urlsafe(48)
            # tiktok.md, 8: TikTok wants the challenge in hex, not base64url.
            query |= {"code_challenge": hashlib.sha256(verifier.encode()).hexdigest(), "code_challenge_method": "S256"}
        return Consent(with_query(self._settings.tiktok.authorize_url, query), verifier)

    def exchange(self, code: str, *, redirect: str, verifier: str = "") -> Grant:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
        return self._token(form | ({"code_verifier": verifier} if verifier else {}))

    def refresh(self, grant: Grant) -> Grant:
        return self._token({"grant_type": "refresh_token", "refresh_token": grant.refresh_token}, previous=grant)

    def _token(self, form: dict[str, str], previous: Grant | None = None) -> Grant:
        secret = self._settings.tiktok.client_secret.get_secret_value()
        with translate_token_errors(self.label):
            new = self._api.token({**form, "client_key": self._settings.tiktok.client_key, "client_secret": secret})
        refresh_token = new.refresh_token or (previous.refresh_token if previous else "")
        return Grant(new.access_token, refresh_token, new.expires_in, new.refresh_expires_in, new.scopes, new.open_id)
