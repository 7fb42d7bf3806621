"""Turns TikTok's error codes and fail reasons into PlatformErrors: docs/contracts/tiktok.md, 5."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from backend.language import tr_lazy
from backend.platforms.common import answer_lost, translate_transport_errors
from backend.platforms.errors import (
    Forbidden,
    InvalidPost,
    PlatformError,
    PrepareAgain,
    RateLimitedByPlatform,
    TokenRefused,
    Transient,
)
from backend.platforms.tiktok.client import TikTokApiError, TikTokErrorBody

LABEL = "TikTok"
DAY_S = 86_400.0
_ACCOUNT_MESSAGES = {
    "scope_not_authorized": tr_lazy("The connection may not post. Connect the account again and allow posting."),
    "url_ownership_unverified": tr_lazy(
        "TikTok does not know this studio's address. Verify it in the TikTok app's URL properties."
    ),
    "spam_risk_user_banned_from_posting": tr_lazy(
        "TikTok has banned this account from posting. Open TikTok and see what it says."
    ),
    "app_version_check_failed": tr_lazy("The account's TikTok app is too old for this. Update it on the phone."),
    "token_not_authorized_for_specified_publish_id": tr_lazy(
        "This post was begun with another account. Connect that one again."
    ),
}
_INVALID_MESSAGES = {
    "invalid_param": tr_lazy("TikTok refuses this post: a value of it is wrong. Change it and try again."),
    "privacy_level_option_mismatch": tr_lazy("TikTok no longer offers this audience to the account. Choose another one."),
    "unaudited_client_can_only_post_to_private_accounts": tr_lazy("TikTok has not audited this app: choose “only me”."),
    "file_format_check_failed": tr_lazy("TikTok cannot read the file. Convert it and try again."),
    "duration_check_failed": tr_lazy("TikTok refuses the length of the video. Make it shorter and try again."),
    "frame_rate_check_failed": tr_lazy("TikTok takes 23 to 60 frames a second. Convert the video and try again."),
    "picture_size_check_failed": tr_lazy("TikTok refuses the size of a picture. Make it smaller and try again."),
    "publish_cancelled": tr_lazy("The post was cancelled on TikTok."),
    "spam_risk": tr_lazy("TikTok took this post for spam. Change it before trying again."),
    "spam_risk_text": tr_lazy("TikTok took the text for spam. Change it before trying again."),
}
_QUOTA_MESSAGES = {
    "spam_risk_too_many_posts": tr_lazy(
        "The account has posted as often as TikTok allows in 24 hours. It continues when there is room."
    ),
    "spam_risk_too_many_pending_share": tr_lazy(
        "The account has too many unfinished posts in TikTok. It continues when there is room."
    ),
    "reached_active_user_cap": tr_lazy("This app has reached TikTok's number of accounts for today. It continues tomorrow."),
}
_PREPARE_AGAIN = {"internal", "video_pull_failed", "photo_pull_failed"}


@contextmanager
def translate_api_errors(*, publishing: bool = False) -> Generator[None, None, None]:
    """Turns API and connection errors into PlatformErrors. `publishing`: around the irreversible call."""
    with translate_transport_errors(LABEL, irreversible=publishing):
        try:
            yield
        except TikTokApiError as error:
            raise to_platform_error(error.problem, publishing=publishing) from error


@contextmanager
def translate_chunk_errors(*, last: bool) -> Generator[None, None, None]:
    """Around the upload of a chunk, whose answer is only a status. `last`: the last chunk, which publishes the video."""
    with translate_transport_errors(LABEL, irreversible=last):
        try:
            yield
        except TikTokApiError as error:
            raise _chunk_error(error.problem, last=last) from error


def to_platform_error(problem: TikTokErrorBody, *, publishing: bool = False) -> PlatformError:
    data: dict[str, Any] = {
        "platform_code": problem.code,
        "trace": problem.log_id,
        "detail": f"{problem.status} {problem.message}",
    }
    known_error = error_by_reason(problem.code, data)
    if known_error is not None and problem.code not in _PREPARE_AGAIN:
        return known_error
    if problem.code == "access_token_invalid" or problem.status == 401:
        return TokenRefused(tr_lazy("TikTok no longer accepts the connection. Connect the account again."), **data)
    if problem.code == "rate_limit_exceeded" or problem.status == 429:
        retry_after, hinted = problem.retry_after or 60.0, problem.retry_after is not None
        return RateLimitedByPlatform(
            tr_lazy("TikTok wants fewer calls. It continues in a moment."), retry_after=retry_after, hinted=hinted, **data
        )
    if problem.code == "invalid_publish_id":
        return PrepareAgain(tr_lazy("TikTok no longer knows what was prepared. It is prepared again."), **data)
    if publishing:
        return answer_lost(LABEL, f"{problem.status} {problem.code} {problem.message}")
    if problem.status >= 500:
        return Transient(tr_lazy("TikTok has a fault of its own right now. It is tried again."), **data)
    reason = (problem.message or problem.code).rstrip(".")
    return InvalidPost(tr_lazy("TikTok refuses this post: {reason}. Change it and try again.", reason=reason), **data)


def error_by_reason(reason: str, data: dict[str, Any] | None = None) -> PlatformError | None:
    """The error of a fail_reason or a code; None for an undocumented one."""
    data = data or {"platform_code": reason}
    if reason in _ACCOUNT_MESSAGES:
        return Forbidden(_ACCOUNT_MESSAGES[reason], **data)
    if reason in _INVALID_MESSAGES:
        return InvalidPost(_INVALID_MESSAGES[reason], **data)
    if reason in _QUOTA_MESSAGES:
        # The window is a rolling 24 h and TikTok gives no hint, so try again after an hour.
        return RateLimitedByPlatform(
            _QUOTA_MESSAGES[reason], retry_after=DAY_S if reason == "reached_active_user_cap" else 3600.0, what="quota", **data
        )
    if reason == "auth_removed":
        return TokenRefused(tr_lazy("The account has withdrawn the connection. Connect it again."), **data)
    if reason in _PREPARE_AGAIN:
        return PrepareAgain(tr_lazy("TikTok could not take the files. It is prepared again."), **data)
    return None


def publish_failure(reason: str) -> PlatformError:
    """The error of a post that was accepted but not published."""
    known_error = error_by_reason(reason)
    reason_text = reason.replace("_", " ") or tr_lazy("no reason given")
    return known_error or InvalidPost(
        tr_lazy("TikTok did not publish the post: {reason_text}. Look at it and try again.", reason_text=reason_text),
        platform_code=reason,
    )


def _chunk_error(problem: TikTokErrorBody, *, last: bool) -> PlatformError:
    data: dict[str, Any] = {"platform_code": problem.code, "detail": f"{problem.status} {problem.message}"}
    if problem.status == 429:
        return RateLimitedByPlatform(
            tr_lazy("TikTok wants fewer calls. It continues in a moment."), retry_after=problem.retry_after or 30.0, **data
        )
    if problem.status in (403, 404, 410):
        return PrepareAgain(tr_lazy("The upload to TikTok has expired. It begins again."), **data)
    if last:  # after 416 or 5xx TikTok may have these bytes
        return answer_lost(LABEL, f"last chunk: {data['detail']}")
    return Transient(tr_lazy("TikTok did not take a part of the video. It is tried again."), **data)
