"""Connecting accounts of the practice platform, with its consent page or without."""

from __future__ import annotations

import secrets

from backend.language import tr_lazy
from backend.platforms.oauth import missing_settings, pkce_challenge, translate_token_errors, with_query
from backend.platforms.oauth_port import Consent, Grant
from backend.platforms.sandbox.client import SandboxClient
from backend.settings import Settings


class SandboxConnector:
    """The practice platform: access token for a day, rotating refresh token for a year."""

    name, label, needs_https = "sandbox", tr_lazy("Practice platform"), False
    refresh_min_age_s, refresh_ahead_s = 0.0, 3600.0

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._api = SandboxClient(settings.sandbox.url, timeout_s=settings.publishing.timeout_s)

    def close(self) -> None:
        self._api.close()

    @property
    def _public(self) -> str:
        """The practice platform's public URL, which it expects as Origin."""
        return (self._settings.sandbox.public_url or self._settings.sandbox.url).rstrip("/")

    def missing(self) -> str:
        return missing_settings("practice platform", SANDBOX_URL=self._settings.sandbox.url)

    def consent(self, *, redirect: str, state: str) -> Consent:
        verifier = secrets.token_urlsafe(48)
        query = {"redirect_uri": redirect, "response_type": "code", "state": state, "code_challenge": pkce_challenge(verifier)}
        return Consent(with_query(f"{self._public}/oauth/authorize", query), verifier)

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
            code = self._api.allow(name, redirect=redirect, challenge=pkce_challenge(verifier), origin=self._public)
        return self.exchange(code, redirect=redirect, verifier=verifier)

    def _token(self, form: dict[str, str]) -> Grant:
        with translate_token_errors("The sandbox"):
            new = self._api.token(form)
        return Grant(new.access_token, new.refresh_token, new.expires_in, None, (), new.account_id)
