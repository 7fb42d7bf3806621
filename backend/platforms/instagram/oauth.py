"""Connecting Instagram accounts: Instagram Login (docs/contracts/instagram.md, 6)."""

from __future__ import annotations

from backend.platforms.instagram.client import InstagramClient
from backend.platforms.oauth import missing_settings, translate_token_errors, with_query
from backend.platforms.oauth_port import Consent, Grant
from backend.settings import Settings

DAY_S = 86_400.0


class InstagramConnector:
    """Instagram Login: a code gives a token of an hour, that one of 60 days, which can be refreshed for another 60."""

    name, label = "instagram", "Instagram"
    refresh_min_age_s, refresh_ahead_s = DAY_S, 10 * DAY_S
    scopes = ("instagram_business_basic", "instagram_business_content_publish", "instagram_business_manage_comments")

    def __init__(self, settings: Settings) -> None:
        self._settings, self.needs_https = settings, settings.instagram.authorize_url.startswith("https://")
        self._api = InstagramClient(
            settings.instagram.graph_url,
            settings.instagram.api_version,
            token_url=settings.instagram.token_url,
            timeout_s=settings.publishing.timeout_s,
        )

    def close(self) -> None:
        self._api.close()

    def missing(self) -> str:
        secret = self._settings.instagram.app_secret.get_secret_value()
        return missing_settings("Meta app", INSTAGRAM_APP_ID=self._settings.instagram.app_id, INSTAGRAM_APP_SECRET=secret)

    def consent(self, *, redirect: str, state: str) -> Consent:
        query = {"client_id": self._settings.instagram.app_id, "redirect_uri": redirect, "response_type": "code"}
        return Consent(
            with_query(self._settings.instagram.authorize_url, query | {"scope": ",".join(self.scopes), "state": state})
        )

    def exchange(self, code: str, *, redirect: str, verifier: str = "") -> Grant:
        secret = self._settings.instagram.app_secret.get_secret_value()
        with translate_token_errors(self.label):
            # Instagram appends #_ to the redirect URL.
            short_lived = self._api.exchange(
                code.removesuffix("#_"), app_id=self._settings.instagram.app_id, secret=secret, redirect=redirect
            )
            long_lived = self._api.long_lived(short_lived.access_token, secret=secret)
        return Grant(long_lived.access_token, "", long_lived.expires_in, None, short_lived.permissions, short_lived.user_id)

    def refresh(self, grant: Grant) -> Grant:
        with translate_token_errors(self.label):
            new = self._api.refresh(grant.access_token)
        return Grant(new.access_token, "", new.expires_in, None, grant.scopes, grant.account_id)
