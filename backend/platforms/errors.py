"""What a platform can say instead of yes. The class decides what happens next, the message is safe to show to people.

PlatformError
├── TryAgain        nothing became visible; the same handle may be used again
├── MakeAnew        nothing became visible; the handle is worthless: forget it and prepare from the start
├── Wait            a rate limit or a quota: `retry_after` seconds, then the same handle
├── TokenRefused    one forced refresh of the token, then a person has to connect the account again
├── NotAllowed      the account or the app may not do this: a person has to change something there
├── InvalidPost     the platform refuses this content: a person has to change the post
└── OutcomeUnknown  the irreversible call was made and its answer was lost: only `reconcile`, never again blindly

Classes of single codes: docs/contracts/instagram.md, 5; docs/contracts/tiktok.md, 5; docs/contracts/youtube.md, 3.
`data` holds what the platform said (`platform_code`, `platform_subcode`, `trace`, `detail`): for logs, never for viewers.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from backend.errors import EngineError

Again = Literal["same", "new", "later", "reconnect", "permission", "never", "unknown"]


class PlatformError(EngineError):
    """`again`: what may be done next, as one word for a row."""

    code = "platform"
    again: ClassVar[Again] = "same"


class Transient(PlatformError):
    """Not reached, busy, or a fault of theirs before anything became visible."""

    code = "platform_try_again"
    status = 503
    again = "same"


class PrepareAgain(PlatformError):
    """What was prepared is lost or spoilt (expired container, session gone, media not fetched)."""

    code = "platform_make_anew"
    status = 503
    again = "new"


class RateLimitedByPlatform(PlatformError):
    """`hinted`: the platform named the time; else it is our guess. `what`: rate (calls) or quota (posts a day)."""

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
    """Nothing became visible, and trying the same again never helps."""

    code = "platform_invalid_post"
    status = 400
    retryable = False
    again = "never"


class OutcomeUnknown(PlatformError):
    """Raised by `finalize` and `comment` only."""

    code = "platform_unknown"
    retryable = False
    again = "unknown"
