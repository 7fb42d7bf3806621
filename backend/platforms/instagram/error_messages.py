"""Turns Instagram's error codes into PlatformErrors: the table of docs/contracts/instagram.md, 5."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

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
from backend.platforms.instagram.client import InstagramApiError, InstagramErrorBody

LABEL = "Instagram"
NOT_READY, QUOTA, RESTRICTED = 2207027, 2207042, 2207050
SPAM = 2207051
"""Has been returned although the post was live (instagram.md, 5), so while publishing the outcome stays unknown."""
_FETCH_SUBCODES = {2207003, 2207052}
"""Raised before anything is published, also by media_publish (instagram.md, 5)."""
_CREATE_SUBCODES = {2207032, 2207053, 2207001, 2207082}
_EXPIRED_SUBCODES = {2207020, 2207008, 2207006}
_INPUT_MESSAGES = {
    2207004: tr_lazy("Instagram finds a picture too large: 8 MB at most."),
    2207005: tr_lazy("Instagram cannot read a picture: it takes JPEG only."),
    2207009: tr_lazy("Instagram refuses the shape of a picture: between 4:5 and 1.91:1."),
    2207026: tr_lazy("Instagram cannot read the video: MP4 or MOV with H.264 and AAC."),
    2207028: tr_lazy("Instagram takes 2 to 10 files in a carousel."),
    2207040: tr_lazy("Instagram takes at most 20 accounts named with @."),
    2207057: tr_lazy("The cover's moment lies outside the video."),
    2207010: tr_lazy("The caption is too long for Instagram, or has too many hashtags or names."),
}
_RATE_CODES = {4, 17, 32, 613, 80002}
_SUBCODE = re.compile(r"2207\d{3}")


@contextmanager
def translate_api_errors(*, publishing: bool = False, reading: bool = False) -> Generator[None, None, None]:
    """Turns API and connection errors into PlatformErrors. `publishing`: around the irreversible call, where only errors that
    surely come before it count as “not published”."""
    with translate_transport_errors(LABEL, irreversible=publishing):
        try:
            yield
        except InstagramApiError as error:
            raise to_platform_error(error.problem, publishing=publishing, reading=reading) from error


def to_platform_error(problem: InstagramErrorBody, *, publishing: bool = False, reading: bool = False) -> PlatformError:
    data: dict[str, Any] = {
        "platform_code": problem.code,
        "platform_subcode": problem.subcode,
        "trace": problem.trace,
        "detail": f"{problem.status} {problem.message}",
    }
    outcome_unclear = publishing and (problem.status >= 500 or problem.subcode in {SPAM, *_CREATE_SUBCODES})
    known_error = None if outcome_unclear else _error_by_subcode(problem, data) or _error_by_code(problem, data)
    if known_error is not None:
        return known_error
    if publishing:  # 1, 2, 5xx, 100/33, 4/2207051 and undocumented codes: the post may be live
        return answer_lost(LABEL, str(data["detail"]))
    if problem.status >= 500 or problem.transient or problem.code in (1, 2):
        return Transient(tr_lazy("Instagram has a fault of its own right now. It is tried again."), **data)
    if problem.code == 100 and problem.subcode == 33 and reading:
        return Transient(tr_lazy("Instagram does not find it at the moment. It is asked again."), **data)
    reason = problem.user_message or problem.message
    return InvalidPost(
        tr_lazy("Instagram refuses this post: {reason}. Change it and try again.", reason=reason.rstrip(".")), **data
    )


def container_error(text: str) -> PlatformError:
    """The error of a failed container, by the subcode in its `status` text."""
    match = _SUBCODE.search(text)
    problem = InstagramErrorBody(400, 0, int(match.group()) if match else 0, text)
    data: dict[str, Any] = {"platform_subcode": problem.subcode, "detail": text}
    return _error_by_subcode(problem, data) or PrepareAgain(
        tr_lazy("Instagram could not prepare the post. It is prepared again."), **data
    )


def _error_by_subcode(problem: InstagramErrorBody, data: dict[str, Any]) -> PlatformError | None:
    match problem.subcode:
        case code if code == NOT_READY:
            return Transient(tr_lazy("Instagram is not ready with the files yet. It is asked again."), **data)
        case code if code == QUOTA:
            message = tr_lazy(
                "The account has published as often as Instagram allows in 24 hours. It continues when there is room."
            )
            return RateLimitedByPlatform(
                message, retry_after=problem.retry_after or 3600.0, hinted=bool(problem.retry_after), what="quota", **data
            )
        case code if code == RESTRICTED:
            return Forbidden(
                tr_lazy("Instagram has restricted this account. Open Instagram and follow what it says there."), **data
            )
        case code if code == SPAM:
            return Forbidden(
                tr_lazy("Instagram took this for spam. Check the account in Instagram before posting more."), **data
            )
        case code if code in _FETCH_SUBCODES:
            return PrepareAgain(tr_lazy("Instagram could not fetch a file. It is prepared again."), **data)
        case code if code in _CREATE_SUBCODES:
            return PrepareAgain(tr_lazy("Instagram could not make the post ready. It is prepared again."), **data)
        case code if code in _EXPIRED_SUBCODES:
            return PrepareAgain(tr_lazy("What was prepared on Instagram has expired. It is prepared again."), **data)
        case code if code in _INPUT_MESSAGES:
            return InvalidPost(joined(_INPUT_MESSAGES[code], tr_lazy("Change it and try again.")), **data)
    return None


def _error_by_code(problem: InstagramErrorBody, data: dict[str, Any]) -> PlatformError | None:
    code = problem.code
    if code in (190, 102) or problem.status == 401:
        return TokenRefused(tr_lazy("Instagram no longer accepts the connection. Connect the account again."), **data)
    if code in _RATE_CODES or problem.status == 429:
        retry_after, hinted = problem.retry_after or 300.0, problem.retry_after is not None
        return RateLimitedByPlatform(
            tr_lazy("Instagram wants fewer calls. It continues later."), retry_after=retry_after, hinted=hinted, **data
        )
    if code == 10 or 200 <= code <= 299:
        return Forbidden(tr_lazy("The connection may not publish. Connect the account again and allow publishing."), **data)
    if code == 25:
        return Forbidden(
            tr_lazy("Instagram has restricted this account. Open Instagram and follow what it says there."), **data
        )
    if code in (36000, 36001, 36003, 352):
        return InvalidPost(tr_lazy("Instagram refuses a file. Convert it and try again."), **data)
    return None
