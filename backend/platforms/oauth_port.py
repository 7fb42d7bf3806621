"""The port for connecting accounts and refreshing their tokens: OAuth's code flow.

The channel keeps `Grant` encrypted. A refresh runs under the channel's lock after reading the row again: TikTok and YouTube may
rotate the refresh token, and a lost new one means connecting again (docs/contracts/publishing.md, 2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Consent:
    """`url`: the consent page. `verifier`: PKCE's secret, kept on our side until the code comes back; "" = no PKCE."""

    url: str
    verifier: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """Tokens from the platform. Seconds count from the answer; None = does not expire.

    `refresh_token` "": there is none (Instagram refreshes the access token itself). When a refresh returns no new one, the
    connector fills in the old one, so always store the returned grant.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_in_s: float | None = None
    refresh_expires_in_s: float | None = None
    scopes: tuple[str, ...] = ()
    account_id: str = ""


class Connector(Protocol):
    """All calls raise PlatformError: TokenRefused when the code or the refresh token is not accepted."""

    name: str
    label: str
    needs_https: bool
    """Whether the platform takes only a public https redirect address (then PUBLIC_URL must be one)."""
    refresh_min_age_s: float
    """A younger token is not refreshed (Instagram: 24 h)."""
    refresh_ahead_s: float
    """Refresh when less than this is left."""

    def close(self) -> None: ...

    def missing(self) -> str:
        """The settings that are not set yet, as a sentence that says what to do; "" when it can connect."""
        ...

    def consent(self, *, redirect: str, state: str) -> Consent:
        """`redirect`: our URL, exactly as registered there. `state`: an unguessable value that comes back with the code."""
        ...

    def exchange(self, code: str, *, redirect: str, verifier: str = "") -> Grant: ...

    def refresh(self, grant: Grant) -> Grant: ...
