"""Turns YouTube's error reasons into PlatformErrors: docs/contracts/youtube.md, 3."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backend.language import joined, tr_lazy
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
from backend.platforms.youtube.client import Video, YouTubeApiError, YouTubeErrorBody

LABEL = "YouTube"
_PACIFIC = ZoneInfo("America/Los_Angeles")
_INVALID_MESSAGES = {
    "invalidTitle": tr_lazy("YouTube refuses the title: at most 100 characters, no < and no >."),
    "invalidDescription": tr_lazy("YouTube refuses the description: at most 5,000 bytes, no < and no >."),
    "invalidTags": tr_lazy("YouTube refuses the tags: at most 500 characters together."),
    "invalidCategoryId": tr_lazy("YouTube does not know this category."),
    "invalidPublishAt": tr_lazy("YouTube refuses the date."),
    "invalidVideoMetadata": tr_lazy("YouTube refuses what is said about the video."),
    "invalidFilename": tr_lazy("YouTube refuses the file's name."),
    "mediaBodyRequired": tr_lazy("YouTube received no video."),
    "defaultLanguageNotSet": tr_lazy("YouTube wants the language of the video."),
}
_FAILURE_MESSAGES = {
    "conversion": tr_lazy("YouTube could not convert the video. Convert it to MP4 (H.264, AAC) and try again."),
    "invalidFile": tr_lazy("YouTube cannot read the video. Convert it to MP4 (H.264, AAC) and try again."),
    "emptyFile": tr_lazy("YouTube received an empty file."),
    "tooSmall": tr_lazy("YouTube finds the video too small."),
    "codec": tr_lazy("YouTube cannot read the video's codec. Convert it to MP4 (H.264, AAC) and try again."),
}
_REJECTION_MESSAGES = {
    "duplicate": tr_lazy("YouTube rejected the video: it has been uploaded before."),
    "length": tr_lazy("YouTube rejected the video: it is too long for this account."),
    "termsOfUse": tr_lazy("YouTube rejected the video: it is against its terms of use."),
}


@contextmanager
def translate_api_errors(*, last: bool = False) -> Generator[None, None, None]:
    """Turns API and connection errors into PlatformErrors. `last`: around the last byte, with which the video exists."""
    with translate_transport_errors(LABEL, irreversible=last):
        try:
            yield
        except YouTubeApiError as error:
            raise to_platform_error(error.problem, last=last) from error


def to_platform_error(problem: YouTubeErrorBody, *, last: bool = False) -> PlatformError:
    data: dict[str, Any] = {"platform_code": problem.reason, "detail": f"{problem.status} {problem.message}"}
    if problem.status == 401 or problem.reason in ("invalid_grant", "authError"):
        return TokenRefused(tr_lazy("YouTube no longer accepts the connection. Connect the channel again."), **data)
    known_error = _error_by_reason(problem.reason, data)
    if known_error is not None:
        return known_error
    if problem.status == 429 or problem.reason in ("rateLimitExceeded", "userRateLimitExceeded"):
        retry_after, hinted = problem.retry_after or 60.0, problem.retry_after is not None
        return RateLimitedByPlatform(
            tr_lazy("YouTube wants fewer calls. It continues in a moment."), retry_after=retry_after, hinted=hinted, **data
        )
    if problem.status in (404, 410):
        return PrepareAgain(tr_lazy("The upload to YouTube has expired. It begins again."), **data)
    if last:
        return answer_lost(LABEL, f"{problem.status} {problem.reason} {problem.message}")
    if problem.status >= 500:
        return Transient(tr_lazy("YouTube has a fault of its own right now. It is tried again."), **data)
    if problem.status == 403:
        return Forbidden(tr_lazy("YouTube does not allow this. Connect the channel again."), **data)
    reason = (problem.message or problem.reason or str(problem.status)).rstrip(".")
    return InvalidPost(tr_lazy("YouTube refuses this video: {reason}. Change it and try again.", reason=reason), **data)


def _error_by_reason(reason: str, data: dict[str, Any]) -> PlatformError | None:
    match reason:
        case "uploadLimitExceeded":
            message = tr_lazy("The channel has uploaded as often as YouTube allows today. It continues tomorrow.")
            return RateLimitedByPlatform(message, retry_after=seconds_until_reset(), what="quota", **data)
        case "quotaExceeded" | "dailyLimitExceeded":
            message = tr_lazy(
                "This studio's YouTube project has used up today's calls. It continues after midnight in California."
            )
            return RateLimitedByPlatform(message, retry_after=seconds_until_reset(), hinted=True, what="quota", **data)
        case "youtubeSignupRequired":
            return Forbidden(tr_lazy("This Google account has no YouTube channel. Make one, then connect again."), **data)
        case "forbidden" | "insufficientPermissions" | "accessNotConfigured":
            return Forbidden(tr_lazy("The connection may not upload. Connect the channel again and allow uploading."), **data)
        case "videoNotFound":
            return InvalidPost(tr_lazy("The video is no longer on YouTube."), **data)
        case "commentsDisabled":
            return InvalidPost(tr_lazy("Comments are turned off for this video."), **data)
        case word if word in _INVALID_MESSAGES:
            return InvalidPost(joined(_INVALID_MESSAGES[word], tr_lazy("Change it and try again.")), **data)
    return None


def processing_failure(video: Video) -> PlatformError:
    """The error of an uploaded video that was not processed, or was rejected or deleted."""
    data: dict[str, Any] = {"platform_code": video.failure_reason or video.rejection_reason or video.upload_status}
    if video.upload_status == "rejected":
        reason = video.rejection_reason
        unknown_reason = tr_lazy("YouTube rejected the video ({reason}).", reason=reason or tr_lazy("no reason given"))
        return InvalidPost(_REJECTION_MESSAGES.get(reason, unknown_reason), **data)
    if video.upload_status == "deleted":
        return InvalidPost(tr_lazy("The video was deleted on YouTube."), **data)
    if video.failure_reason == "uploadAborted":
        return PrepareAgain(tr_lazy("The upload to YouTube was broken off. It begins again."), **data)
    reason = video.failure_reason
    unknown_reason = tr_lazy("YouTube could not process the video ({reason}).", reason=reason or tr_lazy("no reason given"))
    return InvalidPost(_FAILURE_MESSAGES.get(reason, unknown_reason), **data)


def seconds_until_reset(now: datetime | None = None) -> float:
    """Seconds until midnight in California, when quotas are reset (youtube.md, 5)."""
    now_pacific = (now or datetime.now(UTC)).astimezone(_PACIFIC)
    midnight = datetime.combine(now_pacific.date() + timedelta(days=1), datetime.min.time(), _PACIFIC)
    return max(60.0, (midnight.astimezone(UTC) - now_pacific.astimezone(UTC)).total_seconds())
