"""What YouTube's reasons mean: docs/contracts/youtube.md, 3."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backend.platforms.common import lost, translate_transport_errors
from backend.platforms.errors import (
    Forbidden,
    InvalidPost,
    PlatformError,
    PrepareAgain,
    RateLimitedByPlatform,
    TokenRefused,
    Transient,
)
from backend.platforms.youtube.client import Problem, Refusal, Video

LABEL = "YouTube"
_PACIFIC = ZoneInfo("America/Los_Angeles")
_INVALID = {
    "invalidTitle": "YouTube refuses the title: at most 100 characters, no < and no >.",
    "invalidDescription": "YouTube refuses the description: at most 5,000 bytes, no < and no >.",
    "invalidTags": "YouTube refuses the tags: at most 500 characters together.",
    "invalidCategoryId": "YouTube does not know this category.",
    "invalidPublishAt": "YouTube refuses the date.",
    "invalidVideoMetadata": "YouTube refuses what is said about the video.",
    "invalidFilename": "YouTube refuses the file's name.",
    "mediaBodyRequired": "YouTube received no video.",
    "defaultLanguageNotSet": "YouTube wants the language of the video.",
}
_FAILURES = {
    "conversion": "YouTube could not convert the video. Convert it to MP4 (H.264, AAC) and try again.",
    "invalidFile": "YouTube cannot read the video. Convert it to MP4 (H.264, AAC) and try again.",
    "emptyFile": "YouTube received an empty file.",
    "tooSmall": "YouTube finds the video too small.",
    "codec": "YouTube cannot read the video's codec. Convert it to MP4 (H.264, AAC) and try again.",
}
_REJECTIONS = {
    "duplicate": "YouTube rejected the video: it has been uploaded before.",
    "length": "YouTube rejected the video: it is too long for this account.",
    "termsOfUse": "YouTube rejected the video: it is against its terms of use.",
}


@contextmanager
def asking(*, last: bool = False) -> Generator[None, None, None]:
    """`last`: around the last byte, after which the video exists."""
    with translate_transport_errors(LABEL, irreversible=last):
        try:
            yield
        except Refusal as refused:
            raise explained(refused.problem, last=last) from refused


def explained(problem: Problem, *, last: bool = False) -> PlatformError:
    data: dict[str, Any] = {"platform_code": problem.reason, "detail": f"{problem.status} {problem.message}"}
    if problem.status == 401 or problem.reason in ("invalid_grant", "authError"):
        return TokenRefused("YouTube no longer accepts the connection. Connect the channel again.", **data)
    known = _by_reason(problem.reason, data)
    if known is not None:
        return known
    if problem.status == 429 or problem.reason in ("rateLimitExceeded", "userRateLimitExceeded"):
        after, hinted = problem.retry_after or 60.0, problem.retry_after is not None
        return RateLimitedByPlatform(
            "YouTube wants fewer calls. It goes on in a moment.", retry_after=after, hinted=hinted, **data
        )
    if problem.status in (404, 410):
        return PrepareAgain("The upload to YouTube has expired. It begins again.", **data)
    if last:
        return lost(LABEL, f"{problem.status} {problem.reason} {problem.message}")
    if problem.status >= 500:
        return Transient("YouTube has a fault of its own right now. It is tried again.", **data)
    if problem.status == 403:
        return Forbidden("YouTube does not allow this. Connect the channel again.", **data)
    words = (problem.message or problem.reason or str(problem.status)).rstrip(".")
    return InvalidPost(f"YouTube refuses this video: {words}. Change it and try again.", **data)


def _by_reason(reason: str, data: dict[str, Any]) -> PlatformError | None:
    match reason:
        case "uploadLimitExceeded":
            say = "The channel has uploaded as often as YouTube allows today. It goes on tomorrow."
            return RateLimitedByPlatform(say, retry_after=until_reset(), what="quota", **data)
        case "quotaExceeded" | "dailyLimitExceeded":
            say = "This studio's YouTube project has used up today's calls. It goes on after midnight in California."
            return RateLimitedByPlatform(say, retry_after=until_reset(), hinted=True, what="quota", **data)
        case "youtubeSignupRequired":
            return Forbidden("This Google account has no YouTube channel. Make one, then connect again.", **data)
        case "forbidden" | "insufficientPermissions" | "accessNotConfigured":
            return Forbidden("The connection may not upload. Connect the channel again and allow uploading.", **data)
        case "videoNotFound":
            return InvalidPost("The video is no longer on YouTube.", **data)
        case "commentsDisabled":
            return InvalidPost("Comments are turned off for this video.", **data)
        case word if word in _INVALID:
            return InvalidPost(f"{_INVALID[word]} Change it and try again.", **data)
    return None


def failed(video: Video) -> PlatformError:
    """Why a video that was uploaded will not be seen."""
    data: dict[str, Any] = {"platform_code": video.failure_reason or video.rejection_reason or video.upload_status}
    if video.upload_status == "rejected":
        reason = video.rejection_reason
        return InvalidPost(_REJECTIONS.get(reason, f"YouTube rejected the video ({reason or 'no reason given'})."), **data)
    if video.upload_status == "deleted":
        return InvalidPost("The video was deleted on YouTube.", **data)
    if video.failure_reason == "uploadAborted":
        return PrepareAgain("The upload to YouTube was broken off. It begins again.", **data)
    reason = video.failure_reason
    return InvalidPost(_FAILURES.get(reason, f"YouTube could not process the video ({reason or 'no reason given'})."), **data)


def until_reset(now: datetime | None = None) -> float:
    """Seconds until midnight in California, when quotas begin anew (youtube.md, 5)."""
    here = (now or datetime.now(UTC)).astimezone(_PACIFIC)
    midnight = datetime.combine(here.date() + timedelta(days=1), datetime.min.time(), _PACIFIC)
    return max(60.0, (midnight.astimezone(UTC) - here.astimezone(UTC)).total_seconds())
