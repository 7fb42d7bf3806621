"""Connecting YouTube channels: OAuth of Google (docs/contracts/youtube.md, 7)."""

from __future__ import annotations

import secrets

from backend.language import tr_lazy
from backend.platforms.errors import TokenRefused
from backend.platforms.oauth import missing_settings, pkce_challenge, translate_token_errors, with_query
from backend.platforms.oauth_port import Consent, Grant
from backend.platforms.youtube.client import YouTubeClient
from backend.settings import Settings


class YouTubeConnector:
    """Access token for an hour; the refresh token comes once and stays valid (7 days if the Google app is in Testing)."""

    name, label, needs_https = "youtube", "YouTube", False
    refresh_min_age_s, refresh_ahead_s = 0.0, 300.0
    scopes = ("https://www.googleapis.com/auth/youtube.upload", "https://www.googleapis.com/auth/youtube.force-ssl")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._api = YouTubeClient(
            settings.youtube.api_url, token_url=settings.youtube.token_url, timeout_s=settings.publishing.timeout_s
        )

    def close(self) -> None:
        self._api.close()

    def missing(self) -> str:
        secret = self._settings.youtube.client_secret.get_secret_value()
        return missing_settings(
            "Google OAuth client", YOUTUBE_CLIENT_ID=self._settings.youtube.client_id, YOUTUBE_CLIENT_SECRET=secret
        )

    def consent(self, *, redirect: str, state: str) -> Consent:
        verifier = secrets.token_urlsafe(48)
        query = {"client_id": self._settings.youtube.client_id, "redirect_uri": redirect, "response_type": "code"}
        # Without prompt=consent Google gives no refresh token to an account that has consented before.
        query |= {"scope": " ".join(self.scopes), "state": state, "access_type": "offline", "prompt": "consent"}
        query |= {"code_challenge": pkce_challenge(verifier), "code_challenge_method": "S256"}
        return Consent(with_query(self._settings.youtube.authorize_url, query), verifier)

    def exchange(self, code: str, *, redirect: str, verifier: str = "") -> Grant:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
        grant = self._token(form | ({"code_verifier": verifier} if verifier else {}))
        with translate_token_errors(self.label):
            channel = self._api.channel(grant.access_token)
        if channel is None:
            raise TokenRefused(tr_lazy("This Google account has no YouTube channel. Make one, then connect again."))
        return Grant(
            grant.access_token, grant.refresh_token, grant.expires_in_s, grant.refresh_expires_in_s, grant.scopes, channel.id
        )

    def refresh(self, grant: Grant) -> Grant:
        return self._token({"grant_type": "refresh_token", "refresh_token": grant.refresh_token}, previous=grant)

    def _token(self, form: dict[str, str], previous: Grant | None = None) -> Grant:
        secret = self._settings.youtube.client_secret.get_secret_value()
        with translate_token_errors(self.label):
            new = self._api.token({**form, "client_id": self._settings.youtube.client_id, "client_secret": secret})
        refresh_token = new.refresh_token or (previous.refresh_token if previous else "")
        account_id = previous.account_id if previous else ""
        return Grant(new.access_token, refresh_token, new.expires_in, new.refresh_expires_in, new.scopes, account_id)
