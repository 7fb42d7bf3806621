"""Errors of platforms. The class decides what happens next; the message is safe to show to people.

PlatformError
├── Transient              nothing became visible; try again with the same handle
├── PrepareAgain           nothing became visible; the handle is worthless: forget it and prepare from the start
├── RateLimitedByPlatform  a rate limit or a quota: wait `retry_after` seconds, then use the same handle
├── TokenRefused           one forced refresh of the token, then a person has to connect the account again
├── Forbidden              the account or the app may not do this: a person has to change something there
├── InvalidPost            the platform refuses this content: a person has to change the post
└── OutcomeUnknown         the irreversible call was made and its answer was lost: only `reconcile`, never repeat it blindly

Classes of single codes: docs/contracts/instagram.md, 5; docs/contracts/tiktok.md, 5; docs/contracts/youtube.md, 3.
`data` holds what the platform said (`platform_code`, `platform_subcode`, `trace`, `detail`): for logs, never for viewers.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from backend.errors import EngineError

Again = Literal["same", "new", "later", "reconnect", "permission", "never", "unknown"]


class PlatformError(EngineError):
    """`again`: what may be done next, as it is stored in the attempt's row."""

    code = "platform"
    again: ClassVar[Again] = "same"


class Transient(PlatformError):
    """Unreachable, busy, or a server fault before anything became visible."""

    code = "platform_try_again"
    status = 503
    again = "same"


class PrepareAgain(PlatformError):
    """What was prepared is lost or broken (expired container or session, media not fetched)."""

    code = "platform_make_anew"
    status = 503
    again = "new"


class RateLimitedByPlatform(PlatformError):
    """`retry_after` in seconds; `hinted`: named by the platform, else our guess. `what`: rate (calls) or quota (posts)."""

    code = "platform_wait"
    status = 503
    again = "later"

    def __init__(
        self, message: str, *, retry_after: float, hinted: bool = False, what: Literal["rate", "quota"] = "rate", **data: Any
    ) -> None:
        super().__init__(message, retry_after=retry_after, **data)
        self.retry_after, self.hinted, self.what = retry_after, hinted, what


class TokenRefused(PlatformError):
    """Expired, revoked or wrong. Nothing was done."""

    code = "platform_token"
    status = 401
    retryable = False
    again = "reconnect"


class Forbidden(PlatformError):
    """Missing permission, restricted account, unaudited app. Nothing was done."""

    code = "platform_not_allowed"
    status = 403
    retryable = False
    again = "permission"


class InvalidPost(PlatformError):
    """Nothing became visible, and the same post will be refused again."""

    code = "platform_invalid_post"
    status = 400
    retryable = False
    again = "never"


class OutcomeUnknown(PlatformError):
    """Raised by `finalize` and `comment` only."""

    code = "platform_unknown"
    retryable = False
    again = "unknown"
